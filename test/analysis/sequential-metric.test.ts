import { describe, expect, test } from 'vitest';
import { decideRun, type RunDecision } from '../../src/analysis/decide-run.ts';
import { deliver, type InFlight } from '../../src/analysis/in-flight.ts';
import type { MeasureJob, Question } from '../../src/analysis/measure-job.ts';
import type { QueryAnswer, Series } from '../../src/analysis/query-answer.ts';
import type { AnalysisRun } from '../../src/api/analysis-run.ts';
import type { Metric } from '../../src/api/analysis-template.ts';
import type { Sequential } from '../../src/api/judge-schemas.ts';
import { formatTime } from '../../src/api/timestamp.ts';
import { bareMetric, only, runOf, START } from './examples.ts';

const at = (seconds: number) => START + seconds * 1_000;
const arms = (name: string) => ({ canary: `${name}{v="canary"}`, stable: `${name}{v="stable"}` });
const errors: Sequential = { events: arms('errors'), total: arms('requests') };

/** Counters that grow evenly, by so many a second, scraped every 5 s up to 60 s before the start of the run. */
interface Traffic {
  rates: Record<string, number>;
  /** How far behind the source is. */
  lagMs?: number;
}

/** A run with one sequential metric, measured every 30 s against counters that grow evenly. */
class Watched {
  run: AnalysisRun;
  inFlight: readonly InFlight[] = [];
  decision: RunDecision;
  asked: Question[][] = [];
  now = at(0);
  private readonly traffic: Traffic;

  constructor(sequential: Sequential, traffic: Traffic, fields: Partial<Metric> = {}) {
    this.traffic = traffic;
    const metrics = [
      bareMetric({ name: 'errors', query: undefined, interval: '30s', sequential, ...fields }),
    ];
    this.run = runOf({ metrics, target: { windowStart: formatTime(START) } });
    this.decision = this.pass();
  }

  pass(): RunDecision {
    this.decision = decideRun({ run: this.run, inFlight: this.inFlight, now: this.now });
    // As the API server gives it back.
    this.run = { ...this.run, status: JSON.parse(JSON.stringify(this.decision.status)) };
    this.inFlight = this.decision.inFlight;
    return this.decision;
  }

  /** Goes on to the next measurement and records it. */
  measure(answer?: (question: Question, evaluateAt: number) => QueryAnswer): RunDecision {
    while (this.decision.jobs.length === 0) {
      const { wakeAt } = this.decision;
      if (wakeAt === undefined) throw new Error(`the run has ended: ${this.decision.status.message}`);
      this.now = Math.max(this.now, wakeAt);
      this.pass();
    }
    const job = only(this.decision.jobs);
    this.asked.push(job.questions);
    const answers = job.questions.map((question) => ({
      name: question.name,
      answer: (answer ?? ((asked, evaluateAt) => this.series(asked, evaluateAt)))(question, job.evaluateAt),
    }));
    this.inFlight = deliver(
      this.inFlight,
      { job, startedAt: this.now, finishedAt: this.now, answers },
      this.now,
    );
    return this.pass();
  }

  /** What Prometheus has of these counters within the range that is asked for. */
  series({ query }: Pick<Question, 'query'>, evaluateAt: number): QueryAnswer {
    const [, name = '', seconds = ''] = /^(.*)\[(\d+)s\]$/.exec(query) ?? [];
    const rate = this.traffic.rates[name];
    if (rate === undefined) return { kind: 'series', series: [], warnings: [] };
    const end = evaluateAt - (this.traffic.lagMs ?? 0);
    const samples: Series['samples'] = [];
    for (let time = at(-60); time <= end; time += 5_000) {
      if (time > end - Number(seconds) * 1_000)
        samples.push([time, Math.round((rate * (time - at(-60))) / 1_000)]);
    }
    return { kind: 'series', series: [{ labels: { name }, samples }], warnings: [] };
  }

  get result() {
    return only(this.decision.status.metricResults);
  }
}

/** Rates a second of `errors` and `requests`. */
const traffic = (canaryErrors: number, canary: number, stableErrors: number, stable: number): Traffic => ({
  rates: {
    'errors{v="canary"}': canaryErrors,
    'requests{v="canary"}': canary,
    'errors{v="stable"}': stableErrors,
    'requests{v="stable"}': stable,
  },
});

