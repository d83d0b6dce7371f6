import { expect, test } from 'vitest';
import type { KubeObject } from '../../src/api/kubernetes.ts';
import { mutateWorkload } from '../../src/server/mutate-workload.ts';
import { daemonSet } from '../builders/daemon-set.ts';
import { rollout } from '../builders/rollout.ts';
import { statefulSet } from '../builders/stateful-set.ts';
import { jsonPatch } from '../world/patch.ts';
import { CONTROLLER, requestOf } from './requests.ts';

const MARK = { 'rollouts.kruise.io/in-progressing': '{"rolloutName":"echoserver"}' };
const ON_DELETE = { type: 'OnDelete' } as const;
const ROLLING = { type: 'RollingUpdate', rollingUpdate: { partition: 0 } } as const;
const HELD = { type: 'RollingUpdate', rollingUpdate: { partition: 32_767 } };
const note = (original: number) => ({ 'assay.dev/partition': JSON.stringify({ original, held: 32_767 }) });

/** What becomes of a change: the strategy, the annotations, and what its author is told. */
function admitted(before: KubeObject, after: KubeObject) {
  const facts = { controller: CONTROLLER, rollouts: [rollout({ kind: before.kind })] };
  const answer = mutateWorkload(requestOf({ oldObject: before, object: after }), facts);
  if (!answer.allowed) throw new Error(answer.message);
  const { spec, metadata } = jsonPatch(after, answer.patch) as ReturnType<typeof statefulSet>;
  return {
    strategy: spec.updateStrategy,
    annotations: metadata.annotations ?? {},
    warnings: answer.warnings.length,
  };
}

test.each<
  [title: string, before: KubeObject, after: KubeObject, strategy: unknown, notes: object, warnings: number]
>([
  [
    'a new template of a StatefulSet reaches no pod, and its author’s partition is noted',
    statefulSet({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } }),
    statefulSet({
      version: 'v2',
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } },
    }),
    HELD,
    { ...note(2), ...MARK },
    0,
  ],
  [
    'a partition that is changed in the middle of a release stays, and who changed it is told',
    statefulSet({
      version: 'v2',
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 3 } },
      annotations: MARK,
    }),
    statefulSet({ version: 'v2', annotations: MARK }),
    { type: 'RollingUpdate', rollingUpdate: { partition: 3 } },
    MARK,
    1,
  ],
  [
    'an OnDelete StatefulSet is left as it is, and its author told (T19)',
    statefulSet({ updateStrategy: ON_DELETE }),
    statefulSet({ version: 'v2', updateStrategy: ON_DELETE }),
    ON_DELETE,
    {},
    1,
  ],
  [
    'the template that it waited with reaches no pod when its strategy can be released',
    statefulSet({ version: 'v2', updateStrategy: ON_DELETE }),
    statefulSet({ version: 'v2', updateStrategy: ROLLING }),
    HELD,
    { ...note(0), ...MARK },
    0,
  ],
  [
    'neither when that was in the middle of a release, of which its author is told',
    statefulSet({ version: 'v2', updateStrategy: ON_DELETE, annotations: MARK }),
    statefulSet({ version: 'v2', updateStrategy: ROLLING, annotations: MARK }),
    HELD,
    { ...note(0), ...MARK },
    1,
  ],
  [
    'a new template of a DaemonSet reaches no pod, and its author’s strategy is noted',
    daemonSet(),
    daemonSet({ version: 'v2' }),
    { type: 'OnDelete', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
    { 'rollouts.kruise.io/daemonset-original-update-strategy': 'RollingUpdate', ...MARK },
    0,
  ],
  [
    'a DaemonSet whose strategy is changed in the middle of a release stays held',
    daemonSet({ version: 'v2', updateStrategy: { type: 'OnDelete' }, annotations: MARK }),
    daemonSet({ version: 'v2', updateStrategy: { type: 'RollingUpdate' }, annotations: MARK }),
    { type: 'OnDelete' },
    MARK,
    1,
  ],
])('%s', (_title, before, after, strategy, annotations, warnings) => {
  expect(admitted(before, after)).toEqual({ strategy, annotations, warnings });
});
