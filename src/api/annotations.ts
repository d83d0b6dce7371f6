/** Labels and annotations that Assay reads or writes on objects that are not its own. */

/** On a workload (label): a Rollout drives it; the admission webhook fails closed for it. */
export const WORKLOAD_TYPE_LABEL = 'rollouts.kruise.io/workload-type';

/** On a workload and its canary: JSON `{"rolloutName": "…"}` while a release is under way. */
export const IN_PROGRESSING_ANNOTATION = 'rollouts.kruise.io/in-progressing';

/** On the extra Deployment (label): the name of the stable Deployment. */
export const CANARY_DEPLOYMENT_LABEL = 'rollouts.kruise.io/canary-deployment';

/** On the extra Deployment: JSON of the owner that controls it. */
export const CONTROL_INFO_ANNOTATION = 'batchrelease.rollouts.kruise.io/control-info';

/** On a Rollout: hash of its strategy without pause durations. */
export const ROLLOUT_HASH_ANNOTATION = 'rollouts.kruise.io/hash';

/** On a v1alpha1 Rollout: `canary` (the default there) or `partition`. */
export const ROLLING_STYLE_ANNOTATION = 'rollouts.kruise.io/rolling-style';

/** On a v1alpha1 Rollout: the name of a TrafficRouting. */
export const TRAFFIC_ROUTING_ANNOTATION = 'rollouts.kruise.io/trafficrouting';

/** On a Rollout: `true` rolls back step by step instead of at once. */
export const ROLLBACK_IN_BATCH_ANNOTATION = 'rollouts.kruise.io/rollback-in-batch';

export const ROLLOUT_FINALIZER = 'rollouts.kruise.io/rollout';

/** The label that tells the pods of one ReplicaSet from those of another. */
export const POD_TEMPLATE_HASH_LABEL = 'pod-template-hash';

/** What a converted Rollout keeps of the other version, as JSON, so that no field is lost on the way back. */
export const CONVERSION_ANNOTATION = 'assay.dev/conversion';

/** On a Rollout: the release id that a person asked to go on with, although its template was rejected before. */
export const RETRY_ANNOTATION = 'assay.dev/retry';

/** On a workload: the id of the release that failed and whose former template Assay put back, without steps. */
export const RESTORE_ANNOTATION = 'assay.dev/restore';

/** What kubectl applied to an object: no part of what its owner wrote in it. */
export const LAST_APPLIED_ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration';

/** On a route of the user's, while a release is under way: what of it cannot be computed back, as JSON. */
export const ROUTE_NOTES_ANNOTATION = 'assay.dev/route-notes';

/** On AnalysisRuns (labels): what they judge. */
export const ROLLOUT_LABEL = 'assay.dev/rollout';
export const RELEASE_LABEL = 'assay.dev/release';
export const STEP_LABEL = 'assay.dev/step';
export const ANALYSIS_LABEL = 'assay.dev/analysis';

/** A name as the value of a label, which is shorter than a name may be and ends in a letter or a digit. */
export function labelValue(name: string): string {
  return name.slice(0, 63).replace(/[^a-z0-9]+$/, '');
}

/** The Rollout that a workload says it is being released by, or undefined. Older writers used `RolloutName`. */
export function progressingRollout(annotations: Record<string, string> | undefined): string | undefined {
  const text = annotations?.[IN_PROGRESSING_ANNOTATION];
  if (!text) return undefined;
  try {
    const value = JSON.parse(text) as { rolloutName?: unknown; RolloutName?: unknown };
    const name = value.rolloutName ?? value.RolloutName;
    return typeof name === 'string' ? name : undefined;
  } catch {
    return undefined;
  }
}
