import { expect, test } from 'vitest';
import { faultOfStory, playKilled, seedsFrom } from '../simulation/play-seed.ts';

const RUNS = 10_000;
const KILLED_RUNS = 500;

/** One test tells this many stories, so that the report stays readable. */
const STORIES_A_TEST = 500;

const batches = Array.from({ length: RUNS / STORIES_A_TEST }, (_, index) => 1 + index * STORIES_A_TEST);

test.each(batches)('500 stories from seed %i on break no rule and end well', async (first) => {
  const faults: string[] = [];
  for (const seed of seedsFrom(first, STORIES_A_TEST)) {
    const fault = await faultOfStory(seed);
    if (fault) faults.push(fault);
  }
  expect(faults.join('\n\n')).toBe('');
});

test('a controller that is killed at any second changes no story', async () => {
  for (const seed of seedsFrom(1, KILLED_RUNS)) {
    const { undisturbed, killed } = await playKilled(seed);
    expect(killed.trace, `seed ${seed}`).toEqual(undisturbed.trace);
  }
});
