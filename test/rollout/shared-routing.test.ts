import { describe, expect, test } from 'vitest';
import { TRAFFIC_ROUTING_ANNOTATION } from '../../src/api/annotations.ts';
import type { ReleaseStage } from '../../src/api/rollout-record.ts';
import type { Snapshot } from '../../src/rollout/snapshot.ts';
import { deployment, NAME } from '../builders/deployment.ts';
import { rollout } from '../builders/rollout.ts';
import { SHARED_NAME, type SharedPart, sharedRouting } from '../builders/shared-routing.ts';
import { ago, calm, type ReleasePart, readyCanary, releasing, workloadOf } from '../builders/snapshot.ts';
import { service } from '../builders/traffic.ts';
import { decided, type Row, table } from './decided.ts';

const named = rollout({ shared: SHARED_NAME });
const JOIN = `replace TrafficRouting ${SHARED_NAME}: ask for the routes`;
const LEAVE = `replace TrafficRouting ${SHARED_NAME}: ${NAME} needs no routes any more`;
const SET: SharedPart = { phase: 'Progressing', participants: [NAME], status: { routedAt: ago(5) } };

function beginning(shared: SharedPart | undefined, part: ReleasePart = {}): Snapshot {
  return releasing({
    rollout: named,
    state: 'BeforeStepUpgrade',
    ...(shared && { shared: sharedRouting(shared) }),
    ...part,
  });
}

function initializing(shared: SharedPart | undefined): Snapshot {
  return beginning(shared, { stage: 'Initializing' });
}

const NOT_FOUND = `TrafficRouting ${SHARED_NAME} does not exist in this namespace; create it, or take it out of the Rollout`;

table('a release whose Rollout names a TrafficRouting', [
  {
    title: 'stalls without it, before it has touched anything',
    given: initializing(undefined),
    is: 'Stall TrafficRoutingNotFound',
    to: 'release 1 Initializing',
    says: NOT_FOUND,
  },
  {
    title: 'stalls where the annotation of v1alpha1 names it',
    given: releasing({
      rollout: rollout({ annotations: { [TRAFFIC_ROUTING_ANNOTATION]: SHARED_NAME } }),
      stage: 'Initializing',
      state: 'BeforeStepUpgrade',
    }),
    is: 'Stall TrafficRoutingNotFound',
    says: NOT_FOUND,
  },
  ...['Healthy', 'Progressing'].map(
    (phase): Row => ({
      title: `joins while it is ${phase}`,
      given: initializing({ phase, participants: ['other'] }),
      is: 'Wait TrafficRoutingNotReady',
      to: 'release 1 Initializing',
      acts: [JOIN],
    }),
  ),
  ...['Initial', 'Finalizing', 'Terminating'].map(
    (phase): Row => ({
      title: `waits while it is ${phase}`,
      given: initializing({ phase, status: { message: 'why' } }),
      is: 'Wait TrafficRoutingNotReady',
      to: 'release 1 Initializing',
      says: `TrafficRouting ${SHARED_NAME} is ${phase}: why`,
    }),
  ),
  {
    title: 'waits while nobody has looked at it',
    given: initializing({ phase: undefined }),
    is: 'Wait TrafficRoutingNotReady',
    says: `TrafficRouting ${SHARED_NAME} is Initial`,
  },
  {
    title: 'stalls while something is wrong with it',
    given: initializing({
      phase: 'Initial',
      status: { reason: 'RouteNotFound', message: 'HTTPRoute web does not exist; create it' },
    }),
    is: 'Stall TrafficRoutingNotReady',
    says: `TrafficRouting ${SHARED_NAME} cannot be followed: HTTPRoute web does not exist; create it`,
  },
  {
    title: 'does not join one that is being deleted',
    given: initializing({ phase: 'Progressing', participants: ['other'], deleted: true }),
    is: 'Stall TrafficRoutingNotReady',
    says: `TrafficRouting ${SHARED_NAME} is being deleted; create it again once it is gone, or take it out of the Rollout`,
  },
  {
    title: 'waits until the routes are set',
    given: initializing({ phase: 'Healthy', participants: [NAME] }),
    is: 'Wait TrafficRoutingNotReady',
    says: `TrafficRouting ${SHARED_NAME} is Healthy`,
  },
  {
    title: 'waits until routes that somebody has just edited are set',
    given: initializing({ ...SET, generation: 2 }),
    is: 'Wait TrafficRoutingNotReady',
  },
  {
    title: 'waits until they are felt',
    given: initializing({ ...SET, status: { routedAt: ago(2) } }),
    is: 'Wait GracePeriod',
    wakeIn: 3,
  },
  {
    title: 'remembers that they were set',
    given: initializing(SET),
    is: 'Wait TrafficRoutingNotReady',
    says: `the routes of TrafficRouting ${SHARED_NAME} are set`,
  },
  {
    title: 'begins then',
    given: beginning(SET, { stage: 'Initializing', release: { sharedAt: ago(0) } }),
    is: 'Enter StepEntered',
    to: 'release 1 InRolling 1 BeforeStepUpgrade',
  },
  {
    title: 'begins no further step without it',
    given: beginning(undefined, { step: { index: 2 }, release: { sharedAt: ago(90) } }),
    is: 'Stall TrafficRoutingNotFound',
    to: 'release 1 InRolling 2 BeforeStepUpgrade',
  },
  {
    title: 'keeps what an earlier step has routed meanwhile',
    given: beginning(undefined, {
      step: { index: 2 },
      release: { sharedAt: ago(90), stablePinnedAt: ago(90), routedAt: ago(80), weight: 5 },
      workload: { canary: readyCanary() },
      traffic: { service: service('v1') },
    }),
    is: 'Wait WaitingForRoutes',
    acts: [
      `create Service ${NAME}-canary: the Service of the canary pods`,
      `create Ingress ${NAME}-canary: weight 5`,
    ],
  },
  {
    title: 'joins one that was made anew in the middle',
    given: beginning({}, { step: { index: 2 }, release: { sharedAt: ago(90) } }),
    is: 'Wait TrafficRoutingNotReady',
    acts: [JOIN],
  },
  {
    title: 'goes on with one that is deleted while it takes part',
    given: beginning(
      { ...SET, phase: 'Terminating', deleted: true, generation: 2 },
      { release: { sharedAt: ago(90), stablePinnedAt: ago(90) }, traffic: { service: service('v1') } },
    ),
    is: 'Upgrade StableServicePinned',
  },
]);

