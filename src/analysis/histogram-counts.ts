import type { Interval } from './counter-increase.ts';
import type { BoundaryCounts } from './histogram-test.ts';
import type { Series } from './query-answer.ts';
import { type Arm, type CountsAnswer, countInterval } from './sequential-counts.ts';

/** What one interval's histograms say: the requests slower than each boundary that both versions have. */
export type HistogramAnswer =
  | { kind: 'counts'; boundaries: BoundaryCounts[]; clamped: string[] }
  | { kind: 'trouble'; reason: 'NoCommonBoundary' | 'NotABucket'; arm: Arm; message: string }
  | Exclude<CountsAnswer, { kind: 'counts' }>;

const ALL = '+Inf';

/**
 * Reads the `_bucket` counters of classic histograms, which have the boundary in the label `le`, as
 * `countInterval` reads counters. The bucket `+Inf` holds all requests, so it must be among them.
 */
export function countHistogram(
  arms: Readonly<Record<Arm, readonly Series[]>>,
  interval: Interval,
): HistogramAnswer {
  const buckets = { canary: byBoundary(arms.canary), stable: byBoundary(arms.stable) };
  for (const arm of ['canary', 'stable'] as const) {
    const odd = arms[arm].find(({ labels }) => Number.isNaN(boundaryOf(labels['le'])));
    if (odd) {
      const message = `a series of the ${arm} version has le=${JSON.stringify(odd.labels['le'])}; query the _bucket counters`;
      return { kind: 'trouble', reason: 'NotABucket', arm, message };
    }
  }
  const total = { canary: buckets.canary.get(ALL) ?? [], stable: buckets.stable.get(ALL) ?? [] };
  const common = [...buckets.canary.keys()]
    .filter((le) => le !== ALL && buckets.stable.has(le))
    .toSorted((one, other) => boundaryOf(one) - boundaryOf(other));
  const read = common.map((le) => ({
    le,
    answer: countInterval(
      {
        canary: { total: total.canary, good: buckets.canary.get(le) ?? [] },
        stable: { total: total.stable, good: buckets.stable.get(le) ?? [] },
      },
      interval,
    ),
  }));
  const boundaries: BoundaryCounts[] = [];
  const clamped: string[] = [];
  for (const { le, answer } of read) {
    if (answer.kind !== 'counts') return answer;
    boundaries.push({ le, ...answer.counts });
    clamped.push(...answer.clamped.map((text) => `le=${JSON.stringify(le)}: ${text}`));
  }
  if (boundaries.length > 0) return { kind: 'counts', boundaries, clamped };
  return noBoundary(arms);
}

function noBoundary(arms: Readonly<Record<Arm, readonly Series[]>>): HistogramAnswer {
  for (const arm of ['canary', 'stable'] as const) {
    if (arms[arm].length > 0) continue;
    const message = `the ${arm} version has no series of buckets; does the query select its pods?`;
    return { kind: 'noData', reason: 'NoSeries', arm, message };
  }
  const message =
    'the versions have no bucket boundary in common; compare one boundary with good and total instead';
  return { kind: 'trouble', reason: 'NoCommonBoundary', arm: 'canary', message };
}

/** Series of several pods or codes share a boundary; boundaries that are written differently, too. */
function byBoundary(series: readonly Series[]): Map<string, Series[]> {
  return Map.groupBy(series, ({ labels }) => boundaryName(labels['le']));
}

/** `0.50` and `.5` are `0.5`. */
function boundaryName(le: string | undefined): string {
  const boundary = boundaryOf(le);
  return boundary === Number.POSITIVE_INFINITY ? ALL : String(boundary);
}

function boundaryOf(le: string | undefined): number {
  if (le === ALL) return Number.POSITIVE_INFINITY;
  return le === undefined || le.trim() === '' ? Number.NaN : Number(le);
}
