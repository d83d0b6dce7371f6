import { isDeepStrictEqual } from 'node:util';
import { CAST_NAMES, CASTS_IN_BATCHES, type Cast } from './casts.ts';
import { dice } from './dice.ts';
import { type Story, type StoryOptions, tell } from './tell.ts';

/** One story again: SIMULATION_SEED=17 npx vitest run --project fast test/simulation. */
const ONLY = process.env['SIMULATION_SEED'];

/** How a line of an account begins. */
const TIME = /^t\+([\d.]+)s +/;

/** The seeds from the first on, or the one that was asked for. */
export function seedsFrom(first: number, count: number): number[] {
  return ONLY === undefined ? Array.from({ length: count }, (_, index) => first + index) : [Number(ONLY)];
}

/** Stories of rollbacks in batches have the seeds from here on. */
export const FIRST_IN_BATCHES = 100_001;

const OTHER_CASTS = CAST_NAMES.filter((name) => !CASTS_IN_BATCHES.includes(name));

export function castOf(seed: number): Cast {
  const casts = seed < FIRST_IN_BATCHES ? OTHER_CASTS : CASTS_IN_BATCHES;
  return casts[seed % casts.length] as Cast;
}

/** What is wrong with the story of a seed, with its account; nothing where no rule was broken and it ended well. */
export async function faultOfStory(
  seed: number,
  cast: Cast = castOf(seed),
  options: StoryOptions = {},
): Promise<string | undefined> {
  const story = await tell(cast, seed, options);
  const ends = isDeepStrictEqual(plain(story.end), plain(story.goodEnd));
  if (story.broken.length === 0 && ends) return undefined;
  const wanted = ends
    ? []
    : ['it ends as', JSON.stringify(story.end), 'and not as', JSON.stringify(story.goodEnd)];
  return [`seed ${seed}, ${cast}`, ...story.broken, ...wanted, '', ...story.trace.slice(-80)].join('\n');
}

/** The same story twice, the second time with a controller that is killed again and again. */
export async function playKilled(
  seed: number,
  cast: Cast = castOf(seed),
  options: StoryOptions = {},
): Promise<{ undisturbed: Story; killed: Story }> {
  const chance = dice(seed + 1_000_000);
  const peaceful = { ...options, isPeaceful: true };
  const undisturbed = await tell(cast, seed, peaceful);
  const killed = await tell(cast, seed, { ...peaceful, kills: () => chance.happens(0.2) });
  return { undisturbed, killed };
}

/** What happened in a story, in its order, without the times. */
export function actsOf({ trace }: Story): string[] {
  return trace.map((line) => line.replace(TIME, ''));
}

/** By how many tenths of a second the times of two accounts of the same acts differ at most. */
export function shiftOf(one: Story, other: Story): number {
  const tenths = ({ trace }: Story) => trace.map((line) => Math.round(10 * Number(TIME.exec(line)?.[1])));
  const others = tenths(other);
  return Math.max(0, ...tenths(one).map((at, index) => Math.abs(at - (others[index] ?? 0))));
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
