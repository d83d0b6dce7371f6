import { describe, expect, test } from 'vitest';
import { decideRun } from '../../src/analysis/decide-run.ts';
import { type JudgeFacts, judgeRun } from '../../src/analysis/judge.ts';
import type { QueryAnswer } from '../../src/analysis/query-answer.ts';
import type { AnalysisPhase, AnalysisRunSpec, MetricResult } from '../../src/api/analysis-run.ts';
import type { Metric } from '../../src/api/analysis-template.ts';
import type { Score } from '../../src/api/judge-schemas.ts';
import { combineRuns } from '../../src/rollout/combine-runs.ts';
import { bareMetric, resolved, resolvedBare, runOf, START } from './examples.ts';
import { recordAll } from './recorded.ts';

const SCORE: Score = {
  pass: 95,
  marginal: 75,
  groups: [
    { name: 'errors', weight: 60 },
    { name: 'latency', weight: 40 },
  ],
};

const scored = (name: string, group: string, fields: Partial<Metric> = {}, critical = false): Metric =>
  bareMetric({
    name,
    query: undefined,
    range: { window: '5m', step: '15s' },
    mannWhitney: { canary: 'c', stable: 's', group, ...(critical && { critical }) },
    ...fields,
  });

/** `+` passed, `-` failed, `0` without data, `0-` failed for want of data, `?` inconclusive with data, `!` an error, `.` running. */
type Ended = '+' | '-' | '0' | '0-' | '?' | '!' | '.';

const ENDS: Record<Ended, [phase: AnalysisPhase, withData: number]> = {
  '+': ['Successful', 1],
  '-': ['Failed', 1],
  '0': ['Inconclusive', 0],
  '0-': ['Failed', 0],
  '?': ['Inconclusive', 1],
  '!': ['Error', 0],
  '.': ['Running', 1],
};

/** `errors+` is a metric of that group that passed, `errors*-` a critical one that failed, `errors~-` a dry run. */
function judged(texts: string[], beside: string[] = [], facts: Partial<JudgeFacts> = {}, score = SCORE) {
  const parts = texts.map((text, index) => {
    const [, group = '', kind = '', end = ''] = /^([a-z]+)([*~]?)(.+)$/.exec(text) ?? [];
    const metric = resolvedBare(
      scored(`m${index}`, group, kind === '~' ? { dryRun: true } : {}, kind === '*'),
    );
    const [phase, withData] = ENDS[end as Ended];
    const result: MetricResult = { ...recordAll(resolved(), ''), name: metric.name, phase, withData };
    return { metric, result };
  });
  const others = beside.map((letters, index) => {
    const metric = resolved({ name: `other${index}`, interval: '10s', count: 2 });
    return { metric, result: recordAll(metric, letters) };
  });
  const all = [...parts, ...others];
  return judgeRun(
    all.map(({ metric }) => metric),
    all.map(({ result }) => result),
    { now: START, startedAt: START, maxDurationMs: 60_000, terminate: false, score, ...facts },
  );
}

