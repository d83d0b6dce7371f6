import type { RecordStatus, ReleaseOutcome, StableRevision } from '../api/rollout-record.ts';
import { type Context, withRelease } from './context.ts';
import type { Notice, Outcome, Reason } from './decision.ts';
import { forgetKeptTemplates } from './kept-template.ts';

/** Ends a release for good: `stable` is what the workload runs from now on, and nothing is kept for going back. */
export function complete(
  context: Context,
  outcome: ReleaseOutcome,
  reason: Reason,
  stable: StableRevision,
  message: string,
  notice?: Notice,
): Outcome {
  const { snapshot, release } = context;
  const record: RecordStatus = {
    ...withRelease(snapshot.record, { ...release, stage: 'Completed', outcome, message }),
    stable,
  };
  return {
    decision: 'Complete',
    reason,
    message,
    record,
    acts: forgetKeptTemplates(context),
    ...(notice === undefined ? {} : { notice }),
  };
}
