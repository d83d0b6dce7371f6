import {
  CANARY_DEPLOYMENT_LABEL,
  CONTROLLER_REVISION_LABEL,
  POD_TEMPLATE_HASH_LABEL,
  progressingRollout,
  RESTORE_ANNOTATION,
  WORKLOAD_TYPE_LABEL,
} from '../../src/api/annotations.ts';
import type { CloneSet } from '../../src/api/clone-set.ts';
import { strategyNote } from '../../src/api/deployment-strategy.ts';
import type {
  ControllerRevision,
  Deployment,
  HorizontalPodAutoscaler,
  ReplicaSet,
  Service,
} from '../../src/api/kubernetes.ts';
import { NEVER_AVAILABLE_SECONDS } from '../../src/workload/blue-green-settings.ts';
import { CANARY, type Names, versionOf } from './names.ts';
import { changed, type Line, type Seen } from './trace-line.ts';
import { guardLines, recordLines, rolloutLines, runLines, sourceLines } from './trace-release.ts';
import {
  destinationRuleLines,
  httpRouteLines,
  ingressLines,
  sharedRoutingLines,
  virtualServiceLines,
} from './trace-routes.ts';
import { daemonSetLines, podLines, statefulSetLines } from './trace-sets.ts';

type Tell = (seen: Seen<never>, names: Names) => Line[];

/** Kinds that are not told: pods are Kubernetes' own, as are ReplicaSets that Assay did not scale; Events say again what decisions say. */
const TOLD: Record<string, Tell> = {
  Deployment: deploymentLines,
  ReplicaSet: replicaSetLines,
  CloneSet: cloneSetLines,
  HorizontalPodAutoscaler: autoscalerLines,
  Service: serviceLines,
  Ingress: ingressLines,
  StatefulSet: statefulSetLines,
  DaemonSet: daemonSetLines,
  Pod: podLines,
  HTTPRoute: httpRouteLines,
  VirtualService: virtualServiceLines,
  DestinationRule: destinationRuleLines,
  TrafficRouting: sharedRoutingLines,
  ControllerRevision: keptLines,
  Rollout: rolloutLines,
  RolloutRecord: recordLines,
  AnalysisRun: runLines,
  RolloutGuard: guardLines,
  ClusterMetricSource: sourceLines,
};

/** Whose acts are told without a name. */
const CONTROLLERS = ['assay', 'kubernetes', 'openkruise'];

export function linesOf(seen: Seen, names: Names): Line[] {
  const object = seen.after ?? seen.before;
  const tell = object && TOLD[object.kind];
  if (!tell) return [];
  const by = CONTROLLERS.includes(seen.actor) ? undefined : `by ${seen.actor}`;
  return tell(seen as Seen<never>, names).map((line) => ({ ...line, reason: line.reason ?? by }));
}

function deploymentLines(seen: Seen<Deployment>): Line[] {
  const { before, after } = seen;
  const { metadata, spec } = (after ?? before) as Deployment;
  const isCanary = metadata.labels?.[CANARY_DEPLOYMENT_LABEL] !== undefined;
  const subject = `Deployment ${isCanary ? CANARY : metadata.name}`;
  const pods = `${spec.replicas} ${spec.replicas === 1 ? 'pod' : 'pods'} of ${versionOf(spec.template)}`;
  if (!before) return [{ subject, act: 'create', from: [pods, ...labelsOf(spec)].join(', ') }];
  if (!after) return [{ subject, act: 'delete', from: pods }];
  return [
    ...changed(seen, subject, 'version', (object) => versionOf(object.spec.template)),
    ...changed(seen, subject, 'replicas', (object) => String(object.spec.replicas)),
    ...changed(seen, subject, 'state', stateOf),
    ...changed(seen, subject, 'strategy', strategyOf),
    ...changed(seen, subject, 'partition', partitionOf),
    ...changed(seen, subject, 'restored', (object) => object.metadata.annotations?.[RESTORE_ANNOTATION]),
    ...changed(seen, subject, 'label', (object) => object.metadata.labels?.[WORKLOAD_TYPE_LABEL]),
  ];
}

/** Labels of the pods that their selector does not ask for. */
function labelsOf({ template, selector }: Deployment['spec']): string[] {
  const { matchLabels = {} } = selector;
  return Object.entries(template.metadata?.labels ?? {})
    .filter(([name]) => !(name in matchLabels))
    .map(([name, value]) => `${name}=${value}`);
}

/** `held` by a release: paused and marked. */
function stateOf({ metadata, spec }: Deployment): string {
  const marked = progressingRollout(metadata.annotations);
  if (!spec.paused) return marked ? `marked for ${marked}` : 'free';
  return marked ? `held for ${marked}` : 'paused';
}

