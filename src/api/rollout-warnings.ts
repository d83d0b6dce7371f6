import { ROLLBACK_IN_BATCH_ANNOTATION } from './annotations.ts';
import type { HorizontalPodAutoscaler } from './kubernetes.ts';
import { asksForBatches, whyAtOnce } from './rollback-in-batches.ts';
import type { RequestMatch, Rollout, RolloutStep, WorkloadRef } from './rollout.ts';
import type { GuardAnalysis } from './rollout-guard.ts';
import { routesByIstio } from './rollout-routing-validation.ts';
import { amountOf } from './rollout-steps-validation.ts';
import { namedStrategy, rollingStyleOf } from './rollout-style.ts';
import { groupOf, isDeployment } from './rollout-workload.ts';

/** What is known of the surroundings of a Rollout when it is written. */
export interface RolloutSurroundings {
  /** Those of the guards that select it. */
  analyses: readonly GuardAnalysis[];
  /** Those of its namespace. */
  autoscalers: readonly HorizontalPodAutoscaler[];
  /** How many pods its workload is to have; undefined where that is not known. */
  replicas?: number | undefined;
}

/** What an author may not have meant: a Rollout with these can be driven, so that it is accepted. */
export function rolloutWarnings(rollout: Rollout, surroundings: RolloutSurroundings): string[] {
  return [
    ...unsaidStyle(rollout),
    ...withoutEffect(rollout),
    ...withoutBatches(rollout),
    ...autoscaled(rollout, surroundings.autoscalers),
    ...lightlyGuarded(rollout, surroundings.analyses, surroundings.replicas),
  ];
}

/** The same lines mean an extra Deployment in v1alpha1, where this field cannot be left out. */
function unsaidStyle({ spec: { workloadRef, strategy } }: Rollout): string[] {
  const { canary } = strategy;
  if (!canary || canary.enableExtraWorkloadForCanary !== undefined || !isDeployment(workloadRef)) return [];
  return [
    `spec.strategy.canary.enableExtraWorkloadForCanary is not given: in v1beta1 that is partition style, which updates the pods of Deployment ${workloadRef.name} itself, while v1alpha1 makes an extra Deployment. Write true or false to say which is meant`,
  ];
}

function withoutEffect(rollout: Rollout): string[] {
  const named = namedStrategy(rollout);
  if (!named) return [];
  const at = `spec.strategy.${named.field}`;
  const { steps = [], trafficRoutings: [routing] = [] } = named.strategy;
  const patches = 'patchPodTemplateMetadata' in named.strategy && rollingStyleOf(rollout) !== 'canary';
  return [
    ...(patches
      ? [
          `${at}.patchPodTemplateMetadata has no effect: only an extra Deployment has a pod template of its own`,
        ]
      : []),
    ...steps.flatMap(({ traffic, matches = [], requestHeaderModifier }: RolloutStep, index) => [
      ...(traffic && matches.length > 0
        ? [`${at}.steps[${index}].traffic has no effect beside matches, which alone decide`]
        : []),
      ...(requestHeaderModifier && !(routing && routesByIstio(routing))
        ? [`${at}.steps[${index}].requestHeaderModifier has no effect: only Istio changes headers`]
        : []),
      ...(routing?.ingress && !isForNginx(matches)
        ? [
            `${at}.steps[${index}].matches: an nginx ingress follows one header and one cookie, each in a match of its own, and no path or query parameter: a release with these waits until they are changed`,
          ]
        : []),
    ]),
  ];
}

function withoutBatches(rollout: Rollout): string[] {
  const why = asksForBatches(rollout) ? whyAtOnce(rollout) : undefined;
  return why ? [`metadata.annotations[${ROLLBACK_IN_BATCH_ANNOTATION}] has no effect: ${why}`] : [];
}

/** Roughly what `traffic/nginx-matches.ts` can express; that has the last word. */
export function isForNginx(matches: readonly RequestMatch[]): boolean {
  const headers = matches.flatMap((match) => match.headers ?? []);
  const cookies = headers.filter(({ name }) => name === 'canary-by-cookie');
  return (
    matches.every((match) => !match.path && !match.queryParams?.length && match.headers?.length === 1) &&
    cookies.length <= 1 &&
    headers.length - cookies.length <= 1
  );
}

function autoscaled(rollout: Rollout, autoscalers: readonly HorizontalPodAutoscaler[]): string[] {
  const { workloadRef } = rollout.spec;
  if (rollingStyleOf(rollout) !== 'blueGreen') return [];
  return autoscalers
    .filter(({ spec }) => scales(spec.scaleTargetRef, workloadRef))
    .map(
      ({ metadata }) =>
        `HorizontalPodAutoscaler ${metadata.name} scales ${workloadRef.kind} ${workloadRef.name}: a blue-green release turns it off while it lasts, so that load which grows meanwhile brings no further pods`,
    );
}

function scales(
  target: HorizontalPodAutoscaler['spec']['scaleTargetRef'],
  { apiVersion, kind, name }: WorkloadRef,
): boolean {
  const isGroup = target.apiVersion === undefined || groupOf(target.apiVersion) === groupOf(apiVersion);
  return target.kind === kind && target.name === name && isGroup;
}

/** After the last step every pod follows: what the judged steps did not move, no Step analysis has seen. */
export function lightlyGuarded(
  rollout: Rollout,
  analyses: readonly GuardAnalysis[],
  replicas: number | undefined,
): string[] {
  const steps = namedStrategy(rollout)?.strategy.steps ?? [];
  const judged = analyses
    .filter(({ mode = 'Step' }) => mode === 'Step')
    .flatMap((analysis) => analysis.steps ?? steps.map((_, index) => index + 1))
    .filter((step) => step <= steps.length);
  if (judged.length === 0) return [];
  const last = Math.max(...judged);
  const asked = steps[last - 1]?.replicas ?? undefined;
  const percent = percentOf(asked, replicas);
  if (percent === undefined || percent >= 50) return [];
  return [
    `step ${last} of Rollout ${rollout.metadata.name} is the last that a Step analysis judges, and it moves ${asked} of the pods: the others follow unjudged. Let a judged step move at least half of them`,
  ];
}

function percentOf(asked: RolloutStep['replicas'], replicas: number | undefined): number | undefined {
  if (typeof asked === 'string') return amountOf(asked);
  return typeof asked === 'number' && replicas ? (asked / replicas) * 100 : undefined;
}