describe('metrics of a score decide together, when all have ended', () => {
  test.each<[title: string, metrics: string[], phase: AnalysisPhase, score: number | undefined]>([
    ['all passed', ['errors+', 'latency+'], 'Successful', 100],
    ['one failed, and fails no run by itself', ['errors-', 'latency.'], 'Running', undefined],
    ['the score is too low', ['errors-', 'latency+'], 'Failed', 40],
    ['it is marginal', ['errors+', 'latency+', 'latency-'], 'Inconclusive', 80],
    ['at pass', ['errors+', 'latency+'], 'Successful', 100],
    ['one without data is left out', ['errors+', 'errors0', 'latency+'], 'Successful', 100],
    ['a group without data costs nothing', ['errors+', 'errors+', 'latency0'], 'Successful', 100],
    ['unless half of all have none', ['errors+', 'latency0'], 'Failed', 0],
    ['one that fails without data has failed', ['errors+', 'latency0-'], 'Failed', 60],
    ['a dry run neither counts nor is waited for', ['errors+', 'latency+', 'latency~.'], 'Successful', 100],
    ['nor does it pull down', ['errors+', 'latency+', 'errors~-'], 'Successful', 100],
    ['a critical one fails at once', ['errors*-', 'latency.'], 'Failed', 0],
    ['without data, too', ['errors*0', 'latency.'], 'Failed', 0],
    ['a critical one that passed is one as others', ['errors*+', 'latency+'], 'Successful', 100],
    ['a failure that is not critical beside it', ['errors*+', 'latency-'], 'Failed', 60],
    ['one that could not be measured ends the run', ['errors!', 'latency.'], 'Error', undefined],
    ['a critical one as well, which is no failure', ['errors*!', 'latency+'], 'Error', undefined],
    ['a critical failure is worse than that', ['errors!', 'latency*-'], 'Failed', 0],
    ['one that came to nothing passes nothing', ['errors?', 'latency+'], 'Inconclusive', undefined],
  ])('%s', (_title, metrics, phase, score) => {
    const verdict = judged(metrics);
    expect([verdict.phase, verdict.score?.value]).toEqual([phase, score]);
  });

  test('at the thresholds themselves', () => {
    const at = { ...SCORE, pass: 80, marginal: 60 };
    expect(judged(['errors+', 'latency+', 'latency-'], [], {}, at).phase).toBe('Successful');
    expect(judged(['errors+', 'latency-'], [], {}, at).phase).toBe('Inconclusive');
  });

  test('when time is up first, there is no score', () => {
    const { phase, score, results } = judged(['errors-', 'latency.'], [], { now: START + 60_000 });
    expect([phase, score]).toEqual(['Inconclusive', undefined]);
    expect(results.map((result) => result.phase)).toEqual(['Failed', 'Inconclusive']);
  });
});

describe('other metrics beside the score keep their rules', () => {
  test.each<[title: string, metrics: string[], beside: string[], phase: AnalysisPhase]>([
    ['all passed', ['errors+', 'latency+'], ['SS'], 'Successful'],
    ['the score is waited for', ['errors+', 'latency.'], ['SS'], 'Running'],
    ['and they are, too', ['errors+', 'latency+'], ['S'], 'Running'],
    ['one that fails ends the run, whatever the score', ['errors+', 'latency+'], ['F'], 'Failed'],
    ['and does not wait for it', ['errors+', 'latency.'], ['F'], 'Failed'],
    ['a score that is too low is worse than an error', ['errors-', 'latency+'], ['EEEEE'], 'Failed'],
    ['an error is worse than a marginal score', ['errors+', 'latency+', 'latency-'], ['EEEEE'], 'Error'],
    ['a score that is too low does not wait for them', ['errors-', 'latency+'], ['S'], 'Failed'],
  ])('%s', (_title, metrics, beside, phase) => {
    expect(judged(metrics, beside).phase).toBe(phase);
  });
});

describe('what the score says', () => {
  test.each<[metrics: string[], message: string]>([
    [['errors+', 'latency+'], 'score 100 passes (pass 95, marginal 75): every metric passed'],
    [
      ['errors+', 'latency-', 'latency+'],
      'score 80 is marginal (pass 95, marginal 75): pulled down by m1 (worse than stable, group latency)',
    ],
    [
      ['errors-', 'latency0-', 'latency+'],
      'score 20 is too low (pass 95, marginal 75): pulled down by m0 (worse than stable, group errors), m1 (no data, group latency)',
    ],
    [
      ['errors0', 'latency+'],
      'score 0 (pass 95, marginal 75): half of the metrics or more have no data: m0 (no data, group errors)',
    ],
    [
      ['errors*-', 'latency-'],
      'score 0 (pass 95, marginal 75): critical and did not pass: m0 (worse than stable, group errors)',
    ],
  ])('%s', (metrics, message) => {
    expect(judged(metrics).message).toBe(message);
  });

  test('names its groups, and leaves out the score of one without data', () => {
    expect(judged(['errors+', 'errors-', 'errors-', 'latency0']).score?.groups).toEqual([
      { name: 'errors', score: 33.33, weight: 60 },
      { name: 'latency', weight: 40 },
    ]);
  });

  test('stands beside what else passed', () => {
    expect(judged(['errors+', 'latency+'], ['SS']).message).toMatch(/^other0 0\.99 .* \| score 100 passes/);
  });

  test('what it leaves unfinished is Cancelled because of it', () => {
    expect(judged(['errors*-', 'latency.']).results[1]).toMatchObject({
      phase: 'Cancelled',
      message: expect.stringContaining('cancelled, because the score ended as Failed'),
    });
  });
});

