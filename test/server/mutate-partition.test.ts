import { expect, test } from 'vitest';
import { DEPLOYMENT_STRATEGY_ANNOTATION, IN_PROGRESSING_ANNOTATION } from '../../src/api/annotations.ts';
import type { Deployment } from '../../src/api/kubernetes.ts';
import { mutateWorkload } from '../../src/server/mutate-workload.ts';
import { jsonPatch } from '../world/patch.ts';
import { CONTROLLER, deployment, requestOf, rollout } from './requests.ts';

const plain = rollout();
const inPartition = {
  ...plain,
  spec: {
    ...plain.spec,
    strategy: { canary: { ...plain.spec.strategy.canary, enableExtraWorkloadForCanary: false } },
  },
} as typeof plain;

const DEFAULTS = { maxSurge: '25%', maxUnavailable: '25%' };
const MARK = { [IN_PROGRESSING_ANNOTATION]: '{"rolloutName":"demo"}' };

type Strategy = Deployment['spec']['strategy'];

function workload(
  image: string,
  strategy: Strategy,
  part: { paused?: boolean; note?: object | string; marked?: boolean } = {},
): Deployment {
  const { paused, note, marked } = part;
  const annotations = {
    ...(marked ? MARK : {}),
    ...(note === undefined
      ? {}
      : { [DEPLOYMENT_STRATEGY_ANNOTATION]: typeof note === 'string' ? note : JSON.stringify(note) }),
  };
  const made = deployment({ image, ...(paused === undefined ? {} : { paused }), annotations });
  return { ...made, spec: { ...made.spec, ...(strategy ? { strategy } : {}) } };
}

/** Strategy, pause and note after admission. */
function admitted(before: Deployment, after: Deployment) {
  const request = requestOf({ object: after, oldObject: before });
  const answer = mutateWorkload(request, { controller: CONTROLLER, rollouts: [inPartition] });
  if (!answer.allowed) throw new Error(answer.message);
  const { spec, metadata } = jsonPatch(after, answer.patch ?? []) as Deployment;
  const note = metadata.annotations?.[DEPLOYMENT_STRATEGY_ANNOTATION];
  return {
    strategy: spec.strategy,
    paused: spec.paused,
    note: note === undefined ? undefined : (JSON.parse(note) as unknown),
    warns: (answer.warnings ?? []).length > 0,
  };
}

const ROLLING = { type: 'RollingUpdate', rollingUpdate: DEFAULTS };
const RECREATE = { type: 'Recreate' };
const note = { rollingStyle: 'Partition', rollingUpdate: DEFAULTS, paused: false, partition: '50%' };
const held = workload('echo:2', RECREATE, { paused: true, marked: true, note });
const other = { maxSurge: 3, maxUnavailable: 0 };

const rows: [string, Deployment, Deployment, ReturnType<typeof admitted>][] = [
  [
    'a new template is held, and the strategy noted',
    workload('echo:1', ROLLING),
    workload('echo:2', ROLLING),
    {
      strategy: RECREATE,
      paused: true,
      note: { rollingStyle: 'Partition', rollingUpdate: DEFAULTS, paused: true, partition: 0 },
      warns: false,
    },
  ],
  [
    'a note of an earlier release does not count beside the strategy that is in force',
    workload('echo:1', ROLLING),
    workload('echo:2', ROLLING, { note: { ...note, rollingUpdate: other } }),
    {
      strategy: RECREATE,
      paused: true,
      note: { rollingStyle: 'Partition', rollingUpdate: DEFAULTS, paused: true, partition: 0 },
      warns: false,
    },
  ],
  [
    'the manifest applied again in the middle is held, with a warning',
    held,
    workload('echo:2', ROLLING, { paused: false, marked: true, note }),
    { strategy: RECREATE, paused: true, note, warns: true },
  ],
  [
    'new settings of the rolling update are noted',
    held,
    workload('echo:2', { type: 'RollingUpdate', rollingUpdate: other }, { paused: true, marked: true, note }),
    { strategy: RECREATE, paused: true, note: { ...note, rollingUpdate: other }, warns: true },
  ],
  [
    'also where they stand beside the type that holds it',
    held,
    workload('echo:2', { type: 'Recreate', rollingUpdate: other }, { paused: true, marked: true, note }),
    { strategy: RECREATE, paused: true, note: { ...note, rollingUpdate: other }, warns: false },
  ],
  [
    'a note that somebody takes away or changes is put back',
    held,
    workload('echo:2', RECREATE, { paused: true, marked: true, note: { ...note, partition: '100%' } }),
    { strategy: RECREATE, paused: true, note, warns: false },
  ],
  [
    'a third template keeps the settings, and gets no pods',
    held,
    workload('echo:3', ROLLING, { paused: true }),
    {
      strategy: RECREATE,
      paused: true,
      note: { rollingStyle: 'Partition', rollingUpdate: DEFAULTS, paused: true, partition: 0 },
      warns: false,
    },
  ],
  [
    "its author's own Recreate is held as it is",
    workload('echo:1', RECREATE),
    workload('echo:2', RECREATE),
    { strategy: RECREATE, paused: true, note: undefined, warns: false },
  ],
  [
    'and can be changed while it is held',
    workload('echo:2', RECREATE, { paused: true, marked: true }),
    workload('echo:2', ROLLING, { paused: true, marked: true }),
    { strategy: ROLLING, paused: true, note: undefined, warns: false },
  ],
];

test.each(rows)('%s', (_title, before, after, expected) => {
  expect(admitted(before, after)).toEqual(expected);
});
