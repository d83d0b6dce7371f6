import { expect, test } from 'vitest';
import { CAST_NAMES, type Cast } from './casts.ts';
import { dice } from './dice.ts';
import { tell } from './tell.ts';

/** One seed, one story. One again with SIMULATION_SEED=17; ten thousand with `npm run test:long`. */
const RUNS = 300;
const PEACEFUL_RUNS = 20;
const SEED = process.env['SIMULATION_SEED'];
const seeds = (count: number) =>
  SEED === undefined ? Array.from({ length: count }, (_, index) => index + 1) : [Number(SEED)];

const castOf = (seed: number) => CAST_NAMES[seed % CAST_NAMES.length] as Cast;

test.each(seeds(RUNS))('whatever happens, no rule is broken and it ends well (seed %i)', async (seed) => {
  const story = await tell(castOf(seed), seed);
  const account = [`seed ${seed}, ${castOf(seed)}`, ...story.broken, '', ...story.trace.slice(-80)].join(
    '\n',
  );
  expect(story.broken, account).toEqual([]);
  expect(story.end, account).toEqual(story.goodEnd);
});

test.each(seeds(PEACEFUL_RUNS))(
  'a controller that is killed at any second changes nothing (seed %i)',
  async (seed) => {
    const chance = dice(seed + 1_000_000);
    const undisturbed = await tell(castOf(seed), seed, { isPeaceful: true });
    const disturbed = await tell(castOf(seed), seed, { isPeaceful: true, kills: () => chance.happens(0.2) });
    expect(disturbed.trace, `seed ${seed}, ${castOf(seed)}`).toEqual(undisturbed.trace);
  },
);
