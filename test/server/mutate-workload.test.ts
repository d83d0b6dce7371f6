import { describe, expect, test } from 'vitest';
import type { Deployment } from '../../src/api/kubernetes.ts';
import type { Rollout } from '../../src/api/rollout.ts';
import { type AdmissionAnswer, allow, type PatchOperation } from '../../src/server/admission-review.ts';
import { mutateWorkload } from '../../src/server/mutate-workload.ts';
import { byController, CONTROLLER, deployment, requestOf, rollout } from './requests.ts';

const KEY = 'rollouts.kruise.io/in-progressing';
const PATH = '/metadata/annotations/rollouts.kruise.io~1in-progressing';
const DEMO = '{"rolloutName":"demo"}';
const marked = (note = DEMO) => ({ [KEY]: note });

const PAUSE: PatchOperation = { op: 'add', path: '/spec/paused', value: true };
const FIRST_MARK: PatchOperation = { op: 'add', path: '/metadata/annotations', value: { [KEY]: DEMO } };
const MARK: PatchOperation = { op: 'add', path: PATH, value: DEMO };
const UNMARK: PatchOperation = { op: 'remove', path: PATH };
const STAYS =
  'spec.paused of Deployment echoserver stays true: Rollout demo releases it step by step. ' +
  'To go on approve the step, to go back restore the former pod template';

interface Row {
  title: string;
  before: Deployment;
  after: Deployment;
  rollouts?: Rollout[];
  answer: AdmissionAnswer;
}

const released = deployment();
const held = deployment({ image: 'echo:2', paused: true, annotations: marked() });

const entering: Row[] = [
  {
    title: 'a new pod template is paused and marked',
    before: released,
    after: deployment({ image: 'echo:2' }),
    answer: allow({ patch: [PAUSE, FIRST_MARK] }),
  },
  {
    title: 'the mark goes beside other annotations',
    before: released,
    after: deployment({ image: 'echo:2', annotations: { team: 'shop' } }),
    answer: allow({ patch: [PAUSE, MARK] }),
  },
  {
    title: 'a template label is part of the template',
    before: released,
    after: deployment({ templateLabels: { version: 'two' } }),
    answer: allow({ patch: [PAUSE, FIRST_MARK] }),
  },
  {
    title: 'the hash label of ReplicaSets is no change',
    before: released,
    after: deployment({ templateLabels: { 'pod-template-hash': 'abc' } }),
    answer: allow(),
  },
  {
    title: 'scaling is no release',
    before: released,
    after: deployment({ replicas: 9 }),
    answer: allow(),
  },
  {
    title: 'a workload scaled to nothing has nobody to protect',
    before: deployment({ replicas: 0 }),
    after: deployment({ replicas: 0, image: 'echo:2' }),
    answer: allow(),
  },
  {
    title: 'without a Rollout the update goes its own way',
    before: released,
    after: deployment({ image: 'echo:2' }),
    rollouts: [],
    answer: allow(),
  },
  {
    title: 'a Rollout of another workload does not matter',
    before: released,
    after: deployment({ image: 'echo:2' }),
    rollouts: [rollout({ workload: 'other' })],
    answer: allow(),
  },
  {
    title: 'a disabled Rollout does not matter',
    before: released,
    after: deployment({ image: 'echo:2' }),
    rollouts: [rollout({ disabled: true })],
    answer: allow(),
  },
  {
    title: 'a Rollout that is being deleted does not matter',
    before: released,
    after: deployment({ image: 'echo:2' }),
    rollouts: [rollout({ deletedAt: '2026-02-01T00:00:00Z' })],
    answer: allow(),
  },
  {
    title: 'of two Rollouts the older owns the workload',
    before: released,
    after: deployment({ image: 'echo:2' }),
    rollouts: [
      rollout({ name: 'young', createdAt: '2026-01-02T00:00:00Z', uid: 'a' }),
      rollout({ uid: 'b' }),
    ],
    answer: allow({ patch: [PAUSE, FIRST_MARK] }),
  },
  {
    title: 'of two Rollouts of one age the smaller uid owns the workload',
    before: released,
    after: deployment({ image: 'echo:2' }),
    rollouts: [rollout({ name: 'second', uid: 'b' }), rollout({ uid: 'a' })],
    answer: allow({ patch: [PAUSE, FIRST_MARK] }),
  },
  {
    title: 'a younger Rollout stands by, although the older one is disabled',
    before: released,
    after: deployment({ image: 'echo:2' }),
    rollouts: [rollout({ name: 'young', createdAt: '2026-01-02T00:00:00Z' }), rollout({ disabled: true })],
    answer: allow(),
  },
  {
    title: 'the label of a canary on the workload itself opens nothing',
    before: deployment({ labels: { 'rollouts.kruise.io/canary-deployment': 'echoserver' } }),
    after: deployment({ labels: { 'rollouts.kruise.io/canary-deployment': 'echoserver' }, image: 'echo:2' }),
    answer: allow({ patch: [PAUSE, FIRST_MARK] }),
  },
  {
    title: 'claiming to be a canary in the same request does not help',
    before: released,
    after: deployment({ labels: { 'rollouts.kruise.io/canary-deployment': 'echoserver' }, image: 'echo:2' }),
    answer: allow({ patch: [PAUSE, FIRST_MARK] }),
  },
  {
    title: 'a mark that nobody but its writer knows of is taken off',
    before: released,
    after: deployment({ annotations: marked() }),
    answer: allow({ patch: [UNMARK] }),
  },
  {
    title: 'a mark left by a Rollout that is gone may be taken off by hand',
    before: deployment({ annotations: marked('{"rolloutName":"gone"}') }),
    after: deployment({ annotations: {} }),
    answer: allow(),
  },
  {
    title: 'a mark left by a Rollout that is gone gives way to a new release',
    before: deployment({ annotations: marked('{"rolloutName":"gone"}') }),
    after: deployment({ annotations: marked('{"rolloutName":"gone"}'), image: 'echo:2' }),
    answer: allow({ patch: [PAUSE, MARK] }),
  },
  {
    title: 'a mark that is no JSON stands for no release',
    before: deployment({ annotations: marked('{'), paused: true }),
    after: deployment({ annotations: marked('{'), paused: false }),
    answer: allow(),
  },
];

