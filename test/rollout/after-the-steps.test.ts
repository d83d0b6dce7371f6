import { describe, expect, test } from 'vitest';
import type { AnalysisPhase } from '../../src/api/analysis-run.ts';
import { RESTORE_ANNOTATION } from '../../src/api/annotations.ts';
import type { RolloutGuard } from '../../src/api/rollout-guard.ts';
import { decide } from '../../src/rollout/decide.ts';
import type { Snapshot } from '../../src/rollout/snapshot.ts';
import { deployment, NAME, replicaSet } from '../builders/deployment.ts';
import { analysis, guardFacts } from '../builders/guard.ts';
import { rollout } from '../builders/rollout.ts';
import { watchingRun } from '../builders/run.ts';
import { ago, held, NOW, type ReleasePart, releasing, stableOf } from '../builders/snapshot.ts';
import { service } from '../builders/traffic.ts';
import { decided, table } from './decided.ts';

const BACKGROUND = analysis({ name: 'health', mode: 'Background' });
const AFTERWARDS = analysis({ name: 'health', mode: 'PostPromotion' });
const UPDATING = deployment({ version: 'v2', updated: 3, pods: 6, available: 4 });

/** The last rolling update, half done. */
function updating(
  background: { phase?: AnalysisPhase; measuredAgo?: number } = {},
  part: ReleasePart = {},
  spec: Partial<RolloutGuard['spec']> = {},
): Snapshot {
  const base = releasing({
    stage: 'Finalising',
    guards: [guardFacts({ analyses: [analysis(), BACKGROUND], ...spec })],
    ...part,
    step: { index: 2, state: 'Completed', ...part.step },
    traffic: { service: service(), ...part.traffic },
    release: { serviceRestoredAt: ago(60), ...part.release },
    workload: { object: UPDATING, ...part.workload },
  });
  const { phase = 'Running', measuredAgo = 5 } = background;
  return { ...base, runs: [watchingRun(base, phase, { measuredAgo })] };
}

const STALE = {
  reason: 'AnalysisStale' as const,
  since: ago(60),
  message: 'it is stale',
  mode: 'Background' as const,
};
const HELD = { workload: { object: held() } };

table('the last rolling update under a Background analysis', [
  {
    title: 'goes on while it measures, and is looked at again when it would be stale',
    given: updating(),
    is: 'Wait WaitingForRollingUpdate',
    wakeIn: 25,
  },
  {
    title: 'is taken back when it fails',
    given: updating({ phase: 'Failed' }),
    is: 'RollBack AnalysisFailed',
    to: 'release 1 Cancelling',
  },
  {
    title: 'is taken back where the guard says Abort, too: there are no stable pods to stay on',
    given: updating({ phase: 'Failed' }, {}, { onFailure: 'Abort' }),
    is: 'RollBack AnalysisFailed',
    to: 'release 1 Cancelling',
  },
  {
    title: 'is stopped for a person where the guard says Pause',
    given: updating({ phase: 'Failed' }, {}, { onFailure: 'Pause' }),
    is: 'Hold AnalysisFailed',
    to: 'release 1 Finalising',
  },
  {
    title: 'is stopped when nothing is measured',
    given: updating({ measuredAgo: 30 }),
    is: 'Hold AnalysisStale',
    to: 'release 1 Finalising',
  },
  {
    title: 'is stopped by pausing the workload',
    given: updating({ measuredAgo: 30 }, { step: { hold: STALE } }),
    is: 'Wait WaitingForWorkload',
    acts: [`replace Deployment ${NAME}: hold the workload`],
  },
  {
    title: 'waits then',
    given: updating({ measuredAgo: 30 }, { step: { hold: STALE }, ...HELD }),
    is: 'Wait WaitingForApproval',
    wakeIn: 1_740,
  },
  {
    title: 'goes back when nobody comes in time',
    given: updating({ measuredAgo: 30 }, { step: { hold: { ...STALE, since: ago(1_800) } }, ...HELD }),
    is: 'RollBack HoldTimeout',
    to: 'release 1 Cancelling',
    acts: [expect.stringContaining('replace AnalysisRun')],
  },
  {
    title: 'goes on when it measures again',
    given: updating({}, { step: { hold: STALE }, ...HELD }),
    is: 'Analyse AnalysisResumed',
    to: 'release 1 Finalising',
  },
  {
    title: 'is stopped while it waits to be judged anew',
    given: updating({ phase: 'Error' }),
    is: 'Wait WaitingForWorkload',
    acts: [`replace Deployment ${NAME}: hold the workload`],
  },
  {
    title: 'goes on when its guard is gone',
    given: updating(
      { phase: 'Failed' },
      { guards: [], pinnedGuards: [guardFacts({ analyses: [BACKGROUND] })] },
    ),
    is: 'Wait WaitingForRollingUpdate',
  },
  {
    title: 'is watched until every pod is updated',
    given: updating({}, { workload: { object: deployment({ version: 'v2' }) } }),
    is: 'Wait WaitingForCanaryRemoval',
    acts: [expect.stringContaining('replace AnalysisRun')],
  },
]);

