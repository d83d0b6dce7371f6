import { assessReading } from '../analysis/assess-judge.ts';
import type { Assessment } from '../analysis/assessment.ts';
import { addLogarithm } from '../analysis/evidence.ts';
import { type HistogramReading, type HistogramState, readHistogram } from '../analysis/histogram-test.ts';
import { recordMeasurement } from '../analysis/judge.ts';
import type { ResolvedMetric } from '../analysis/resolve-metric.ts';
import { LONGEST_INTERVAL_MS, tellReading } from '../analysis/sequential-metric.ts';
import { newSequentialState, type SequentialParameters } from '../analysis/sequential-test.ts';
import type { MetricResult } from '../api/analysis-run.ts';
import type { CountedInterval, CountedPast, SequentialJudge } from './counted-past.ts';
import { measurementOf } from './judged-sample.ts';

/** A look of a test that did not just leave it undecided, or its last one. */
export interface PastLook {
  /** The number of its measurement in the grid of the metric. */
  slot: number;
  /** How many looks since the one before it were undecided. */
  undecided: number;
  assessment: Assessment;
  /** How many times the stable rate the canary had until then; unset without events of the stable version. */
  ratio?: number | undefined;
  /** The query that could not be asked for, in the backtest. */
  unanswered?: string | undefined;
}

/** How the looks of a test lie in the samples of the past, all of it in samples. */
export interface LookGrid {
  delay: number;
  interval: number;
  longest: number;
  /** How long a test may last, and how many samples there are. */
  duration: number;
  samples: number;
}

/** In numbers of samples, of which one is taken every `resolutionMs`. */
export function lookGrid(
  { initialDelayMs, intervalMs = 0 }: Pick<ResolvedMetric, 'initialDelayMs' | 'intervalMs'>,
  facts: { resolutionMs: number; maxDurationMs: number; samples: number },
): LookGrid {
  const { resolutionMs, maxDurationMs, samples } = facts;
  return {
    delay: initialDelayMs / resolutionMs,
    interval: intervalMs / resolutionMs,
    longest: Math.floor(LONGEST_INTERVAL_MS / resolutionMs),
    duration: maxDurationMs / resolutionMs,
    samples,
  };
}

/**
 * Replays the test that begins at a sample: the same sums as `takeHistogram`, made in place. Whether evidence is enough
 * is computed only where its largest part might be, since a test may look hundreds of times, and begins at every moment.
 */
export function replayTest(
  past: CountedPast,
  { metric, judge, grid }: { metric: ResolvedMetric; judge: SequentialJudge; grid: LookGrid },
  startIndex: number,
): PastLook[] {
  const { delay, interval, longest, duration, samples } = grid;
  const looks: PastLook[] = [];
  const sums = new EvidenceSums(judge.parameters);
  let until = startIndex;
  let undecided = 0;
  let counted = 0;
  for (let slot = 0; ; slot++) {
    const offset = delay + slot * interval;
    const at = Math.floor(startIndex + offset);
    if (at >= samples || offset >= duration) return looks;
    const since = Math.max(until, at - longest);
    // The first look of a test that begins without a delay has nothing to count yet.
    if (at <= since) continue;
    const seen = past(since, at);
    if (seen.kind === 'uncounted') {
      looks.push({ slot, undecided, assessment: seen.assessment, unanswered: seen.unanswered });
      undecided = 0;
      continue;
    }
    sums.add(seen);
    until = seen.until;
    counted += 1;
    const isLast = at + interval >= samples || offset + interval >= duration || counted === metric.count;
    const reading = isLast || sums.mayDecide() ? sums.reading() : undefined;
    if (reading && (isLast || reading.decision !== 'undecided')) {
      const told = tellReading(judge, reading, seen.clamped);
      const assessment = assessReading(metric, judge, { reading, ...told });
      looks.push({ slot, undecided, assessment, ratio: ratioOf(reading) });
      return looks;
    }
    undecided += 1;
  }
}

function ratioOf({ rates }: HistogramReading): number | undefined {
  return rates.canary === undefined || !rates.stable ? undefined : rates.canary / rates.stable;
}

/** The result of a metric with one more look, and with the undecided ones before it. */
export function recordLook(
  result: MetricResult,
  metric: ResolvedMetric,
  { undecided, assessment }: PastLook,
  at: number,
): MetricResult {
  const before =
    undecided === 0
      ? result
      : {
          ...result,
          count: result.count + undecided,
          inconclusive: result.inconclusive + undecided,
          withData: result.withData + undecided,
          nextSequence: result.nextSequence + undecided,
          consecutiveError: 0,
        };
  const measurement = { ...measurementOf(at, assessment), sequence: before.nextSequence };
  return recordMeasurement(before, metric, measurement, assessment.hasData);
}

/** The evidence at each boundary, as it adds up. */
class EvidenceSums {
  readonly #parameters: SequentialParameters;
  readonly #enough: { fail: number; pass: number };
  #boundaries: HistogramState = [];

  constructor(parameters: SequentialParameters) {
    this.#parameters = parameters;
    this.#enough = { fail: -Math.log(parameters.alpha), pass: -Math.log(parameters.beta) };
  }

  add({ weighed, used }: CountedInterval): void {
    if (this.#boundaries.length === 0) {
      this.#boundaries = used.map((le) => {
        const { canary, stable, ...evidence } = newSequentialState(this.#parameters);
        return { le, state: { ...evidence, canary: { ...canary }, stable: { ...stable } } };
      });
    }
    for (const { le, state } of this.#boundaries) {
      const more = weighed.get(le);
      if (!more) continue;
      addInPlace(state.worse, more.worse);
      addInPlace(state.safe, more.safe);
      addInPlace(state.rare, more.rare);
      for (const arm of ['canary', 'stable'] as const) {
        state[arm].events += more.counts[arm].events;
        state[arm].total += more.counts[arm].total;
      }
    }
  }

  /** A mean is at most its largest part: without one that is enough, nothing is decided. */
  mayDecide(): boolean {
    const { fail, pass } = this.#enough;
    return (
      this.#boundaries.some(({ state }) => state.worse.some((each) => each >= fail)) ||
      this.#boundaries.every(
        ({ state }) => state.safe.some((each) => each >= pass) || state.rare.some((each) => each >= pass),
      )
    );
  }

  reading(): HistogramReading {
    return readHistogram(this.#boundaries, this.#parameters);
  }
}

function addInPlace(sums: number[], more: readonly number[]): void {
  for (let index = 0; index < sums.length; index++) {
    sums[index] = addLogarithm(sums[index] ?? 0, more[index] ?? 0);
  }
}
