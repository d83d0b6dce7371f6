import { expect, test } from 'vitest';
import type { ControllerRevision, Workload } from '../../src/api/kubernetes.ts';
import type { Rollout } from '../../src/api/rollout.ts';
import { foreignRelease } from '../../src/gate/foreign-release.ts';
import { standingOf } from '../../src/gate/standing.ts';
import type { WorkloadFacts } from '../../src/workload/style.ts';
import { template } from '../builders/deployment.ts';
import { SINCE, waiting, workload } from './sights.ts';

function standing(rollout: Rollout, facts: WorkloadFacts = workload()): string {
  const foreign = foreignRelease(rollout);
  if (!foreign) return 'no release';
  const found = standingOf(rollout, facts, foreign);
  return found.kind === 'waiting' ? `waiting since ${found.since}` : `${found.kind}: ${found.why}`;
}

type Status = NonNullable<NonNullable<Rollout['status']>['canaryStatus']>;
const status = (change: Partial<Status>) => (rollout: Rollout) => {
  Object.assign(rollout.status?.canaryStatus ?? {}, change);
};
const progress = (reason: string) => (rollout: Rollout) => {
  if (rollout.status) rollout.status.conditions = [{ type: 'Progressing', status: 'True', reason }];
};

const rows: [string, (rollout: Rollout) => void, string][] = [
  ['all seven at once', () => undefined, `waiting since ${SINCE}`],
  [
    'a Rollout that is Healthy again, with what is left of its last step',
    (rollout) => Object.assign(rollout.status ?? {}, { phase: 'Healthy' }),
    'no release',
  ],
  [
    'a disabled Rollout',
    ({ spec }) => Object.assign(spec, { disabled: true }),
    'busy: the Rollout is disabled',
  ],
  [
    'a paused Rollout, before Kruise has seen that',
    ({ spec }) => Object.assign(spec.strategy, { paused: true }),
    'busy: spec.strategy.paused is true: the release rests',
  ],
  ['a release that is taken back', progress('Cancelling'), 'busy: Kruise Rollouts is Cancelling'],
  [
    'a spec that Kruise has not seen',
    ({ metadata }) => Object.assign(metadata, { generation: 2 }),
    'busy: Kruise Rollouts has not seen the newest spec of the Rollout yet',
  ],
  [
    'a plan that Kruise has not taken up',
    status({ rolloutHash: 'plan-0' }),
    'busy: Kruise Rollouts has not taken up the changed plan yet',
  ],
  ['pods that come up', status({ currentStepState: 'StepUpgrade' }), 'busy: step 1/2 is at StepUpgrade'],
  ['a step that was approved', status({ currentStepState: 'StepReady' }), 'busy: step 1/2 is at StepReady'],
  ['a step that is not in the plan', status({ currentStepIndex: 3 }), 'busy: there is no step 3/2'],
  [
    'a pause of which it is not known since when',
    status({ lastUpdateTime: null }),
    'busy: Kruise Rollouts does not say since when step 1/2 is paused',
  ],
  [
    'pods that are not known',
    status({ podTemplateHash: 'other' }),
    'busy: Kruise Rollouts has not taken up the newest template of echoserver yet',
  ],
  [
    'a timed pause',
    ({ spec }) => Object.assign(spec.strategy.canary?.steps?.[0] ?? {}, { pause: { duration: 0 } }),
    'unguarded: step 1/2 has a pause of 0 s, after which Kruise Rollouts goes on by itself; take the duration away to have it guarded',
  ],
  [
    'a last step of all pods',
    (rollout) => {
      Object.assign(rollout.spec.strategy.canary?.steps?.[1] ?? {}, { replicas: '100%' });
      status({ currentStepIndex: 2 })(rollout);
    },
    'unguarded: step 2/2 runs 100% of the pods, at which Kruise Rollouts never pauses; give it a number of pods, or judge the step before',
  ],
];

test.each(rows)('%s', (_, change, wanted) => {
  expect(standing(waiting(change))).toBe(wanted);
});

test('a template that is newer than the pods', () => {
  expect(standing(waiting(), workload('v3'))).toBe(
    'busy: Kruise Rollouts has not taken up the newest template of echoserver yet',
  );
});

test('a blue-green step of all pods pauses, and is told in another part of the status', () => {
  const rollout = waiting(({ spec, status: shown }) => {
    const { steps } = spec.strategy.canary ?? {};
    Object.assign(spec.strategy, { canary: undefined, blueGreen: { steps } });
    Object.assign(steps?.[1] ?? {}, { replicas: '100%' });
    const blueGreenStatus = { ...shown?.canaryStatus, currentStepIndex: 2, updatedRevision: 'kruise-v2' };
    Object.assign(shown ?? {}, { canaryStatus: undefined, blueGreenStatus });
  });
  expect(standing(rollout)).toBe(`waiting since ${SINCE}`);
});

const revision = (name: string, number: number): ControllerRevision => ({
  apiVersion: 'apps/v1',
  kind: 'ControllerRevision',
  metadata: { name },
  revision: number,
  data: { spec: { template: { ...template('v2'), $patch: 'replace' } } },
});

function other(kind: string, updateRevision?: string): WorkloadFacts {
  const facts = workload();
  const status = { observedGeneration: 1, updateRevision };
  const object: Workload = Object.assign(structuredClone(facts.object), { kind, status });
  return { ...facts, object, revisions: [revision('echoserver-new', 2), revision('echoserver-old', 1)] };
}

test.each([
  ['a CloneSet, whose revision is named by its end', other('CloneSet', 'echoserver-new'), 'new', true],
  ['a CloneSet with a newer template', other('CloneSet', 'echoserver-newer'), 'new', false],
  ['a StatefulSet, whose revision is named in full', other('StatefulSet', 'web-new'), 'web-new', true],
  ['a StatefulSet that says nothing', other('StatefulSet'), 'web-new', false],
  ['a DaemonSet, by its newest ControllerRevision', other('DaemonSet'), 'new', true],
  ['a DaemonSet with a newer template', other('DaemonSet'), 'old', false],
])('%s', (_, facts, canaryRevision, isWaiting) => {
  expect(standing(waiting(status({ canaryRevision })), facts).startsWith('waiting')).toBe(isWaiting);
});
