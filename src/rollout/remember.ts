import { sameJson } from '../api/canonical.ts';
import type { RecordStatus } from '../api/rollout-record.ts';
import { formatTime } from '../api/timestamp.ts';
import type { Choice, DecisionWord } from './decision.ts';

/** Decisions that a record keeps. */
const DECISIONS_KEPT = 50;

/** Decisions that a person should look at. */
const WARNINGS: readonly DecisionWord[] = ['Stall', 'Hold', 'RollBack', 'Abort'];

/**
 * Whether a decision is worth telling: it does something, or it names a trouble that was not named before. What changes
 * nothing is told once, whatever it is called: each telling is a write, after which the Rollout is looked at again.
 */
export function isNews(choice: Choice, record: RecordStatus): boolean {
  const { decision, reason, message, acts } = choice;
  if (decision === 'Wait') return false;
  const last = record.decisions?.at(-1);
  const isSaid = last?.decision === decision && last.reason === reason && last.message === message;
  return !(isSaid && (decision === 'Stall' || (acts.length === 0 && sameJson(choice.record, record))));
}

export function isWarning({ decision, reason }: Pick<Choice, 'decision' | 'reason'>): boolean {
  return WARNINGS.includes(decision) || reason === 'AdmissionBypassed';
}

/** Whether a person wants to hear of it by an Event. How the pods of a step come up is in the record, and in the status. */
export function isForPeople({ decision }: Pick<Choice, 'decision'>): boolean {
  return decision !== 'Upgrade';
}

/** The record with this decision as its newest; `before` is the record as it was when the decision fell. */
export function remember(
  before: RecordStatus,
  record: RecordStatus,
  { decision, reason, message }: Choice,
  now: number,
): RecordStatus {
  const decisions = record.decisions ?? [];
  // To advance is a decision about the step that is left; the record speaks of the next one already.
  const step = (decision === 'Advance' ? before : record).release?.step?.index;
  const newest = {
    sequence: (decisions.at(-1)?.sequence ?? 0) + 1,
    at: formatTime(now),
    release: record.releaseId,
    ...(step === undefined ? {} : { step }),
    decision,
    reason,
    message,
  };
  return { ...record, decisions: [...decisions, newest].slice(-DECISIONS_KEPT) };
}
