import { expect, test } from 'vitest';
import { nodeFor } from '../../playground/kubelet/node-choice.ts';
import { nodeNames } from '../../playground/mark.ts';

const NODES = nodeNames(3);

/** As the controller of DaemonSets binds a pod to its node. */
function bound(node: string) {
  const matchFields = [{ key: 'metadata.name', values: [node] }];
  return {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] },
    },
  };
}

test.each([
  ['a pod that names none runs on the first', {}, 'playground'],
  [
    'a pod of a DaemonSet runs on the node that it names',
    { affinity: bound('playground-3') },
    'playground-3',
  ],
  ['a node that is not ours takes nothing', { affinity: bound('somebody-elses') }, undefined],
])('%s', (_title, part, node) => {
  expect(nodeFor({ spec: { containers: [], ...part } }, NODES)).toBe(node);
});
