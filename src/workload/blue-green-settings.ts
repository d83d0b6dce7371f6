import { ORIGINAL_DEPLOYMENT_STRATEGY_ANNOTATION, STABLE_REVISION_LABEL } from '../api/annotations.ts';
import { sameJson } from '../api/canonical.ts';
import type { Deployment, IntOrString, Workload } from '../api/kubernetes.ts';
import { withoutAnnotation } from './marks.ts';

/**
 * How a Deployment is made to run two versions side by side: its new pods become ready and never available, and none
 * of the old ones may be missing, so that its own controller adds as many as `maxSurge` says and removes none.
 * Kubernetes wants the deadline to be longer than the time until a pod is available.
 */
export const NEVER_AVAILABLE_SECONDS = 2_147_483_646;
const NO_DEADLINE_SECONDS = 2_147_483_647;

/** What its author wrote of the fields that a release changes, in the words of Kruise Rollouts; what is absent is left out. */
interface OriginalSettings {
  type?: string;
  maxSurge?: IntOrString;
  maxUnavailable?: IntOrString;
  minReadySeconds?: number;
  progressDeadlineSeconds?: number;
}

type Spec = Deployment['spec'];

/** Whether a release has changed the settings, and noted what they were. */
export function isTakenOver({ metadata }: Workload): boolean {
  return metadata.annotations?.[ORIGINAL_DEPLOYMENT_STRATEGY_ANNOTATION] !== undefined;
}

/** Whether its own controller takes no pod of a former version away. */
export function keepsEveryPod({ spec }: Deployment): boolean {
  return (
    spec.minReadySeconds === NEVER_AVAILABLE_SECONDS &&
    spec.strategy?.type !== 'Recreate' &&
    spec.strategy?.rollingUpdate?.maxUnavailable === 0
  );
}

/**
 * The Deployment so that its controller runs `surge` pods of its present template beside all others, labelled with the
 * pod-template-hash of the stable ones.
 */
export function takenOver(deployment: Deployment, surge: number, stableHash: string): Deployment {
  const { metadata, spec } = deployment;
  const original = isTakenOver(deployment) ? metadata : noted(deployment, settingsOf(spec)).metadata;
  const labels = { ...original.labels, [STABLE_REVISION_LABEL]: stableHash };
  const { paused: _paused, ...running } = spec;
  const wanted: Deployment = {
    ...deployment,
    metadata: { ...original, labels },
    spec: {
      ...running,
      minReadySeconds: NEVER_AVAILABLE_SECONDS,
      progressDeadlineSeconds: NO_DEADLINE_SECONDS,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: surge, maxUnavailable: 0 } },
    },
  };
  return sameJson(wanted, deployment) ? deployment : wanted;
}

/** The Deployment with its author's settings, paused or not as it was. The same object when it has them. */
export function handedBack(deployment: Deployment): Deployment {
  if (!isTakenOver(deployment)) return deployment;
  const unmarked = withoutStableLabel(withoutAnnotation(deployment, ORIGINAL_DEPLOYMENT_STRATEGY_ANNOTATION));
  return { ...unmarked, spec: withSettings(unmarked.spec, originalOf(deployment)) };
}

function withoutStableLabel(deployment: Deployment): Deployment {
  const { labels: { [STABLE_REVISION_LABEL]: stable, ...others } = {}, ...metadata } = deployment.metadata;
  if (stable === undefined) return deployment;
  return { ...deployment, metadata: { ...metadata, labels: others } };
}

/**
 * An author's write while the settings are the release's: what changed of them is noted for the end of the release,
 * and they stay as they are.
 */
export function keptSettings(before: Deployment, after: Deployment): Deployment {
  const { strategy, minReadySeconds, progressDeadlineSeconds } = before.spec;
  const [held, written] = [settingsOf(before.spec), settingsOf(after.spec)];
  const original = sameJson(held, written) ? originalOf(before) : merged(originalOf(before), held, written);
  const kept = withoutUndefined({ ...after.spec, strategy, minReadySeconds, progressDeadlineSeconds });
  return noted({ ...after, spec: kept }, original);
}

/** Each field as it was written where it differs from what the release holds, else as its author had it before. */
function merged(
  original: OriginalSettings,
  held: OriginalSettings,
  written: OriginalSettings,
): OriginalSettings {
  const keys = ['type', 'maxSurge', 'maxUnavailable', 'minReadySeconds', 'progressDeadlineSeconds'] as const;
  return withoutUndefined(
    Object.fromEntries(keys.map((key) => [key, held[key] === written[key] ? original[key] : written[key]])),
  );
}

function settingsOf({ strategy, minReadySeconds, progressDeadlineSeconds }: Spec): OriginalSettings {
  const { type, rollingUpdate: { maxSurge, maxUnavailable } = {} } = strategy ?? {};
  return withoutUndefined({ type, maxSurge, maxUnavailable, minReadySeconds, progressDeadlineSeconds });
}

/** A note that cannot be read leaves what Kubernetes takes where nothing is written. */
function originalOf({ metadata }: Deployment): OriginalSettings {
  try {
    return JSON.parse(
      metadata.annotations?.[ORIGINAL_DEPLOYMENT_STRATEGY_ANNOTATION] ?? '{}',
    ) as OriginalSettings;
  } catch {
    return {};
  }
}

function withSettings(spec: Spec, original: OriginalSettings): Spec {
  const { type, maxSurge, maxUnavailable, minReadySeconds, progressDeadlineSeconds } = original;
  const rollingUpdate = withoutUndefined({ maxSurge, maxUnavailable });
  const hasUpdate = type !== 'Recreate' && Object.keys(rollingUpdate).length > 0;
  const strategy = withoutUndefined({ type, rollingUpdate: hasUpdate ? rollingUpdate : undefined });
  return withoutUndefined({
    ...spec,
    strategy: Object.keys(strategy).length > 0 ? strategy : undefined,
    minReadySeconds,
    progressDeadlineSeconds,
  });
}

function noted(deployment: Deployment, original: OriginalSettings): Deployment {
  const annotations = {
    ...deployment.metadata.annotations,
    [ORIGINAL_DEPLOYMENT_STRATEGY_ANNOTATION]: JSON.stringify(original),
  };
  return { ...deployment, metadata: { ...deployment.metadata, annotations } };
}

export function withoutUndefined<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