/** The strategy that is in force, in partition style the noted one, and when a pod counts as available. */
function strategyOf(deployment: Deployment): string {
  const { strategy, minReadySeconds } = deployment.spec;
  const { type = 'RollingUpdate' } = strategy ?? {};
  const settings = type === 'Recreate' ? strategyNote(deployment)?.rollingUpdate : strategy?.rollingUpdate;
  const { maxSurge, maxUnavailable } = settings ?? {};
  return [
    type,
    ...(maxSurge === undefined ? [] : [`surge ${maxSurge}`]),
    ...(maxUnavailable === undefined ? [] : [`unavailable ${maxUnavailable}`]),
    ...(minReadySeconds ? [availableAfter(minReadySeconds)] : []),
  ].join(', ');
}

function availableAfter(seconds = 0): string {
  if (seconds === NEVER_AVAILABLE_SECONDS) return 'never available';
  return seconds > 0 ? `available after ${seconds} s` : 'available when ready';
}

function partitionOf(deployment: Deployment): string | undefined {
  const note = strategyNote(deployment);
  return note && (note.paused ? 'paused' : String(note.partition));
}

function replicaSetLines(seen: Seen<ReplicaSet>): Line[] {
  const { before, after, actor } = seen;
  const { spec } = (after ?? before) as ReplicaSet;
  if (actor !== 'assay') return [];
  const subject = `ReplicaSet of ${versionOf(spec.template)}`;
  if (!after) return [{ subject, act: 'delete' }];
  const pods = ({ spec: { replicas } }: ReplicaSet) => String(replicas);
  return before
    ? changed(seen, subject, 'replicas', pods)
    : [{ subject, act: 'create', from: `${pods(after)} ${spec.replicas === 1 ? 'pod' : 'pods'}` }];
}

function cloneSetLines(seen: Seen<CloneSet>): Line[] {
  const { before, after } = seen;
  const { metadata, spec } = (after ?? before) as CloneSet;
  const subject = `CloneSet ${metadata.name}`;
  if (!before || !after) {
    return [
      {
        subject,
        act: after ? 'create' : 'delete',
        from: `${spec.replicas} pods of ${versionOf(spec.template)}`,
      },
    ];
  }
  const pods = ({ status }: CloneSet) =>
    `${status?.updatedReadyReplicas ?? 0} of ${status?.readyReplicas ?? 0}`;
  const strategy = ({ spec: { updateStrategy } }: CloneSet) => updateStrategy ?? {};
  return [
    ...changed(seen, subject, 'version', (object) => versionOf(object.spec.template)),
    ...changed(seen, subject, 'replicas', (object) => String(object.spec.replicas)),
    ...changed(seen, subject, 'partition', (object) => String(strategy(object).partition ?? 'none')),
    ...changed(seen, subject, 'surge', (object) => String(strategy(object).maxSurge ?? 'none')),
    ...changed(seen, subject, 'pods are', ({ spec: { minReadySeconds } }) => availableAfter(minReadySeconds)),
    ...changed(seen, subject, 'state', ({ metadata: { annotations } }) => {
      const marked = progressingRollout(annotations);
      return marked ? `held for ${marked}` : 'free';
    }),
    ...changed(seen, subject, 'restored', (object) => object.metadata.annotations?.[RESTORE_ANNOTATION]),
    ...changed(seen, subject, 'label', (object) => object.metadata.labels?.[WORKLOAD_TYPE_LABEL]),
    ...changed(seen, subject, 'updated', (object) => `${pods(object)} ready pods`),
  ];
}

function autoscalerLines(seen: Seen<HorizontalPodAutoscaler>): Line[] {
  const { before, after } = seen;
  const subject = `Autoscaler ${(after ?? before)?.metadata.name}`;
  if (!after) return [{ subject, act: 'delete' }];
  if (!before) return [{ subject, act: 'create' }];
  return changed(seen, subject, 'scales', ({ spec }) => spec.scaleTargetRef.name);
}

function serviceLines(seen: Seen<Service>, names: Names): Line[] {
  const { before, after } = seen;
  const { metadata } = (after ?? before) as Service;
  const subject = `Service ${metadata.name}`;
  const selected = ({ spec }: Service) => {
    const hash = spec.selector?.[POD_TEMPLATE_HASH_LABEL] ?? spec.selector?.[CONTROLLER_REVISION_LABEL];
    return hash === undefined ? 'every version' : `only ${names.version(hash)}`;
  };
  if (!after) return [{ subject, act: 'delete' }];
  if (!before) return [{ subject, act: 'create', from: selected(after) }];
  return changed(seen, subject, 'selects', selected);
}

function keptLines({ before, after }: Seen<ControllerRevision>): Line[] {
  const { data } = (after ?? before) as ControllerRevision;
  // Those that workloads keep of themselves have it as a patch.
  if (!(data as { template?: unknown }).template) return [];
  const version = versionOf((data as { template: Deployment['spec']['template'] }).template);
  return [{ subject: 'ControllerRevision', act: after ? 'keep' : 'forget', from: `template ${version}` }];
}
