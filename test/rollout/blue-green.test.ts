import { describe, expect, test } from 'vitest';
import type { HorizontalPodAutoscaler } from '../../src/api/kubernetes.ts';
import type { RolloutStep } from '../../src/api/rollout.ts';
import { planHash } from '../../src/rollout/plan.ts';
import { takenOver } from '../../src/workload/blue-green-settings.ts';
import { revisionOf } from '../../src/workload/pod-template.ts';
import {
  type DeploymentPart,
  deployment,
  NAME,
  podHash,
  replicaSet,
  template,
} from '../builders/deployment.ts';
import { guardFacts } from '../builders/guard.ts';
import { type RolloutPart, rollout } from '../builders/rollout.ts';
import { ago, calm, type ReleasePart, releasing } from '../builders/snapshot.ts';
import { canaryRoutes, service } from '../builders/traffic.ts';
import { decided, table } from './decided.ts';

const STEPS: RolloutStep[] = [
  { replicas: '60%', traffic: '0%', pause: {} },
  { replicas: '60%', traffic: '50%', pause: {} },
];

const plan = (part: RolloutPart = {}) => rollout({ blueGreen: true, steps: STEPS, ...part });

/** A Deployment that runs pods of both versions, five of the stable one, and how many of each are ready. */
function both(green: number, part: DeploymentPart & { stable?: number; ready?: number } = {}) {
  const { stable = 5, ready = green } = part;
  const sets = [replicaSet({ replicas: stable }), replicaSet({ version: 'v2', replicas: ready })];
  const [blue, other] = sets.map((set, index) => ({
    ...set,
    spec: { ...set.spec, replicas: index === 0 ? 5 : green, minReadySeconds: 2_147_483_646 },
  }));
  return {
    object: takenOver(deployment({ version: 'v2', markedFor: NAME, ...part }), green, podHash('v1')),
    replicaSets: [blue, other].filter((set) => set !== undefined),
  };
}

/** In the second step: three pods of the new version, half of the requests. */
function inStep(part: ReleasePart = {}) {
  const object = part.rollout ?? plan();
  return releasing({
    state: 'StepPaused',
    rollout: object,
    workload: both(3),
    ...part,
    step: { index: 2, ...part.step },
    release: { granted: '60%', weight: 50, ...part.release },
    traffic: { ...canaryRoutes('v2', 50, object), ...part.traffic },
  });
}

function autoscaler(target: string): HorizontalPodAutoscaler {
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'busy', namespace: 'shop' },
    spec: { scaleTargetRef: { kind: 'Deployment', name: target } },
  };
}

const ON = autoscaler(NAME);
const OFF = autoscaler(`${NAME}-DisableByRollout`);
const TURN_OFF = 'replace HorizontalPodAutoscaler busy: turn the autoscaler off while the release lasts';
const TURN_ON = 'replace HorizontalPodAutoscaler busy: turn the autoscaler on again';

table('T26: an autoscaler', [
  {
    title: 'is turned off when a blue-green release begins, and that is told',
    given: releasing({ stage: 'Initializing', rollout: plan(), autoscalers: [ON] }),
    is: 'Enter StepEntered',
    acts: expect.arrayContaining([TURN_OFF]) as unknown as string[],
    says: /HorizontalPodAutoscaler busy is off until the release ends$/,
  },
  {
    title: 'goes on in a release of another style',
    given: releasing({ stage: 'InRolling', state: 'StepPaused', autoscalers: [ON] }),
    is: 'Wait WaitingForApproval',
  },
  {
    title: 'stays off while the release lasts',
    given: inStep({ autoscalers: [OFF] }),
    is: 'Wait WaitingForApproval',
  },
  {
    title: 'that somebody turned on in the middle is turned off again',
    given: inStep({ autoscalers: [ON] }),
    is: 'Wait WaitingForWorkload',
    acts: [TURN_OFF],
  },
  {
    title: 'that somebody turns on again and again holds the step',
    given: inStep({
      autoscalers: [ON],
      release: {
        reverts: [{ field: 'spec.scaleTargetRef of HorizontalPodAutoscaler busy', at: ago(60) }],
      },
    }),
    is: 'Hold ForeignWriter',
    acts: [TURN_OFF],
  },
  ...(
    [
      ['no release is under way', calm({ rollout: plan(), autoscalers: [OFF] })],
      [
        'the record of the release is lost',
        calm({ autoscalers: [OFF], record: { releaseId: 0, stepEntry: 0 } }),
      ],
      ['the release was aborted', inStep({ stage: 'Aborted', autoscalers: [OFF] })],
      ['the promoted pods are being judged', inStep({ stage: 'PostPromotion', autoscalers: [OFF] })],
      ['the Rollout is disabled', calm({ rollout: plan({ disabled: true }), autoscalers: [OFF] })],
      ['the Rollout is deleted', calm({ rollout: plan({ deleted: true }), autoscalers: [OFF] })],
      ['the workload is gone', { ...inStep({ autoscalers: [OFF] }), workload: undefined }],
      ['the Rollout has another style now', releasing({ autoscalers: [OFF] })],
    ] as const
  ).map(([when, given]) => ({
    title: `is turned on where ${when}`,
    given,
    is: 'Finalise AutoscalerRestored',
    acts: [TURN_ON],
  })),
  {
    title: 'that the older Rollout of the workload turned off is left alone',
    given: calm({ rollout: plan(), autoscalers: [OFF], rival: 'older' }),
    is: 'Stall WorkloadConflict',
  },
]);

