import { expect, test } from 'vitest';
import { resources } from '../../src/api/resource.ts';
import type { Rollout, RolloutStatus } from '../../src/api/rollout.ts';
import { freshest } from '../../src/controller/freshest.ts';
import { rolloutStatuses } from '../../src/controller/rollout-statuses.ts';
import { rollout } from '../builders/rollout.ts';
import { virtualClock } from '../world/clock.ts';
import { memoryCluster } from '../world/cluster.ts';

const canaryStatus = {
  rolloutHash: 'plan',
  observedWorkloadGeneration: 1,
  finalisingStep: '',
  stableRevision: 'v1',
  canaryRevision: 'v2',
  podTemplateHash: 'v2',
  currentStepIndex: 1,
  nextStepIndex: 2,
  currentStepState: 'StepUpgrade',
  canaryReplicas: 0,
  canaryReadyReplicas: 0,
} as const;
const STATUS: RolloutStatus = {
  observedGeneration: 1,
  phase: 'Progressing',
  message: '0 of 3 canary pods are ready',
  conditions: [],
  currentStepIndex: 1,
  currentStepState: 'StepUpgrade',
  canaryStatus,
};
const { message: _message, canaryStatus: _canary, ...GREEN } = STATUS;

/** A Rollout with the status, which was written just now. */
async function written(status: RolloutStatus) {
  const memory = memoryCluster({ now: () => 0 });
  const cache = freshest(memory.cluster, memory.stores, (_, raw) => raw, virtualClock(0));
  const { resourceVersion: _version, uid: _uid, ...metadata } = rollout().metadata;
  const made = await memory.cluster.create<Rollout>(resources.rollout, { ...rollout(), metadata });
  if (!made.ok) throw new Error(made.fault.message);
  const statuses = rolloutStatuses(cache);
  await statuses.write(made.object, status, false, 0);
  const present = () => {
    const found = memory.stores.of<Rollout>(resources.rollout).get(made.object.metadata);
    if (!found) throw new Error('the Rollout is gone');
    return found;
  };
  return {
    statuses,
    present,
    /** Whether the status is written at this time, and what the writer answers. */
    at: async (now: number, next: RolloutStatus, moved = false) => {
      const before = present();
      const answer = await statuses.write(before, next, moved, now);
      return { answer, isWritten: present().metadata.resourceVersion !== before.metadata.resourceVersion };
    },
  };
}

const rows: [what: string, before: RolloutStatus, after: RolloutStatus, atOnce: boolean][] = [
  ['words', STATUS, { ...STATUS, message: '1 of 3 canary pods are ready' }, false],
  [
    'counts of pods',
    STATUS,
    { ...STATUS, canaryStatus: { ...canaryStatus, canaryReplicas: 3, canaryReadyReplicas: 1 } },
    false,
  ],
  [
    'the generation of the workload',
    STATUS,
    { ...STATUS, canaryStatus: { ...canaryStatus, observedWorkloadGeneration: 2 } },
    false,
  ],
  [
    'the job at which an ending release is',
    STATUS,
    { ...STATUS, canaryStatus: { ...canaryStatus, finalisingStep: 'ResumeWorkload' } },
    false,
  ],
  [
    'counts of blue-green',
    {
      ...GREEN,
      blueGreenStatus: { updatedRevision: 'v2', updatedReplicas: 0, updatedReadyReplicas: 0 } as never,
    },
    {
      ...GREEN,
      blueGreenStatus: { updatedRevision: 'v2', updatedReplicas: 3, updatedReadyReplicas: 1 } as never,
    },
    false,
  ],
  ['the phase', STATUS, { ...STATUS, phase: 'Healthy' }, true],
  ['the generation that was seen', STATUS, { ...STATUS, observedGeneration: 2 }, true],
  ['a condition', STATUS, { ...STATUS, conditions: [{ type: 'Stalled', status: 'True' }] as never }, true],
  [
    'the state of the step',
    STATUS,
    { ...STATUS, canaryStatus: { ...canaryStatus, currentStepState: 'StepPaused' } },
    true,
  ],
];

for (const [what, before, after, atOnce] of rows) {
  test(`${what}: ${atOnce ? 'written at once' : 'written five seconds after the last write at the latest'}`, async () => {
    const { at } = await written(before);
    expect(await at(1_000, after)).toEqual(
      atOnce
        ? { isWritten: true, answer: { ok: true } }
        : { isWritten: false, answer: { ok: true, wordsAt: 5_000 } },
    );
    if (!atOnce) expect(await at(5_000, after)).toEqual({ isWritten: true, answer: { ok: true } });
    expect(await at(20_000, after)).toEqual({ isWritten: false, answer: { ok: true } });
  });
}

test('the words of several Rollouts are written one after the other', async () => {
  const memory = memoryCluster({ now: () => 0 });
  const cache = freshest(memory.cluster, memory.stores, (_, raw) => raw, virtualClock(0));
  const statuses = rolloutStatuses(cache);
  const { resourceVersion: _version, uid: _uid, ...metadata } = rollout().metadata;
  const answers = [];
  for (const name of ['a', 'b', 'c']) {
    const made = await memory.cluster.create<Rollout>(resources.rollout, {
      ...rollout(),
      metadata: { ...metadata, name },
    });
    if (!made.ok) throw new Error(made.fault.message);
    await statuses.write(made.object, STATUS, false, 0);
    const present = memory.stores.of<Rollout>(resources.rollout).get(made.object.metadata) as Rollout;
    answers.push(await statuses.write(present, { ...STATUS, message: 'other words' }, false, 1_000));
  }
  expect(answers).toEqual([5_000, 5_250, 5_500].map((wordsAt) => ({ ok: true, wordsAt })));
});

test('where the next pass follows at once, it says what is waited for', async () => {
  const { at } = await written(STATUS);
  const after = { ...STATUS, message: 'other words' };
  expect(await at(60_000, after, true)).toEqual({ isWritten: false, answer: { ok: true } });
});

test('a Rollout that was made anew has its first words at once', async () => {
  const { at, statuses } = await written(STATUS);
  statuses.forget('shop/echoserver');
  expect(await at(1_000, { ...STATUS, message: 'other words' })).toMatchObject({ isWritten: true });
});

test('a Rollout that was an act of the same pass is not overwritten by its former self', async () => {
  const { present, statuses, at } = await written(STATUS);
  const former = present();
  await at(1_000, { ...STATUS, phase: 'Healthy' });
  expect(await statuses.write(former, STATUS, false, 2_000)).toEqual({ ok: true });
  expect(present().status?.phase).toBe('Healthy');
});
