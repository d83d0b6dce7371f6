import { CANARY_DEPLOYMENT_LABEL } from '../api/annotations.ts';
import {
  type ControllerRevision,
  type Deployment,
  isControlledBy,
  type ReplicaSet,
  type Workload,
} from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import type { Rollout } from '../api/rollout.ts';
import type { RecordStatus } from '../api/rollout-record.ts';
import { MOVER } from '../gate/foreign-release.ts';
import { workloadResource } from '../gate/workload-kinds.ts';
import type { Snapshot } from '../rollout/snapshot.ts';
import type { WorkloadFacts } from '../workload/style.ts';
import type { Freshest } from './freshest.ts';
import { observeJudging } from './observe-rollout.ts';

/** Gathers what a decision beside Kruise Rollouts is made from: neither pods nor routes, which are not ours to move. */
export function observeBeside(cache: Freshest, rollout: Rollout, record: RecordStatus): Snapshot {
  return {
    rollout,
    record,
    movedBy: MOVER,
    ...observeJudging(cache, rollout),
    workload: observeWorkload(cache, rollout),
    autoscalers: [],
    traffic: { service: undefined, canaryService: undefined, routes: [] },
    shared: undefined,
    kept: [],
    rival: undefined,
    isShared: false,
  };
}

function observeWorkload(cache: Freshest, { metadata, spec }: Rollout): WorkloadFacts | undefined {
  const { namespace } = metadata;
  const { name } = spec.workloadRef;
  const resource = workloadResource(spec.workloadRef);
  const object = resource && cache.get<Workload>(resource, { name, namespace });
  if (!object) return undefined;
  const { uid } = object.metadata;
  const replicaSets = cache.list<ReplicaSet>(resources.replicaSet, namespace);
  // Kruise picks the letters of its extra Deployment by chance: only the label says whose it is.
  const extra =
    object.kind === 'Deployment'
      ? cache
          .list<Deployment>(resources.deployment, namespace)
          .filter((each) => each.metadata.labels?.[CANARY_DEPLOYMENT_LABEL] === name)
          .filter((each) => !each.metadata.deletionTimestamp)
      : [];
  const owners = new Set(extra.map((each) => each.metadata.uid));
  return {
    object,
    replicaSets: replicaSets.filter((set) => isControlledBy(set, uid)),
    revisions: cache
      .list<ControllerRevision>(resources.controllerRevision, namespace)
      .filter((revision) => isControlledBy(revision, uid)),
    pods: [],
    canary: {
      deployment: extra[0],
      replicaSets: replicaSets.filter(({ metadata: { ownerReferences = [] } }) =>
        ownerReferences.some((ref) => ref.controller && owners.has(ref.uid)),
      ),
      pods: [],
    },
  };
}
