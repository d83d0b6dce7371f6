import { describe, expect, test } from 'vitest';
import type { AnalysisPhase, AnalysisRun } from '../../src/api/analysis-run.ts';
import { RETRY_ANNOTATION } from '../../src/api/annotations.ts';
import type { HoldReason } from '../../src/api/rollout-record.ts';
import { decide } from '../../src/rollout/decide.ts';
import type { Snapshot, SourceOutage } from '../../src/rollout/snapshot.ts';
import { NAME } from '../builders/deployment.ts';
import { analysis, guardFacts } from '../builders/guard.ts';
import { rollout } from '../builders/rollout.ts';
import { ownRun, watchingRun } from '../builders/run.ts';
import { ago, NOW, type ReleasePart, releasing } from '../builders/snapshot.ts';
import { decided, table } from './decided.ts';

const BACKGROUND = analysis({ name: 'health', mode: 'Background' });
const BOTH = [guardFacts({ analyses: [analysis(), BACKGROUND] })];
const ALONE = [guardFacts({ analyses: [BACKGROUND] })];
const PAUSES = [guardFacts({ analyses: [analysis(), BACKGROUND], onFailure: 'Pause' })];
const RESTS = rollout({
  steps: [{ replicas: 1, traffic: '5%', pause: { duration: 60 } }, { replicas: '100%' }],
});

/** A step in any state; the canary has had traffic for a while, from this step or from an earlier one. */
function watched(
  part: ReleasePart,
  background: { phase?: AnalysisPhase; measuredAgo?: number } = {},
  step: AnalysisPhase = 'Running',
): Snapshot {
  const base = releasing({ guards: BOTH, ...part, release: { trafficSince: ago(400), ...part.release } });
  const { measuredAgo = 5, phase = 'Running' } = background;
  const hasStep = base.record.release?.guard?.analyses.some(({ name }) => name === 'success-rate');
  const runs: AnalysisRun[] = [
    watchingRun(base, phase, { measuredAgo }),
    ...(hasStep ? [ownRun(base, step)] : []),
  ];
  return { ...base, runs };
}

function holdOf(reason: HoldReason, mode?: 'Background') {
  return { reason, since: ago(60), message: 'it is held', ...(mode ? { mode } : {}) };
}

const FAILED_BEFORE = {
  phase: 'Failed' as const,
  reason: 'AnalysisFailed',
  message: 'it failed',
  at: ago(60),
};

table('Background analyses begin', [
  {
    title: 'not before the canary has traffic',
    given: releasing({ guards: BOTH, state: 'StepTrafficRouting' }),
    is: 'Wait WaitingForRoutes',
    acts: [expect.stringContaining('create Service'), expect.stringContaining('create Ingress')],
  },
  {
    title: 'when it has, before the analyses of the step',
    given: releasing({ guards: BOTH }),
    is: 'Analyse AnalysisStarted',
    acts: [
      expect.stringMatching(/^create AnalysisRun echoserver-1-background-health-[0-9a-f]{10}: judge health$/),
    ],
  },
  {
    title: 'where the guard came in the middle of the release, at once',
    given: releasing({ guards: ALONE, state: 'StepPaused' }),
    is: 'Analyse AnalysisStarted',
    acts: [expect.stringContaining('judge health')],
  },
]);