const underWay: Row[] = [
  {
    title: 'resuming by hand is taken back, with a warning',
    before: held,
    after: deployment({ image: 'echo:2', paused: false, annotations: marked() }),
    answer: allow({ patch: [PAUSE], warnings: [STAYS] }),
  },
  {
    title: 'a replace that knows neither pause nor mark loses nothing',
    before: held,
    after: deployment({ image: 'echo:2' }),
    answer: allow({ patch: [PAUSE, FIRST_MARK], warnings: [STAYS] }),
  },
  {
    title: 'a third version stays paused, and is no reason to warn',
    before: held,
    after: deployment({ image: 'echo:3' }),
    answer: allow({ patch: [PAUSE, FIRST_MARK] }),
  },
  {
    title: 'going back to the stable version stays paused as well: the Rollout takes the canary away first',
    before: held,
    after: deployment({ image: 'echo:1', paused: true, annotations: marked() }),
    answer: allow(),
  },
  {
    title: 'the mark cannot be given to another Rollout',
    before: held,
    after: deployment({ image: 'echo:2', paused: true, annotations: marked('{"rolloutName":"mine"}') }),
    answer: allow({ patch: [MARK] }),
  },
  {
    title: 'the mark that older writers made counts, and is kept as it is',
    before: deployment({ paused: true, annotations: marked('{"RolloutName":"demo"}') }),
    after: deployment({ paused: true }),
    answer: allow({
      patch: [{ op: 'add', path: '/metadata/annotations', value: marked('{"RolloutName":"demo"}') }],
    }),
  },
  {
    title: 'the Rollout of the mark goes on, although an older one appeared',
    before: held,
    after: deployment({ image: 'echo:2' }),
    rollouts: [rollout({ name: 'elder', createdAt: '2025-01-01T00:00:00Z' }), rollout()],
    answer: allow({ patch: [PAUSE, FIRST_MARK], warnings: [STAYS] }),
  },
  {
    title: 'once the Rollout has given the pods free, they stay free',
    before: deployment({ image: 'echo:2', paused: false, annotations: marked() }),
    after: deployment({ image: 'echo:2', paused: false, replicas: 6, annotations: marked() }),
    answer: allow(),
  },
  {
    title: 'a further version after that is paused again',
    before: deployment({ image: 'echo:2', paused: false, annotations: marked() }),
    after: deployment({ image: 'echo:3', paused: false, annotations: marked() }),
    answer: allow({ patch: [PAUSE] }),
  },
  {
    title: 'scaling to nothing does not end a release',
    before: held,
    after: deployment({ image: 'echo:2', replicas: 0, paused: false, annotations: marked() }),
    answer: allow({ patch: [PAUSE], warnings: [STAYS] }),
  },
  {
    title: 'once the Rollout is disabled a person may resume the workload',
    before: held,
    after: deployment({ image: 'echo:2', paused: false, annotations: marked() }),
    rollouts: [rollout({ disabled: true })],
    answer: allow(),
  },
];

