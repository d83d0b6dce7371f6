import { withAlerts } from '../alerting/compose.ts';
import { sameJson } from '../api/canonical.ts';
import type { Rollout } from '../api/rollout.ts';
import type { RecordStatus } from '../api/rollout-record.ts';
import { isNews, remember } from '../rollout/remember.ts';
import type { Engine } from './engine.ts';

/** One decision of several that follow from one another. */
export interface Thought {
  decision: ReturnType<Engine>;
  isNews: boolean;
  /** As it is after this decision, with what is remembered of it and the alerts that it asks for. */
  record: RecordStatus;
}

/** More in a row would be a decision that never comes to rest: what it has come to is written, and looked at anew. */
const TURNS = 10;

/**
 * Decides as far as one observation goes: where a decision moves nothing but the record, the next one follows from the
 * same facts. One that acts changes the facts: it stands alone, after what led to it is written, so that a crash
 * between its acts and its record loses no reason for them. Of the answer, which is never empty, the last is where
 * the Rollout stands.
 */
export function deliberate(
  decide: (record: RecordStatus) => ReturnType<Engine>,
  rollout: Rollout,
  known: RecordStatus,
  now: number,
): [Thought, ...Thought[]] {
  let last = think(decide(known), rollout, known, now);
  const thoughts: [Thought, ...Thought[]] = [last];
  let before = known;
  while (thoughts.length < TURNS && last.decision.acts.length === 0 && !sameJson(before, last.record)) {
    const decision = decide(last.record);
    if (decision.acts.length > 0) break;
    before = last.record;
    last = think(decision, rollout, before, now);
    thoughts.push(last);
  }
  return thoughts;
}

function think(decision: ReturnType<Engine>, rollout: Rollout, before: RecordStatus, now: number): Thought {
  const news = isNews(decision, before);
  const alerted = decision.notice
    ? withAlerts(decision.record, rollout, decision.notice, now)
    : decision.record;
  return { decision, isNews: news, record: news ? remember(before, alerted, decision, now) : alerted };
}
