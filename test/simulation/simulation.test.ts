import { expect, test } from 'vitest';
import { atEffort } from '../effort.ts';
import {
  actsOf,
  castOf,
  FIRST_IN_BATCHES,
  faultOfStory,
  playKilled,
  seedsFrom,
  shiftOf,
} from './play-seed.ts';

const RUNS = atEffort({ fast: 300, thorough: 1_000, long: 10_000 });
const IN_BATCHES_RUNS = atEffort({ fast: 40, thorough: 200, long: 2_000 });
const KILLED_RUNS = atEffort({ fast: 4, thorough: 30, long: 500 });

/** One test tells this many stories, so that the report stays readable. */
const STORIES_A_TEST = 20;

/** The seeds with which tests begin that tell so many stories together. */
function firstSeeds(first: number, runs: number): number[] {
  return Array.from(
    { length: Math.ceil(runs / STORIES_A_TEST) },
    (_, index) => first + index * STORIES_A_TEST,
  );
}

test.each([...firstSeeds(1, RUNS), ...firstSeeds(FIRST_IN_BATCHES, IN_BATCHES_RUNS)])(
  'whatever happens, no rule is broken and it ends well (from seed %i on)',
  async (first) => {
    const faults: string[] = [];
    for (const seed of seedsFrom(first, STORIES_A_TEST)) {
      const fault = await faultOfStory(seed);
      if (fault) faults.push(fault);
    }
    expect(faults.join('\n\n')).toBe('');
  },
);

test('a controller that is killed at any second changes no story', async () => {
  for (const seed of [...seedsFrom(1, KILLED_RUNS), ...seedsFrom(FIRST_IN_BATCHES, KILLED_RUNS)]) {
    const { undisturbed, killed } = await playKilled(seed);
    const whose = `seed ${seed}, ${castOf(seed)}`;
    expect(actsOf(killed), whose).toEqual(actsOf(undisturbed));
    // To start again costs milliseconds, which may come to the next tenth of a second.
    expect(shiftOf(killed, undisturbed), whose).toBeLessThanOrEqual(1);
  }
});
