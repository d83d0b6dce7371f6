import type { SampleValue, Series } from './query-answer.ts';

/** What a series of raw counter samples cannot be. */
export type CounterTroubleReason = 'NotANumber' | 'NegativeCounter' | 'OutOfOrder' | 'DuplicateSeries';

export interface CounterTrouble {
  reason: CounterTroubleReason;
  /** What was seen, in which series and when. */
  message: string;
}

/** The time after `from` up to and including `to`; both in epoch milliseconds. */
export interface Interval {
  from: number;
  to: number;
}

/** The increase of some series, or why there is none. */
export type Increase =
  | { kind: 'increase'; increase: number /** Samples inside the interval. */; samples: number }
  | { kind: 'trouble'; trouble: CounterTrouble };

/** Whether any of the series has a sample at or before this instant. */
export function reachesBack(series: readonly Series[], instant: number): boolean {
  return series.some(({ samples }) => samples.some(([at]) => at <= instant));
}

/**
 * How much the counters of all the series together grew in the interval, without extrapolation: from each one's
 * newest sample at or before its beginning, so that intervals which touch neither lose nor repeat anything. A
 * counter that drops was restarted, and counts from zero. A series without a sample that old counts from zero
 * if `bornInside`: it began with its first event. Otherwise its first sample is where counting begins.
 */
export function increaseOf(series: readonly Series[], interval: Interval, bornInside: boolean): Increase {
  const duplicate = firstDuplicate(series);
  if (duplicate !== undefined) {
    const message = `the answer has the series ${duplicate} twice`;
    return { kind: 'trouble', trouble: { reason: 'DuplicateSeries', message } };
  }
  let increase = 0;
  let samples = 0;
  for (const one of series) {
    const checked = relevantSamples(one, interval);
    if (!Array.isArray(checked)) return { kind: 'trouble', trouble: checked };
    const [first] = checked;
    if (first === undefined) continue;
    const isBase = first[0] <= interval.from;
    samples += checked.length - (isBase ? 1 : 0);
    let before = isBase || !bornInside ? first[1] : 0;
    for (const [, value] of checked) {
      increase += value >= before ? value - before : value;
      before = value;
    }
  }
  return { kind: 'increase', increase, samples };
}

/** The newest sample at or before the beginning, if there is one, and those inside; or what is wrong with one. */
function relevantSamples(series: Series, { from, to }: Interval): [number, number][] | CounterTrouble {
  const { samples } = series;
  const unordered = samples.find(([at], index) => index > 0 && !(at > (samples[index - 1]?.[0] ?? at)));
  if (unordered) return trouble('OutOfOrder', series, unordered[0], 'is not newer than the one before it');
  const base = samples.findLastIndex(([at]) => at <= from);
  const kept: [number, number][] = [];
  for (const [at, value] of samples.slice(Math.max(base, 0))) {
    if (at > to) break;
    if (!isCount(value)) {
      const reason = typeof value === 'number' && value < 0 ? 'NegativeCounter' : 'NotANumber';
      return trouble(reason, series, at, `is ${value}, which no counter can be`);
    }
    kept.push([at, value]);
  }
  return kept;
}

function isCount(value: SampleValue): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function firstDuplicate(series: readonly Series[]): string | undefined {
  if (series.length < 2) return undefined;
  const seen = new Set<string>();
  for (const one of series) {
    const name = seriesName(one);
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return undefined;
}

function trouble(reason: CounterTroubleReason, series: Series, at: number, what: string): CounterTrouble {
  return { reason, message: `the sample at ${new Date(at).toISOString()} of ${seriesName(series)} ${what}` };
}

/** The labels of a series are those of all its intervals, and a backtest has tens of thousands of these. */
const NAMES = new WeakMap<Series['labels'], string>();

/** `{code="500",pod="a"}`: the same for the same labels in any order. */
function seriesName({ labels }: Series): string {
  const known = NAMES.get(labels);
  if (known !== undefined) return known;
  const name = writeName(labels);
  NAMES.set(labels, name);
  return name;
}

function writeName(labels: Series['labels']): string {
  const pairs = Object.entries(labels).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `{${pairs.map(([label, value]) => `${label}=${JSON.stringify(value)}`).join(',')}}`;
}
