import { describe, expect, test } from 'vitest';
import { RETRY_ANNOTATION } from '../../src/api/annotations.ts';
import { revisionOf } from '../../src/workload/pod-template.ts';
import { deployment, NAME, pod, podHash, replicaSet, template } from '../builders/deployment.ts';
import { guardFacts } from '../builders/guard.ts';
import { ROLLOUT_UID, rollout, TWO_STEPS } from '../builders/rollout.ts';
import { ago, CANARY_NAME, held, readyCanary, releasing } from '../builders/snapshot.ts';
import { canaryRoutes, ofSomebodyElse, service } from '../builders/traffic.ts';
import { decided, table } from './decided.ts';

const unrouted = rollout({ steps: [{ replicas: 1, pause: {} }, ...TWO_STEPS.slice(1)] });
const rejected = [{ revision: revisionOf(template('v2')), at: ago(3_600), reason: 'it was slow' }];

table('before the pods of a step', [
  {
    title: 'the stable Service is pinned to the stable pods',
    given: releasing({ state: 'BeforeStepUpgrade' }),
    is: 'Wait GracePeriod',
    acts: [`replace Service ${NAME}: pin the stable Service to pods hash-v1`],
  },
  {
    title: 'a Service that is seen pinned starts one grace period',
    given: releasing({ state: 'BeforeStepUpgrade', traffic: { service: service('v1') } }),
    is: 'Wait GracePeriod',
    says: 'is pinned',
  },
  {
    title: 'the grace period passes before any canary pod is made',
    given: releasing({
      state: 'BeforeStepUpgrade',
      traffic: { service: service('v1') },
      release: { stablePinnedAt: ago(2) },
    }),
    is: 'Wait GracePeriod',
    wakeIn: 1,
  },
  {
    title: 'a grace period of its own counts where the routing names one',
    given: releasing({
      state: 'BeforeStepUpgrade',
      rollout: rollout({ routing: { service: NAME, ingress: { name: NAME }, gracePeriodSeconds: 10 } }),
      traffic: { service: service('v1') },
      release: { stablePinnedAt: ago(4) },
    }),
    is: 'Wait GracePeriod',
    wakeIn: 6,
  },
  {
    title: 'then the pods are brought up',
    given: releasing({
      state: 'BeforeStepUpgrade',
      traffic: { service: service('v1') },
      release: { stablePinnedAt: ago(3) },
    }),
    is: 'Upgrade StableServicePinned',
    to: 'release 1 InRolling 1 StepUpgrade',
  },
  {
    title: 'a pin that somebody took away is set again, and its grace period begins anew',
    given: releasing({ state: 'BeforeStepUpgrade', release: { stablePinnedAt: ago(60) } }),
    is: 'Wait GracePeriod',
    acts: [`replace Service ${NAME}: pin the stable Service to pods hash-v1`],
  },
  {
    title: 'a Service that disappeared stalls the release until it is back',
    given: releasing({ state: 'BeforeStepUpgrade', traffic: { service: undefined } }),
    is: 'Stall ServiceNotFound',
  },
  {
    title: 'a step that routes nothing needs no pin',
    given: releasing({ state: 'BeforeStepUpgrade', rollout: unrouted }),
    is: 'Wait StepEntered',
    to: 'release 1 InRolling 1 StepUpgrade',
  },
  {
    title: 'a step that routes nothing takes down the routes of the step before',
    given: releasing({
      state: 'BeforeStepUpgrade',
      rollout: unrouted,
      release: { routedAt: ago(60) },
      traffic: { service: service('v1'), ...canaryRoutes('v2', 5) },
    }),
    is: 'Wait CanaryRoutesRemoved',
    acts: [`delete Ingress ${NAME}-canary: taking the traffic from the canary`],
  },
  {
    title: 'and takes the pin from the Service when that is felt everywhere',
    given: releasing({
      state: 'BeforeStepUpgrade',
      rollout: unrouted,
      release: { routedAt: ago(60), routesRemovedAt: ago(3) },
      traffic: { service: service('v1') },
    }),
    is: 'Wait StableServiceRestored',
    acts: [`replace Service ${NAME}: restore the stable Service`],
  },
  {
    title: 'a template that was rejected before is held, before it has a single pod',
    given: releasing({ state: 'BeforeStepUpgrade', record: { rejected } }),
    is: 'Hold RejectedRevision',
    to: 'release 1 InRolling 1 BeforeStepUpgrade',
    says: 'it was slow',
  },
  {
    title: 'a held template is told of once',
    given: releasing({
      state: 'BeforeStepUpgrade',
      record: { rejected },
      step: { hold: { reason: 'RejectedRevision', since: ago(9), message: 'it was rejected' } },
    }),
    is: 'Wait RejectedRevision',
    says: 'it was rejected',
  },
  {
    title: 'a person who asks to retry this very release makes it go on',
    given: releasing({
      state: 'BeforeStepUpgrade',
      record: { rejected },
      rollout: rollout({ annotations: { [RETRY_ANNOTATION]: '1' } }),
    }),
    is: 'Restart Retried',
    to: 'release 1 InRolling 1 BeforeStepUpgrade',
  },
  {
    title: 'a retry of another release does not',
    given: releasing({
      state: 'BeforeStepUpgrade',
      record: { rejected },
      rollout: rollout({ annotations: { [RETRY_ANNOTATION]: '2' } }),
    }),
    is: 'Hold RejectedRevision',
  },
  {
    title: 'another template than the rejected one is not held',
    given: releasing({
      state: 'BeforeStepUpgrade',
      record: { rejected: [{ revision: 'another', at: ago(9), reason: 'it was slow' }] },
      traffic: { service: service('v1') },
      release: { stablePinnedAt: ago(3) },
    }),
    is: 'Upgrade StableServicePinned',
  },
]);