const ENDING: ReleaseStage[] = ['Cancelling', 'Aborting'];

describe('a release that ends', () => {
  test.each(ENDING)('%s takes its own routes and then itself from the shared ones', (stage) => {
    const given = releasing({
      rollout: named,
      stage,
      shared: sharedRouting(SET),
      release: { sharedAt: ago(90) },
    });
    const { acts } = decided(given);
    expect(acts).toEqual([`delete Ingress ${NAME}-canary: taking the traffic from the canary`, LEAVE]);
  });

  test('without routes of its own it waits one grace period of the shared ones', () => {
    const alone = rollout({ shared: SHARED_NAME, routing: null });
    const at = (routesRemovedAt?: string) =>
      decided(
        releasing({
          rollout: alone,
          stage: 'Cancelling',
          state: 'StepUpgrade',
          shared: sharedRouting({ participants: ['other'] }),
          release: { sharedAt: ago(90), ...(routesRemovedAt && { routesRemovedAt }) },
        }),
      );
    expect(at()).toMatchObject({ is: 'Finalise CanaryRoutesRemoved', acts: [] });
    expect(at(ago(2))).toMatchObject({ is: 'Wait GracePeriod', wakeIn: 3 });
    expect(at(ago(5)).is).not.toBe('Wait GracePeriod');
  });

  test('the next version of a release goes on with them', () => {
    const given = releasing({
      rollout: named,
      stage: 'Superseding',
      shared: sharedRouting(SET),
      release: { sharedAt: ago(90) },
    });
    expect(decided(given).acts).toEqual([
      `delete Ingress ${NAME}-canary: taking the traffic from the canary`,
    ]);
  });

  test('so does a step that routes nothing itself', () => {
    const steps = [{ replicas: '20%', pause: {} }];
    const given = releasing({
      rollout: rollout({ shared: SHARED_NAME, steps }),
      state: 'BeforeStepUpgrade',
      shared: sharedRouting(SET),
      release: { sharedAt: ago(90) },
    });
    expect(decided(given)).toMatchObject({ is: 'Wait StepEntered', acts: [] });
  });
});

table('no release', [
  {
    title: 'needs a finalizer that an earlier Rollout of the name left there',
    given: calm({ rollout: named, shared: sharedRouting(SET) }),
    is: 'Wait Idle',
    acts: [LEAVE],
  },
  {
    title: 'is waited for by a healthy Rollout',
    given: calm({
      rollout: named,
      shared: sharedRouting(),
      workload: workloadOf(deployment()),
    }),
    is: 'Wait Idle',
    acts: [],
  },
  {
    title: 'is left to a Rollout that is deleted when its workload is gone',
    given: {
      ...releasing({ rollout: rollout({ shared: SHARED_NAME, deleted: true }), shared: sharedRouting(SET) }),
      workload: undefined,
    },
    is: 'Wait RolloutDeleted',
    acts: [LEAVE],
  },
  {
    title: 'is left to a Rollout that is disabled',
    given: calm({ rollout: rollout({ shared: SHARED_NAME, disabled: true }), shared: sharedRouting(SET) }),
    is: 'Wait Disabled',
    acts: [LEAVE],
  },
]);
