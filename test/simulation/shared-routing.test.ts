import { expect, test } from 'vitest';
import type { KubeObject } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import { atEffort } from '../effort.ts';
import { SHARED_CAST_NAMES, type SharedCast } from './casts.ts';
import { type Happening, unsettle } from './people.ts';
import { actsOf, faultOfStory, playKilled, seedsFrom, shiftOf } from './play-seed.ts';
import { apply, authoredOf, PART, patch } from './stage.ts';

const RUNS = atEffort({ fast: 20, thorough: 300, long: 3_000 });
const KILLED_RUNS = atEffort({ fast: 2, thorough: 20, long: 200 });

/** What people do with a TrafficRouting. */
const MORE: readonly Happening[] = [
  async (stage) => {
    const asked = await stage.world.user('alice').delete(resources.trafficRouting, PART);
    return `the TrafficRouting is deleted${asked.ok ? '' : ', and is not there'}`;
  },
  async (stage) => {
    const made = await apply(stage, authoredOf(stage, 'TrafficRouting') as KubeObject);
    return `the TrafficRouting is applied${made.ok ? '' : ', too soon'}`;
  },
  async (stage, dice) => {
    const weight = dice.between(1, 99);
    await patch(stage, resources.trafficRouting, { spec: { strategy: { weight, matches: null } } });
    return `the TrafficRouting chooses ${weight} % of the requests`;
  },
  async (stage) => {
    await patch(stage, resources.trafficRouting, { metadata: { finalizers: null } });
    unsettle(stage);
    return 'somebody takes every finalizer from the TrafficRouting';
  },
];

const castOf = (seed: number) => SHARED_CAST_NAMES[seed % SHARED_CAST_NAMES.length] as SharedCast;

test('whatever happens to a TrafficRouting and its Rollout, no rule is broken and it ends well', async () => {
  const faults: string[] = [];
  for (const seed of seedsFrom(1, RUNS)) {
    const fault = await faultOfStory(seed, castOf(seed), { more: MORE });
    if (fault) faults.push(fault);
  }
  expect(faults.join('\n\n')).toBe('');
});

test('a controller that is killed at any second changes no story of a TrafficRouting', async () => {
  for (const seed of seedsFrom(1, KILLED_RUNS)) {
    const { undisturbed, killed } = await playKilled(seed, castOf(seed), { more: MORE });
    const whose = `seed ${seed}, ${castOf(seed)}`;
    expect(actsOf(killed), whose).toEqual(actsOf(undisturbed));
    // To start again costs milliseconds, which may come to the next tenth of a second.
    expect(shiftOf(killed, undisturbed), whose).toBeLessThanOrEqual(1);
  }
});
