import type { TemplateName } from '../analysis/nested-templates.ts';
import type { AnalysisRun } from '../api/analysis-run.ts';
import type { AnalysisTemplate } from '../api/analysis-template.ts';
import {
  type ControllerRevision,
  type Deployment,
  type HorizontalPodAutoscaler,
  isControlledBy,
  type KubeObject,
  type Pod,
  type PodTemplate,
  type ReplicaSet,
  type Service,
  type Workload,
} from '../api/kubernetes.ts';
import type { ClusterMetricSource } from '../api/metric-source.ts';
import { resources } from '../api/resource.ts';
import type { Rollout, WorkloadRef } from '../api/rollout.ts';
import type { RolloutGuard } from '../api/rollout-guard.ts';
import type { RecordStatus, RolloutRecord } from '../api/rollout-record.ts';
import { type SharedRouting, sharedRoutingOf } from '../api/traffic-routing.ts';
import { selects } from '../rollout/guard.ts';
import { routingOf } from '../rollout/plan.ts';
import { runNamePrefix } from '../rollout/runs.ts';
import type { GuardFacts, KeptTemplate, Snapshot, TrafficFacts } from '../rollout/snapshot.ts';
import { providersOf } from '../traffic/providers.ts';
import { canaryServiceName } from '../traffic/services.ts';
import { disabledTarget } from '../workload/autoscaler.ts';
import { rolloutsOf } from '../workload/owning-rollout.ts';
import type { WorkloadFacts } from '../workload/style.ts';
import { styleOf } from '../workload/styles.ts';
import type { Freshest } from './freshest.ts';

/** Gathers all that a decision about this Rollout is made from. Reads caches only. */
export function observeRollout(cache: Freshest, rollout: Rollout, record: RecordStatus): Snapshot {
  return {
    rollout,
    record,
    ...observeJudging(cache, rollout),
    workload: observeWorkload(cache, rollout, record),
    autoscalers: cache
      .list<HorizontalPodAutoscaler>(resources.autoscaler, rollout.metadata.namespace)
      .filter((autoscaler) => scales(autoscaler, rollout.spec.workloadRef)),
    traffic: observeTraffic(cache, rollout),
    shared: observeShared(cache, rollout),
    kept: keptTemplates(cache, rollout),
    ...observeOthers(cache, rollout),
  };
}

/** What the judging of a Rollout is made from, whoever moves its pods. */
export function observeJudging(
  cache: Freshest,
  rollout: Rollout,
): Pick<Snapshot, 'guards' | 'runs' | 'outages'> {
  const { namespace } = rollout.metadata;
  return {
    guards: cache
      .list<RolloutGuard>(resources.rolloutGuard, namespace)
      .filter((guard) => selects(guard, rollout))
      .toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name))
      .map((guard) => guardFacts(cache, guard)),
    runs: cache
      .list<AnalysisRun>(resources.analysisRun, namespace)
      // By name too: a forged run has the name of ours and neither its owner nor its labels.
      .filter(
        (run) =>
          isControlledBy(run, rollout.metadata.uid) || run.metadata.name.startsWith(runNamePrefix(rollout)),
      ),
    outages: cache
      .list<ClusterMetricSource>(resources.clusterMetricSource)
      .flatMap(({ metadata, status }) =>
        status?.outage ? [{ ...status.outage, source: metadata.name }] : [],
      ),
  };
}

/** The Rollout's record, or undefined where none was written yet. */
export function recordOf(cache: Freshest, rollout: Rollout): RolloutRecord | undefined {
  return cache.get<RolloutRecord>(resources.rolloutRecord, rollout.metadata);
}

/** A guard with the templates that it names and those that they nest, as far as they exist. */
export function guardFacts(cache: Freshest, guard: RolloutGuard): GuardFacts {
  const { namespace } = guard.metadata;
  const find = ({ kind, name }: TemplateName) =>
    kind === 'ClusterAnalysisTemplate'
      ? cache.get<AnalysisTemplate>(resources.clusterAnalysisTemplate, { name })
      : cache.get<AnalysisTemplate>(resources.analysisTemplate, { name, namespace });
  const found = new Map<string, AnalysisTemplate>();
  const open: TemplateName[] = guard.spec.analyses.map(({ template }) => template);
  for (let wanted = open.shift(); wanted; wanted = open.shift()) {
    const key = `${wanted.kind} ${wanted.name}`;
    const template = found.has(key) ? undefined : find(wanted);
    if (!template) continue;
    found.set(key, template);
    const { kind } = wanted;
    open.push(
      ...(template.spec.templates ?? []).map((nested) => ({ kind: nested.kind ?? kind, name: nested.name })),
    );
  }
  return { guard, templates: [...found.values()] };
}

