import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Rollout } from '../../src/api/rollout.ts';
import type { RolloutRecord } from '../../src/api/rollout-record.ts';
import { namedStrategy } from '../../src/api/rollout-style.ts';
import { playScenario } from './run-scenario.ts';
import { readScenario, SCENARIOS } from './scenario.ts';

/** Steps of one more pod each: every pod is labelled with its batch, which is a write of its own. */
const STEPS = [1, 2, 3].map((replicas) => ({
  replicas,
  traffic: `${replicas * 10}%`,
  pause: { duration: 5 },
}));

test('a step of a canary with an Ingress costs no more than 12 writes', async () => {
  const scenario = readScenario(join(SCENARIOS, 'timed-pauses-advance', 'scenario.yaml'));
  const rollout = scenario.objects.find(({ kind }) => kind === 'Rollout') as Rollout;
  Object.assign(namedStrategy(rollout)?.strategy ?? {}, { steps: STEPS });
  const { writes } = await playScenario(scenario);
  const seen = new Map<string, string[]>();
  let place = 'before';
  for (const { actor, verb, object } of writes) {
    if (actor !== 'assay') continue;
    if (object.kind === 'RolloutRecord') {
      const { release } = (object as RolloutRecord).status;
      place = release?.stage === 'InRolling' ? `step ${release.step?.index}` : (release?.stage ?? 'before');
    }
    seen.set(place, [...(seen.get(place) ?? []), `${verb} ${object.kind}`]);
  }
  const ofStep = [
    'update RolloutRecord',
    'update Rollout',
    'create Event',
    'update Deployment',
    'update Pod',
    'update RolloutRecord',
    'update Rollout',
    'update Ingress',
    'update RolloutRecord',
    'update RolloutRecord',
    'update Rollout',
    'create Event',
  ];
  expect(seen.get('step 2')).toEqual(ofStep);
  expect(seen.get('step 3')).toEqual(ofStep);
  // The first step pins the stable Service and makes what the canary is given, besides.
  expect(
    ['Initializing', 'step 1', 'Finalising', 'Completed'].map((where) => seen.get(where)?.length),
  ).toEqual([4, 17, 16, 4]);
});
