import { expect, test } from 'vitest';
import {
  type Differences,
  differencesOf,
  type VersionCounts,
} from '../../playground/clone-set/pod-counts.ts';
import type { CloneSet } from '../../src/api/clone-set.ts';
import type { IntOrString } from '../../src/api/kubernetes.ts';
import { cloneSet } from '../builders/clone-set.ts';

type Strategy = NonNullable<CloneSet['spec']['updateStrategy']>;

function strategy(
  partition: IntOrString,
  maxUnavailable: IntOrString,
  maxSurge: IntOrString,
  more: Strategy = {},
): Strategy {
  return { partition, maxUnavailable, maxSurge, ...more };
}

function pods(all: number, { marked = 0, unavailable = 0 } = {}): VersionCounts {
  return { all, marked, unavailable };
}

interface Row {
  title: string;
  replicas: number;
  strategy: Strategy;
  scaleStrategy?: CloneSet['spec']['scaleStrategy'];
  new: VersionCounts;
  old: VersionCounts;
  says: Partial<Differences>;
}

// Each row that OpenKruise's own tests of its controller have as well says what they say, with CloneSetPartitionRollback off.
const rows: Row[] = [
  {
    title: 'nothing is nothing',
    replicas: 0,
    strategy: strategy(0, 1, 0),
    new: pods(0),
    old: pods(0),
    says: { create: 0, remove: 0, exchange: 0 },
  },
  {
    title: 'pods that are missing are made',
    replicas: 5,
    strategy: strategy(0, 1, 0),
    new: pods(0),
    old: pods(0),
    says: { create: 5, createOld: 0 },
  },
  {
    title: 'one of two marked pods may go',
    replicas: 5,
    strategy: strategy(0, 1, 0),
    new: pods(5, { marked: 2 }),
    old: pods(0),
    says: { create: 0, remove: 0, mayDelete: 1 },
  },
  {
    title: 'the next one not before the first is replaced',
    replicas: 5,
    strategy: strategy(0, 1, 0),
    new: pods(5, { marked: 1, unavailable: 1 }),
    old: pods(0),
    says: { create: 0, mayDelete: 0 },
  },
  {
    title: 'marked pods that are more than enough are not replaced',
    replicas: 4,
    strategy: strategy(0, 1, 0),
    new: pods(5, { marked: 2 }),
    old: pods(0),
    says: { create: 0, remove: 0, mayDelete: 2 },
  },
  {
    title: 'a partition lets two of five pods go',
    replicas: 5,
    strategy: strategy(3, 1, 0),
    new: pods(0),
    old: pods(5),
    says: { create: 0, exchange: 2, mayMiss: 1 },
  },
  {
    title: 'then one more',
    replicas: 5,
    strategy: strategy(3, 1, 0),
    new: pods(1),
    old: pods(4),
    says: { exchange: 1, mayMiss: 1 },
  },
  {
    title: 'then none',
    replicas: 5,
    strategy: strategy(3, 1, 0),
    new: pods(2),
    old: pods(3),
    says: { exchange: 0, create: 0, remove: 0 },
  },
  {
    title: 'a partition that rises takes no pod back',
    replicas: 5,
    strategy: strategy(4, 2, 0),
    new: pods(4),
    old: pods(1),
    says: { exchange: 0, create: 0, remove: 0 },
  },
  {
    title: 'with a surge the replacement of a marked pod comes first',
    replicas: 5,
    strategy: strategy(0, 0, 1),
    new: pods(5, { marked: 1 }),
    old: pods(0),
    says: { create: 1, mayDelete: 0 },
  },
  {
    title: 'and the pod stays until that is there',
    replicas: 5,
    strategy: strategy(0, 0, 1),
    new: pods(6, { marked: 1, unavailable: 1 }),
    old: pods(0),
    says: { create: 0, mayDelete: 0 },
  },
  {
    title: 'and goes then',
    replicas: 5,
    strategy: strategy(0, 0, 1),
    new: pods(6, { marked: 1 }),
    old: pods(0),
    says: { create: 0, remove: 0, mayDelete: 1 },
  },
  {
    title: 'with a surge an exchange begins with a new pod',
    replicas: 5,
    strategy: strategy(3, 1, 1),
    new: pods(0),
    old: pods(5),
    says: { create: 1, createOld: 0, exchange: 2 },
  },
  {
    title: 'paused means without a surge',
    replicas: 5,
    strategy: strategy(3, 1, 1, { paused: true }),
    new: pods(0),
    old: pods(5),
    says: { create: 0 },
  },
  {
    title: 'a pod that is missing of those that the partition keeps is made of the former template',
    replicas: 5,
    strategy: strategy('100%', 1, 0),
    new: pods(1, { marked: 1 }),
    old: pods(3),
    says: { create: 1, createOld: 1 },
  },
  {
    title: 'so is the one that takes the place of a marked pod by a surge',
    replicas: 5,
    strategy: strategy('100%', 0, 1),
    new: pods(2, { marked: 2 }),
    old: pods(3),
    says: { create: 1, createOld: 1, mayDelete: 0 },
  },
  {
    title: 'a larger size gets both versions as the partition says',
    replicas: 8,
    strategy: strategy('50%', 1, 0),
    new: pods(2),
    old: pods(2),
    says: { create: 4, createOld: 2 },
  },
  {
    title: 'a smaller size takes from both as the partition says',
    replicas: 2,
    strategy: strategy('50%', 1, 0),
    new: pods(2),
    old: pods(2),
    says: { remove: 2, removeOld: 1, mayDelete: 3 },
  },
  {
    title: 'new pods that are never available leave the former ones where they are',
    replicas: 4,
    strategy: { maxSurge: '100%', maxUnavailable: 0 },
    new: pods(4, { unavailable: 4 }),
    old: pods(4),
    says: { create: 0, remove: 4, removeOld: 4, mayDelete: 0, exchange: 0 },
  },
  {
    title: 'a surge brings half of the pods at most once there are some',
    replicas: 4,
    strategy: { maxSurge: '100%', maxUnavailable: 0 },
    new: pods(2, { unavailable: 2 }),
    old: pods(4, { unavailable: 4 }),
    says: { create: 0, remove: 0 },
  },
  {
    title: 'a partition that keeps the former pods of a larger size has no pod exchanged or deleted',
    replicas: 8,
    strategy: strategy('50%', 0, 1),
    new: pods(4, { unavailable: 4 }),
    old: pods(4, { unavailable: 4 }),
    says: { missing: 0, remove: 0, exchange: 0 },
  },
  {
    title: 'there each version gets back what it loses',
    replicas: 8,
    strategy: strategy('50%', 0, 1),
    new: pods(3, { unavailable: 3 }),
    old: pods(3, { unavailable: 3 }),
    says: { create: 2, createOld: 1 },
  },
  {
    title: 'scaled to a smaller size, pods that are not available stay as long as they are ready',
    replicas: 3,
    strategy: strategy('50%', 0, 1),
    new: pods(4, { unavailable: 4 }),
    old: pods(4, { unavailable: 4 }),
    says: { remove: 5, mayDelete: 0, exchange: 0 },
  },
  {
    title: 'no more pods are made at a time than may be unavailable',
    replicas: 10,
    strategy: strategy(0, 1, 0),
    scaleStrategy: { maxUnavailable: '20%' },
    new: pods(5, { unavailable: 1 }),
    old: pods(0),
    says: { missing: 5, create: 1 },
  },
];

test.each(rows)('$title', ({ replicas, strategy: updateStrategy, scaleStrategy, new: newer, old, says }) => {
  const set = cloneSet({ replicas, updateStrategy, ...(scaleStrategy && { scaleStrategy }) });
  expect(differencesOf(set, { new: newer, old })).toMatchObject(says);
});