describe('a sequential test looks at disjoint intervals of raw counters', () => {
  test('which reach from the end of the last one to the newest sample, asked for with some scrapes before', () => {
    const watched = new Watched(errors, traffic(1, 100, 9, 900));
    watched.measure();
    expect(watched.asked[0]).toEqual([
      { name: 'canary.events', query: 'errors{v="canary"}[300s]', raw: true },
      { name: 'stable.events', query: 'errors{v="stable"}[300s]', raw: true },
      { name: 'canary.total', query: 'requests{v="canary"}[300s]', raw: true },
      { name: 'stable.total', query: 'requests{v="stable"}[300s]', raw: true },
    ]);
    expect(watched.result).toMatchObject({
      phase: 'Running',
      count: 0,
      measurements: [{ outcome: 'Inconclusive', reason: 'NoSamples' }],
    });
    watched.measure();
    expect(watched.asked[1]?.[0]?.query).toMatch(/^errors\{v="canary"\}\[33[01]s\]$/);
    const first = watched.result.state;
    // The newest sample at or before 30 s and jitter.
    expect(first?.until).toBe(formatTime(at(30)));
    expect(first?.tests).toMatchObject([
      { canary: { events: 30, total: 3_000 }, stable: { events: 270, total: 27_000 } },
    ]);
    watched.measure();
    const second = watched.result.state;
    expect(second?.until).toBe(formatTime(at(60)));
    expect(second?.tests).toMatchObject([{ canary: { events: 60, total: 6_000 } }]);
  });

  test('a source that lags behind loses nothing', () => {
    const watched = new Watched(errors, { ...traffic(1, 100, 9, 900), lagMs: 17_000 }, { count: 3 });
    for (let look = 0; look < 3; look += 1) watched.measure();
    const { state } = watched.result;
    const counted = (Date.parse(state?.until ?? '') - START) / 1_000;
    expect(state?.tests).toMatchObject([
      { canary: { total: counted * 100 }, stable: { total: counted * 900 } },
    ]);
  });

  test('an interval in which something went wrong is measured with the next one', () => {
    const watched = new Watched(errors, traffic(1, 100, 9, 900));
    watched.measure();
    watched.measure(() => ({ kind: 'fault', reason: 'BadQuery', message: 'no', retryable: false }));
    expect(watched.result).toMatchObject({ error: 1, count: 0 });
    expect(watched.result.state).toBeUndefined();
    watched.measure();
    expect(watched.asked[2]?.[0]?.query).toMatch(/\[36[01]s\]$/);
    expect(watched.result.state).toMatchObject({
      until: formatTime(at(60)),
      tests: [{ canary: { total: 6_000 } }],
    });
  });

  test('so is one whose answer may be incomplete: it teaches nothing', () => {
    const watched = new Watched(errors, traffic(30, 100, 9, 900));
    watched.measure();
    watched.measure((question, evaluateAt) => {
      const answer = watched.series(question, evaluateAt);
      return answer.kind === 'series' ? { ...answer, warnings: ['a store is missing'] } : answer;
    });
    expect(watched.result).toMatchObject({ phase: 'Running', count: 0 });
    expect(watched.result.measurements.at(-1)).toMatchObject({
      outcome: 'Inconclusive',
      reason: 'PartialData',
      message:
        'errors has no data for the sequential test (ratio 1.25, safe ratio 1.5, alpha 0.01): ' +
        'the answer of source default may be incomplete: a store is missing',
    });
    expect(watched.result.state).toBeUndefined();
  });

  test('after a long time without answers, only the last hour is asked for', () => {
    const watched = new Watched(errors, traffic(1, 100, 9, 900), {});
    watched.run = { ...watched.run, spec: { ...watched.run.spec, maxDuration: '9h' } };
    watched.measure();
    watched.now = at(4 * 3_600);
    watched.pass();
    watched.measure();
    expect(watched.asked[1]?.[0]?.query).toBe('errors{v="canary"}[3900s]');
  });

  test('what it has learnt survives a restart, in the status', () => {
    const told = (restarts: boolean) => {
      const watched = new Watched(errors, traffic(0.13, 10, 0.9, 90));
      for (let look = 0; look < 4; look += 1) {
        watched.measure();
        if (restarts) {
          watched.inFlight = [];
          watched.pass();
        }
      }
      return watched.result;
    };
    expect(told(true)).toEqual(told(false));
  });
});

