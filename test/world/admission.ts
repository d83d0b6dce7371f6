import type { HorizontalPodAutoscaler, KubeObject } from '../../src/api/kubernetes.ts';
import { type Resource, resources } from '../../src/api/resource.ts';
import type { Rollout } from '../../src/api/rollout.ts';
import type { RolloutGuard } from '../../src/api/rollout-guard.ts';
import type { RolloutRecord } from '../../src/api/rollout-record.ts';
import type { Clock } from '../../src/clock.ts';
import type { Cluster, ClusterResult, ObjectRef } from '../../src/cluster/port.ts';
import type { EngineName } from '../../src/controller/engine.ts';
import { type AdmissionAnswer, type AdmissionRequest, allow } from '../../src/server/admission-review.ts';
import { makeLookup } from '../../src/server/lookup.ts';
import { mutateRolloutStatus } from '../../src/server/mutate-rollout-status.ts';
import { mutateWorkload } from '../../src/server/mutate-workload.ts';
import { validate } from '../../src/server/validate.ts';
import type { ValidationFacts } from '../../src/server/validation-facts.ts';
import { seenByKruise } from './kruise-admission.ts';
import { jsonPatch } from './patch.ts';

export type UserResult =
  | { ok: true; object: KubeObject; warnings: readonly string[] }
  | { ok: false; message: string };

/** What people do to the cluster: as kubectl does it, through the controller's webhooks where they are up. */
export interface User {
  create(resource: Resource, object: KubeObject): Promise<UserResult>;
  /** Reads, changes, is admitted, writes. */
  change(
    resource: Resource,
    ref: ObjectRef,
    change: (object: KubeObject) => KubeObject,
    subresource?: 'status',
  ): Promise<UserResult>;
  delete(resource: Resource, ref: ObjectRef): Promise<UserResult>;
}

export interface UserOptions {
  cluster: Cluster;
  clock: Clock;
  username: string;
  /** Whether the webhooks are asked. */
  admitted(): boolean;
  /** Whose webhooks admit workloads and Rollouts. */
  engine?: EngineName | undefined;
}

/** What the webhook of workloads is asked about. */
const WORKLOADS = ['Deployment/', 'CloneSet/', 'StatefulSet/', 'DaemonSet/'];

const CONTROLLER = { username: 'system:serviceaccount:assay-system:assay' };

export function userOf({ cluster, clock, username, admitted, engine }: UserOptions): User {
  async function review(
    resource: Resource,
    oldObject: KubeObject | undefined,
    object: KubeObject,
    subresource: 'status' | undefined,
  ): Promise<AdmissionAnswer> {
    const { name, namespace = '' } = object.metadata;
    const request: AdmissionRequest = {
      uid: 'review',
      kind: { group: resource.group, version: resource.version, kind: resource.kind },
      subResource: subresource ?? '',
      name,
      namespace,
      operation: oldObject ? 'UPDATE' : 'CREATE',
      userInfo: { username },
      object,
      oldObject,
      options: {},
    };
    if (engine === 'kruise') return oldObject ? byKruise(oldObject, object) : allow();
    const asked = admitted() ? `${resource.kind}/${subresource ?? ''}` : '';
    if (WORKLOADS.includes(asked)) {
      const rollouts = await cluster.list<Rollout>(resources.rollout, { namespace });
      return mutateWorkload(request, {
        controller: CONTROLLER,
        rollouts: rollouts.ok ? rollouts.object.items : [],
      });
    }
    if (asked === 'Rollout/status') {
      const record = await cluster.get<RolloutRecord>(resources.rolloutRecord, { name, namespace });
      return mutateRolloutStatus(request, {
        controller: CONTROLLER,
        record: record.ok ? record.object : undefined,
        now: clock.now(),
      });
    }
    return asked === 'Rollout/' ? validate(request, await validationFacts(namespace)) : allow();
  }

  /** Everything is looked up as the webhook of a replica does whose local copies are up to date. */
  async function validationFacts(namespace: string): Promise<ValidationFacts> {
    const list = async <T extends KubeObject>(of: Resource) => {
      const listed = await cluster.list<T>(of, { namespace });
      return listed.ok ? listed.object.items : [];
    };
    return {
      controller: CONTROLLER,
      rollouts: await list<Rollout>(resources.rollout),
      guards: await list<RolloutGuard>(resources.rolloutGuard),
      autoscalers: await list<HorizontalPodAutoscaler>(resources.autoscaler),
      lookup: makeLookup(cluster, new Map()),
    };
  }

  async function byKruise(oldObject: KubeObject, object: KubeObject): Promise<AdmissionAnswer> {
    const value = admitted() ? await seenByKruise(cluster, oldObject, object) : undefined;
    return { allowed: true, patch: value ? [{ op: 'replace', path: '', value }] : [], warnings: [] };
  }

  return {
    create: async (resource, object) => {
      const reviewed = await review(resource, undefined, object, undefined);
      if (!reviewed.allowed) return { ok: false, message: reviewed.message };
      return answer(await cluster.create(resource, object), reviewed.warnings);
    },
    delete: async (resource, ref) => {
      const deleted = await cluster.delete(resource, ref);
      if (!deleted.ok) return { ok: false, message: deleted.fault.message };
      const { kind } = resource;
      return { ok: true, object: { apiVersion: '', kind, metadata: { ...metadataOf(ref) } }, warnings: [] };
    },
    change: async (resource, ref, change, subresource) => {
      const before = await cluster.get<KubeObject>(resource, ref);
      if (!before.ok) return { ok: false, message: before.fault.message };
      const wanted = change(structuredClone(before.object));
      const reviewed = await review(resource, before.object, wanted, subresource);
      if (!reviewed.allowed) return { ok: false, message: reviewed.message };
      const admittedObject = jsonPatch(wanted, reviewed.patch) as KubeObject | undefined;
      if (!admittedObject)
        throw new Error(`the webhook's patch does not fit ${resource.kind} ${wanted.metadata.name}`);
      return answer(await cluster.replace(resource, admittedObject, subresource), reviewed.warnings);
    },
  };
}

function metadataOf({ name, namespace }: ObjectRef) {
  return namespace === undefined ? { name } : { name, namespace };
}

function answer(result: ClusterResult<KubeObject>, warnings: readonly string[] = []): UserResult {
  return result.ok
    ? { ok: true, object: result.object, warnings }
    : { ok: false, message: result.fault.message };
}