const notReady = (available: number, pods = [pod('v2')]) => ({
  canary: {
    ...readyCanary(),
    deployment: deployment({
      name: CANARY_NAME,
      version: 'v2',
      replicas: 1,
      ownerUid: ROLLOUT_UID,
      available,
    }),
    pods,
  },
});

table('bringing up the pods of a step', [
  {
    title: 'creates the extra Deployment with the pods that the step asks for, rounded up',
    given: releasing({ state: 'StepUpgrade' }),
    is: 'Wait WaitingForCanaryPods',
    acts: ['create Deployment <canary>: 1 canary pods'],
  },
  {
    title: 'scales it for a later step',
    given: releasing({ state: 'StepUpgrade', step: { index: 2 }, workload: { canary: readyCanary(1) } }),
    is: 'Wait WaitingForCanaryPods',
    acts: ['replace Deployment <canary>: 3 canary pods'],
  },
  {
    title: 'never scales it down',
    given: releasing({ state: 'StepUpgrade', workload: { canary: readyCanary(3) } }),
    is: 'Upgrade CanaryReady',
    to: 'release 1 InRolling 1 StepTrafficRouting',
  },
  {
    title: 'routes traffic once the pods are available',
    given: releasing({ state: 'StepUpgrade', workload: { canary: readyCanary(1) } }),
    is: 'Upgrade CanaryReady',
    to: 'release 1 InRolling 1 StepTrafficRouting',
    says: '1 of 5 pods run the new version, hash hash-v2',
  },
  {
    title: 'waits while the workload is scaled to nothing',
    given: releasing({
      state: 'StepUpgrade',
      workload: {
        canary: readyCanary(1),
        object: deployment({ version: 'v2', replicas: 0, paused: true, markedFor: NAME }),
      },
    }),
    is: 'Wait WaitingForWorkload',
    to: 'release 1 InRolling 1 StepUpgrade',
    says: `Deployment ${NAME} is scaled to no pods; the step goes on when it has some`,
  },
  {
    title: 'goes on to the analysis where the step routes nothing',
    given: releasing({ state: 'StepUpgrade', rollout: unrouted, workload: { canary: readyCanary(1) } }),
    is: 'Upgrade CanaryReady',
    to: 'release 1 InRolling 1 StepMetricsAnalysis',
  },
  {
    title: 'waits for a status that speaks of the present spec',
    given: releasing({
      state: 'StepUpgrade',
      workload: {
        canary: {
          ...readyCanary(),
          deployment: deployment({
            name: CANARY_NAME,
            version: 'v2',
            replicas: 1,
            ownerUid: ROLLOUT_UID,
            generation: 2,
            observedGeneration: 1,
          }),
        },
      },
    }),
    is: 'Wait WaitingForCanaryPods',
  },
  {
    title: 'without a guard waits for ever, as upstream does',
    given: releasing({
      state: 'StepUpgrade',
      step: { upgradeStartedAt: ago(86_400) },
      workload: notReady(0),
    }),
    is: 'Wait WaitingForCanaryPods',
    says: '0 of 1 canary pods are ready',
  },
  {
    title: 'says what the pods themselves say',
    given: releasing({
      state: 'StepUpgrade',
      workload: notReady(0, [
        pod('v2', { reason: 'ImagePullBackOff', message: 'Back-off pulling image "x"' }),
      ]),
    }),
    is: 'Wait WaitingForCanaryPods',
    says: '0 of 1 canary pods are ready: ImagePullBackOff: Back-off pulling image "x"',
  },
  {
    title: 'with a guard waits until the progress deadline',
    given: releasing({
      state: 'StepUpgrade',
      guards: [guardFacts({ progressDeadlineSeconds: 60 })],
      step: { upgradeStartedAt: ago(59) },
      workload: notReady(0),
    }),
    is: 'Wait WaitingForCanaryPods',
    wakeIn: 1,
  },
  {
    title: 'and fails the step when that is over',
    given: releasing({
      state: 'StepUpgrade',
      guards: [guardFacts({ progressDeadlineSeconds: 60 })],
      step: { upgradeStartedAt: ago(60) },
      workload: notReady(0),
    }),
    is: 'RollBack ProgressDeadlineExceeded',
    to: 'release 1 Cancelling',
    says: 'after 1m (progressDeadlineSeconds) 0 of 1 canary pods are ready',
  },
  {
    title: 'tolerates as many missing pods as failureThreshold says',
    given: releasing({
      state: 'StepUpgrade',
      rollout: rollout({ failureThreshold: '50%' }),
      step: { index: 2 },
      workload: {
        canary: {
          ...readyCanary(3),
          deployment: deployment({
            name: CANARY_NAME,
            version: 'v2',
            replicas: 3,
            ownerUid: ROLLOUT_UID,
            available: 1,
          }),
        },
      },
    }),
    is: 'Upgrade CanaryReady',
  },
  {
    title: 'wants at least one pod, whatever failureThreshold says',
    given: releasing({
      state: 'StepUpgrade',
      rollout: rollout({ failureThreshold: '100%' }),
      workload: notReady(0),
    }),
    is: 'Wait WaitingForCanaryPods',
  },
  {
    title: 'touches no Deployment of somebody else that has the name',
    given: releasing({
      state: 'StepUpgrade',
      workload: {
        canary: {
          deployment: deployment({ name: CANARY_NAME, version: 'v2', replicas: 0, ownerUid: 'other-uid' }),
          replicaSets: [],
          pods: [],
        },
      },
    }),
    is: 'Stall NameTaken',
    says: 'Deployment <canary> belongs to somebody else',
  },
]);