const PROMOTED = {
  stage: 'PostPromotion' as const,
  release: { outcome: 'Promoted' as const, updatedAt: ago(30), postPromotion: { attempt: 1 } },
  record: { stable: stableOf('v2') },
  traffic: { service: service(), canaryService: undefined, canaryIngress: undefined },
};

/** A promoted version whose pods are being judged. */
function promoted(
  phase: AnalysisPhase | undefined,
  part: ReleasePart = {},
  spec: Partial<RolloutGuard['spec']> = {},
): Snapshot {
  const base = releasing({
    ...PROMOTED,
    guards: [guardFacts({ analyses: [analysis(), AFTERWARDS], ...spec })],
    workload: {
      object: deployment({ version: 'v2' }),
      replicaSets: [replicaSet({ replicas: 0 }), replicaSet({ version: 'v2' })],
      canary: { deployment: undefined, replicaSets: [], pods: [] },
    },
    ...part,
  });
  return phase === undefined ? base : { ...base, runs: [watchingRun(base, phase)] };
}

const FORGETS = expect.stringContaining('delete ControllerRevision');

table('the promoted pods', [
  {
    title: 'get a run for each PostPromotion analysis',
    given: promoted(undefined),
    is: 'Analyse AnalysisStarted',
    acts: [expect.stringMatching(/^create AnalysisRun echoserver-1-postpromotion-health-/)],
  },
  { title: 'are judged', given: promoted('Running'), is: 'Wait WaitingForAnalysis' },
  {
    title: 'pass, and the former template is forgotten',
    given: promoted('Successful'),
    is: 'Complete AnalysisSuccessful',
    to: 'release 1 Completed Promoted',
    acts: [FORGETS],
  },
  {
    title: 'fail, and the former template comes back',
    given: promoted('Failed'),
    is: 'RollBack AnalysisFailed',
    to: 'release 1 Cancelling',
  },
  {
    title: 'fail, and stay where the guard does not say Rollback',
    given: promoted('Failed', {}, { onFailure: 'Abort' }),
    is: 'Complete AnalysisFailed',
    to: 'release 1 Completed Promoted',
    acts: [FORGETS],
  },
  {
    title: 'stay when nothing could be found out',
    given: promoted('Inconclusive'),
    is: 'Complete AnalysisInconclusive',
    to: 'release 1 Completed Promoted',
    acts: [FORGETS],
  },
  {
    title: 'are judged anew after an Error',
    given: promoted('Error'),
    is: 'Wait WaitingForAnalysis',
    wakeIn: 29,
  },
  {
    title: 'are judged anew as the guard says',
    given: promoted('Inconclusive', {}, { onInconclusive: 'Retry', retry: { delay: '1s' } }),
    is: 'Analyse AnalysisRetried',
  },
  {
    title: 'are judged no further when the guard is gone',
    given: promoted('Running', { guards: [], pinnedGuards: [guardFacts({ analyses: [AFTERWARDS] })] }),
    is: 'Complete GuardRemoved',
    acts: [FORGETS, expect.stringContaining('replace AnalysisRun')],
  },
  {
    title: 'are not what a newer version waits for',
    given: promoted('Running', {
      workload: {
        object: held('v3'),
        replicaSets: [replicaSet({ replicas: 0 }), replicaSet({ version: 'v2' })],
      },
    }),
    is: 'Start NewRevision',
    to: 'release 2 Initializing',
    acts: [expect.stringContaining('replace AnalysisRun')],
  },
]);

