import { expect, it } from 'vitest';
import { behaviourOf } from '../../playground/kubelet/pod-behaviour.ts';

const serves = (errorShare: number, latencyMs: number) => ({ kind: 'serves', errorShare, latencyMs });

it.each([
  ['cilium/echoserver:1.10.2', serves(0, 0)],
  ['cilium/echoserver', serves(0, 0)],
  ['cilium/echoserver:1.10.4-errors', serves(0.2, 0)],
  ['cilium/echoserver:1.10.4-errors50', serves(0.5, 0)],
  ['cilium/echoserver:1.10.4-errors900', serves(1, 0)],
  ['cilium/echoserver:1.10.4-slow', serves(0, 400)],
  ['cilium/echoserver:1.10.4-slow900-errors5', serves(0.05, 900)],
  ['cilium/echoserver:failed', { kind: 'image-missing' }],
  ['cilium/echoserver:1.10.4-crash', { kind: 'crashes' }],
  ['registry.example.com:5000/failed/echoserver', serves(0, 0)],
  ['registry.example.com:5000/echoserver:slow@sha256:0123', serves(0, 400)],
  ['echoserver:terrors', serves(0, 0)],
])('%s', (image, behaviour) => {
  expect(behaviourOf(image)).toEqual(behaviour);
});
