import { expect, test } from 'vitest';
import { atEffort } from '../effort.ts';
import { GOOD_END, type KruiseStory, tellKruise } from './kruise-story.ts';

/** Ten stories together have 500 approvals; one is told again with SIMULATION_SEED=17. */
const STORIES = atEffort({ fast: 2, thorough: 10, long: 200 });
const SEED = process.env['SIMULATION_SEED'];
const seeds = SEED === undefined ? Array.from({ length: STORIES }, (_, index) => index + 1) : [Number(SEED)];

const told: KruiseStory[] = [];

test.each(seeds)(
  'no approval is lost for good, and none is given to another step or revision (seed %i)',
  async (seed) => {
    const story = await tellKruise(seed);
    told.push(story);
    expect(story.wrong).toEqual([]);
    expect(story.errors).toEqual([]);
    expect(story.ends).toEqual(Array.from({ length: 5 }, () => GOOD_END));
  },
);

test.runIf(SEED === undefined)(
  'that was said of 50 approvals a story at least, of which many were overwritten',
  () => {
    const sum = (of: (story: KruiseStory) => number) => told.reduce((total, story) => total + of(story), 0);
    expect(sum(({ approved }) => approved)).toBeGreaterThanOrEqual(50 * STORIES);
    expect(sum(({ overwritten }) => overwritten)).toBeGreaterThan(5 * STORIES);
  },
);
