import normalQuantile from '@stdlib/stats-base-dists-normal-quantile';
import type { Count, IntervalCounts } from '../../src/analysis/evidence.ts';
import { judgeKayenta, KAYENTA_DEFAULTS } from '../../src/analysis/kayenta-judge.ts';
import { rankSum, varianceOfU } from '../../src/analysis/rank-sum.ts';
import {
  newSequentialState,
  SEQUENTIAL_DEFAULTS,
  type SequentialParameters,
  takeInterval,
} from '../../src/analysis/sequential-test.ts';

/** Sees one interval after the other; true is an alarm. */
export type Watcher = (interval: IntervalCounts) => boolean;

export interface Rival {
  name: string;
  watch: () => Watcher;
}

/** The judges side by side. `rate` is the healthy error rate, which only the fixed limit has to know. */
export function rivals(rate: number): Rival[] {
  const { alpha } = SEQUENTIAL_DEFAULTS;
  const percent = (part: number) => `${Number((part * 100).toPrecision(3))} %`;
  return [
    { name: `fixed limit of ${percent(2 * rate)}, 1st breach`, watch: () => fixedLimit(2 * rate, 1) },
    { name: `fixed limit of ${percent(2 * rate)}, 3rd breach`, watch: () => fixedLimit(2 * rate, 3) },
    { name: `z-test, every look, ${percent(alpha)}`, watch: () => zTest(alpha) },
    { name: 'Mann–Whitney of Kayenta, every look', watch: mannWhitney },
    { name: `sequential, ${percent(alpha)}`, watch: () => sequential(SEQUENTIAL_DEFAULTS) },
  ];
}

/** Alarms at the given number of intervals in which the canary's error rate was above the limit. */
export function fixedLimit(limit: number, breaches: number): Watcher {
  let seen = 0;
  return ({ canary }) => {
    if (canary.events / canary.total > limit) seen += 1;
    return seen >= breaches;
  };
}

/** The one-sided test of two proportions on all requests so far, as if every look were the only one. */
export function zTest(alpha: number): Watcher {
  const critical = normalQuantile(1 - alpha, 0, 1);
  const [canary, stable]: [Count, Count] = [
    { events: 0, total: 0 },
    { events: 0, total: 0 },
  ];
  return (interval) => {
    add(canary, interval.canary);
    add(stable, interval.stable);
    const pooled = (canary.events + stable.events) / (canary.total + stable.total);
    const variance = pooled * (1 - pooled) * (1 / canary.total + 1 / stable.total);
    const difference = canary.events / canary.total - stable.events / stable.total;
    return variance > 0 && difference / Math.sqrt(variance) >= critical;
  };
}

/** Kayenta's judge on the error rates of all looks so far: only an increase is bad. */
export function mannWhitney(): Watcher {
  // Kept sorted, so that each look costs one pass; the judge does not mind the order.
  const canary: number[] = [];
  const stable: number[] = [];
  const metric = { ...KAYENTA_DEFAULTS, direction: 'increase' } as const;
  return (interval) => {
    insert(canary, interval.canary.events / interval.canary.total);
    insert(stable, interval.stable.events / interval.stable.total);
    if (canary.length < metric.minimumPoints) return false;
    // High needs an interval above zero, so a canary that does not rank clearly higher spares the search for its ends.
    const { u, ties } = rankSum(canary, stable);
    const distance = u - (canary.length * stable.length) / 2;
    const isClear = distance > 2 * Math.sqrt(varianceOfU(canary.length, stable.length, ties));
    return isClear && judgeKayenta(canary, stable, metric).label === 'High';
  };
}

/** Assay's sequential judge. */
export function sequential(parameters: SequentialParameters): Watcher {
  let state = newSequentialState(parameters);
  return (interval) => {
    const taken = takeInterval(state, interval, parameters);
    state = taken.state;
    return taken.reading.decision === 'fail';
  };
}

function add(sum: Count, more: Count): void {
  sum.events += more.events;
  sum.total += more.total;
}

function insert(ascending: number[], value: number): void {
  const index = ascending.findLastIndex((other) => other <= value);
  ascending.splice(index + 1, 0, value);
}
