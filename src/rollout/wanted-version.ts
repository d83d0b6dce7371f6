import type { CanaryStatus } from '../api/rollout.ts';
import type { ReleaseRecord } from '../api/rollout-record.ts';
import { rolloutIdOf, wayBackIdOf } from '../workload/pod-labels.ts';
import type { Context } from './context.ts';
import { canaryOf } from './order.ts';
import { wayBackOf } from './way-back.ts';

/** The version that pods are to have, and those that have it. */
type WantedVersion = Pick<
  CanaryStatus,
  'observedRolloutID' | 'canaryRevision' | 'podTemplateHash' | 'canaryReplicas' | 'canaryReadyReplicas'
>;

/** …of a release under way; without its pods where the workload is not known. */
export function wantedVersion(
  release: ReleaseRecord,
  known: Omit<Context, 'now'> | undefined,
): WantedVersion {
  if (known && release.wayBack) return wantedBack(known);
  const canary = known && canaryOf(known);
  return {
    observedRolloutID: known ? rolloutIdOf(known.workload.object, release.revision) : release.revision,
    canaryRevision: release.revision,
    podTemplateHash: release.canary.hash ?? '',
    canaryReplicas: canary?.pods ?? 0,
    canaryReadyReplicas: canary?.ready ?? 0,
  };
}

/** On the way back in batches that is the stable one, as Kruise counts: those that had it before are among them. */
function wantedBack(known: Omit<Context, 'now'>): WantedVersion {
  const { target, stable, ready } = wayBackOf(known);
  return {
    observedRolloutID: wayBackIdOf(known.workload.object, target.revision),
    canaryRevision: target.revision,
    podTemplateHash: target.hash,
    canaryReplicas: stable.length,
    canaryReadyReplicas: ready,
  };
}