/** One of three pods is ready, which is enough for failureThreshold, and has what it can carry. */
function fewCarry(seconds: number) {
  const few = deployment({
    name: CANARY_NAME,
    version: 'v2',
    replicas: 3,
    ownerUid: ROLLOUT_UID,
    available: 1,
  });
  return releasing({
    state: 'StepTrafficRouting',
    rollout: rollout({ failureThreshold: '90%' }),
    guards: [guardFacts({ progressDeadlineSeconds: 60 })],
    step: { index: 2, upgradeStartedAt: ago(seconds) },
    workload: { canary: { ...readyCanary(3), deployment: few } },
    traffic: canaryRoutes('v2', 25),
  });
}

table('routing the traffic of a step', [
  {
    title: 'makes Service and Ingress of the canary, the Service first',
    given: releasing({ state: 'StepTrafficRouting' }),
    is: 'Wait WaitingForRoutes',
    acts: [
      `create Service ${NAME}-canary: the Service of the canary pods`,
      `create Ingress ${NAME}-canary: weight 5`,
    ],
  },
  {
    title: 'sends no more to the canary while the workload is scaled to nothing',
    given: releasing({
      state: 'StepTrafficRouting',
      step: { index: 2 },
      workload: {
        canary: readyCanary(3),
        object: deployment({ version: 'v2', replicas: 0, paused: true, markedFor: NAME }),
      },
      traffic: canaryRoutes('v2', 5),
    }),
    is: 'Wait WaitingForWorkload',
    acts: [],
  },
  {
    title: 'changes the weight of the Ingress that is there',
    given: releasing({
      state: 'StepTrafficRouting',
      step: { index: 2 },
      workload: { canary: readyCanary(3) },
      traffic: canaryRoutes('v2', 5),
    }),
    is: 'Wait WaitingForRoutes',
    acts: [`replace Ingress ${NAME}-canary: weight 50`],
  },
  {
    title: 'turns the canary Service to the pods of this release',
    given: releasing({ state: 'StepTrafficRouting', traffic: canaryRoutes('v0', 5) }),
    is: 'Wait WaitingForRoutes',
    acts: [`replace Service ${NAME}-canary: the Service of the canary pods`],
  },
  {
    title: 'counts the grace period from when the routes are seen',
    given: releasing({ state: 'StepTrafficRouting', traffic: canaryRoutes('v2', 5) }),
    is: 'Wait GracePeriod',
    says: '5 % of the traffic is routed to the canary',
  },
  {
    title: 'waits until the routes are felt everywhere',
    given: releasing({
      state: 'StepTrafficRouting',
      step: { routedAt: ago(1) },
      release: { routedAt: ago(1) },
      traffic: canaryRoutes('v2', 5),
    }),
    is: 'Wait GracePeriod',
    wakeIn: 2,
  },
  {
    title: 'then lets the step be judged',
    given: releasing({
      state: 'StepTrafficRouting',
      step: { routedAt: ago(3) },
      release: { routedAt: ago(3) },
      traffic: canaryRoutes('v2', 5),
    }),
    is: 'Route TrafficRouted',
    to: 'release 1 InRolling 1 StepMetricsAnalysis',
  },
  {
    title:
      'waits for pods that failureThreshold let pass, where those that are ready cannot carry the weight',
    given: fewCarry(59),
    is: 'Wait WaitingForCanaryPods',
    says: '25 % of the traffic is routed to the canary, 50 % once its pods can carry that',
    wakeIn: 1,
  },
  {
    title: 'and fails the step when they do not come before its deadline',
    given: fewCarry(60),
    is: 'RollBack ProgressDeadlineExceeded',
    to: 'release 1 Cancelling',
    says: 'after 1m (progressDeadlineSeconds) 25 % of the traffic is routed to the canary, 50 % once its pods can carry that',
  },
  {
    title: 'stalls where the stable Service is gone',
    given: releasing({ state: 'StepTrafficRouting', traffic: { service: undefined } }),
    is: 'Stall ServiceNotFound',
  },
  {
    title: 'stalls where the stable Ingress is gone',
    given: releasing({ state: 'StepTrafficRouting', traffic: { ingress: undefined } }),
    is: 'Stall RouteNotFound',
  },
  {
    title: 'touches no Service of somebody else that has the name',
    given: releasing({
      state: 'StepTrafficRouting',
      traffic: { canaryService: ofSomebodyElse(canaryRoutes('v2', 5).canaryService) },
    }),
    is: 'Stall NameTaken',
    says: `Service ${NAME}-canary belongs to somebody else`,
  },
  {
    title: 'touches no Ingress of somebody else that has the name',
    given: releasing({
      state: 'StepTrafficRouting',
      traffic: { canaryIngress: ofSomebodyElse(canaryRoutes('v2', 5).canaryIngress) },
    }),
    is: 'Stall NameTaken',
    says: `Ingress ${NAME}-canary belongs to somebody else`,
  },
]);