table('a blue-green release in its steps', [
  {
    title: 'waits for a person at its last step, though it runs every pod (T10)',
    given: inStep({ rollout: plan({ steps: [STEPS[1] as RolloutStep, { replicas: '100%', pause: {} }] }) }),
    is: 'Wait WaitingForApproval',
  },
  {
    title: 'refuses a newer template and changes nothing',
    given: inStep({
      workload: {
        ...both(3),
        object: takenOver(deployment({ version: 'v3', markedFor: NAME }), 3, podHash('v1')),
      },
    }),
    is: 'Wait WaitingForWorkload',
    acts: [`replace Deployment ${NAME}: hold the workload`],
  },
  {
    title: 'says then how to go on',
    given: inStep({
      workload: { ...both(3), object: deployment({ version: 'v3', paused: true, markedFor: NAME }) },
    }),
    is: 'Stall ContinuousRelease',
    says: /restore the former template in Deployment echoserver to roll back/,
  },
  {
    title: 'takes no request from pods for which the stable ones could not stand in',
    given: inStep({
      state: 'StepTrafficRouting',
      step: { index: 1 },
      workload: both(5, { stable: 2 }),
      release: { granted: '100%', weight: 100 },
      traffic: canaryRoutes('v2', 100, plan()),
    }),
    is: 'Wait WaitingForRoutes',
    acts: [`replace Ingress ${NAME}-canary: weight 50`],
  },
]);

const FINAL = { stage: 'Finalising', step: { index: 2, state: 'Completed' } } as const;

table('the end of a blue-green release', [
  {
    title: 'begins with a pod of the new version for each stable one',
    given: inStep(FINAL),
    is: 'Wait WaitingForCanaryPods',
    to: 'release 1 Finalising',
  },
  {
    title: 'asks for them',
    given: inStep({ ...FINAL, release: { granted: '100%' } }),
    is: 'Wait WaitingForCanaryPods',
    acts: [`replace Deployment ${NAME}: 5 pods of the new version`],
  },
  {
    title: 'sends them every request',
    given: inStep({ ...FINAL, release: { granted: '100%' }, workload: both(5) }),
    is: 'Wait WaitingForRoutes',
    acts: [`replace Ingress ${NAME}-canary: weight 100`],
  },
  {
    title: 'waits until all of them are ready',
    given: inStep({ ...FINAL, release: { granted: '100%' }, workload: both(5, { ready: 3 }) }),
    is: 'Wait WaitingForCanaryPods',
    says: /^3 of 5 pods of the new version are ready$/,
  },
  {
    title: 'waits one grace period for that',
    given: inStep({
      ...FINAL,
      release: { granted: '100%', turnedAt: ago(1) },
      workload: both(5),
      traffic: canaryRoutes('v2', 100, plan()),
    }),
    is: 'Wait GracePeriod',
    wakeIn: 2,
  },
  {
    title: 'then lets the Service select both versions',
    given: inStep({
      ...FINAL,
      release: { granted: '100%', turnedAt: ago(9) },
      workload: both(5),
      traffic: canaryRoutes('v2', 100, plan()),
    }),
    is: 'Wait StableServiceRestored',
    acts: [`replace Service ${NAME}: restore the stable Service`],
  },
  {
    title: 'then gives the workload back',
    given: inStep({
      ...FINAL,
      release: { granted: '100%', turnedAt: ago(9), serviceRestoredAt: ago(5) },
      workload: both(5),
      traffic: { ...canaryRoutes('v2', 100, plan()), service: service() },
    }),
    is: 'Finalise WorkloadResumed',
    acts: [`replace Deployment ${NAME}: resume the workload`],
  },
  {
    title: 'keeps the routes while stable pods go',
    given: inStep({
      ...FINAL,
      release: { granted: '100%', turnedAt: ago(9), serviceRestoredAt: ago(5) },
      workload: { ...both(5), object: deployment({ version: 'v2', updated: 5, pods: 7, available: 7 }) },
      traffic: { ...canaryRoutes('v2', 100, plan()), service: service() },
    }),
    is: 'Wait WaitingForRollingUpdate',
  },
  {
    title: 'turns the autoscaler on when everything else is done',
    given: inStep({
      ...FINAL,
      autoscalers: [OFF],
      release: { granted: '100%', serviceRestoredAt: ago(9), routesRemovedAt: ago(9) },
      workload: { object: deployment({ version: 'v2' }), replicaSets: [replicaSet({ version: 'v2' })] },
      traffic: { service: service(), canaryService: undefined, canaryIngress: undefined },
    }),
    is: 'Finalise AutoscalerRestored',
    acts: [TURN_ON],
  },
]);

