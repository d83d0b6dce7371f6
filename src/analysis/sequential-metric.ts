import type { SequentialProgress } from '../api/analysis-run.ts';
import type { Sequential } from '../api/judge-schemas.ts';
import { formatTime, parseTime } from '../api/timestamp.ts';
import { BOUNDARIES_QUERY, boundariesIn, namesBoundary } from './bucket-boundaries.ts';
import type { IntervalCounts } from './evidence.ts';
import { formatNumber } from './format-number.ts';
import { countHistogram } from './histogram-counts.ts';
import { type BoundaryCounts, type HistogramReading, takeHistogram } from './histogram-test.ts';
import type { Answered } from './measure-job.ts';
import type { Judge } from './metric-judge.ts';
import type { Series } from './query-answer.ts';
import type { MetricQuestion } from './questions.ts';
import { type Arm, type CountsAnswer, countInterval, noSamples, noSeries } from './sequential-counts.ts';
import type { SequentialReading } from './sequential-test.ts';

type SequentialJudge = Extract<Judge, { kind: 'sequential' }>;

/** What one more interval says; without data or with trouble, the next interval begins where this one did. */
export type SequentialAssessment =
  | { kind: 'reading'; reading: SequentialReading; message: string; value: string; state: SequentialProgress }
  | { kind: 'noData'; reason: string; message: string }
  | { kind: 'trouble'; reason: string; message: string };

const ARMS = ['canary', 'stable'] as const;
/** Samples from before the interval are needed to count from; this is some scrapes. */
const LOOKBACK_MS = 300_000;
/** After a longer gap only its end is counted: intervals may leave something out, and must not overlap. */
export const LONGEST_INTERVAL_MS = 3_600_000;

/**
 * The queries of a sequential test: raw counters, one query a version and count; and where buckets are chosen by their
 * boundary, which boundaries there are.
 */
export function sequentialQuestions(sequential: Sequential): MetricQuestion[] {
  const counters = (['histogram', 'events', 'good', 'total'] as const).flatMap((part) => {
    const arms = sequential[part];
    return arms ? ARMS.map((arm) => ({ name: `${arm}.${part}`, query: arms[arm], raw: true })) : [];
  });
  const buckets = sequential.histogram ?? sequential.good;
  if (!buckets || !ARMS.some((arm) => namesBoundary(buckets[arm]))) return counters;
  return [...counters, { name: BOUNDARIES_QUERY, query: buckets.canary, boundariesWith: buckets.stable }];
}

/**
 * Where the interval begins that is measured at `evaluateAt`: where the last one ended.
 *
 * @param windowStart since when the versions have their traffic; epoch milliseconds, as all instants here
 */
export function intervalStart(
  state: SequentialProgress | undefined,
  evaluateAt: number,
  windowStart: number,
): number {
  return Math.max(parseTime(state?.until) ?? windowStart, evaluateAt - LONGEST_INTERVAL_MS);
}

/** How far back the raw samples are asked for, in whole seconds. */
export function rawRange(since: number, evaluateAt: number): string {
  return `${Math.ceil((Math.max(0, evaluateAt - since) + LOOKBACK_MS) / 1_000)}s`;
}

/** What the counters of one interval come to; of a histogram, at each boundary that both versions have. */
export type CountedInterval =
  | { kind: 'counts'; boundaries: BoundaryCounts[]; clamped: string[]; until: number }
  | Exclude<SequentialAssessment, { kind: 'reading' }>;

/** Takes in the counters of one interval. `answers` are series, none of them a fault or incomplete. */
export function assessSequential(
  judge: SequentialJudge,
  answers: readonly Answered[],
  since: number,
  state: SequentialProgress | undefined,
): SequentialAssessment {
  const counted = countAnswers(judge, answers, since);
  return counted.kind === 'counts' ? takeCounted(judge, counted, state) : counted;
}

/** Counts what happened after `since`, up to the newest instant of which both versions have samples. */
export function countAnswers(
  judge: SequentialJudge,
  answers: readonly Answered[],
  since: number,
): CountedInterval {
  const { counts } = judge;
  const seriesOf = (name: string): Series[] => {
    const answer = answers.find((each) => each.name === name)?.answer;
    return answer?.kind === 'series' ? answer.series : [];
  };
  const arms = <T>(read: (arm: Arm) => T) => ({ canary: read('canary'), stable: read('stable') });
  const whole = arms((arm) => seriesOf(`${arm}.${counts === 'histogram' ? 'histogram' : 'total'}`));
  const missing = missingArm(whole, since);
  if (missing) return missing;
  const until = endOf(Object.values(whole), since);
  const interval = { from: since, to: until };
  if (counts === 'histogram') {
    const counted = countHistogram(whole, interval);
    if (counted.kind === 'counts') return { ...counted, until };
    const isOdd = counted.kind === 'trouble' && counted.reason === 'NoCommonBoundary';
    return isOdd ? { ...counted, message: `${counted.message}${thereAre(answers)}` } : counted;
  }
  const counted = countInterval(
    arms((arm) => ({ total: whole[arm], ...partOf(counts, seriesOf(`${arm}.${counts}`)) })),
    interval,
  );
  if (counted.kind !== 'counts') return counted;
  const nothingGood =
    counts === 'good'
      ? noGoodSeries(judge, counted.counts, (arm) => seriesOf(`${arm}.good`), answers)
      : undefined;
  if (nothingGood) return nothingGood;
  return { ...counted, boundaries: [{ le: ONLY_BOUNDARY, ...counted.counts }], until };
}

