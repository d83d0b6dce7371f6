import { type CounterTroubleReason, type Interval, increaseOf, reachesBack } from './counter-increase.ts';
import type { Count, IntervalCounts } from './evidence.ts';
import type { Series } from './query-answer.ts';

export type Arm = 'canary' | 'stable';

/** The raw counters of one version: all its requests, and those that are events, or those that are not. */
export type ArmSeries = { total: Series[] } & ({ events: Series[] } | { good: Series[] });

/** What one interval's counters say. */
export type CountsAnswer =
  | {
      kind: 'counts';
      counts: IntervalCounts;
      /** One sentence for each count that had to be put between 0 and the requests. */
      clamped: string[];
    }
  /** An arm has no samples in the interval. It must be counted in the next one: keep its beginning. */
  | { kind: 'noData'; reason: 'NoSeries' | 'NoSamples'; arm: Arm; message: string }
  /** An answer cannot be a counter's. */
  | { kind: 'trouble'; reason: CounterTroubleReason; arm: Arm; message: string };

type ArmCount =
  | { kind: 'count'; count: Count; clamped: string[] }
  | Exclude<CountsAnswer, { kind: 'counts' }>;

/**
 * What both versions counted in one and the same interval. The samples should reach back before its beginning by a
 * few scrapes, since the increase is counted from the newest sample there. A series that begins inside counts from
 * zero if any other series of its version reaches back: a series of errors is born with its first error, and
 * one of a new pod with the pod. If none does, the version is seen for the first time and is counted from there.
 */
export function countInterval(arms: Readonly<Record<Arm, ArmSeries>>, interval: Interval): CountsAnswer {
  const canary = countArm('canary', arms.canary, interval);
  if (canary.kind !== 'count') return canary;
  const stable = countArm('stable', arms.stable, interval);
  if (stable.kind !== 'count') return stable;
  return {
    kind: 'counts',
    counts: { canary: canary.count, stable: stable.count },
    clamped: [...canary.clamped, ...stable.clamped],
  };
}

function countArm(arm: Arm, series: ArmSeries, interval: Interval): ArmCount {
  if (series.total.length === 0) {
    return noSeries(arm);
  }
  const part = 'events' in series ? series.events : series.good;
  const bornInside = reachesBack([...series.total, ...part], interval.from);
  const total = increaseOf(series.total, interval, bornInside);
  if (total.kind === 'trouble') return { ...total.trouble, kind: 'trouble', arm };
  if (total.samples === 0) {
    return noSamples(arm);
  }
  const counted = increaseOf(part, interval, bornInside);
  if (counted.kind === 'trouble') return { ...counted.trouble, kind: 'trouble', arm };
  const isGood = 'good' in series;
  const events = isGood ? total.increase - counted.increase : counted.increase;
  const kept = Math.min(Math.max(events, 0), total.increase);
  const clamped =
    kept === events
      ? []
      : [
          `the ${arm} version counted ${counted.increase} ${isGood ? 'good requests' : 'events'} among ` +
            `${total.increase} requests; taken as ${kept} events`,
        ];
  return { kind: 'count', count: { events: kept, total: total.increase }, clamped };
}

type NoCounts = Extract<CountsAnswer, { kind: 'noData' }>;

export function noSeries(arm: Arm): NoCounts {
  return noData('NoSeries', arm, 'no series of requests; does the query select its pods?');
}

export function noSamples(arm: Arm): NoCounts {
  return noData('NoSamples', arm, 'no sample in the interval; are its pods scraped?');
}

function noData(reason: NoCounts['reason'], arm: Arm, what: string): NoCounts {
  return { kind: 'noData', reason, arm, message: `the ${arm} version has ${what}` };
}
