import { expect, test } from 'vitest';
import { LAST_VERSION } from './story.ts';
import { tell } from './tell.ts';

/** One seed, one story. More with SIMULATION_RUNS=500; one again with SIMULATION_SEED=17. */
const RUNS = Number(process.env['SIMULATION_RUNS'] ?? 8);
const SEED = process.env['SIMULATION_SEED'];
const seeds = SEED === undefined ? Array.from({ length: RUNS }, (_, index) => index + 1) : [Number(SEED)];

/** A story takes half a second; on a machine that does other work, many. */
const SLOW_MACHINE_MS = 60_000;

test.each(seeds)(
  'whatever happens, no rule is broken and it ends well (seed %i)',
  async (seed) => {
    const story = await tell(seed);
    const account = [`seed ${seed}`, ...story.broken, '', ...story.trace.slice(-60)].join('\n');
    expect(story.broken, account).toEqual([]);
    expect(story.end, account).toEqual({
      phase: 'Healthy',
      version: LAST_VERSION,
      paused: false,
      marked: false,
      pinned: false,
      canaryObjects: [],
      kept: 0,
      finishedRunsAreFew: true,
      runningRuns: 0,
    });
  },
  SLOW_MACHINE_MS,
);
