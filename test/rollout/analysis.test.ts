import { describe, expect, test } from 'vitest';
import type { AnalysisRun } from '../../src/api/analysis-run.ts';
import type { Snapshot } from '../../src/rollout/snapshot.ts';
import { NAME } from '../builders/deployment.ts';
import { analysis, guardFacts } from '../builders/guard.ts';
import { rollout } from '../builders/rollout.ts';
import { judged, ownRun } from '../builders/run.ts';
import { ago, type ReleasePart, releasing } from '../builders/snapshot.ts';
import { canaryRoutes } from '../builders/traffic.ts';
import { decided, table } from './decided.ts';

const ONE = [guardFacts()];
const TWO = [guardFacts({ analyses: [analysis(), analysis({ name: 'latency' })] })];

function analysing(part: ReleasePart = {}): Snapshot {
  return releasing({ guards: ONE, ...part });
}

table('a step under analysis', [
  {
    title: 'gets a run for each analysis that names it',
    given: analysing({ guards: TWO }),
    is: 'Analyse AnalysisStarted',
    says: 'judging success-rate (success-rate), latency (success-rate)',
    acts: [
      expect.stringMatching(
        /^create AnalysisRun echoserver-1-1-success-rate-[0-9a-f]{10}: judge success-rate$/,
      ),
      expect.stringMatching(/^create AnalysisRun echoserver-1-1-latency-[0-9a-f]{10}: judge latency$/),
    ],
  },
  {
    title: 'gets only the run that is missing',
    given: judged(analysing({ guards: TWO }), { 'success-rate': 'Running' }),
    is: 'Analyse AnalysisStarted',
    acts: [expect.stringContaining('judge latency')],
  },
  {
    title: 'that no analysis names goes on to its own pause',
    given: analysing({ guards: [guardFacts({ analyses: [analysis({ steps: [2] })] })] }),
    is: 'Wait NotGuarded',
    to: 'release 1 InRolling 1 StepPaused',
  },
  {
    title: 'of a release without a guard goes on to its own pause',
    given: releasing(),
    is: 'Wait NotGuarded',
    to: 'release 1 InRolling 1 StepPaused',
  },
  {
    title: 'waits while a run is running',
    given: judged(analysing(), { 'success-rate': 'Running' }),
    is: 'Wait WaitingForAnalysis',
  },
  {
    title: 'waits while a run has not begun',
    given: judged(analysing(), { 'success-rate': 'Pending' }),
    is: 'Wait WaitingForAnalysis',
  },
  {
    title: 'is left when its only run is Successful',
    given: judged(analysing(), { 'success-rate': 'Successful' }),
    is: 'Advance AnalysisSuccessful',
    to: 'release 1 InRolling 2 BeforeStepUpgrade',
    says: 'it is Successful; step 2/2: 60% of the pods, 50 % of the traffic',
  },
  {
    title: 'is not left while one of two runs is running',
    given: judged(analysing({ guards: TWO }), { 'success-rate': 'Successful', latency: 'Running' }),
    is: 'Wait WaitingForAnalysis',
  },
  {
    title: 'is left when both are Successful',
    given: judged(analysing({ guards: TWO }), { 'success-rate': 'Successful', latency: 'Successful' }),
    is: 'Advance AnalysisSuccessful',
  },
  {
    title: 'fails with the first run that fails, while others are running',
    given: judged(analysing({ guards: TWO }), { 'success-rate': 'Running', latency: 'Failed' }),
    is: 'RollBack AnalysisFailed',
    to: 'release 1 Cancelling',
    acts: [expect.stringContaining('what it judges is over')],
  },
  {
    title: 'is not decided by an Error while another run may still fail',
    given: judged(analysing({ guards: TWO }), { 'success-rate': 'Running', latency: 'Error' }),
    is: 'Wait WaitingForAnalysis',
  },
  {
    title: 'with an Error and an Inconclusive run counts as an Error',
    given: judged(
      analysing({
        guards: [guardFacts({ onError: 'Pause', analyses: [analysis(), analysis({ name: 'latency' })] })],
      }),
      { 'success-rate': 'Inconclusive', latency: 'Error' },
    ),
    is: 'Hold AnalysisError',
    to: 'release 1 InRolling 1 StepPaused',
  },
  {
    title: 'with an Inconclusive run holds for a person',
    given: judged(analysing({ guards: TWO }), { 'success-rate': 'Inconclusive', latency: 'Successful' }),
    is: 'Hold AnalysisInconclusive',
    to: 'release 1 InRolling 1 StepPaused',
    says: 'it is Inconclusive',
  },
  {
    title: 'never takes a Cancelled run for a pass',
    given: judged(analysing(), { 'success-rate': 'Cancelled' }),
    is: 'Hold AnalysisInconclusive',
  },
  {
    title: 'whose last step succeeds ends the release',
    given: judged(analysing({ step: { index: 2 } }), { 'success-rate': 'Successful' }),
    is: 'Finalise AnalysisSuccessful',
    to: 'release 1 Finalising',
  },
  {
    title: 'with a duration waits until that is over, counted from the end of traffic routing',
    given: judged(
      analysing({
        rollout: rollout({ steps: [{ replicas: 1, traffic: '5%', pause: { duration: 600 } }] }),
      }),
      { 'success-rate': 'Successful' },
    ),
    is: 'Wait WaitingForBakeTime',
    to: 'release 1 InRolling 1 StepMetricsAnalysis',
    wakeIn: 600 - 497,
  },
  {
    title: 'with a duration that is over is left',
    given: judged(
      analysing({
        rollout: rollout({ steps: [{ replicas: 1, traffic: '5%', pause: { duration: 497 } }] }),
      }),
      { 'success-rate': 'Successful' },
    ),
    is: 'Finalise AnalysisSuccessful',
  },
  {
    title: 'fails at once, whatever its duration',
    given: judged(
      analysing({
        rollout: rollout({ steps: [{ replicas: 1, traffic: '5%', pause: { duration: 600 } }] }),
      }),
      { 'success-rate': 'Failed' },
    ),
    is: 'RollBack AnalysisFailed',
  },
  {
    title: 'holds where its guard says Hold',
    given: judged(analysing({ guards: [guardFacts({ onSuccess: 'Hold' })] }), {
      'success-rate': 'Successful',
    }),
    is: 'Hold HoldOnSuccess',
    to: 'release 1 InRolling 1 StepPaused',
    says: 'onSuccess is Hold',
  },
  {
    title: 'holds where one of its analyses says Hold',
    given: judged(
      analysing({
        guards: [guardFacts({ analyses: [analysis(), analysis({ name: 'latency', onSuccess: 'Hold' })] })],
      }),
      { 'success-rate': 'Successful', latency: 'Successful' },
    ),
    is: 'Hold HoldOnSuccess',
  },
  {
    title: 'holds when its guard was deleted',
    given: judged(analysing({ guards: [], pinnedGuards: ONE }), { 'success-rate': 'Successful' }),
    is: 'Hold GuardRemoved',
    to: 'release 1 InRolling 1 StepPaused',
  },
  {
    title: 'holds when its guard was suspended',
    given: judged(analysing({ guards: [guardFacts({ suspend: true })], pinnedGuards: ONE }), {
      'success-rate': 'Successful',
    }),
    is: 'Hold GuardRemoved',
  },
  {
    title: 'is judged by the guard that was pinned, whatever became of the guard since',
    given: judged(
      analysing({
        guards: [guardFacts({ generation: 2, analyses: [analysis({ name: 'another' })] })],
        pinnedGuards: ONE,
      }),
      { 'success-rate': 'Successful' },
    ),
    is: 'Advance AnalysisSuccessful',
  },
  {
    title: 'is still judged when an edit made its guard faulty',
    given: judged(analysing({ guards: [{ ...guardFacts(), templates: [] }], pinnedGuards: ONE }), {
      'success-rate': 'Successful',
    }),
    is: 'Advance AnalysisSuccessful',
  },
  {
    title: 'sets routes again that somebody took away, before it concludes anything',
    given: {
      ...judged(analysing(), { 'success-rate': 'Successful' }),
      traffic: analysing({ traffic: { canaryIngress: undefined } }).traffic,
    },
    is: 'Wait WaitingForRoutes',
    acts: [`create Ingress ${NAME}-canary: weight 5`],
  },
  {
    title: 'sets a weight again that somebody changed',
    given: {
      ...judged(analysing(), { 'success-rate': 'Successful' }),
      traffic: analysing({ traffic: canaryRoutes('v2', 90) }).traffic,
    },
    is: 'Wait WaitingForRoutes',
    acts: [`replace Ingress ${NAME}-canary: weight 5`],
  },
]);

