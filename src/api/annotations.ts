/**
 * Labels, annotations and finalizers that Assay shares with Kruise Rollouts and its tools, and its own.
 * What is on an object under these keys may have been written by either, so that the meanings are upstream's.
 */

/** On a Rollout: hash of its plan, without pause durations and failureThreshold. */
export const ROLLOUT_HASH_ANNOTATION = 'rollouts.kruise.io/hash';

/** On a v1alpha1 Rollout: `canary` (the default there) or `partition`, in any case of letters. */
export const ROLLING_STYLE_ANNOTATION = 'rollouts.kruise.io/rolling-style';

/** On a Rollout: the name of a TrafficRouting that several Rollouts share. */
export const TRAFFIC_ROUTING_ANNOTATION = 'rollouts.kruise.io/trafficrouting';

/** On a Rollout: `true` lets pods go back step by step when the author of a release restores the stable template. */
export const ROLLBACK_IN_BATCH_ANNOTATION = 'rollouts.kruise.io/rollback-in-batch';

/** On a Rollout (finalizer): its release is brought to an end before it goes. */
export const ROLLOUT_FINALIZER = 'rollouts.kruise.io/rollout';

/** On a TrafficRouting (finalizer): its routes are taken back before it goes. */
export const TRAFFIC_ROUTING_FINALIZER = 'rollouts.kruise.io/trafficrouting';

/** On a TrafficRouting (finalizer), followed by a Rollout's name: its routes are there for that Rollout's release. */
export const PROGRESSING_FINALIZER_PREFIX = 'progressing.rollouts.kruise.io/';

/** On a workload (label): a Rollout drives it, and of which type it is; admission fails closed for it. */
export const WORKLOAD_TYPE_LABEL = 'rollouts.kruise.io/workload-type';

/** On a workload and its canary: JSON `{"rolloutName": "…"}` while a release is under way. */
export const IN_PROGRESSING_ANNOTATION = 'rollouts.kruise.io/in-progressing';

/** On a workload under release and its extra Deployment: JSON of the owner that controls the release. */
export const CONTROL_INFO_ANNOTATION = 'batchrelease.rollouts.kruise.io/control-info';

/**
 * On a workload and its pods (label): what people call this release. Upstream's admission reads an annotation of the
 * same key on the workload.
 */
export const ROLLOUT_ID_LABEL = 'rollouts.kruise.io/rollout-id';

/** On a pod (label): the step, 1-based, in which it came to the new version. */
export const ROLLOUT_BATCH_ID_LABEL = 'rollouts.kruise.io/rollout-batch-id';

/** On a pod (label), while pods go back in batches: it had the stable version when that began, and is not counted. */
export const NO_NEED_UPDATE_LABEL = 'rollouts.kruise.io/no-need-update';

/** On the extra Deployment (label): the name of the stable Deployment. */
export const CANARY_DEPLOYMENT_LABEL = 'rollouts.kruise.io/canary-deployment';

/** On the extra Deployment (finalizer): it stays until its release has let it go. */
export const CANARY_DEPLOYMENT_FINALIZER = 'finalizer.rollouts.kruise.io/batch-release';

/** On a Deployment in partition or blue-green style (label): pod-template-hash of its stable ReplicaSet. */
export const STABLE_REVISION_LABEL = 'rollouts.kruise.io/stable-revision';

/**
 * On a Deployment in partition style: JSON `{rollingStyle, rollingUpdate, paused, partition}`, what its steps ask for;
 * `revision` beside it, Assay's own, says for which template.
 */
export const DEPLOYMENT_STRATEGY_ANNOTATION = 'rollouts.kruise.io/deployment-strategy';

/** On a Deployment in partition style: JSON `{updatedReadyReplicas, expectedUpdatedReplicas}`, how far that is. */
export const DEPLOYMENT_EXTRA_STATUS_ANNOTATION = 'rollouts.kruise.io/deployment-extra-status';

/** On a Deployment in partition style (label): `true` while a Rollout scales its ReplicaSets in place of Kubernetes. */
export const ADVANCED_DEPLOYMENT_LABEL = 'rollouts.kruise.io/controlled-by-advanced-deployment-controller';

/**
 * On a ReplicaSet: the size of the Deployment that it was scaled for, and the most pods of it at that time. Kubernetes
 * reads from them whether a Deployment was scaled, and whether a version has all its pods.
 */
export const DESIRED_REPLICAS_ANNOTATION = 'deployment.kubernetes.io/desired-replicas';
export const MAX_REPLICAS_ANNOTATION = 'deployment.kubernetes.io/max-replicas';

/** On a workload in blue-green style: JSON `{maxSurge, maxUnavailable, minReadySeconds, progressDeadlineSeconds}` as its author has them. */
export const ORIGINAL_DEPLOYMENT_STRATEGY_ANNOTATION = 'rollouts.kruise.io/original-deployment-strategy';

/** On an object of customNetworkRefs: JSON `{spec, labels, annotations}` as its author has them. */
export const ORIGINAL_SPEC_ANNOTATION = 'rollouts.kruise.io/original-spec-configuration';

/**
 * On a StatefulSet or CloneSet under release: JSON `{original, held}`, its partition as its author has it and as the
 * release set it last; of a CloneSet also whether its author has it `paused`.
 */
export const PARTITION_ANNOTATION = 'assay.dev/partition';

/** On a native DaemonSet: the revision that its release brings. */
export const DAEMON_SET_REVISION_ANNOTATION = 'rollouts.kruise.io/daemonset-revision';

/** On a native DaemonSet: `key=value` pairs of what its steps ask for, partition and revision. */
export const DAEMON_SET_CONTROL_ANNOTATION = 'rollouts.kruise.io/daemonset-advanced-control';

/** On a native DaemonSet: the type of its update strategy as its author has it. */
export const DAEMON_SET_ORIGINAL_STRATEGY_ANNOTATION =
  'rollouts.kruise.io/daemonset-original-update-strategy';

/** On a pod (label): which ReplicaSet, and so which version of a Deployment or a CloneSet, it is of. */
export const POD_TEMPLATE_HASH_LABEL = 'pod-template-hash';

/** On a pod: it goes sooner than one with a higher number, where some have to go. */
export const DELETION_COST_ANNOTATION = 'controller.kubernetes.io/pod-deletion-cost';

/** On a pod (label): which version of a StatefulSet or a DaemonSet it is of. */
export const CONTROLLER_REVISION_LABEL = 'controller-revision-hash';

/** On a pod of a CloneSet (label): its own controller replaces it, as its maxUnavailable and maxSurge allow. */
export const SPECIFIED_DELETE_LABEL = 'apps.kruise.io/specified-delete';

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