describe('a sequential test ends at its first decision', () => {
  const until = (watched: Watched, looks = 40) => {
    for (let look = 0; look < looks && watched.decision.status.phase === 'Running'; look += 1)
      watched.measure();
    return watched;
  };

  test('a regression is Failed', () => {
    const { decision, result } = until(new Watched(errors, traffic(5, 100, 9, 900)));
    expect(decision.status.phase).toBe('Failed');
    expect(result).toMatchObject({ phase: 'Failed', failed: 1, consecutiveFailure: 1 });
    const measurement = result.measurements.at(-1);
    expect(measurement).toMatchObject({ outcome: 'Failed', reason: 'Regression' });
    expect(measurement?.value).toMatch(
      /^e-value [\d.e+]+, safety [\d.e-]+, rates 0.05 and 0.01, requests 3000 and 27000$/,
    );
    expect(measurement?.message).toMatch(
      /^errors by the sequential test \(ratio 1.25, safe ratio 1.5, alpha 0.01\): a regression beyond 1.25 times the stable rate: of 3000 requests of the canary 0.05 were events, of 27000 of the stable version 0.01; e-value [\d.e+]+ \(fails at 100\), for safety [\d.e-]+ \(passes at 20\)$/,
    );
  });

  test('a safe canary is Successful', () => {
    const { decision, result } = until(new Watched(errors, traffic(1, 100, 9, 900)));
    expect(decision.status.phase).toBe('Successful');
    expect(result).toMatchObject({ phase: 'Successful', successful: 1, failed: 0 });
    expect(result.measurements.at(-1)).toMatchObject({ outcome: 'Successful', reason: 'Safe' });
    expect(result.message).toMatch(/; after \d+ measurements?$/);
  });

  test('one that is undecided is not counted against any limit, and is Inconclusive when its count is used up', () => {
    const watched = new Watched(errors, traffic(0.13, 10, 0.9, 90), { count: 4 });
    until(watched);
    expect(watched.result).toMatchObject({ phase: 'Inconclusive', count: 4, inconclusive: 4 });
    expect(watched.result.message).toMatch(/: undecided.*; after 4 measurements, count 4, undecided$/);
  });

  test('or when the run must end', () => {
    const watched = new Watched(errors, traffic(0.13, 10, 0.9, 90));
    watched.run = { ...watched.run, spec: { ...watched.run.spec, maxDuration: '100s' } };
    for (let look = 0; look < 3; look += 1) watched.measure();
    watched.now = at(100);
    expect(watched.pass().status).toMatchObject({
      phase: 'Inconclusive',
      message: expect.stringMatching(/not finished within maxDuration 1m40s$/),
    });
  });

  test('a canary without requests waits, and uses up no count', () => {
    const { rates } = traffic(0, 1, 9, 900);
    const { 'requests{v="canary"}': _, ...others } = rates;
    const watched = new Watched(errors, { rates: others }, { count: 2 });
    for (let look = 0; look < 5; look += 1) watched.measure();
    expect(watched.result).toMatchObject({ phase: 'Running', count: 0, withData: 0 });
    expect(watched.result.measurements.at(-1)).toMatchObject({ outcome: 'Inconclusive', reason: 'NoSeries' });
  });

  test('good requests can be counted instead of errors', () => {
    const { decision } = until(
      new Watched(
        { good: arms('errors'), total: arms('requests') },
        // Of 100 requests, 95 are good.
        traffic(95, 100, 891, 900),
      ),
    );
    expect(decision.status).toMatchObject({ phase: 'Failed' });
  });
});

test('a histogram is tested at each boundary that both versions have', () => {
  const bucket = (le: string, perSecond: number, evaluateAt: number): Series => ({
    labels: { le },
    samples: Array.from({ length: 40 }, (_, index): [number, number] => {
      const time = at(-60) + index * 5_000;
      return [time, (perSecond * (time - at(-60))) / 1_000];
    }).filter(([time]) => time <= evaluateAt),
  });
  const watched = new Watched({ histogram: arms('latency_bucket') }, { rates: {} });
  const answer = ({ name }: Question, evaluateAt: number): QueryAnswer => {
    const [fast, all] = name === 'canary.histogram' ? [60, 100] : [855, 900];
    return {
      kind: 'series',
      series: [bucket('0.3', fast, evaluateAt), bucket('+Inf', all, evaluateAt)],
      warnings: [],
    };
  };
  for (let look = 0; look < 2; look += 1) watched.measure(answer);
  expect(watched.asked[0]?.map(({ name }) => name)).toEqual(['canary.histogram', 'stable.histogram']);
  expect(watched.result).toMatchObject({
    phase: 'Failed',
    state: { tests: [{ le: '0.3', canary: { events: 1_200, total: 3_000 } }] },
  });
  expect(watched.result.measurements.at(-1)?.message).toContain(
    'of 3000 requests of the canary 0.4 were events slower than 0.3, of 27000 of the stable version 0.05',
  );
});