function observeWorkload(cache: Freshest, rollout: Rollout, record: RecordStatus): WorkloadFacts | undefined {
  const { namespace } = rollout.metadata;
  const { name } = rollout.spec.workloadRef;
  const style = styleOf(rollout);
  const object = style && cache.get<Workload>(style.resource, { name, namespace });
  if (!object) return undefined;
  const replicaSets = cache.list<ReplicaSet>(resources.replicaSet, namespace);
  const own = replicaSets.filter((set) => isControlledBy(set, object.metadata.uid));
  const owners = new Set([object.metadata.uid, ...own.map((set) => set.metadata.uid)]);
  const isOf = ({ metadata }: Pod) =>
    metadata.ownerReferences?.some((ref) => ref.controller && owners.has(ref.uid)) ?? false;
  const canaryName = record.release?.canary.name;
  const canary = canaryName
    ? cache.get<Deployment>(resources.deployment, { name: canaryName, namespace })
    : undefined;
  // The extra Deployment may be gone while its ReplicaSet and pods still are: they are known by their names.
  const canarySets = canaryName ? replicaSets.filter((set) => isMadeBy(set, 'Deployment', canaryName)) : [];
  const canarySetNames = new Set([
    ...canarySets.map((set) => set.metadata.name),
    record.release?.canary.replicaSet ?? '',
  ]);
  return {
    object,
    replicaSets: own,
    revisions: cache
      .list<ControllerRevision>(resources.controllerRevision, namespace)
      .filter((revision) => isControlledBy(revision, object.metadata.uid)),
    pods:
      style.hasExtraPods && !style.isBlueGreen
        ? []
        : cache.list<Pod>(resources.pod, namespace).filter((pod) => isOf(pod)),
    canary: {
      deployment: canary,
      replicaSets: canarySets,
      pods: cache
        .list<Pod>(resources.pod, namespace)
        .filter((pod) => [...canarySetNames].some((set) => set !== '' && isMadeBy(pod, 'ReplicaSet', set))),
    },
  };
}

/** Also one that a blue-green release has turned off for the time being. */
function scales({ spec }: HorizontalPodAutoscaler, workload: WorkloadRef): boolean {
  const { kind, name } = spec.scaleTargetRef;
  return kind === workload.kind && (name === workload.name || name === disabledTarget(workload.name));
}

function isMadeBy(object: KubeObject, kind: string, name: string): boolean {
  return (
    object.metadata.ownerReferences?.some(
      (ref) => ref.controller && ref.kind === kind && ref.name === name,
    ) ?? false
  );
}

function observeTraffic(cache: Freshest, rollout: Rollout): TrafficFacts {
  const { namespace } = rollout.metadata;
  const routing = routingOf(rollout);
  const service = (name: string) => cache.get<Service>(resources.service, { name, namespace });
  return {
    service: routing && service(routing.service),
    canaryService: routing && service(canaryServiceName(routing.service)),
    routes: (routing ? providersOf(routing) : []).map((provider) => ({
      provider,
      own: cache.get(provider.own.resource, { name: provider.own.name, namespace }),
      made: provider.made && cache.get(provider.made.resource, { name: provider.made.name, namespace }),
    })),
  };
}

function observeShared(cache: Freshest, rollout: Rollout): SharedRouting | undefined {
  const name = sharedRoutingOf(rollout);
  const { namespace } = rollout.metadata;
  return name === undefined
    ? undefined
    : cache.get<SharedRouting>(resources.trafficRouting, { name, namespace });
}

function keptTemplates(cache: Freshest, rollout: Rollout): KeptTemplate[] {
  return cache
    .list<ControllerRevision>(resources.controllerRevision, rollout.metadata.namespace)
    .filter((revision) => isControlledBy(revision, rollout.metadata.uid))
    .filter((revision) => !revision.metadata.deletionTimestamp)
    .flatMap((kept) => {
      const data = kept.data as { revision?: string; template?: PodTemplate } | undefined;
      if (!data?.revision || !data.template) return [];
      return [
        {
          name: kept.metadata.name,
          revision: data.revision,
          template: data.template,
          metadata: kept.metadata,
        },
      ];
    });
}

/**
 * The older Rollout (then the one with the smaller uid) drives the workload; the others stand by until it has given
 * the workload back: one that is being deleted has not yet, one that is Disabled has.
 */
function observeOthers(cache: Freshest, rollout: Rollout): Pick<Snapshot, 'rival' | 'isShared'> {
  const { uid, namespace } = rollout.metadata;
  const standing = cache
    .list<Rollout>(resources.rollout, namespace)
    .filter(
      ({ metadata, spec, status }) => metadata.uid === uid || !spec.disabled || status?.phase !== 'Disabled',
    )
    .map((each): Rollout => {
      const { deletionTimestamp: _deleted, ...metadata } = each.metadata;
      return { ...each, metadata };
    });
  const drivers = rolloutsOf(standing, rollout.spec.workloadRef);
  const [owner] = drivers;
  return {
    rival: owner && owner.metadata.uid !== uid ? owner.metadata.name : undefined,
    isShared: drivers.length > 1,
  };
}
