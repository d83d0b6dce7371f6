import { describe, expect, test } from 'vitest';
import type { AnalysisRun } from '../../src/api/analysis-run.ts';
import type { RolloutGuard } from '../../src/api/rollout-guard.ts';
import type { Tries } from '../../src/api/rollout-record.ts';
import { tryAgain } from '../../src/rollout/retry.ts';
import type { SourceOutage } from '../../src/rollout/snapshot.ts';
import { guardFacts, pinned } from '../builders/guard.ts';
import { ownRun } from '../builders/run.ts';
import { ago, NOW, releasing } from '../builders/snapshot.ts';

const snapshot = releasing({ guards: [guardFacts()] });

/** What follows for a run that ended so many seconds ago. */
function follows(
  phase: 'Error' | 'Inconclusive',
  endedAgo: number,
  tries: Tries,
  spec: Partial<RolloutGuard['spec']> = {},
  hasMeasured = false,
  outages: SourceOutage[] = [],
) {
  const guard = pinned(guardFacts(spec));
  const [analysis] = guard.analyses;
  if (!analysis) throw new Error('the guard has an analysis');
  return tryAgain(
    guard,
    tries,
    phase,
    [{ analysis, label: 'a', run: ended(phase, endedAgo, hasMeasured) }],
    NOW,
    outages,
  );
}

function ended(phase: 'Error' | 'Inconclusive', endedAgo: number, hasMeasured: boolean): AnalysisRun {
  const { status, ...run } = ownRun(snapshot, phase);
  if (!status) throw new Error('a run that ended has a status');
  const metricResults = status.metricResults.map((result) => ({ ...result, withData: hasMeasured ? 1 : 0 }));
  return { ...run, status: { ...status, completedAt: ago(endedAgo), metricResults } };
}

describe('an inconclusive judging', () => {
  const retries = { onInconclusive: 'Retry', retry: { attempts: 2, delay: '20s' } } as const;

  test('is not repeated where the guard says nothing', () =>
    expect(follows('Inconclusive', 50, { attempt: 1 })).toEqual({ kind: 'never' }));

  test('is repeated after the delay', () => {
    expect(follows('Inconclusive', 19, { attempt: 1 }, retries)).toEqual({ kind: 'later', at: NOW + 1_000 });
    expect(follows('Inconclusive', 20, { attempt: 1 }, retries)).toEqual({
      kind: 'again',
      tries: { attempt: 2, inconclusive: 1 },
    });
  });

  test('is repeated as often as the guard says', () => {
    expect(follows('Inconclusive', 20, { attempt: 2, inconclusive: 1 }, retries)).toMatchObject({
      kind: 'again',
    });
    expect(follows('Inconclusive', 20, { attempt: 3, inconclusive: 2 }, retries)).toEqual({ kind: 'never' });
  });

  test('is not charged with attempts that Errors cost, and ends their count', () =>
    expect(follows('Inconclusive', 20, { attempt: 7, errorSince: ago(200) }, retries)).toEqual({
      kind: 'again',
      tries: { attempt: 8, inconclusive: 1 },
    }));

  test('is repeated three times, 30 s apart, where the guard gives no numbers', () => {
    const plain = { onInconclusive: 'Retry' } as const;
    expect(follows('Inconclusive', 29, { attempt: 3, inconclusive: 2 }, plain)).toMatchObject({
      kind: 'later',
    });
    expect(follows('Inconclusive', 30, { attempt: 4, inconclusive: 3 }, plain)).toEqual({ kind: 'never' });
  });
});

describe('a judging that ended in an Error', () => {
  test('is repeated where the guard says nothing', () =>
    expect(follows('Error', 30, { attempt: 1 })).toEqual({
      kind: 'again',
      tries: { attempt: 2, errorSince: ago(30) },
    }));

  test('is not repeated where the guard says Pause', () =>
    expect(follows('Error', 30, { attempt: 1 }, { onError: 'Pause' })).toEqual({ kind: 'never' }));

  test('is repeated for five minutes, whatever the attempts', () => {
    expect(follows('Error', 30, { attempt: 9, errorSince: ago(329) })).toEqual({
      kind: 'again',
      tries: { attempt: 10, errorSince: ago(329) },
    });
    expect(follows('Error', 30, { attempt: 9, errorSince: ago(330) })).toEqual({ kind: 'never' });
  });

  test('has its five minutes anew once something was measured', () =>
    expect(follows('Error', 30, { attempt: 9, errorSince: ago(3_000) }, {}, true)).toEqual({
      kind: 'again',
      tries: { attempt: 10, errorSince: ago(30) },
    }));

  test('keeps the count of inconclusive attempts', () =>
    expect(follows('Error', 30, { attempt: 3, inconclusive: 2 })).toMatchObject({
      tries: { inconclusive: 2 },
    }));
});

describe('an Error while the source is down for several Rollouts', () => {
  const down: SourceOutage = {
    source: 'default',
    since: ago(4_000),
    reason: 'Timeout',
    message: 'late',
    rollouts: ['shop/a', 'shop/b'],
  };
  const backSince = (seconds: number) => ({ ...down, endedAt: ago(seconds) });
  const long = { attempt: 9, errorSince: ago(3_000), inconclusive: 1 };
  const again = { kind: 'again', tries: { attempt: 10, inconclusive: 1 } };
  const never = { kind: 'never' };

  test.each<[title: string, outages: SourceOutage[], spec: Partial<RolloutGuard['spec']>, is: object]>([
    ['is repeated for as long as that lasts', [down], {}, again],
    ['whatever the guard says', [down], { onError: 'Pause' }, again],
    ['also when it ended in it, and it is over', [backSince(10)], {}, again],
    ['not when it was over before', [backSince(31)], {}, never],
    ['not when another source is down', [{ ...down, source: 'other' }], {}, never],
  ])('%s', (_title, outages, spec, is) => {
    expect(follows('Error', 30, long, spec, false, outages)).toEqual(is);
  });

  test('is repeated after the delay, as others are', () => {
    expect(follows('Error', 29, long, {}, false, [down])).toEqual({ kind: 'later', at: NOW + 1_000 });
  });
});
