import { describe, expect, test } from 'vitest';
import {
  batchLabelActs,
  countedAgainActs,
  isLeftOut,
  noNeedLabelActs,
  rolloutIdOf,
  wayBackIdOf,
} from '../../src/workload/pod-labels.ts';
import { deployment, pod } from '../builders/deployment.ts';

const labelled = (labels: Record<string, string>, name = 'a') => {
  const made = pod('v2');
  return { ...made, metadata: { ...made.metadata, name, labels: { app: 'echoserver', ...labels } } };
};
const IN_FIRST = { 'rollouts.kruise.io/rollout-id': 'r2', 'rollouts.kruise.io/rollout-batch-id': '1' };

test('pods get the release and the batch in which they got their version, next to their own labels', () => {
  expect(
    batchLabelActs([labelled({})], 'r2', 1).map(({ verb, object }) => [verb, object.metadata.labels]),
  ).toEqual([['replace', { app: 'echoserver', ...IN_FIRST }]]);
});

test('a pod keeps its batch in the steps that follow', () => {
  expect(
    batchLabelActs([labelled(IN_FIRST), labelled({}, 'b')], 'r2', 2).map(
      ({ object }) => object.metadata.name,
    ),
  ).toEqual(['b']);
});

test('a pod of an earlier release is labelled anew, and one that goes is let be', () => {
  const going = {
    ...labelled({}),
    metadata: { ...labelled({}).metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
  };
  const acts = batchLabelActs(
    [labelled({ ...IN_FIRST, 'rollouts.kruise.io/rollout-id': 'r1' }), going],
    'r2',
    3,
  );
  expect(
    acts.map(({ object, why }) => [object.metadata.labels?.['rollouts.kruise.io/rollout-batch-id'], why]),
  ).toEqual([['3', 'batch 3 of r2']]);
});

test('the release is called as its workload says, else by its revision', () => {
  expect(rolloutIdOf(deployment(), 'r2')).toBe('r2');
  const named = deployment();
  named.metadata.labels = { 'rollouts.kruise.io/rollout-id': 'monday' };
  expect(rolloutIdOf(named, 'r2')).toBe('monday');
});

describe('pods that a way back in batches leaves out', () => {
  const LEFT_OUT = { 'rollouts.kruise.io/no-need-update': 'rollback-r1' };
  const labelsOf = (acts: ReturnType<typeof noNeedLabelActs>) =>
    acts.map(({ object }) => object.metadata.labels);

  test('are labelled once, and counted again when it is over', () => {
    expect(labelsOf(noNeedLabelActs([labelled({})], 'rollback-r1'))).toEqual([
      { app: 'echoserver', ...LEFT_OUT },
    ]);
    expect(noNeedLabelActs([labelled(LEFT_OUT)], 'rollback-r1')).toEqual([]);
    expect([labelled({}), labelled(LEFT_OUT)].map(isLeftOut)).toEqual([false, true]);
    expect(labelsOf(countedAgainActs([labelled({}), labelled(LEFT_OUT)]))).toEqual([{ app: 'echoserver' }]);
  });

  test('that go are let be', () => {
    const { metadata, ...rest } = labelled(LEFT_OUT);
    const going = { ...rest, metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
    expect(countedAgainActs([going])).toEqual([]);
  });

  test('belong to a release of its own, unless the workload names it', () => {
    expect(wayBackIdOf(deployment(), 'r1')).toBe('rollback-r1');
    const named = deployment();
    named.metadata.labels = { 'rollouts.kruise.io/rollout-id': 'monday' };
    expect(wayBackIdOf(named, 'r1')).toBe('monday');
  });
});
