import { describe, expect, test } from 'vitest';
import type { RecordedDecision, RecordStatus } from '../../src/api/rollout-record.ts';
import { decide } from '../../src/rollout/decide.ts';
import { DECISIONS } from '../../src/rollout/decision.ts';
import { isNews, isWarning, remember } from '../../src/rollout/remember.ts';
import { deployment, NAME } from '../builders/deployment.ts';
import { guardFacts } from '../builders/guard.ts';
import { judged } from '../builders/run.ts';
import { ago, calm, NOW, releasing, workloadOf } from '../builders/snapshot.ts';

const stalled = decide(calm({ workload: undefined }), NOW);
const idle = decide(calm(), NOW);
const entry = (part: Partial<RecordedDecision> = {}): RecordedDecision => ({
  sequence: 7,
  at: ago(60),
  release: 0,
  decision: stalled.decision,
  reason: stalled.reason,
  message: stalled.message,
  ...part,
});

const held = decide(calm({ workload: workloadOf(deployment({ paused: true, markedFor: NAME })) }), NOW);
const entryOf = ({ decision, reason, message }: typeof stalled) => entry({ decision, reason, message });

describe('a decision is news', () => {
  const rows: [string, typeof stalled, RecordedDecision[], boolean][] = [
    ['not when it is to wait', idle, [], false],
    ['when it names a trouble', stalled, [], true],
    ['not when it names the same trouble again', stalled, [entry()], false],
    ['when it names another trouble', stalled, [entry({ reason: 'ServiceNotFound' })], true],
    ['when the trouble has other words', stalled, [entry({ message: 'another' })], true],
    ['when it does something, though the same was done before', held, [entryOf(held)], true],
    ['not when it does nothing and was told before', { ...held, acts: [] }, [entryOf(held)], false],
    ['when something came in between', stalled, [entry(), entry({ decision: 'Start' })], true],
  ];
  for (const [title, decision, decisions, news] of rows) {
    test(title, () => {
      const record = { ...decision.record, decisions };
      expect(isNews({ ...decision, record }, record)).toBe(news);
    });
  }
});

test('a person should look at what stalls, holds, rolls back, aborts or came past admission', () => {
  const warned = DECISIONS.filter((decision) => isWarning({ decision, reason: 'Idle' }));
  expect(warned).toEqual(['Stall', 'Hold', 'RollBack', 'Abort']);
  expect(isWarning({ decision: 'Start', reason: 'AdmissionBypassed' })).toBe(true);
  expect(isWarning({ decision: 'Start', reason: 'NewRevision' })).toBe(false);
});

describe('the record', () => {
  const record: RecordStatus = { releaseId: 3, stepEntry: 0 };

  test('has the newest decision last, with a number that only rises', () => {
    const before = { ...record, decisions: [entry()] };
    expect(remember(before, before, stalled, NOW).decisions?.at(-1)).toEqual({
      sequence: 8,
      at: ago(0),
      release: 3,
      decision: 'Stall',
      reason: 'WorkloadNotFound',
      message: stalled.message,
    });
  });

  test('says of an advance which step was left', () => {
    const { decision, before } = advance();
    expect(remember(before, decision.record, decision, NOW).decisions?.at(-1)).toMatchObject({
      decision: 'Advance',
      step: 1,
    });
  });

  test('keeps the newest fifty', () => {
    const decisions = Array.from({ length: 50 }, (_, sequence) => entry({ sequence }));
    const after = remember(record, { ...record, decisions }, stalled, NOW).decisions ?? [];
    expect([after.length, after[0]?.sequence, after.at(-1)?.sequence]).toEqual([50, 1, 50]);
  });
});

function advance() {
  const snapshot = judged(releasing({ guards: [guardFacts()] }), { 'success-rate': 'Successful' });
  return { decision: decide(snapshot, NOW), before: snapshot.record };
}