/** The author restored the former template after the stable pods had begun to go. */
const BACK = { stage: 'Cancelling', step: { index: 2, state: 'Completed' } } as const;
const ALL_GREEN = { granted: '100%', weight: 100, serviceRestoredAt: ago(9) };

table('a blue-green release that is taken back', [
  {
    title: 'takes every request from the new version at once where all stable pods are there',
    given: inStep({ stage: 'Cancelling', workload: both(3, { version: 'v1', paused: true }) }),
    is: 'Wait CanaryRoutesRemoved',
    acts: [`delete Ingress ${NAME}-canary: taking the traffic from the canary`],
  },
  {
    title: 'leaves with the new version what its few stable pods could not carry',
    given: inStep({
      ...BACK,
      release: ALL_GREEN,
      workload: both(5, { version: 'v1', stable: 2 }),
      traffic: { ...canaryRoutes('v2', 100, plan()), service: service() },
    }),
    is: 'Wait WaitingForRoutes',
    acts: [`replace Ingress ${NAME}-canary: weight 50`],
  },
  {
    title: 'brings the stable pods back beside those of the new version',
    given: inStep({
      ...BACK,
      release: ALL_GREEN,
      workload: {
        ...both(5, { stable: 2 }),
        object: deployment({ version: 'v1', paused: true, markedFor: NAME }),
      },
      traffic: { ...canaryRoutes('v2', 50, plan()), service: service() },
    }),
    is: 'Wait WaitingForWorkload',
    acts: [`replace Deployment ${NAME}: 5 pods of the new version`],
  },
  {
    title: 'waits until they are ready',
    given: inStep({
      ...BACK,
      release: ALL_GREEN,
      workload: both(5, { version: 'v1', stable: 2 }),
      traffic: { ...canaryRoutes('v2', 50, plan()), service: service() },
    }),
    is: 'Wait WaitingForWorkload',
    says: /^2 of 5 stable pods are ready$/,
  },
  {
    title: 'does not take its pods away while they have requests, though it is aborted',
    given: inStep({
      stage: 'Aborting',
      workload: {
        ...both(3, { stable: 2 }),
        object: deployment({ version: 'v2', paused: true, markedFor: NAME }),
      },
    }),
    is: 'Wait WaitingForWorkload',
    says: /^2 of 5 stable pods are ready$/,
  },
]);

describe('a failed analysis of a blue-green release', () => {
  const failing = (gitOps: 'Yes' | 'No', onFailure: 'Abort' | 'Rollback') => {
    const guards = [guardFacts({ onFailure, progressDeadlineSeconds: 60, rollback: { gitOps } })];
    const given = inStep({
      state: 'StepUpgrade',
      guards,
      workload: both(3, { ready: 2 }),
      step: { index: 2, upgradeStartedAt: ago(90) },
    });
    return decided(given).is;
  };
  test('rolls back, also as Abort: every stable pod is there', () => {
    expect(failing('No', 'Rollback')).toBe('RollBack ProgressDeadlineExceeded');
    expect(failing('No', 'Abort')).toBe('RollBack ProgressDeadlineExceeded');
  });
  test('aborts where a restored template would be undone', () => {
    expect(failing('Yes', 'Rollback')).toBe('Abort ProgressDeadlineExceeded');
    expect(failing('Yes', 'Abort')).toBe('Abort ProgressDeadlineExceeded');
  });
});

test('its status stands in blueGreenStatus, in the words of Kruise', () => {
  const { status } = decided(inStep({ workload: both(3, { ready: 2 }) })).full;
  expect(status.canaryStatus).toBeUndefined();
  expect([status.currentStepIndex, status.currentStepState]).toEqual([2, 'StepPaused']);
  expect(status.blueGreenStatus).toEqual({
    rolloutHash: planHash(plan()),
    observedWorkloadGeneration: 1,
    observedRolloutID: revisionOf(template('v2')),
    finalisingStep: '',
    stableRevision: podHash('v1'),
    updatedRevision: revisionOf(template('v2')),
    podTemplateHash: podHash('v2'),
    currentStepIndex: 2,
    nextStepIndex: -1,
    currentStepState: 'StepPaused',
    updatedReplicas: 2,
    updatedReadyReplicas: 2,
    lastUpdateTime: ago(497),
  });
});
