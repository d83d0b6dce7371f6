import { expect, test } from 'vitest';
import { watchedKindsOf } from '../../src/controller/watched-kinds.ts';

test('beside Kruise Rollouts neither pods nor what routes to them is read', () => {
  const builtin = watchedKindsOf('builtin').map(({ resource }) => resource.kind);
  const beside = new Set(watchedKindsOf('kruise').map(({ resource }) => resource.kind));
  expect(builtin.filter((kind) => !beside.has(kind))).toEqual([
    'TrafficRouting',
    'Pod',
    'HorizontalPodAutoscaler',
    'Service',
    'Ingress',
    'HTTPRoute',
    'VirtualService',
    'DestinationRule',
  ]);
});