table('a Background analysis that fails', [
  {
    title: 'takes the release back while the step is judged',
    given: watched({}, { phase: 'Failed' }),
    is: 'RollBack AnalysisFailed',
    to: 'release 1 Cancelling',
    acts: [expect.stringContaining('replace AnalysisRun echoserver-1-1-success-rate')],
  },
  {
    title: 'whatever the step has come to',
    given: watched({}, { phase: 'Failed' }, 'Successful'),
    is: 'RollBack AnalysisFailed',
  },
  ...(['BeforeStepUpgrade', 'StepUpgrade', 'StepTrafficRouting', 'StepPaused'] as const).map((state) => ({
    title: `does so in ${state}`,
    given: watched({ state, step: { index: 2 } }, { phase: 'Failed' as const }),
    is: 'RollBack AnalysisFailed',
    acts: [expect.stringContaining('replace AnalysisRun')],
  })),
  {
    title: 'does so while the Rollout is paused',
    given: watched({ rollout: rollout({ paused: true }) }, { phase: 'Failed' }),
    is: 'RollBack AnalysisFailed',
    acts: [expect.stringContaining('replace AnalysisRun')],
  },
  {
    title: 'does so while the step waits for a person for another reason',
    given: watched(
      { state: 'StepPaused', step: { hold: holdOf('HoldOnSuccess') } },
      { phase: 'Failed' },
      'Successful',
    ),
    is: 'RollBack AnalysisFailed',
  },
  {
    title: 'only takes the canary away where the guard says Abort',
    given: watched(
      { guards: [guardFacts({ analyses: [BACKGROUND], onFailure: 'Abort' })], state: 'StepPaused' },
      { phase: 'Failed' },
    ),
    is: 'Abort AnalysisFailed',
    to: 'release 1 Aborting',
  },
  {
    title: 'holds the step where the guard says Pause',
    given: watched({ guards: PAUSES }, { phase: 'Failed' }),
    is: 'Hold AnalysisFailed',
    to: 'release 1 InRolling 1 StepPaused',
  },
  {
    title: 'holds a step on its way to its traffic where it is',
    given: watched({ guards: PAUSES, state: 'StepUpgrade', step: { index: 2 } }, { phase: 'Failed' }),
    is: 'Hold AnalysisFailed',
    to: 'release 1 InRolling 2 StepUpgrade',
  },
  {
    title: 'holds once',
    given: watched(
      {
        guards: PAUSES,
        state: 'StepUpgrade',
        step: { index: 2, hold: holdOf('AnalysisFailed', 'Background'), verdict: FAILED_BEFORE },
      },
      { phase: 'Failed' },
    ),
    is: 'Wait WaitingForApproval',
    wakeIn: 1_740,
  },
  {
    title: 'is not followed when its guard is gone',
    given: watched({ guards: [], pinnedGuards: BOTH }, { phase: 'Failed' }),
    is: 'Hold GuardRemoved',
  },
]);

table('a Background analysis that comes to no verdict', [
  {
    title: 'holds when it is inconclusive',
    given: watched({}, { phase: 'Inconclusive' }, 'Successful'),
    is: 'Hold AnalysisInconclusive',
    to: 'release 1 InRolling 1 StepPaused',
  },
  {
    title: 'holds when somebody ended it',
    given: watched({}, { phase: 'Cancelled' }, 'Successful'),
    is: 'Hold AnalysisInconclusive',
  },
  {
    title: 'is waited for after an Error, though the step has passed',
    given: watched({}, { phase: 'Error' }, 'Successful'),
    is: 'Wait WaitingForAnalysis',
    wakeIn: 29,
    says: 'health is judged anew at',
  },
  {
    title: 'holds after an Error where the guard says Pause',
    given: watched(
      { guards: [guardFacts({ analyses: [analysis(), BACKGROUND], onError: 'Pause' })] },
      { phase: 'Error' },
    ),
    is: 'Hold AnalysisError',
  },
  {
    title: 'is judged anew as the guard says',
    given: watched(
      {
        guards: [
          guardFacts({ analyses: [analysis(), BACKGROUND], onInconclusive: 'Retry', retry: { delay: '1s' } }),
        ],
      },
      { phase: 'Inconclusive' },
    ),
    is: 'Analyse AnalysisRetried',
    says: 'attempt 2',
  },
]);

table('a Background analysis that measures nothing', [
  {
    title: 'holds after three intervals, though the step has passed',
    given: watched({}, { measuredAgo: 30 }, 'Successful'),
    is: 'Hold AnalysisStale',
    to: 'release 1 InRolling 1 StepPaused',
    says: 'health has measured nothing since',
  },
  {
    title: 'and not before',
    given: watched({}, { measuredAgo: 29 }),
    is: 'Wait WaitingForAnalysis',
    wakeIn: 1,
  },
  {
    title: 'holds a step before it gets more traffic',
    given: watched({ state: 'StepTrafficRouting', step: { index: 2 } }, { measuredAgo: 30 }),
    is: 'Hold AnalysisStale',
    to: 'release 1 InRolling 2 StepTrafficRouting',
  },
  {
    title: 'leaves a hold that is there as it is',
    given: watched(
      { state: 'StepPaused', step: { hold: holdOf('HoldOnSuccess') } },
      { measuredAgo: 99 },
      'Successful',
    ),
    is: 'Wait WaitingForApproval',
  },
  {
    title: 'lets the step go on when it measures again',
    given: watched({ state: 'StepPaused', step: { hold: holdOf('AnalysisStale', 'Background') } }),
    is: 'Analyse AnalysisResumed',
    to: 'release 1 InRolling 1 StepMetricsAnalysis',
  },
  {
    title: 'lets it go on where it was held on its way',
    given: watched({ state: 'StepUpgrade', step: { index: 2, hold: holdOf('AnalysisStale', 'Background') } }),
    is: 'Analyse AnalysisResumed',
    to: 'release 1 InRolling 2 StepUpgrade',
  },
  {
    title: 'ends in the action on timeout when nobody comes',
    given: watched(
      {
        state: 'StepTrafficRouting',
        step: { index: 2, hold: { ...holdOf('AnalysisStale', 'Background'), since: ago(1_800) } },
      },
      { measuredAgo: 1_900 },
    ),
    is: 'Abort HoldTimeout',
    acts: [expect.stringContaining('replace AnalysisRun'), expect.stringContaining('replace AnalysisRun')],
  },
]);