/** A version of which nothing is known since then: the other one may not be counted on without it. */
function missingArm(
  arms: Readonly<Record<Arm, readonly Series[]>>,
  since: number,
): Extract<CountsAnswer, { kind: 'noData' }> | undefined {
  const without = ARMS.find((arm) => arms[arm].length === 0);
  if (without) return noSeries(without);
  const silent = ARMS.find((arm) =>
    arms[arm].every(({ samples }) => (samples.at(-1)?.[0] ?? since) <= since),
  );
  return silent && noSamples(silent);
}

/**
 * Requests without any series of good ones would all be events, in both versions alike, and the canary would be found
 * safe. A bucket exists in every version that has requests, so there one version without it is trouble enough.
 */
function noGoodSeries(
  { isBucket }: SequentialJudge,
  counts: IntervalCounts,
  goodOf: (arm: Arm) => Series[],
  answers: readonly Answered[],
): Extract<CountedInterval, { kind: 'trouble' }> | undefined {
  const without = ARMS.filter((arm) => goodOf(arm).length === 0 && counts[arm].total > 0);
  const [arm] = without;
  if (arm === undefined || (!isBucket && without.length < ARMS.length)) return undefined;
  const who = without.length === ARMS.length ? 'neither version has' : `the ${arm} version has no`;
  const what = isBucket
    ? `bucket with the boundary that good selects, so all its requests would be events${thereAre(answers)}`
    : 'series that good selects, so all their requests would be events; is the selector right?';
  const message = `${who} ${without.length === ARMS.length ? `a ${what}` : what}`;
  return { kind: 'trouble', reason: 'NoGoodSeries', message };
}

function thereAre(answers: readonly Answered[]): string {
  const boundaries = boundariesIn(answers);
  return boundaries === undefined ? '' : `; the boundaries are ${boundaries}: write le as one of them`;
}

/** Events have no boundary of their own; they are one test. */
const ONLY_BOUNDARY = '';

function partOf(counts: 'events' | 'good', series: Series[]): { events: Series[] } | { good: Series[] } {
  return counts === 'good' ? { good: series } : { events: series };
}

/**
 * The newest instant up to which both versions have samples. Not that of the evaluation: a source that lags
 * behind has the samples before it later, and they would fall between two intervals.
 */
function endOf(arms: readonly Series[][], since: number): number {
  return Math.min(
    ...arms.map((series) => Math.max(since, ...series.map(({ samples }) => samples.at(-1)?.[0] ?? since))),
  );
}

function takeCounted(
  judge: SequentialJudge,
  { boundaries, clamped, until }: Extract<CountedInterval, { kind: 'counts' }>,
  state: SequentialProgress | undefined,
): SequentialAssessment {
  const before = (state?.tests ?? []).map(({ le = ONLY_BOUNDARY, ...test }) => ({ le, state: test }));
  const taken = takeHistogram(before, boundaries, judge.parameters);
  const tests = taken.state.map(({ le, state: test }) => (le === ONLY_BOUNDARY ? test : { le, ...test }));
  const told = tellReading(judge, taken.reading, clamped);
  return { kind: 'reading', reading: taken.reading, ...told, state: { until: formatTime(until), tests } };
}

/** A reading in words, and as a measurement shows it. */
export function tellReading(
  { parameters }: SequentialJudge,
  reading: HistogramReading,
  clamped: readonly string[],
): { message: string; value: string } {
  const where = reading.worstLe ? ` slower than ${reading.worstLe}` : '';
  const { rates, exposure, eFail, ePass } = reading;
  const rate = (of: number | undefined) => (of === undefined ? 'none' : formatNumber(of));
  const verdict = {
    Regression: `a regression beyond ${parameters.ratio} times the stable rate`,
    Safe: 'the canary is safe',
    LittleTraffic: `undecided, for fewer than ${parameters.minRequests} requests of the canary and ${parameters.minEvents} events`,
    Unclear: 'undecided',
  }[reading.reason];
  const value =
    `e-value ${formatNumber(eFail)}, safety ${formatNumber(ePass)}, rates ${rate(rates.canary)} and ${rate(rates.stable)}, ` +
    `requests ${formatNumber(exposure.canaryRequests)} and ${formatNumber(exposure.stableRequests)}`;
  const message =
    `${verdict}: of ${formatNumber(exposure.canaryRequests)} requests of the canary ${rate(rates.canary)} were events${where}, ` +
    `of ${formatNumber(exposure.stableRequests)} of the stable version ${rate(rates.stable)}; ` +
    `e-value ${formatNumber(eFail)} (fails at ${formatNumber(1 / parameters.alpha)}), ` +
    `for safety ${formatNumber(ePass)} (passes at ${formatNumber(1 / parameters.beta)})`;
  return { message: [message, ...clamped].join('; '), value };
}