describe.each([
  ['entering a release', entering],
  ['while a release is under way', underWay],
])('%s', (_part, rows) => {
  test.each(rows)('$title', ({ before, after, rollouts, answer }) => {
    const request = requestOf({ object: after, oldObject: before });
    expect(mutateWorkload(request, { controller: CONTROLLER, rollouts: rollouts ?? [rollout()] })).toEqual(
      answer,
    );
  });
});

describe('who asks', () => {
  const facts = { controller: CONTROLLER, rollouts: [rollout()] };
  const update = { object: deployment({ image: 'echo:2', paused: false }), oldObject: held };

  test('the controller may do what it likes', () => {
    expect(mutateWorkload(byController(update), facts)).toEqual(allow());
  });

  test.each([
    ['the account alone, as when a person runs the controller', CONTROLLER.username, 'kubectl-patch'],
    ['the field manager alone, which anybody can write', 'alice', 'assay'],
    ['neither', 'alice', undefined],
  ])('%s is not the controller', (_title, username, fieldManager) => {
    const request = requestOf({ ...update, username, ...(fieldManager ? { fieldManager } : {}) });
    expect(mutateWorkload(request, facts)).toEqual(allow({ patch: [PAUSE, FIRST_MARK], warnings: [STAYS] }));
  });

  test('as long as the own account is unknown, nobody is the controller', () => {
    const request = requestOf({ ...update, username: '', fieldManager: 'assay' });
    expect(mutateWorkload(request, { ...facts, controller: { username: '' } })).toEqual(
      allow({ patch: [PAUSE, FIRST_MARK], warnings: [STAYS] }),
    );
  });

  test('a Deployment that is created or deleted is not changed', () => {
    expect(mutateWorkload(requestOf({ object: released }), facts)).toEqual(allow());
    expect(mutateWorkload(requestOf({ oldObject: released, operation: 'DELETE' }), facts)).toEqual(allow());
  });
});

describe('the note that a template was put back', () => {
  const RESTORE = 'assay.dev/restore';
  const REMOVE: PatchOperation = { op: 'remove', path: '/metadata/annotations/assay.dev~1restore' };
  const noted = (id: string, image = 'echo:1') => deployment({ image, annotations: { [RESTORE]: id } });
  const facts = { controller: CONTROLLER, rollouts: [rollout()] };
  const admit = (oldObject: Deployment, object: Deployment) =>
    mutateWorkload(requestOf({ oldObject, object }), facts);

  test('is not taken from people', () => {
    expect(admit(released, noted('7'))).toEqual(allow({ patch: [REMOVE] }));
  });

  test('cannot be changed by people', () => {
    const kept: PatchOperation = { ...REMOVE, op: 'add', value: '7' };
    expect(admit(noted('7'), noted('8'))).toEqual(allow({ patch: [kept] }));
  });

  test('stays while the template does', () => {
    expect(admit(noted('7'), noted('7'))).toEqual(allow());
  });

  test('goes with the next template, which is released step by step', () => {
    expect(admit(noted('7'), noted('7', 'echo:2'))).toEqual(allow({ patch: [PAUSE, REMOVE, MARK] }));
  });

  test('is taken from the controller', () => {
    expect(
      mutateWorkload(byController({ oldObject: released, object: noted('7', 'echo:0') }), facts),
    ).toEqual(allow());
  });
});
