/** One sample of a series: a number, or nothing. */
export type Sample = number | undefined;

/**
 * Reads the notation of `promtool test rules`: `1 0.9 _ stale` are samples one interval apart, `1x3` is 1 and three
 * more of it, `1+2x3` is 1 3 5 7, `_x3` is three times nothing. `stale` is nothing, too.
 */
export function parseSeries(text: string): Sample[] {
  return text.trim().split(/\s+/).flatMap(parseItem);
}

const NUMBER = String.raw`[-+]?(?:\d+(?:\.\d+)?|\.\d+)(?:e[-+]?\d+)?`;
const ITEM = new RegExp(`^(${NUMBER})(?:([-+])(${NUMBER.slice('[-+]?'.length)}))?(?:x(\\d+))?$`);

function parseItem(item: string): Sample[] {
  if (item === 'stale') return [undefined];
  const gap = /^_(?:x(\d+))?$/.exec(item);
  if (gap) return Array.from({ length: Number(gap[1] ?? 1) }, () => undefined);
  const match = ITEM.exec(item);
  if (!match) throw new Error(`"${item}" is no sample; write 1, 1x10, 1+2x10, _, _x10 or stale`);
  const [, first = '', sign, step = '0', repeats] = match;
  if (sign && repeats === undefined) throw new Error(`"${item}" says no number of steps; write ${item}x10`);
  const change = Number(`${sign ?? '+'}${step}`);
  return Array.from({ length: Number(repeats ?? 0) + 1 }, (_, index) =>
    round(Number(first) + index * change),
  );
}

/** `0.9-0.1x3` must not end in 0.6000000000000001. */
function round(value: number): number {
  return Number(value.toPrecision(12));
}

/** The sample at this age of the series. A series goes on with its last sample, as one that is scraped on does. */
export function sampleAt(samples: readonly Sample[], ageMs: number, intervalMs: number): Sample {
  if (ageMs < 0) return undefined;
  return samples[Math.min(Math.floor(ageMs / intervalMs), samples.length - 1)];
}