/** A run that is Successful, and not the one that the controller made. */
function forged(change: (run: AnalysisRun) => AnalysisRun): Snapshot {
  const snapshot = analysing();
  return { ...snapshot, runs: [change(ownRun(snapshot, 'Successful'))] };
}

const HELD = { is: 'Hold ForeignRun', to: 'release 1 InRolling 1 StepPaused' };

table('a verdict counts only if the run is the one that the controller made', [
  {
    title: 'not with another owner',
    given: forged((run) => ({ ...run, metadata: { ...run.metadata, ownerReferences: [] } })),
    ...HELD,
  },
  {
    title: 'not with another label',
    given: forged((run) => ({
      ...run,
      metadata: { ...run.metadata, labels: { ...run.metadata.labels, 'assay.dev/step': '2' } },
    })),
    ...HELD,
  },
  {
    title: 'not with another condition',
    given: forged((run) => ({
      ...run,
      spec: {
        ...run.spec,
        metrics: run.spec.metrics.map((metric) => ({ ...metric, successCondition: 'true' })),
      },
    })),
    ...HELD,
  },
  {
    title: 'not with another argument',
    given: forged((run) => ({ ...run, spec: { ...run.spec, args: [{ name: 'threshold', value: '0' }] } })),
    ...HELD,
  },
  ...(
    [
      ['rolloutUid', 'another'],
      ['releaseId', 2],
      ['stepEntry', 2],
      ['step', 2],
      ['revision', 'another'],
      ['planHash', 'another'],
      ['guardUid', 'another'],
      ['guardGeneration', 2],
      ['analysis', 'another'],
      ['attempt', 2],
    ] as const
  ).map(([field, value]) => ({
    title: `not with another ${field} in its key`,
    given: forged((run) => ({
      ...run,
      spec: { ...run.spec, ...(run.spec.key ? { key: { ...run.spec.key, [field]: value } } : {}) },
    })),
    ...HELD,
  })),
  {
    title: 'a label more does not matter',
    given: forged((run) => ({
      ...run,
      metadata: { ...run.metadata, labels: { ...run.metadata.labels, team: 'shop' } },
    })),
    is: 'Advance AnalysisSuccessful',
  },
  {
    title: 'the run of an earlier entry of the step is no verdict for this one',
    given: (() => {
      const earlier = analysing();
      const later = analysing({ step: { entry: 2 }, record: { stepEntry: 2 } });
      return { ...later, runs: [ownRun(earlier, 'Successful')] };
    })(),
    is: 'Analyse AnalysisStarted',
    acts: [expect.stringContaining('create AnalysisRun')],
  },
]);