describe('while the source is down for several Rollouts, a Background analysis that measures nothing', () => {
  const down: SourceOutage = {
    source: 'default',
    since: ago(60),
    reason: 'Timeout',
    message: 'late',
    rollouts: ['shop/a', 'shop/b'],
  };
  const back = (seconds: number) => ({ ...down, endedAt: ago(seconds) });
  const blind = (outage: SourceOutage, part: ReleasePart = {}, measuredAgo = 60): Snapshot => ({
    ...watched(part, { measuredAgo }),
    outages: [outage],
  });
  const held = (secondsAgo: number): ReleasePart => ({
    state: 'StepPaused',
    step: {
      hold: { ...holdOf('AnalysisStale', 'Background'), since: ago(secondsAgo), outage: 'default' },
    },
  });

  test.each<[title: string, given: Snapshot, is: string, isTold: boolean]>([
    ['holds, and is not told', blind(down), 'Hold AnalysisStale', false],
    ['is told where another source is down', blind({ ...down, source: 'x' }), 'Hold AnalysisStale', true],
    ['is not told just after', blind(back(119)), 'Hold AnalysisStale', false],
    ['is told later', blind(back(120)), 'Hold AnalysisStale', true],
    ['is held for as long as it lasts', blind(down, held(9_000)), 'Wait WaitingForApproval', false],
    ['has time to measure when it is over', blind(back(119), held(9_000)), 'Wait WaitingForApproval', false],
    ['and is told when it does not', blind(back(120), held(9_000)), 'Hold AnalysisStale', true],
    ['goes on when it does', blind(back(5), held(9_000), 1), 'Analyse AnalysisResumed', false],
  ])('%s', (_title, given, is, isTold) => {
    const decision = decide(given, NOW);
    expect(`${decision.decision} ${decision.reason}`).toBe(is);
    expect(decision.notice !== undefined).toBe(isTold);
  });

  test('the hold that is told then has its time from there', () => {
    const { hold } = decide(blind(back(120), held(9_000)), NOW).record.release?.step ?? {};
    expect(hold).toEqual({ ...holdOf('AnalysisStale', 'Background'), since: ago(0) });
  });

  test('it looks again when that time is over', () => {
    expect(decide(blind(back(100), held(9_000)), NOW).wakeAt).toBe(NOW + 20_000);
  });
});

describe('an unfinished Background analysis', () => {
  /** The step has passed; the Background analysis is in this attempt, began a moment ago and has seen nothing yet. */
  function begun(attempt: number): Snapshot {
    const background = [{ guardUid: `${NAME}-guard-uid`, analysis: 'health', attempt }];
    const snapshot = watched({ release: { background, trafficSince: ago(400) } }, {}, 'Successful');
    const runs = snapshot.runs.map((run) => {
      if (run.spec.key?.mode !== 'Background' || !run.status) return run;
      const metricResults = run.status.metricResults.map((result) => ({ ...result, measurements: [] }));
      return { ...run, status: { ...run.status, startedAt: ago(5), metricResults } };
    });
    return { ...snapshot, runs };
  }

  test('does not keep a judged step', () => {
    expect(decided(watched({}, {}, 'Successful'))).toMatchObject({
      is: 'Advance AnalysisSuccessful',
      to: 'release 1 InRolling 2 BeforeStepUpgrade',
    });
  });

  test('does not keep it either where it has measured nothing yet', () => {
    expect(decided(begun(1)).is).toBe('Advance AnalysisSuccessful');
  });

  test('keeps it until it has measured, where it was begun anew', () => {
    expect(decided(begun(2))).toMatchObject({ is: 'Wait WaitingForAnalysis', wakeIn: 25 });
  });
});