describe('requests of which none was good', () => {
  const buckets = (pods: string, le: string) => `latency_bucket{pod=~"${pods}", le="${le}"}`;
  const arms = (le: string) => ({ canary: buckets('c-.*', le), stable: buckets('s-.*', le) });
  const total = { canary: 'latency_count{pod=~"c-.*"}', stable: 'latency_count{pod=~"s-.*"}' };
  const boundaries: QueryAnswer = {
    kind: 'series',
    series: ['+Inf', '10', '0.5', '0.1'].map((le) => ({ labels: { le }, samples: [[START, 3]] })),
    warnings: [],
  };
  const rates = { [total.canary]: 100, [total.stable]: 900 };
  const measured = (sequential: Sequential, looks: number, more: Record<string, number> = {}) => {
    const watched = new Watched(sequential, { rates: { ...rates, ...more } });
    for (let look = 0; look < looks; look += 1) {
      watched.measure((question, evaluateAt) =>
        question.name === 'boundaries' ? boundaries : watched.series(question, evaluateAt),
      );
    }
    return watched;
  };

  test('are an error that names the boundaries, where no bucket has the one that was asked for', () => {
    const watched = measured({ good: arms('0.3'), total }, 2);
    expect(watched.result.measurements.at(-1)).toMatchObject({
      outcome: 'Error',
      reason: 'NoGoodSeries',
      message:
        'errors: neither version has a bucket with the boundary that good selects, so all its requests would be events; the boundaries are 0.1, 0.5, 10, +Inf: write le as one of them',
    });
  });

  test('are an error also where one version alone has no such bucket', () => {
    const good = arms('0.3');
    const watched = measured({ good, total }, 2, { [good.stable]: 890 });
    expect(watched.result.measurements.at(-1)).toMatchObject({
      outcome: 'Error',
      message: expect.stringMatching(/: the canary version has no bucket with the boundary/),
    });
  });

  test('are events, where the buckets are there and nothing is in them', () => {
    const good = arms('0.5');
    const watched = measured({ good, total }, 2, { [good.canary]: 0, [good.stable]: 890 });
    expect(watched.result).toMatchObject({ phase: 'Failed' });
  });

  test('are an error without buckets, where neither version has any good one', () => {
    const good = { canary: 'answers{v="canary", code="200"}', stable: 'answers{v="stable", code="200"}' };
    const watched = measured({ good, total }, 2);
    expect(watched.result.measurements.at(-1)).toMatchObject({
      outcome: 'Error',
      reason: 'NoGoodSeries',
      message:
        'errors: neither version has a series that good selects, so all their requests would be events; is the selector right?',
    });
    expect(watched.asked.flat().some(({ name }) => name === 'boundaries')).toBe(false);
  });

  test('are events without buckets, where only the canary has no good one', () => {
    const good = { canary: 'answers{v="canary"}', stable: 'answers{v="stable"}' };
    expect(measured({ good, total }, 2, { [good.stable]: 890 }).result).toMatchObject({ phase: 'Failed' });
  });

  test('the boundaries are asked for until something was counted', () => {
    const good = arms('0.5');
    const watched = measured({ good, total }, 3, { [good.canary]: 99, [good.stable]: 890 });
    expect(watched.asked.map((questions) => questions.length)).toEqual([5, 5, 4]);
    expect(watched.asked[0]?.[4]).toEqual({
      name: 'boundaries',
      query: 'count by (le) (latency_bucket{pod=~"c-.*", }) or count by (le) (latency_bucket{pod=~"s-.*", })',
      range: { windowMs: 0, stepMs: 1_000 },
    });
  });

  test('of a histogram in which no version has the boundary, they are named as well', () => {
    const watched = measured({ histogram: arms('0.3') }, 2, {
      [arms('0.3').canary]: 1,
      [arms('0.3').stable]: 1,
    });
    expect(watched.asked[0]?.map(({ name }) => name)).toEqual([
      'canary.histogram',
      'stable.histogram',
      'boundaries',
    ]);
  });
});

test('a forged range is not what the run asks', () => {
  const watched = new Watched(errors, traffic(1, 100, 9, 900));
  const job: MeasureJob = only(watched.decision.jobs);
  const questions = job.questions.map((question) => ({
    ...question,
    query: question.query.replace('[300s]', '[1s]'),
  }));
  const answers = questions.map(({ name, query }) => ({
    name,
    answer: watched.series({ query }, job.evaluateAt),
  }));
  const result = { job: { ...job, questions }, startedAt: at(0), finishedAt: at(0), answers };
  watched.inFlight = deliver(watched.inFlight, result, at(0));
  expect(watched.pass()).toMatchObject({ changed: false });
});
