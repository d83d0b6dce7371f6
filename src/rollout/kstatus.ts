import type { Condition } from '../api/kubernetes.ts';
import type { ReleaseRecord } from '../api/rollout-record.ts';
import type { Reason, Stall } from './decision.ts';

/** A condition before it is dated. */
export type Wanted = Omit<Condition, 'lastTransitionTime' | 'lastUpdateTime'>;

/** Where a Rollout is, in the words that its conditions give as reasons. */
export interface Standing {
  /** Reason of the Progressing condition, while a release is under way. */
  busy: string | undefined;
  /** Whether the workload is there and its stable pods are known. */
  known: boolean;
  disabled: boolean;
}

/**
 * Ready, Reconciling and Stalled as kstatus defines them, so that tools which know nothing of Rollouts (Flux, kpt,
 * `kubectl wait`) wait for a release, and see one fail that was taken back.
 * Source: sigs.k8s.io/cli-utils, pkg/kstatus: Stalled is Failed, Reconciling is InProgress, Ready is Current.
 */
export function kstatusConditions(
  { busy, known, disabled }: Standing,
  release: ReleaseRecord | undefined,
  stall: Stall | undefined,
): Wanted[] {
  const failed = failureOf(release);
  const stalled = stall ?? failed;
  const wanted: Wanted[] = [];
  if (busy && !failed) wanted.push({ type: 'Reconciling', status: 'True', reason: busy });
  if (stalled) wanted.push({ type: 'Stalled', status: 'True', ...stalled });
  const why = stalled?.reason ?? busy ?? (known ? undefined : 'WaitingForWorkload');
  const isReady = disabled || why === undefined;
  const reason = disabled ? 'Disabled' : (why ?? 'Healthy');
  return [...wanted, { type: 'Ready', status: isReady ? 'True' : 'False', reason }];
}

/** How the last release failed, as long as no other one has begun. */
function failureOf(release: ReleaseRecord | undefined): { reason: string; message: string } | undefined {
  const { outcome, stage, reason, message = '' } = release ?? {};
  // Who restores the former template himself has what he wants.
  const isWanted = reason === ('StableTemplateRestored' satisfies Reason);
  if (outcome === 'RolledBack' && stage === 'Completed' && !isWanted)
    return { reason: 'RolledBack', message };
  return stage === 'Aborted' ? { reason: 'Aborted', message } : undefined;
}
