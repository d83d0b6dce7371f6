import type {
  HttpRoute,
  Ingress,
  KubeObject,
  Service,
  VirtualService,
  Workload,
} from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import type { Rollout } from '../../src/api/rollout.ts';
import { planHash, shareOf, stepsOf } from '../../src/rollout/plan.ts';
import { canaryWeight } from '../../src/traffic/nginx-ingress.ts';
import { batchSize } from '../../src/workload/batch-size.ts';
import { revisionOf } from '../../src/workload/pod-template.ts';
import { styleOf } from '../../src/workload/styles.ts';
import {
  authoredOf,
  ofVersion,
  PART,
  present,
  readyPods,
  recordOf,
  type Stage,
  selectedBy,
  sizeOf,
  workloadOf,
} from './stage.ts';

const CANARY = `${PART.name}-canary`;

/** How much more than at its start a release may give to a pod. */
const LOAD_MAX = 1.25;

/**
 * …and for the grace period in which the stable Service selects the pods of both versions, while requests are still
 * routed to one of them: less is not possible for both where half of the pods are exchanged (rollout/capacity.ts).
 */
const JOINING_LOAD_MAX = 4 / 3;

/** The rule that is broken, and where. */
export type Broken = readonly [rule: string, detail: string];

/** The share of requests, in percent, that a route object sends to the canary by weight; undefined for other objects. */
export function canaryShare(object: KubeObject): number | undefined {
  switch (object.kind) {
    case 'Ingress':
      return object.metadata.name === CANARY ? canaryWeight(object as Ingress) : undefined;
    case 'HTTPRoute':
      return greatestShare(
        ((object as HttpRoute).spec.rules ?? []).map(({ backendRefs = [] }) =>
          backendRefs.map(({ name, weight = 1 }) => ({ name, weight })),
        ),
      );
    case 'VirtualService':
      return greatestShare(
        ((object as VirtualService).spec.http ?? []).map(({ route = [] }) =>
          route.map(({ destination, weight = 1 }) => ({ name: destination.host, weight })),
        ),
      );
    default:
      return undefined;
  }
}

/** Rules that split requests between both Services; one that leads to the canary alone chooses by what is in a request. */
function greatestShare(rules: readonly { name: string; weight: number }[][]): number {
  const shares = rules
    .filter((backends) => backends.some(({ name }) => name === PART.name))
    .map((backends) => {
      const all = backends.reduce((sum, { weight }) => sum + weight, 0);
      const canary = backends
        .filter(({ name }) => name === CANARY)
        .reduce((sum, { weight }) => sum + weight, 0);
      return all === 0 ? 0 : (100 * canary) / all;
    });
  return Math.max(0, ...shares);
}

/** What must hold when the controller gives the canary more than it had. */
export function risingWeight(stage: Stage, from: number, to: number): Broken[] {
  if (to <= from) return [];
  const rollout = present<Rollout>(stage, resources.rollout);
  const { release } = recordOf(stage)?.status ?? {};
  if (!rollout || !release) return [['weight never rises without a release', `${to} %`]];
  const { step, stage: phase } = release;
  // A plan that changes at this moment is followed from the next pass on.
  const isPresent = release.planHash === planHash(rollout);
  const planned = step ? (shareOf(rollout, step.index)?.weight ?? 0) : 0;
  const early = styleOf(rollout)?.hasExtraPods ? ['BeforeStepUpgrade', 'StepUpgrade'] : ['BeforeStepUpgrade'];
  const isStepDue =
    phase === 'InRolling' &&
    step !== undefined &&
    !early.includes(step.state) &&
    (!isPresent || to <= planned);
  // What the release had reached stays as it is, also where somebody took it away.
  const isRestored = to <= (release.weight ?? 0);
  // The version that every step let through gets every request before the stable pods go.
  const isDue = isStepDue || isRestored || (phase === 'Finalising' && styleOf(rollout)?.isBlueGreen === true);
  const isFailing = step?.verdict?.phase === 'Failed' && !isRestored;
  const canary = serviceOf(stage, CANARY);
  const serves = canary !== undefined && selectedBy(canary, readyPods(stage)).length > 0;
  const at = `${from} % → ${to} % while ${phase}, step ${step?.index} ${step?.state}`;
  return [
    ...(isDue ? [] : ([['weight never rises without the step being due', at]] as const)),
    ...(isFailing ? ([['weight never rises while the newest verdict is failing', at]] as const) : []),
    ...(serves || isUnsettled(stage)
      ? []
      : ([['no request is sent to a Service without ready pods', at]] as const)),
  ];
}