table('a Rollout that is left while its promoted pods are judged', [
  {
    title: 'judges them no further when it is disabled',
    given: { ...promoted('Running'), rollout: rollout({ disabled: true }) },
    is: 'Complete RolloutDisabled',
    to: 'release 1 Completed Promoted',
    acts: [FORGETS, expect.stringContaining('replace AnalysisRun')],
  },
  {
    title: 'lets the workload go when it is deleted',
    given: { ...promoted('Running'), rollout: rollout({ deleted: true }) },
    is: 'Wait RolloutDeleted',
    acts: [`replace Deployment ${NAME}: let the workload go`],
  },
]);

describe('a release whose promoted pods are judged', () => {
  const conditionsOf = (snapshot: Snapshot) =>
    Object.fromEntries(
      (decide(snapshot, NOW).status.conditions ?? []).map(({ type, status, reason }) => [
        type,
        `${status} ${reason}`,
      ]),
    );

  test('is healthy and complete for Kruise tools, and says that it is judged', () => {
    const { status } = decide(promoted('Running'), NOW);
    expect(status.phase).toBe('Healthy');
    expect(status.canaryStatus).toMatchObject({ currentStepState: 'Completed', canaryReplicas: 0 });
    expect(conditionsOf(promoted('Running'))).toMatchObject({
      Progressing: 'False Completed',
      PostPromotion: 'Unknown WaitingForAnalysis',
    });
  });

  test.each([
    ['Successful', 'True AnalysisSuccessful'],
    ['Failed', 'False AnalysisFailed'],
    ['Inconclusive', 'Unknown AnalysisInconclusive'],
  ] as const)('says when it came out %s', (phase, condition) => {
    expect(conditionsOf(promoted(phase, {}, { onFailure: 'Pause' }))['PostPromotion']).toBe(condition);
  });

  test('remembers a template that failed, and tells somebody', () => {
    const { record, notice } = decide(promoted('Failed'), NOW);
    expect(record.rejected).toMatchObject([{ revision: stableOf('v2').revision }]);
    expect(record.release).not.toHaveProperty('outcome');
    expect(notice).toMatchObject({ event: 'RolledBack', reason: 'AnalysisFailed' });
  });

  test('tells somebody where a failure changes nothing', () => {
    const { notice } = decide(promoted('Failed', {}, { onFailure: 'Pause' }), NOW);
    expect(notice).toMatchObject({
      event: 'Failed',
      action: 'Nothing was changed: every pod runs the new version.',
    });
  });

  test('gets its former template back with a note of the release', () => {
    const restoring = promoted(undefined, { stage: 'Cancelling', workload: { object: held('v2') } });
    const { release } = restoring.record;
    if (!release) throw new Error('a release is under way');
    const given = {
      ...restoring,
      record: { ...restoring.record, release: { ...release, restore: true, routesRemovedAt: ago(60) } },
    };
    const [act] = decided(given).full.acts;
    expect(act).toMatchObject({
      verb: 'replace',
      object: { kind: 'Deployment', metadata: { annotations: { [RESTORE_ANNOTATION]: '1' } } },
    });
  });
});