describe('a step that only Background analyses watch', () => {
  const resting = (trafficAgo: number, measuredAgo: number) =>
    watched(
      { guards: ALONE, state: 'StepPaused', rollout: RESTS, step: { trafficSince: ago(trafficAgo) } },
      { measuredAgo },
    );

  test('keeps its own pause', () => {
    expect(decided(resting(59, 5))).toMatchObject({ is: 'Wait WaitingForPause', wakeIn: 1 });
  });

  test('is left after it', () => {
    expect(decided(resting(60, 5)).is).toBe('Advance PauseExpired');
  });

  test('waits for a person where it has no duration', () => {
    expect(decided(watched({ guards: ALONE, state: 'StepPaused' })).is).toBe('Wait WaitingForApproval');
  });

  test('is not left before something of its own traffic was measured', () => {
    const quick = rollout({
      steps: [{ replicas: 1, traffic: '5%', pause: { duration: 0 } }, { replicas: '100%' }],
    });
    const part = {
      guards: ALONE,
      state: 'StepPaused' as const,
      rollout: quick,
      step: { trafficSince: ago(10) },
    };
    expect(decided(watched(part, { measuredAgo: 11 }))).toMatchObject({
      is: 'Wait WaitingForAnalysis',
      wakeIn: 19,
      message: 'health watches this step alone and has not measured yet',
    });
    expect(decided(watched(part, { measuredAgo: 10 })).is).toBe('Advance PauseExpired');
  });

  test('holds when the guard is gone', () => {
    const part = { guards: [], pinnedGuards: ALONE, state: 'StepPaused' as const, rollout: RESTS };
    expect(decided(watched(part)).is).toBe('Hold GuardRemoved');
  });
});

describe('a wish to try again', () => {
  const asked = rollout({ annotations: { [RETRY_ANNOTATION]: '1' } });

  test('gives the Background analysis that holds another attempt, and the step its place', () => {
    const { full, ...found } = decided(
      watched(
        {
          rollout: asked,
          guards: PAUSES,
          state: 'StepTrafficRouting',
          step: { index: 2, hold: holdOf('AnalysisFailed', 'Background'), verdict: FAILED_BEFORE },
        },
        { phase: 'Failed' },
      ),
    );
    expect(found).toMatchObject({ is: 'Restart Retried', to: 'release 1 InRolling 2 StepTrafficRouting' });
    expect(full.record.release?.background).toEqual([
      { guardUid: `${NAME}-guard-uid`, analysis: 'health', attempt: 2 },
    ]);
    expect(full.record.release?.step).not.toHaveProperty('verdict');
    expect(full.record.retried).toBe(1);
  });

  test('gives a step that failed by itself another attempt', () => {
    const { full, ...found } = decided(
      watched({
        rollout: asked,
        state: 'StepPaused',
        step: { attempt: 3, inconclusive: 2, hold: holdOf('AnalysisFailed'), verdict: FAILED_BEFORE },
      }),
    );
    expect(found).toMatchObject({ is: 'Restart Retried', to: 'release 1 InRolling 1 StepMetricsAnalysis' });
    expect(full.record.release?.step).toMatchObject({ attempt: 4 });
    expect(full.record.release?.step).not.toHaveProperty('inconclusive');
  });

  test('gives pods that were too slow their deadline anew', () => {
    const snapshot = watched({
      rollout: asked,
      state: 'StepPaused',
      step: { hold: holdOf('ProgressDeadlineExceeded') },
    });
    const { full, to } = decided(snapshot);
    expect(to).toBe('release 1 InRolling 1 StepUpgrade');
    expect(full.record.release?.step?.upgradeStartedAt).toBe(ago(0));
  });

  test('of another release is none', () => {
    const other = rollout({ annotations: { [RETRY_ANNOTATION]: '2' } });
    const part = {
      rollout: other,
      state: 'StepPaused' as const,
      step: { hold: holdOf('AnalysisInconclusive') },
    };
    expect(decided(watched(part)).is).toBe('Wait WaitingForApproval');
  });

  test('does not end a hold that no judging can end', () => {
    const part = { rollout: asked, state: 'StepPaused' as const, step: { hold: holdOf('HoldOnSuccess') } };
    expect(decided(watched(part)).is).toBe('Wait WaitingForApproval');
  });

  test('is taken from the Rollout once it is followed, and then forgotten', () => {
    const following = watched({ rollout: asked, record: { retried: 1 } });
    expect(decided(following)).toMatchObject({
      is: 'Wait Idle',
      acts: [expect.stringContaining('replace Rollout')],
    });
    const { full } = decided(watched({ record: { retried: 1 } }));
    expect(full.record).not.toHaveProperty('retried');
  });
});
