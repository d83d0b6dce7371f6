import { expect, test } from 'vitest';
import { resources } from '../../src/api/resource.ts';
import type { Rollout } from '../../src/api/rollout.ts';
import { approval, approve } from '../../src/gate/approve.ts';
import { type ForeignRelease, foreignRelease } from '../../src/gate/foreign-release.ts';
import type { StepContext } from '../../src/rollout/context.ts';
import { NAME, NAMESPACE } from '../builders/deployment.ts';
import { NOW } from '../builders/snapshot.ts';
import { memoryCluster } from '../world/cluster.ts';
import { SINCE, sight, waiting } from './sights.ts';

const foreignOf = (rollout: Rollout): ForeignRelease => {
  const foreign = foreignRelease(rollout);
  if (!foreign) throw new Error('a release is under way');
  return foreign;
};

/** Stores a Rollout as it was judged, lets `meanwhile` happen to its status or spec, and then approves. */
async function approveAfter(meanwhile: (rollout: Rollout) => void, part: 'status' | 'spec' = 'status') {
  const { cluster } = memoryCluster({ now: () => NOW });
  const { status, ...rest } = waiting();
  const { uid: _uid, resourceVersion: _version, ...metadata } = rest.metadata;
  const made = await cluster.create(resources.rollout, { ...rest, metadata });
  if (!made.ok) throw new Error(made.fault.message);
  const judged = await cluster.replace(resources.rollout, { ...made.object, status }, 'status');
  if (!judged.ok) throw new Error(judged.fault.message);
  const rollout = judged.object as Rollout;
  const changed = structuredClone(rollout);
  meanwhile(changed);
  await cluster.replace(resources.rollout, changed, part === 'status' ? 'status' : undefined);
  const { operations: body } = approval(rollout, foreignOf(rollout));
  const ref = { name: NAME, namespace: NAMESPACE };
  const patched = await cluster.patch<Rollout>(resources.rollout, ref, { type: 'json', body }, 'status');
  return patched.ok ? patched.object.status?.canaryStatus?.currentStepState : patched.fault.kind;
}

const status = (change: object) => (rollout: Rollout) => {
  Object.assign(rollout.status?.canaryStatus ?? {}, change);
};

test.each<
  | [string, (rollout: Rollout) => void, string, 'status' | 'spec']
  | [string, (rollout: Rollout) => void, string]
>([
  [
    'nothing that the verdict is bound to',
    status({ message: 'another', canaryReadyReplicas: 0 }),
    'StepReady',
  ],
  ['the phase', (rollout) => Object.assign(rollout.status ?? {}, { phase: 'Healthy' }), 'Conflict'],
  ['the revision', status({ canaryRevision: 'kruise-v3' }), 'Conflict'],
  ['the step', status({ currentStepIndex: 2 }), 'Conflict'],
  ['the plan', status({ rolloutHash: 'plan-2' }), 'Conflict'],
  ['the time of its traffic', status({ lastUpdateTime: '2026-01-01T11:59:01Z' }), 'Conflict'],
  ['its state', status({ currentStepState: 'StepUpgrade' }), 'Conflict'],
  ['who approved it', status({ currentStepState: 'StepReady' }), 'Conflict'],
  ['what its author wants', ({ spec }) => Object.assign(spec.strategy, { paused: true }), 'Conflict', 'spec'],
])('an approval after a change of %s', async (_, meanwhile, wanted, part = 'status') => {
  expect(await approveAfter(meanwhile, part)).toBe(wanted);
});

test('a Rollout that was made anew under its name is not approved', () => {
  const rollout = waiting();
  expect(approval(rollout, foreignOf(rollout)).operations).toContainEqual({
    op: 'test',
    path: '/metadata/uid',
    value: rollout.metadata.uid,
  });
});

/** A step whose verdict is there, approved so many seconds ago. */
function approvedAgo(seconds: number | undefined): string {
  const snapshot = sight();
  const approvedAt =
    seconds === undefined ? {} : { approvedAt: new Date(NOW - seconds * 1_000).toISOString() };
  const step = {
    index: 1,
    entry: 1,
    state: 'StepMetricsAnalysis' as const,
    enteredAt: SINCE,
    attempt: 1,
    ...approvedAt,
  };
  const release = { step } as StepContext['release'];
  const { workload, rollout } = snapshot;
  if (!workload) throw new Error('there is a workload');
  const context: StepContext = { snapshot, workload, release, step, now: NOW, watch: { kind: 'none' } };
  const { decision, reason, wakeAt, acts = [] } = approve(context, foreignOf(rollout), 'it passed');
  return `${decision} ${reason}, ${acts.length} acts, again in ${((wakeAt ?? NOW) - NOW) / 1_000} s`;
}

test.each([
  ['it was not approved yet', undefined, 'Advance AnalysisSuccessful, 1 acts, again in 2 s'],
  ['it was approved a moment ago', 0.5, 'Wait WaitingForEngine, 0 acts, again in 1.5 s'],
  ['the grace is not quite over', 1.999, 'Wait WaitingForEngine, 0 acts, again in 0.001 s'],
  ['the approval was overwritten', 2, 'Advance ApprovalOverwritten, 1 acts, again in 2 s'],
  ['the clock was set back', -3_600, 'Advance ApprovalOverwritten, 1 acts, again in 2 s'],
])('where %s', (_, seconds, wanted) => {
  expect(approvedAgo(seconds)).toBe(wanted);
});