describe('what a step remembers', () => {
  test('a new pin has a new grace period', () => {
    const snapshot = releasing({ state: 'BeforeStepUpgrade', release: { stablePinnedAt: ago(60) } });
    expect(decided(snapshot).full.record.release).not.toHaveProperty('stablePinnedAt');
  });

  test('which pods are the canary, for queries and for the Service', () => {
    const snapshot = releasing({ state: 'StepUpgrade', workload: { canary: readyCanary(1) } });
    expect(decided(snapshot).full.record.release?.canary).toEqual({
      name: CANARY_NAME,
      hash: podHash('v2'),
      replicaSet: replicaSet({ version: 'v2', of: CANARY_NAME }).metadata.name,
    });
  });

  test('the progress deadline counts from when the pods were asked for', () => {
    const snapshot = releasing({
      state: 'BeforeStepUpgrade',
      traffic: { service: service('v1') },
      release: { stablePinnedAt: ago(3) },
    });
    expect(decided(snapshot).full.record.release?.step?.upgradeStartedAt).toBe(ago(0));
  });

  test('routes that go up again are no removed routes', () => {
    const snapshot = releasing({
      state: 'StepTrafficRouting',
      release: { routedAt: ago(600), routesRemovedAt: ago(300) },
      traffic: canaryRoutes('v2', 5),
    });
    const { release } = decided(snapshot).full.record;
    expect(release).toMatchObject({ routedAt: ago(600), step: { routedAt: ago(0) } });
    expect(release).not.toHaveProperty('routesRemovedAt');
  });

  test('a retried template is rejected no more, and its step holds no more', () => {
    const snapshot = releasing({
      state: 'BeforeStepUpgrade',
      record: { rejected },
      step: { hold: { reason: 'RejectedRevision', since: ago(9), message: 'it was rejected' } },
      rollout: rollout({ annotations: { [RETRY_ANNOTATION]: '1' } }),
    });
    const { record } = decided(snapshot).full;
    expect(record.rejected).toEqual([]);
    expect(record.release?.step).not.toHaveProperty('hold');
  });

  test('the canary runs the new template, and nothing of the workload is lost', () => {
    const [act] = decided(releasing({ state: 'StepUpgrade' })).full.acts;
    expect(act?.object).toMatchObject({
      kind: 'Deployment',
      spec: { ...held().spec, replicas: 1, paused: false },
    });
  });
});