describe('what a verdict leaves in the record', () => {
  test('a hold says since when, and a person hears of it once', () => {
    const { full } = decided(judged(analysing(), { 'success-rate': 'Inconclusive' }));
    expect(full.record.release?.step).toMatchObject({
      verdict: { phase: 'Inconclusive', reason: 'AnalysisInconclusive', at: ago(0) },
      hold: { reason: 'AnalysisInconclusive', since: ago(0) },
    });
    expect(full.notice).toMatchObject({
      event: 'Waiting',
      reason: 'AnalysisInconclusive',
      summary:
        'The canary of echoserver, step 1/2 at 5 % of the traffic, waits for a person: it is Inconclusive',
      action: 'Held: pods and traffic stay as they are.',
      next: 'let it go on: kubectl-kruise rollout approve rollouts.rollouts.kruise.io/echoserver -n shop; or restore the former template to roll back',
    });
  });

  test('a failure remembers the template as rejected, and carries its evidence', () => {
    const snapshot = judged(analysing(), { 'success-rate': 'Failed' });
    const { full } = decided(snapshot);
    expect(full.record.rejected).toEqual([
      {
        revision: snapshot.record.release?.revision,
        at: ago(0),
        reason: 'it is Failed',
      },
    ]);
    expect(full.record.release).toMatchObject({
      stage: 'Cancelling',
      restore: true,
      reason: 'AnalysisFailed',
    });
    expect(full.notice?.evidence).toEqual([
      {
        analysis: 'success-rate',
        metric: 'success-rate',
        value: '0.5',
        condition: 'value >= 0.95',
        message: 'success-rate ended Failed',
      },
    ]);
  });

  test('the next step begins with the guard as it is now', () => {
    const guards = [guardFacts({ generation: 2, analyses: [analysis({ name: 'another' })] })];
    const { full } = decided(
      judged(analysing({ guards, pinnedGuards: ONE }), { 'success-rate': 'Successful' }),
    );
    expect(full.record.release?.guard?.analyses.map(({ name }) => name)).toEqual(['another']);
  });

  test('the next step keeps the pinned guard where the present one is faulty', () => {
    const guards = [{ ...guardFacts(), templates: [] }];
    const { full } = decided(
      judged(analysing({ guards, pinnedGuards: ONE }), { 'success-rate': 'Successful' }),
    );
    expect(full.record.release?.guard?.analyses.map(({ name }) => name)).toEqual(['success-rate']);
  });

  test('its run judges exactly this step of this release', () => {
    const snapshot = analysing();
    const [act] = decided(snapshot).full.acts;
    expect(act?.object).toMatchObject({
      metadata: {
        namespace: 'shop',
        labels: {
          'assay.dev/rollout': 'echoserver',
          'assay.dev/release': '1',
          'assay.dev/step': '1',
          'assay.dev/analysis': 'success-rate',
        },
        ownerReferences: [{ kind: 'Rollout', uid: 'rollout-uid', controller: true }],
      },
      spec: {
        args: [{ name: 'threshold', value: '0.95' }],
        maxDuration: '3600s',
        target: {
          rollout: 'echoserver',
          workload: 'echoserver',
          step: { index: 1, weight: 5 },
          canary: { hash: 'hash-v2' },
          stable: { hash: 'hash-v1', pods: 'echoserver-hash-v1-[a-z0-9]{5}' },
          windowStart: ago(497),
        },
        key: {
          rolloutUid: 'rollout-uid',
          releaseId: 1,
          stepEntry: 1,
          step: 1,
          revision: snapshot.record.release?.revision,
          planHash: snapshot.record.release?.planHash,
          guardUid: 'echoserver-guard-uid',
          guardGeneration: 1,
          analysis: 'success-rate',
          mode: 'Step',
          attempt: 1,
        },
      },
    });
  });
});
