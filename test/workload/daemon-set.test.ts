import { expect, test } from 'vitest';
import { DELETION_COST_ANNOTATION } from '../../src/api/annotations.ts';
import type { Pod } from '../../src/api/kubernetes.ts';
import { daemonSet as style } from '../../src/workload/daemon-set.ts';
import { podsToReplace } from '../../src/workload/daemon-set-pods.ts';
import { daemonSet } from '../builders/daemon-set.ts';
import { NAME } from '../builders/deployment.ts';
import { rollout } from '../builders/rollout.ts';
import { workloadOf } from '../builders/snapshot.ts';
import { kept, ownPod } from '../builders/stateful-set.ts';

const of = (maxUnavailable: number | string, nodes = 5) =>
  daemonSet({
    updateStrategy: { type: 'OnDelete', rollingUpdate: { maxUnavailable } },
    status: { observedGeneration: 1, desiredNumberScheduled: nodes },
  });
const names = (pods: readonly Pod[]) => pods.map(({ metadata }) => metadata.name.slice(NAME.length + 1));

test('pending pods go first, then those that are not ready, of low cost, the newest, and idle ones before all', () => {
  const pods = [
    ownPod('oldest', 'v1', { createdAt: '2025-01-01T00:00:00Z' }),
    ownPod('newest', 'v1', { createdAt: '2025-06-01T00:00:00Z' }),
    ownPod('cheap', 'v1', { annotations: { [DELETION_COST_ANNOTATION]: '-1' } }),
    ownPod('unready', 'v1', { ready: false }),
    ownPod('pending', 'v1', { ready: false, phase: 'Pending' }),
    ownPod('idle', 'v2'),
  ];
  const isIdle = (pod: Pod) => pod.metadata.name.endsWith('idle');
  expect(names(podsToReplace(of(9, 4), pods, pods, 6, isIdle))).toEqual([
    'idle',
    'pending',
    'unready',
    'cheap',
    'newest',
    'oldest',
  ]);
});

const five = ['a', 'b', 'c', 'd', 'e'].map((name) => ownPod(name, 'v1'));
const broken = ownPod('x', 'v1', { ready: false });

test.each([
  ['one where one may be missing', of(1), five, 5, 1],
  ['a percentage, rounded up', of('30%'), five, 5, 2],
  ['no more than asked for', of(3), five, 2, 2],
  ['none asked for', of(3), five, -1, 0],
  ['none while one is missing already', of(1), five.slice(1), 5, 0],
  ['one that is not ready costs nothing', of(1), [...five.slice(1), broken], 5, 1],
  ['one where new pods would come first', of(0), five, 5, 1],
])('%s', (_title, set, pods, count, replaced) => {
  expect(podsToReplace(set, pods, pods, count)).toHaveLength(replaced);
});

test.each([
  [
    'the version before the present one',
    [kept('v1', 1, '2025-01-01T00:00:00Z'), kept('v2', 2, '2025-02-01T00:00:00Z')],
    'v1',
  ],
  [
    'the one that came back, with a new number',
    [kept('v1', 1, '2025-03-01T00:00:00Z'), kept('v2', 2, '2025-02-01T00:00:00Z')],
    'v2',
  ],
])('held between two versions it runs %s', (_title, revisions, version) => {
  const set = daemonSet({ version: 'v2', updateStrategy: { type: 'OnDelete' } });
  const pods = [ownPod('a', 'v1'), ownPod('b', 'v2')];
  expect(style.running(workloadOf(set, { revisions, pods }))?.hash).toBe(`${NAME}-${version}`);
});

test('in the middle of an update of its own it runs no one version', () => {
  const set = daemonSet({ version: 'v2' });
  const revisions = [kept('v1', 1), kept('v2', 2)];
  expect(style.running(workloadOf(set, { revisions, pods: five }))).toBeUndefined();
  expect(style.running(workloadOf(set, { revisions, pods: [ownPod('a', 'v2'), ...five] }))).toBeUndefined();
});

test('the last pod that serves the former version waits until no other is missing', () => {
  const held = style.still(
    daemonSet({ version: 'v2', status: { observedGeneration: 1, desiredNumberScheduled: 3 } }),
    rollout(),
  );
  const given = (...pods: Pod[]) => workloadOf(held, { revisions: [kept('v1', 1), kept('v2', 2)], pods });
  const asked = (...pods: Pod[]) => {
    const wanted = style.release(given(...pods), { rollout: rollout() });
    return wanted && 'acts' in wanted ? wanted.acts.map(({ object }) => object.metadata.name) : wanted;
  };
  const [a, b, c] = [ownPod('a', 'v1'), ownPod('b', 'v2'), ownPod('c', 'v2')];
  expect(asked(a, b, c)).toEqual([`${NAME}-a`]);
  expect(asked(a, b, ownPod('c', 'v2', { ready: false }))).toBeUndefined();
  expect(asked(a, b)).toBeUndefined();
});
