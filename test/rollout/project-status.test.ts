import { describe, expect, test } from 'vitest';
import type { RolloutStatus, StepState } from '../../src/api/rollout.ts';
import type { ReleaseOutcome, ReleaseStage } from '../../src/api/rollout-record.ts';
import { decide } from '../../src/rollout/decide.ts';
import { planHash } from '../../src/rollout/plan.ts';
import type { Snapshot } from '../../src/rollout/snapshot.ts';
import { revisionOf } from '../../src/workload/pod-template.ts';
import { deployment, podHash, template } from '../builders/deployment.ts';
import { guard, guardFacts } from '../builders/guard.ts';
import { rollout } from '../builders/rollout.ts';
import { ago, calm, NOW, releasing, stableOf, workloadOf } from '../builders/snapshot.ts';

const statusOf = (snapshot: Snapshot) => decide(snapshot, NOW).status;
const [v1, v2] = ['v1', 'v2'].map((version) => revisionOf(template(version)));
const hash = planHash(rollout());

describe('the phase', () => {
  const during = (stage: ReleaseStage, part: Parameters<typeof rollout>[0] = {}) =>
    releasing({ stage, rollout: rollout(part) });
  const rows: [string, Snapshot, string][] = [
    [
      'is Initial before anything is stable',
      calm({
        record: { releaseId: 0, stepEntry: 0 },
        workload: workloadOf(deployment({ updated: 2 }), { replicaSets: [] }),
      }),
      'Initial',
    ],
    ['is Initial without a workload', calm({ workload: undefined }), 'Initial'],
    ['is Healthy between releases', calm(), 'Healthy'],
    [
      'is Healthy after a release',
      releasing({
        stage: 'Completed',
        release: { outcome: 'RolledBack' },
        workload: { object: deployment() },
      }),
      'Healthy',
    ],
    ['is Progressing in the steps of a release', during('InRolling'), 'Progressing'],
    ['is Progressing while a release is taken back', during('Cancelling'), 'Progressing'],
    ['is Progressing after an abort', during('Aborted'), 'Progressing'],
    [
      'is Progressing while the workload is missing in the middle of a release',
      { ...during('InRolling'), workload: undefined },
      'Progressing',
    ],
    ['is Disabling while the canary is taken away', during('Aborting', { disabled: true }), 'Disabling'],
    ['is Disabled between releases', calm({ rollout: rollout({ disabled: true }) }), 'Disabled'],
    ['is Terminating while the Rollout is deleted', during('InRolling', { deleted: true }), 'Terminating'],
  ];
  for (const [title, snapshot, phase] of rows) {
    test(title, () => expect(statusOf(snapshot).phase).toBe(phase));
  }
});

describe('the canary status, as tools for Kruise Rollouts read it', () => {
  test('before the first release is that of a completed one', () => {
    expect(statusOf(calm())).toMatchObject({
      observedGeneration: 1,
      message: 'rollout is healthy',
      currentStepIndex: 2,
      currentStepState: 'Completed',
      canaryStatus: {
        observedWorkloadGeneration: 1,
        rolloutHash: hash,
        stableRevision: podHash('v1'),
        canaryRevision: v1,
        podTemplateHash: podHash('v1'),
        currentStepIndex: 2,
        nextStepIndex: -1,
        currentStepState: 'Completed',
        finalisingStep: '',
        canaryReplicas: 0,
        canaryReadyReplicas: 0,
      },
    });
  });

  test('in a step tells stable and canary apart by the hashes of their pods', () => {
    expect(statusOf(releasing({ state: 'StepPaused' }))).toMatchObject({
      message: 'step 1/2 needs manual confirmation: kubectl-kruise rollout approve',
      currentStepIndex: 1,
      currentStepState: 'StepPaused',
      canaryStatus: {
        observedRolloutID: v2,
        rolloutHash: hash,
        stableRevision: podHash('v1'),
        canaryRevision: v2,
        podTemplateHash: podHash('v2'),
        currentStepIndex: 1,
        nextStepIndex: 2,
        currentStepState: 'StepPaused',
        canaryReplicas: 1,
        canaryReadyReplicas: 1,
        lastUpdateTime: ago(497),
      },
    });
  });

  test('in the last step has no next one', () => {
    const { canaryStatus } = statusOf(releasing({ state: 'StepPaused', step: { index: 2 } }));
    expect(canaryStatus).toMatchObject({ currentStepIndex: 2, nextStepIndex: -1 });
  });

  test('after a rollback does not say StepPaused any more', () => {
    const after = releasing({
      stage: 'Completed',
      state: 'StepPaused',
      release: { outcome: 'RolledBack' },
      workload: { object: deployment(), canary: { deployment: undefined, replicaSets: [], pods: [] } },
    });
    expect(statusOf(after)).toMatchObject({
      phase: 'Healthy',
      currentStepState: 'Completed',
      canaryStatus: { currentStepState: 'Completed', canaryRevision: stableOf().revision },
    });
  });

  for (const state of ['BeforeStepUpgrade', 'StepUpgrade', 'StepTrafficRouting'] as StepState[]) {
    test(`says ${state}`, () => {
      const { canaryStatus, currentStepState } = statusOf(releasing({ state }));
      expect([canaryStatus?.currentStepState, currentStepState]).toEqual([state, state]);
    });
  }
});

