import { expect, test } from 'vitest';
import type { Act } from '../../src/api/act.ts';
import { resources } from '../../src/api/resource.ts';
import type { RecordStatus } from '../../src/api/rollout-record.ts';
import { deliberate } from '../../src/controller/deliberate.ts';
import { decide } from '../../src/rollout/decide.ts';
import type { Choice } from '../../src/rollout/decision.ts';
import { EMPTY_RECORD } from '../../src/rollout/snapshot.ts';
import { rollout } from '../builders/rollout.ts';
import { calm, NOW } from '../builders/snapshot.ts';
import { service } from '../builders/traffic.ts';

const ACT: Act = { verb: 'delete', resource: resources.service, object: service(), why: 'for the test' };

/** What is decided at each entry number, which each decision raises; after the last one nothing is. */
function plan(...decisions: (Pick<Choice, 'decision'> & { acts?: Act[] })[]) {
  return (record: RecordStatus): Choice => {
    const planned = decisions[record.stepEntry];
    return {
      reason: 'Idle',
      message: `at ${record.stepEntry}`,
      acts: [],
      wakeAt: NOW + record.stepEntry,
      notice: undefined,
      decision: 'Wait',
      ...planned,
      record: planned ? { ...record, stepEntry: record.stepEntry + 1 } : record,
    };
  };
}

const words = (decisions: Parameters<typeof plan>) =>
  deliberate(plan(...decisions), rollout(), EMPTY_RECORD, NOW).map(({ decision }) => decision.decision);

test('decisions that only move the record follow from one observation, up to the one that waits', () => {
  expect(words([{ decision: 'Advance' }, { decision: 'Upgrade' }])).toEqual(['Advance', 'Upgrade', 'Wait']);
  expect(words([])).toEqual(['Wait']);
});

test('one that acts stands alone: what led to it is written before', () => {
  const acting = { decision: 'RollBack', acts: [ACT] } as const;
  expect(words([{ decision: 'Hold' }, { ...acting, acts: [ACT] }])).toEqual(['Hold']);
  expect(words([{ ...acting, acts: [ACT] }, { decision: 'Complete' }])).toEqual(['RollBack']);
});

test('decisions that never come to rest are written after ten', () => {
  const restless = Array.from({ length: 25 }, () => ({ decision: 'Restart' as const }));
  expect(words(restless)).toHaveLength(10);
});

test('each is remembered, and asks for its alerts, with the record as it was then', () => {
  const notice = {
    event: 'Completed' as const,
    reason: 'Promoted' as const,
    summary: 'done',
    evidence: [],
    action: 'none',
    next: 'nothing',
  };
  const guard = { alerts: [{ receiver: 'chat', on: ['Completed'] }] };
  const decisions = plan({ decision: 'Advance' }, { decision: 'Wait' }, { decision: 'Complete' });
  const thoughts = deliberate(
    (record) => ({
      ...decisions(record),
      notice: record.stepEntry === 2 ? notice : undefined,
    }),
    rollout(),
    { ...EMPTY_RECORD, release: { guard } as never },
    NOW,
  );
  expect(thoughts.map(({ isNews }) => isNews)).toEqual([true, false, true, false]);
  const { decisions: remembered, alerts } = thoughts.at(-1)?.record ?? {};
  expect(remembered?.map(({ sequence, message }) => `${sequence} ${message}`)).toEqual(['1 at 0', '2 at 2']);
  expect(thoughts.map(({ record }) => record.alerts?.length)).toEqual([undefined, undefined, 1, 1]);
  expect(alerts?.[0]).toMatchObject({ receiver: 'chat', reason: 'Promoted' });
});

test('a trouble that stays is told once', () => {
  const snapshot = calm({ workload: undefined });
  const thoughts = deliberate(
    (record) => decide({ ...snapshot, record }, NOW),
    snapshot.rollout,
    snapshot.record,
    NOW,
  );
  expect(thoughts.map(({ decision, isNews }) => `${decision.decision} ${isNews}`)).toEqual([
    'Stall true',
    'Stall false',
  ]);
});
