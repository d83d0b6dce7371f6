import { describe, expect, test } from 'vitest';
import { deployment, NAME, replicaSet, template } from '../builders/deployment.ts';
import { analysis, guard, guardFacts, pinned } from '../builders/guard.ts';
import { rollout } from '../builders/rollout.ts';
import { calm, held, keptTemplate, type ReleasePart, releasing, workloadOf } from '../builders/snapshot.ts';
import { ingress } from '../builders/traffic.ts';
import { decided, type Row, table } from './decided.ts';

/** Release 1 has its id and has touched nothing but the workload's pause. */
function initializing(part: ReleasePart = {}) {
  const snapshot = releasing({ stage: 'Initializing', state: 'BeforeStepUpgrade', kept: [], ...part });
  const { step: _step, ...release } = snapshot.record.release ?? never();
  return { ...snapshot, record: { ...snapshot.record, stepEntry: 0, release } };
}

function never(): never {
  throw new Error('there is a release');
}

const KEPT = `create ControllerRevision ${keptTemplate().name}: keep the stable template`;

table('a release that begins', [
  {
    title: 'keeps the stable template and enters step 1',
    given: initializing(),
    is: 'Enter StepEntered',
    to: 'release 1 InRolling 1 BeforeStepUpgrade',
    says: 'step 1/2: 20% of the pods, 5 % of the traffic',
    acts: [KEPT],
  },
  {
    title: 'holds a workload that is not held',
    given: initializing({ workload: { object: deployment({ version: 'v2', updated: 0 }) } }),
    is: 'Enter StepEntered',
    acts: [`replace Deployment ${NAME}: hold the workload`, KEPT],
  },
  {
    title: 'keeps the stable template once',
    given: initializing({ kept: [keptTemplate()] }),
    is: 'Enter StepEntered',
  },
  {
    title: 'forgets what was kept for an earlier release',
    given: initializing({ kept: [keptTemplate('v0')] }),
    is: 'Enter StepEntered',
    acts: [
      `delete ControllerRevision ${keptTemplate('v0').name}: forget the template kept for an earlier release`,
      KEPT,
    ],
  },
  {
    title: 'stalls without its Service',
    given: initializing({ traffic: { service: undefined } }),
    is: 'Stall ServiceNotFound',
    to: 'release 1 Initializing',
    says: `Service ${NAME} of trafficRoutings does not exist; create it`,
  },
  {
    title: 'stalls without its Ingress',
    given: initializing({ traffic: { ingress: undefined } }),
    is: 'Stall RouteNotFound',
    to: 'release 1 Initializing',
    says: `Ingress ${NAME} of trafficRoutings does not exist; create it`,
  },
  {
    title: 'stalls where the Ingress does not lead to the Service',
    given: initializing({ traffic: { ingress: ingress('another') } }),
    is: 'Stall RouteHasNoBackend',
    says: `Ingress ${NAME} has no path to Service ${NAME}`,
  },
  {
    title: 'needs neither Service nor Ingress where it routes nothing',
    given: initializing({
      rollout: rollout({ routing: null }),
      traffic: { service: undefined, ingress: undefined },
    }),
    is: 'Enter StepEntered',
    acts: [KEPT],
  },
  {
    title: 'stalls while its guard names a template that does not exist',
    given: initializing({ guards: [{ guard: guard(), templates: [] }], pinnedGuards: [] }),
    is: 'Stall GuardNotReady',
    to: 'release 1 Initializing',
    says: `RolloutGuard ${NAME}: analysis success-rate names AnalysisTemplate success-rate, which does not exist; create it`,
  },
  {
    title: 'stalls while its guard gives an argument that the template does not have',
    given: initializing({
      guards: [guardFacts({ analyses: [analysis({ args: [{ name: 'treshold', value: '0.9' }] })] })],
      pinnedGuards: [],
    }),
    is: 'Stall GuardNotReady',
    says: 'the template has no argument "treshold"',
  },
  {
    title: 'is not guarded by a suspended guard',
    given: initializing({ guards: [guardFacts({ suspend: true })], pinnedGuards: [] }),
    is: 'Enter StepEntered',
    acts: [KEPT],
  },
  {
    title: 'stalls where no ReplicaSet has the stable template, since it could not be rolled back',
    given: initializing({ workload: { replicaSets: [] } }),
    is: 'Stall StableTemplateLost',
    says: 'raise revisionHistoryLimit',
  },
  {
    title: 'does not need the ReplicaSet where the template is kept',
    given: initializing({ workload: { replicaSets: [] }, kept: [keptTemplate()] }),
    is: 'Enter StepEntered',
  },
  {
    title: 'is taken back when its author restores the stable template',
    given: initializing({ workload: { object: held('v1') } }),
    is: 'Cancel StableTemplateRestored',
    to: 'release 1 Cancelling',
  },
  {
    title: 'gives way to a newer template at once, since it has touched nothing',
    given: initializing({ workload: { object: held('v3') } }),
    is: 'Start ContinuousRelease',
    to: 'release 2 Initializing',
    says: 'example/echoserver:v3 against stable pods hash-v1',
  },
] satisfies Row[]);

describe('what a release pins when it begins', () => {
  test('is its guard, with templates and arguments resolved', () => {
    const guards = [guardFacts()];
    const { record } = decided(initializing({ guards, pinnedGuards: [] })).full;
    expect(record.release?.guard).toEqual(pinned(...guards));
    expect(record.release?.guard?.analyses[0]?.args).toEqual([{ name: 'threshold', value: '0.95' }]);
  });

  test('is the stable template without the label that the ReplicaSet added', () => {
    const [act] = decided(initializing()).full.acts;
    expect(act?.object).toMatchObject({
      metadata: { ownerReferences: [{ kind: 'Rollout', controller: true }] },
      data: { template: template('v1') },
    });
    expect(replicaSet().spec.template).not.toEqual(template('v1'));
  });

  test('is its first step, with an entry number that was never used', () => {
    const snapshot = initializing();
    const later = { ...snapshot, record: { ...snapshot.record, stepEntry: 6 } };
    expect(decided(later).full.record).toMatchObject({
      stepEntry: 7,
      release: { step: { index: 1, entry: 7, attempt: 1, state: 'BeforeStepUpgrade' } },
    });
  });

  test('is nothing while the workload is at rest', () => {
    expect(decided(calm({ workload: workloadOf(deployment()) })).full.record.release).toBeUndefined();
  });
});
