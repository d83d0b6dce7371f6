import type { ReleaseRecord } from '../api/rollout-record.ts';
import { parseTime } from '../api/timestamp.ts';
import type { Reason } from './decision.ts';

/** What Kruise Rollouts calls the jobs that end a release. */
export type FinalisingStep =
  | 'FinalisingStepRouteTrafficToNew'
  | 'FinalisingStepRouteTrafficToStable'
  | 'RestoreStableService'
  | 'ResumeWorkload'
  | 'RemoveCanaryService'
  | 'END';

const STEP_OF: Partial<Record<Reason, FinalisingStep>> = {
  StableServiceRestored: 'RestoreStableService',
  CanaryRoutesRemoved: 'FinalisingStepRouteTrafficToStable',
  WorkloadResumed: 'ResumeWorkload',
  WaitingForWorkload: 'ResumeWorkload',
  WaitingForRollingUpdate: 'ResumeWorkload',
  WaitingForCanaryRemoval: 'RemoveCanaryService',
};

/** Where an ending release is, in Kruise's words; nothing while it goes on, or where Kruise has no word for it. */
export function finalisingStepOf(
  release: ReleaseRecord,
  reason: Reason,
  isBlueGreen: boolean,
): FinalisingStep | '' {
  if (release.stage === 'Completed' || release.stage === 'PostPromotion') return 'END';
  if (release.stage !== 'Finalising' && release.stage !== 'Cancelling') return '';
  const toNew = isBlueGreen && release.stage === 'Finalising' ? 'FinalisingStepRouteTrafficToNew' : '';
  if (reason === 'GracePeriod') return lastFelt(release) ?? toNew;
  if (reason === 'WaitingForRoutes' || reason === 'TrafficRouted') return toNew;
  return STEP_OF[reason] ?? '';
}

/** What a grace period is for: the later of the two jobs that have one. */
function lastFelt({ routesRemovedAt, serviceRestoredAt }: ReleaseRecord): FinalisingStep | undefined {
  const [removed, restored] = [parseTime(routesRemovedAt) ?? 0, parseTime(serviceRestoredAt) ?? 0];
  if (removed === 0 && restored === 0) return undefined;
  return removed >= restored ? 'FinalisingStepRouteTrafficToStable' : 'RestoreStableService';
}
