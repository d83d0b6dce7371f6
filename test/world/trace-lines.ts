import {
  CANARY_DEPLOYMENT_LABEL,
  POD_TEMPLATE_HASH_LABEL,
  progressingRollout,
  RESTORE_ANNOTATION,
  WORKLOAD_TYPE_LABEL,
} from '../../src/api/annotations.ts';
import type { ControllerRevision, Deployment, Service } from '../../src/api/kubernetes.ts';
import { CANARY, type Names, versionOf } from './names.ts';
import { changed, type Line, type Seen } from './trace-line.ts';
import { guardLines, recordLines, rolloutLines, runLines, sourceLines } from './trace-release.ts';
import { destinationRuleLines, httpRouteLines, ingressLines, virtualServiceLines } from './trace-routes.ts';

type Tell = (seen: Seen<never>, names: Names) => Line[];

/** Kinds that are not told: pods and ReplicaSets are Kubernetes' own, Events say again what decisions say. */
const TOLD: Record<string, Tell> = {
  Deployment: deploymentLines,
  Service: serviceLines,
  Ingress: ingressLines,
  HTTPRoute: httpRouteLines,
  VirtualService: virtualServiceLines,
  DestinationRule: destinationRuleLines,
  ControllerRevision: keptLines,
  Rollout: rolloutLines,
  RolloutRecord: recordLines,
  AnalysisRun: runLines,
  RolloutGuard: guardLines,
  ClusterMetricSource: sourceLines,
};

export function linesOf(seen: Seen, names: Names): Line[] {
  const object = seen.after ?? seen.before;
  const tell = object && TOLD[object.kind];
  if (!tell) return [];
  const by = seen.actor === 'assay' || seen.actor === 'kubernetes' ? undefined : `by ${seen.actor}`;
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

function serviceLines(seen: Seen<Service>, names: Names): Line[] {
  const { before, after } = seen;
  const { metadata } = (after ?? before) as Service;
  const subject = `Service ${metadata.name}`;
  const selected = ({ spec }: Service) => {
    const hash = spec.selector?.[POD_TEMPLATE_HASH_LABEL];
    return hash === undefined ? 'every version' : `only ${names.version(hash)}`;
  };
  if (!after) return [{ subject, act: 'delete' }];
  if (!before) return [{ subject, act: 'create', from: selected(after) }];
  return changed(seen, subject, 'selects', selected);
}

function keptLines({ before, after }: Seen<ControllerRevision>): Line[] {
  const { data } = (after ?? before) as ControllerRevision;
  const version = versionOf((data as { template: Deployment['spec']['template'] }).template);
  return [{ subject: 'ControllerRevision', act: after ? 'keep' : 'forget', from: `template ${version}` }];
}