describe('the conditions', () => {
  const allOf = (snapshot: Snapshot) =>
    Object.fromEntries(
      (statusOf(snapshot).conditions ?? []).map(({ type, status, reason }) => [type, `${status} ${reason}`]),
    );
  /** Those that Kruise Rollouts has as well. */
  const conditionsOf = (snapshot: Snapshot) => {
    const { Ready: _ready, Reconciling: _reconciling, Stalled: _stalled, ...others } = allOf(snapshot);
    return others;
  };
  /** Those that kstatus reads. */
  const kstatusOf = (snapshot: Snapshot) => {
    const { Ready, Reconciling, Stalled } = allOf(snapshot);
    return JSON.parse(JSON.stringify({ Ready, Reconciling, Stalled }));
  };

  const stages: [ReleaseStage, string][] = [
    ['InRolling', 'True InRolling'],
    ['Finalising', 'True Finalising'],
    ['Cancelling', 'True Cancelling'],
    ['Superseding', 'True InRolling'],
    ['Aborting', 'True Aborted'],
    ['Aborted', 'True Aborted'],
  ];
  for (const [stage, progressing] of stages) {
    test(`say of ${stage}: Progressing ${progressing}`, () => {
      const workload = { object: releasing({ stage }).workload?.object ?? deployment() };
      const version = stage === 'Superseding' ? deployment({ version: 'v3', paused: true }) : workload.object;
      expect(conditionsOf(releasing({ stage, workload: { object: version } }))).toEqual({
        Progressing: progressing,
      });
    });
  }

  test('say Paused while strategy.paused is true', () => {
    expect(conditionsOf(releasing({ rollout: rollout({ paused: true }) }))).toEqual({
      Progressing: 'True Paused',
    });
  });

  for (const [outcome, succeeded] of [
    ['Promoted', 'True'],
    ['RolledBack', 'False'],
    ['Disabled', 'False'],
  ] as const) {
    test(`say of a release that ended ${outcome}: Succeeded ${succeeded}`, () => {
      const over = releasing({
        stage: 'Completed',
        release: { outcome },
        workload: { object: deployment() },
      });
      expect(conditionsOf(over)).toEqual({
        Progressing: 'False Completed',
        Succeeded: `${succeeded} undefined`,
      });
    });
  }

  test('say that the Rollout is guarded, and by whom', () => {
    const { conditions = [] } = statusOf(calm({ guards: [guardFacts(), guardFacts({ name: 'another' })] }));
    expect(conditions.filter(({ type }) => type === 'Guarded')).toMatchObject([
      { type: 'Guarded', status: 'True', message: 'guarded by RolloutGuard echoserver, another' },
    ]);
  });

  test('say that a guard cannot do its work, and why', () => {
    const { conditions = [] } = statusOf(calm({ guards: [{ guard: guard(), templates: [] }] }));
    expect(conditions.filter(({ type }) => type === 'Guarded')).toMatchObject([
      {
        type: 'Guarded',
        status: 'False',
        reason: 'GuardNotReady',
        message: expect.stringContaining('create it'),
      },
    ]);
  });

  test('say why the Rollout cannot go on, as long as it cannot', () => {
    expect(kstatusOf(calm({ workload: undefined }))).toEqual({
      Stalled: 'True WorkloadNotFound',
      Ready: 'False WorkloadNotFound',
    });
    expect(kstatusOf(calm())).toEqual({ Ready: 'True Healthy' });
  });

  const ended = (outcome: ReleaseOutcome) =>
    releasing({ stage: 'Completed', release: { outcome }, workload: { object: deployment() } });
  const standings: [title: string, snapshot: Snapshot, kstatus: Record<string, string>][] = [
    ['a release under way', releasing(), { Reconciling: 'True InRolling', Ready: 'False InRolling' }],
    [
      'one that rests',
      releasing({ rollout: rollout({ paused: true }) }),
      { Reconciling: 'True Paused', Ready: 'False Paused' },
    ],
    ['one that was promoted', ended('Promoted'), { Ready: 'True Healthy' }],
    [
      'one that was taken back',
      ended('RolledBack'),
      { Stalled: 'True RolledBack', Ready: 'False RolledBack' },
    ],
    [
      'one whose author restored the former template',
      releasing({
        stage: 'Completed',
        release: { outcome: 'RolledBack', reason: 'StableTemplateRestored' },
        workload: { object: deployment() },
      }),
      { Ready: 'True Healthy' },
    ],
    [
      'one that was aborted',
      releasing({ stage: 'Aborted' }),
      { Stalled: 'True Aborted', Ready: 'False Aborted' },
    ],
  ];
  for (const [title, snapshot, kstatus] of standings)
    test(`say to tools that know kstatus of ${title}`, () => expect(kstatusOf(snapshot)).toEqual(kstatus));

  const known = (status: RolloutStatus) => rollout({ status });
  const progressing = {
    type: 'Progressing',
    status: 'True',
    reason: 'InRolling',
    message: '',
    lastTransitionTime: ago(600),
    lastUpdateTime: ago(500),
  } as const;
  const told = (snapshot: Snapshot) => statusOf(snapshot).conditions?.[0];

  test('keep their times while nothing of them changes', () => {
    const object = known({ conditions: [progressing], currentStepIndex: 1, currentStepState: '' });
    expect(told(releasing({ rollout: object }))).toEqual(progressing);
  });

  test('keep the time of their last turn when only the reason changes', () => {
    const object = known({ conditions: [progressing], currentStepIndex: 1, currentStepState: '' });
    expect(told(releasing({ rollout: object, stage: 'Cancelling' }))).toMatchObject({
      reason: 'Cancelling',
      lastTransitionTime: ago(600),
      lastUpdateTime: ago(0),
    });
  });

  test('have a new time when they turn', () => {
    const object = known({
      conditions: [{ ...progressing, status: 'False' }],
      currentStepIndex: 1,
      currentStepState: '',
    });
    expect(told(releasing({ rollout: object }))).toMatchObject({
      lastTransitionTime: ago(0),
      lastUpdateTime: ago(0),
    });
  });
});

describe('what the status takes over from what stands there', () => {
  const approval = { releaseId: 1, stepEntry: 1, step: 1, user: 'alice', at: ago(9) };
  const withApprovals = (...releases: number[]) =>
    rollout({
      status: {
        currentStepIndex: 1,
        currentStepState: 'StepReady',
        approvals: releases.map((releaseId) => ({ ...approval, releaseId })),
      },
    });

  test('is the approvals of this release', () => {
    const { approvals } = statusOf(releasing({ state: 'StepUpgrade', rollout: withApprovals(1) }));
    expect(approvals).toEqual([approval]);
  });

  test('and not those of earlier ones', () => {
    const status = statusOf(
      releasing({ state: 'StepUpgrade', rollout: withApprovals(1), record: { releaseId: 2 } }),
    );
    expect(status).not.toHaveProperty('approvals');
  });

  test('a state that somebody wrote is overwritten by the true one', () => {
    const status = statusOf(releasing({ state: 'StepUpgrade', rollout: withApprovals() }));
    expect(status.currentStepState).toBe('StepUpgrade');
  });
});