describe('a run with a score', () => {
  /** Twenty values around a centre, without ties. */
  const around = (centre: number): QueryAnswer => ({
    kind: 'series',
    series: [
      {
        labels: {},
        samples: Array.from({ length: 20 }, (_, index) => [index * 15_000, centre + (index - 9.5) / 100]),
      },
    ],
    warnings: [],
  });
  const spec: AnalysisRunSpec = {
    metrics: [scored('error-share', 'errors'), scored('mean-latency', 'latency')],
    score: SCORE,
  };

  /** The status of a run after its measurements, by the centre of what the canary shows in each. */
  function ended(wanted: AnalysisRunSpec, centres: Record<string, number>) {
    const run = runOf(wanted);
    const { jobs, inFlight } = decideRun({ run, inFlight: [], now: START });
    const answered = inFlight.map((entry) => ({
      ...entry,
      result: {
        job: entry.job,
        startedAt: START,
        finishedAt: START,
        answers: [
          { name: 'canary', answer: around(centres[entry.metric] ?? 1) },
          { name: 'stable', answer: around(1) },
        ],
      },
    }));
    expect(jobs).toHaveLength(wanted.metrics.length);
    return { ...run, status: decideRun({ run, inFlight: answered, now: START }).status };
  }

  test('shows it in its status, and its metrics keep their own phases', () => {
    const { status } = ended(spec, { 'mean-latency': 2 });
    expect(status.phase).toBe('Failed');
    expect(status.score).toEqual({
      value: 60,
      phase: 'Failed',
      message:
        'score 60 is too low (pass 95, marginal 75): pulled down by mean-latency (worse than stable, group latency)',
      groups: [
        { name: 'errors', score: 100, weight: 60 },
        { name: 'latency', score: 0, weight: 40 },
      ],
    });
    expect(status.message).toBe(status.score?.message);
    expect(status.metricResults.map(({ phase }) => phase)).toEqual(['Successful', 'Failed']);
  });

  test('and gives the evidence of an alert: the score, then what pulled it down', () => {
    const marginal = { ...SCORE, marginal: 50 };
    const run = ended({ ...spec, score: marginal }, { 'mean-latency': 2 });
    const { phase, evidence } = combineRuns([{ label: 'canary', run }]);
    expect(phase).toBe('Inconclusive');
    expect(evidence).toMatchObject([
      { metric: 'score', value: '60', condition: 'pass 95, marginal 50' },
      { metric: 'mean-latency', value: expect.stringMatching(/^High, shift 1/) },
    ]);
  });

  test('without one, the same metrics decide one by one', () => {
    const plain = spec.metrics.map(({ mannWhitney, ...metric }) => ({
      ...metric,
      mannWhitney: { canary: mannWhitney?.canary ?? '', stable: mannWhitney?.stable ?? '' },
    }));
    const { status } = ended({ metrics: plain }, { 'mean-latency': 2 });
    expect([status.phase, status.score]).toEqual(['Failed', undefined]);
    expect(status.message).toMatch(/^mean-latency by the Mann-Whitney test/);
  });
});
