import { expect, test } from 'vitest';
import type { HorizontalPodAutoscaler } from '../../src/api/kubernetes.ts';
import { turnOffActs, turnOnActs } from '../../src/workload/autoscaler.ts';

function autoscaler(target: string): HorizontalPodAutoscaler {
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: target };
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'busy', namespace: 'shop', resourceVersion: '7' },
    spec: { scaleTargetRef, maxReplicas: 20 } as HorizontalPodAutoscaler['spec'],
  };
}

const ON = autoscaler('echoserver');
const OFF = autoscaler('echoserver-DisableByRollout');

test('an autoscaler is turned off by a target that nothing has, and nothing else of it changes', () => {
  expect(turnOffActs([ON]).map(({ verb, object }) => ({ verb, object }))).toEqual([
    { verb: 'replace', object: OFF },
  ]);
});

test('it is turned on again to what it was', () => {
  expect(turnOnActs([OFF]).map(({ verb, object }) => ({ verb, object }))).toEqual([
    { verb: 'replace', object: ON },
  ]);
});

test('of several, those that are as they should be are left alone', () => {
  expect(turnOffActs([OFF, ON])).toHaveLength(1);
  expect(turnOffActs([OFF])).toEqual([]);
  expect(turnOnActs([ON, OFF])).toHaveLength(1);
  expect(turnOnActs([ON])).toEqual([]);
});