/** What must hold at any second, once what happened last has settled. */
export function settledTraffic(stage: Stage): Broken[] {
  if (isUnsettled(stage)) return [];
  const service = serviceOf(stage, PART.name);
  const workload = present<Workload>(stage, workloadOf(stage));
  const rollout = present<Rollout>(stage, resources.rollout);
  const size = sizeOf(workload);
  if (!service || !rollout || size === 0) return [];
  const pods = readyPods(stage);
  // Where nothing is ready nobody can be sent anywhere.
  if (pods.length === 0) return [];
  const stable = selectedBy(service, pods);
  const canaryService = serviceOf(stage, CANARY);
  const canary = canaryService ? selectedBy(canaryService, pods) : [];
  const share = Math.max(0, ...routesIn(stage).map((route) => canaryShare(route) ?? 0)) / 100;
  const selector = JSON.stringify(service.spec.selector);
  // A version that never served, as its author released it past this Rollout, leaves nothing to fall back to.
  if (stable.length === 0 && isBroken(stage)) return [];
  if (stable.length === 0 && share < 1)
    return [['a Service that gets requests has ready pods', `${service.metadata.name}, ${selector}`]];
  if (canary.length === 0 && share > 0)
    return [['a Service that gets requests has ready pods', `${CANARY}, weight ${100 * share} %`]];
  const loads = new Map<string, number>();
  const give = (to: typeof pods, part: number) => {
    for (const { metadata } of to)
      loads.set(metadata.name, (loads.get(metadata.name) ?? 0) + part / to.length);
  };
  if (share < 1) give(stable, 1 - share);
  if (share > 0) give(canary, share);
  const most = Math.max(...loads.values());
  const isJoining = share > 0 && canary.some((pod) => stable.includes(pod));
  // What is evicted of a DaemonSet comes back with the new template, which may never get ready.
  const unavoidable =
    workload?.kind === 'DaemonSet' ? 1 / pods.length + share / Math.max(1, canary.length) : 0;
  const limit = (isJoining ? JOINING_LOAD_MAX : LOAD_MAX) / size;
  const allowed = Math.max(limit, plannedLoad(rollout, size), unavoidable);
  // A weight is a whole percentage, rounded up for the sake of the stable pods.
  const rounding = share > 0 ? 0.01 / canary.length : 1e-9;
  if (most <= allowed + rounding) return [];
  const detail = `${(most * size).toFixed(2)} times, ${stable.length} and ${canary.length} of ${size} pods, weight ${100 * share} %`;
  return [['no ready pod is given more than 1.25 times its load', detail]];
}

/**
 * What the plan itself gives to a pod of the canary, and to a stable one where the others were exchanged: its author's
 * word.
 */
function plannedLoad(rollout: Rollout, size: number): number {
  const style = styleOf(rollout);
  const loads = stepsOf(rollout).flatMap(({ replicas }, index) => {
    const share = (shareOf(rollout, index + 1)?.weight ?? 0) / 100;
    const pods = batchSize(replicas ?? size, size);
    const stable = style?.hasExtraPods ? size : size - pods;
    return [share / pods, stable === 0 ? 0 : (1 - share) / stable];
  });
  return Math.max(0, ...loads);
}

function isBroken(stage: Stage): boolean {
  const workload = authoredOf(stage, workloadOf(stage).kind) as Workload | undefined;
  const broken = workload && revisionOf(ofVersion(workload, 'failed').spec.template);
  return broken !== undefined && recordOf(stage)?.status.release?.stable.revision === broken;
}

function isUnsettled({ world, unsettledUntil }: Stage): boolean {
  return world.clock.monotonic() < unsettledUntil;
}

function serviceOf({ world }: Stage, name: string): Service | undefined {
  return world.memory.stores.of<Service>(resources.service).get({ ...PART, name });
}

/** Every object that may lead requests to the canary. */
export function routesIn({ world }: Stage): KubeObject[] {
  return [resources.ingress, resources.httpRoute, resources.virtualService].flatMap((resource) => [
    ...world.memory.stores.of(resource).list(),
  ]);
}
