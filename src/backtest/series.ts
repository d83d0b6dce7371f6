import type { Question } from '../analysis/measure-job.ts';
import type { Period } from './plan.ts';

/** The samples of one query of a metric, as they are asked for over the whole period. */
export interface PlannedSeries {
  /** The name of the query in its metric. */
  name: string;
  query: string;
  /** The first sample, in epoch milliseconds: for a range, one window before the period. */
  first: number;
  resolutionMs: number;
  /** What one measurement takes of it; unset for an instant. */
  range: Question['range'];
  /** Whether each sample of each window is one that is asked for; else the newest before it is taken. */
  exact: boolean;
}

/** Six queries of the most points that Prometheus answers: a week at one every ten seconds. */
export const MOST_SAMPLES = 66_000;

/**
 * The samples from which every measurement of a query can be cut, when one is taken every `momentMs`. The samples of
 * a window of length w that ends at t are at t − w, t − w + step and so on, for every t: all of them lie on one grid
 * that begins a window before the period, and whose distance divides both the step and that of the moments.
 */
export function planSeries(
  { name, query, range }: Question,
  period: Period,
  momentMs: number,
): PlannedSeries {
  const first = period.from - (range?.windowMs ?? 0);
  const spanMs = period.to - first;
  const wantedMs = range ? greatestCommonDivisor(momentMs, range.stepMs) : momentMs;
  const exact = !range || (Number.isInteger(range.stepMs) && spanMs / wantedMs <= MOST_SAMPLES);
  const resolutionMs = exact ? wantedMs : finestDivisor(momentMs, spanMs);
  return { name, query, first, resolutionMs, range, exact };
}

/** How many samples one measurement takes of it. */
export function samplesEach({ range }: PlannedSeries): number {
  return range ? Math.floor(range.windowMs / range.stepMs) + 1 : 1;
}

/** The shortest distance of samples that divides `stepMs` and makes no more of them than may be asked for. */
export function finestDivisor(stepMs: number, spanMs: number): number {
  const parts = Math.max(1, Math.floor((stepMs * MOST_SAMPLES) / spanMs));
  const divisor = Array.from({ length: parts }, (_, index) => parts - index).find(
    (each) => stepMs % each === 0,
  );
  return stepMs / (divisor ?? 1);
}

export function greatestCommonDivisor(left: number, right: number): number {
  let [large, small] = [Math.round(left), Math.round(right)];
  while (small > 0) [large, small] = [small, large % small];
  return large;
}
