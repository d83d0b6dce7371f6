import { expect, test } from 'vitest';
import { atEffort } from '../effort.ts';
import { castOf, faultOfStory, playKilled, seedsFrom } from './play-seed.ts';

const RUNS = atEffort({ fast: 300, thorough: 1_000, long: 10_000 });
const KILLED_RUNS = atEffort({ fast: 4, thorough: 30, long: 500 });

/** One test tells this many stories, so that the report stays readable. */
const STORIES_A_TEST = 20;

const batches = Array.from(
  { length: Math.ceil(RUNS / STORIES_A_TEST) },
  (_, index) => 1 + index * STORIES_A_TEST,
);

test.each(batches)(
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
  for (const seed of seedsFrom(1, KILLED_RUNS)) {
    const { undisturbed, killed } = await playKilled(seed);
    expect(killed.trace, `seed ${seed}, ${castOf(seed)}`).toEqual(undisturbed.trace);
  }
});
