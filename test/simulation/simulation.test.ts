import { expect, test } from 'vitest';
import { castOf, faultOfStory, playKilled, seedsFrom } from './play-seed.ts';

/** Ten thousand in the long suite: `npm run test:long`. */
const RUNS = 300;
const KILLED_RUNS = 20;

/** A story takes a twentieth of a second; on a machine that does other work, many. */
const SLOW_MACHINE_MS = 60_000;

test.each(seedsFrom(1, RUNS))(
  'whatever happens, no rule is broken and it ends well (seed %i)',
  async (seed) => expect(await faultOfStory(seed)).toBeUndefined(),
  SLOW_MACHINE_MS,
);

test.each(seedsFrom(1, KILLED_RUNS))(
  'a controller that is killed at any second changes nothing (seed %i)',
  async (seed) => {
    const { undisturbed, killed } = await playKilled(seed);
    expect(killed.trace, `seed ${seed}, ${castOf(seed)}`).toEqual(undisturbed.trace);
  },
  SLOW_MACHINE_MS,
);
