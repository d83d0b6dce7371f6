import { describe, expect, test } from 'vitest';
import { decideRun, type RunDecision } from '../../src/analysis/decide-run.ts';
import { deliver, type InFlight } from '../../src/analysis/in-flight.ts';
import type { MeasureJob } from '../../src/analysis/measure-job.ts';
import type { QueryAnswer, SampleValue } from '../../src/analysis/query-answer.ts';
import type { AnalysisRun, AnalysisRunSpec } from '../../src/api/analysis-run.ts';
import { formatTime } from '../../src/api/timestamp.ts';
import { answersTo, metric, only, runOf, START } from './examples.ts';

const SECOND = 1_000;
const at = (seconds: number) => START + Math.round(seconds * SECOND);
const samples = (...values: SampleValue[]): QueryAnswer => ({ kind: 'samples', values, warnings: [] });
const down: QueryAnswer = { kind: 'fault', reason: 'Unreachable', message: 'no route', retryable: true };
const badQuery: QueryAnswer = { kind: 'fault', reason: 'BadQuery', message: 'parse error', retryable: false };

/** A run with what the controller remembers of it, stepped by hand. */
class Stepped {
  run: AnalysisRun;
  inFlight: InFlight[] = [];
  readonly offerAheadMs: number;
  constructor(spec: Partial<AnalysisRunSpec> & Pick<AnalysisRunSpec, 'metrics'>, offerAheadMs = 0) {
    this.run = runOf(spec);
    this.offerAheadMs = offerAheadMs;
  }
  pass(now: number): RunDecision {
    const { run, inFlight, offerAheadMs } = this;
    const decision = decideRun({ run, inFlight, now, offerAheadMs });
    // As the API server gives it back.
    this.run = { ...this.run, status: JSON.parse(JSON.stringify(decision.status)) };
    this.inFlight = decision.inFlight;
    return decision;
  }
  answer(job: MeasureJob, answer: QueryAnswer, now: number): void {
    const result = { job, startedAt: now - 20, finishedAt: now, answers: answersTo(job, answer) };
    this.inFlight = deliver(this.inFlight, result, now);
  }
  restart(): void {
    this.inFlight = [];
  }
}

describe('the life of a run', () => {
  test('one measurement: started, asked, recorded, judged', () => {
    const world = new Stepped({ metrics: [metric({ source: 'thanos' })] });
    const started = world.pass(at(0));
    const job: MeasureJob = {
      id: 'uid-1__success-rate__0__1',
      run: { uid: 'uid-1', namespace: 'shop', name: 'run' },
      metric: 'success-rate',
      sequence: 0,
      attempt: 1,
      source: 'thanos',
      questions: [{ name: 'value', query: 'rate' }],
      evaluateAt: at(0),
    };
    expect(started).toMatchObject({
      // The start is written with the first measurement, which is on its way.
      changed: false,
      status: { phase: 'Running', startedAt: formatTime(at(0)), metricResults: [{ phase: 'Pending' }] },
      jobs: [job],
      wakeAt: at(5),
      notes: [],
    });

    world.answer(job, samples(0.99), at(0.03));
    const ended = world.pass(at(0.04));
    const message = 'success-rate 0.99 satisfies value >= 0.95; 1 of 1 measured, 0 failed, failureLimit 0';
    expect(ended).toEqual({
      status: {
        phase: 'Successful',
        message,
        startedAt: formatTime(at(0)),
        completedAt: formatTime(at(0.04)),
        metricResults: [
          {
            name: 'success-rate',
            phase: 'Successful',
            message,
            count: 1,
            successful: 1,
            failed: 0,
            inconclusive: 0,
            error: 0,
            consecutiveSuccess: 1,
            consecutiveFailure: 0,
            consecutiveError: 0,
            nextSequence: 1,
            withData: 1,
            measurements: [
              {
                sequence: 0,
                outcome: 'Successful',
                value: '0.99',
                samples: 1,
                reason: 'SuccessConditionMet',
                message: 'success-rate 0.99 satisfies value >= 0.95',
                query: 'rate',
                evaluatedAt: formatTime(at(0)),
                startedAt: formatTime(at(0.01)),
                finishedAt: formatTime(at(0.03)),
              },
            ],
          },
        ],
      },
      changed: true,
      jobs: [],
      inFlight: [],
      wakeAt: undefined,
      notes: [{ type: 'Normal', reason: 'RunSuccessful', message }],
    });
  });

  test('several measurements keep to the grid, however long an answer takes', () => {
    const world = new Stepped({ metrics: [metric({ interval: '10s', count: 3 })] });
    const first = world.pass(at(0));
    world.answer(only(first.jobs), samples(0.99), at(3));
    const second = world.pass(at(3));
    expect(second).toMatchObject({ changed: true, jobs: [], inFlight: [] });
    const dueAt = second.wakeAt ?? 0;
    expect(dueAt).toBeGreaterThanOrEqual(at(10));
    expect(dueAt).toBeLessThan(at(11));
    expect(world.pass(dueAt - 1)).toMatchObject({ changed: false, jobs: [], wakeAt: dueAt });
    expect(world.pass(dueAt).jobs).toMatchObject([{ sequence: 1, evaluateAt: dueAt }]);
    world.answer(only(world.inFlight).job, samples(0.99), dueAt + 8_000);
    expect(world.pass(dueAt + 8_000).wakeAt).toBe(dueAt + 10_000);
  });

  test('what is due again when its answer arrives is asked in the same pass', () => {
    const world = new Stepped({ metrics: [metric({ interval: '10s', count: 3 })] });
    world.answer(only(world.pass(at(0)).jobs), samples(0.99), at(47));
    const decision = world.pass(at(47));
    expect(decision).toMatchObject({ changed: true, jobs: [{ sequence: 1 }] });
    expect(decision.inFlight).toMatchObject([{ sequence: 1, addedAt: at(47) }]);
  });

  test('the initial delay and a window that is too short put the first measurement off', () => {
    const world = new Stepped({
      metrics: [
        metric({ name: 'delayed', initialDelay: '7s' }),
        metric({ name: 'windowed', query: 'rate(x[{{window}}])' }),
      ],
      target: { windowStart: formatTime(at(-3)) },
    });
    expect(world.pass(at(0))).toMatchObject({ jobs: [], wakeAt: at(7) });
    expect(world.pass(at(7)).jobs).toMatchObject([{ metric: 'delayed', evaluateAt: at(7) }]);
    expect(world.pass(at(12)).jobs).toMatchObject([
      { metric: 'delayed' },
      {
        metric: 'windowed',
        questions: [{ name: 'value', query: 'rate(x[15s])' }],
        evaluateAt: at(12),
      },
    ]);
  });

  test('a finished run decides nothing more', () => {
    const world = new Stepped({ metrics: [metric()] });
    const { jobs } = world.pass(at(0));
    world.answer(only(jobs), samples(0.5), at(1));
    const failed = world.pass(at(1));
    expect(failed.status.phase).toBe('Failed');
    world.answer(only(jobs), samples(0.99), at(2));
    expect(world.pass(at(7_200))).toEqual({
      status: failed.status,
      changed: false,
      jobs: [],
      inFlight: [],
      wakeAt: undefined,
      notes: [],
    });
  });

  test('a run that is told to end is Cancelled, with its reason', () => {
    const world = new Stepped({ metrics: [metric({ interval: '10s', count: 2 })] });
    world.pass(at(0));
    world.run = { ...world.run, spec: { ...world.run.spec, terminate: true } };
    expect(world.pass(at(1))).toMatchObject({
      changed: true,
      jobs: [],
      status: {
        phase: 'Cancelled',
        message:
          'success-rate was never measured for value >= 0.95; 0 of 2 measured, 0 failed, failureLimit 0; ' +
          'cancelled by spec.terminate',
      },
      notes: [{ type: 'Normal', reason: 'RunCancelled' }],
    });
  });

  test('a run ends at maxDuration as Inconclusive, and wakes up for it', () => {
    const world = new Stepped({ metrics: [metric({ noData: 'Wait' })], maxDuration: '12s' });
    world.answer(only(world.pass(at(0)).jobs), samples(), at(0.1));
    const waiting = world.pass(at(0.1));
    expect(waiting.status.metricResults).toMatchObject([{ phase: 'Running', count: 0, nextSequence: 1 }]);
    world.answer(only(world.pass(at(11)).jobs), samples('NaN'), at(11.1));
    expect(world.pass(at(11.1)).wakeAt).toBe(at(12));
    expect(world.pass(at(12))).toMatchObject({
      status: {
        phase: 'Inconclusive',
        message: expect.stringMatching(
          /returned NaN \(noData: Wait\); 0 of 1 .* not finished within maxDuration 12s$/,
        ),
      },
      notes: [{ type: 'Warning', reason: 'RunInconclusive' }],
    });
  });

  test('a run with a fault ends at once, and says what to do', () => {
    const world = new Stepped({ metrics: [metric({ query: 'x{pod=~"{{canary.pods}}"}' })] });
    const message =
      'spec.metrics[0].query: {{canary.pods}} stands for nothing in this run: set spec.target.canary (position 8)';
    expect(world.pass(at(0))).toEqual({
      status: {
        phase: 'Error',
        message,
        startedAt: formatTime(at(0)),
        completedAt: formatTime(at(0)),
        metricResults: [],
      },
      changed: true,
      jobs: [],
      inFlight: [],
      wakeAt: undefined,
      notes: [{ type: 'Warning', reason: 'RunError', message }],
    });
  });

  test('a spec that is broken in the middle keeps what was measured', () => {
    const world = new Stepped({ metrics: [metric({ interval: '10s', count: 2 })] });
    world.answer(only(world.pass(at(0)).jobs), samples(0.99), at(1));
    world.pass(at(1));
    world.run = { ...world.run, spec: { metrics: [metric({ successCondition: 'e' })] } };
    expect(world.pass(at(2)).status).toMatchObject({
      phase: 'Error',
      metricResults: [{ phase: 'Cancelled', successful: 1 }],
    });
  });
});

describe('several metrics', () => {
  const two = () => new Stepped({ metrics: [metric({ name: 'a' }), metric({ name: 'b' })] });

  test('a failure ends the run in the same pass, and cancels the rest (row 7)', () => {
    const world = two();
    const [a] = world.pass(at(0)).jobs;
    world.answer(a as MeasureJob, samples(0.5), at(0.02));
    expect(world.pass(at(0.02))).toMatchObject({
      changed: true,
      jobs: [],
      inFlight: [],
      wakeAt: undefined,
      status: { phase: 'Failed', metricResults: [{ phase: 'Failed' }, { phase: 'Cancelled' }] },
      notes: [
        { type: 'Warning', reason: 'MeasurementFailed', message: 'a 0.5 does not satisfy value >= 0.95' },
        { type: 'Warning', reason: 'RunFailed' },
      ],
    });
  });

  test('a result waits for its siblings that were asked a moment ago, for 250 ms at most', () => {
    const world = two();
    const [a, b] = world.pass(at(0)).jobs;
    world.answer(a as MeasureJob, samples(0.99), at(0.02));
    expect(world.pass(at(0.03))).toMatchObject({ changed: false, jobs: [], notes: [], wakeAt: at(0.25) });
    const gathered = world.pass(at(0.25));
    expect(gathered).toMatchObject({ changed: true, status: { phase: 'Running' } });
    expect(gathered.status.metricResults).toMatchObject([{ phase: 'Successful' }, { phase: 'Pending' }]);
    world.answer(b as MeasureJob, samples(0.99), at(2));
    expect(world.pass(at(2)).status.phase).toBe('Successful');
  });

  test('results that are there together share one write, at once', () => {
    const world = two();
    for (const job of world.pass(at(0)).jobs) world.answer(job, samples(0.99), at(0.02));
    expect(world.pass(at(0.03))).toMatchObject({ changed: true, status: { phase: 'Successful' } });
  });

  test('what was asked long ago is not waited for', () => {
    const world = two();
    const [a] = world.pass(at(0)).jobs;
    world.answer(a as MeasureJob, samples(0.99), at(3));
    expect(world.pass(at(3))).toMatchObject({ changed: true, status: { phase: 'Running' } });
  });
});

describe('jobs are transport', () => {
  test('a job without a result is offered again every 5 s, by the same name', () => {
    const world = new Stepped({ metrics: [metric()] });
    const { jobs } = world.pass(at(0));
    expect(world.pass(at(4.9))).toMatchObject({ changed: false, jobs: [], wakeAt: at(5) });
    expect(world.pass(at(5))).toMatchObject({ changed: false, jobs, wakeAt: at(10) });
    expect(world.pass(at(9.9)).jobs).toEqual([]);
    expect(world.pass(at(10)).jobs).toEqual(jobs);
  });

  test('after a restart what is due is asked again, by the same name', () => {
    const world = new Stepped({ metrics: [metric()] });
    const { jobs } = world.pass(at(0));
    world.restart();
    expect(world.pass(at(1))).toMatchObject({ changed: false, jobs });
  });

  test('a result that nobody waits for after a restart is recorded', () => {
    const world = new Stepped({ metrics: [metric({ interval: '10s', count: 2 })] });
    const job = only(world.pass(at(0)).jobs);
    world.restart();
    world.answer(job, samples(0.99), at(1));
    expect(world.pass(at(1)).status.metricResults).toMatchObject([{ successful: 1, nextSequence: 1 }]);
  });

  test('the answer to an earlier try counts as well', () => {
    const world = new Stepped({ metrics: [metric()] });
    const job = only(world.pass(at(0)).jobs);
    world.answer(job, down, at(0.1));
    world.pass(at(0.1));
    expect(world.pass(at(2)).jobs).toMatchObject([{ attempt: 2 }]);
    world.answer(job, samples(0.99), at(2.1));
    expect(world.pass(at(2.1)).status.phase).toBe('Successful');
  });

  const forged: [title: string, changes: Partial<MeasureJob>][] = [
    ['another query', { questions: [{ name: 'value', query: 'vector(1)' }] }],
    ['another source', { source: 'mine' }],
    ['another time', { evaluateAt: at(-60) }],
    ['a time to come', { evaluateAt: at(3_600) }],
    ['another run', { id: 'uid-2__success-rate__0__1' }],
    ['another sequence', { sequence: 1 }],
    ['another metric', { metric: 'other' }],
  ];
  test.each(forged)('a result for %s is not recorded', (_title, changes) => {
    const world = new Stepped({ metrics: [metric()] });
    const job = only(world.pass(at(0)).jobs);
    world.answer({ ...job, ...changes }, samples(0.99), at(1));
    expect(world.pass(at(1))).toMatchObject({ changed: false, status: { phase: 'Running' } });
    world.answer(job, samples(0.5), at(2));
    expect(world.pass(at(2)).status.phase).toBe('Failed');
  });

  test.each([Number.NaN, Infinity, 1e300])('a result that came at %s is not recorded', (time) => {
    const world = new Stepped({ metrics: [metric()] });
    const job = only(world.pass(at(0)).jobs);
    const result = { job, startedAt: time, finishedAt: time, answers: answersTo(job, samples(0.99)) };
    world.inFlight = deliver(world.inFlight, result, at(1));
    expect(world.pass(at(1))).toMatchObject({ changed: false, status: { phase: 'Running' } });
  });

  test('a run without a uid is a bug of the caller', () => {
    const { uid: _, ...metadata } = runOf({ metrics: [metric()] }).metadata;
    const run = { ...runOf({ metrics: [metric()] }), metadata };
    expect(() => decideRun({ run, inFlight: [], now: START })).toThrow('AnalysisRun run has no uid');
  });
});

describe('a job that is offered ahead of its instant', () => {
  const AHEAD_MS = 500;
  const spec = { metrics: [metric({ initialDelay: '10s' })] };

  test('is offered so long before, once, and asks for its instant', () => {
    const world = new Stepped(spec, AHEAD_MS);
    world.pass(at(0));
    expect(world.pass(at(9.4))).toMatchObject({ jobs: [], wakeAt: at(9.5) });
    expect(only(world.pass(at(9.5)).jobs)).toMatchObject({ sequence: 0, evaluateAt: at(10) });
    expect(world.pass(at(10))).toMatchObject({ changed: false, jobs: [], wakeAt: at(14.5) });
  });

  test('counts when it is due, though its worker was early', () => {
    const world = new Stepped(spec, AHEAD_MS);
    world.pass(at(0));
    world.answer(only(world.pass(at(9.5)).jobs), samples(0.99), at(9.7));
    expect(world.pass(at(9.7))).toMatchObject({ changed: false, jobs: [], wakeAt: at(10) });
    expect(world.pass(at(10))).toMatchObject({ changed: true, status: { phase: 'Successful' } });
  });

  test('counts from before a restart', () => {
    const world = new Stepped(spec, AHEAD_MS);
    world.pass(at(0));
    const job = only(world.pass(at(9.5)).jobs);
    world.restart();
    world.answer(job, samples(0.99), at(10.1));
    expect(world.pass(at(10.1)).status.phase).toBe('Successful');
  });

  test('is waited for once it is due, so that one write records what is due at one instant', () => {
    const metrics = [
      metric({ name: 'a', initialDelay: '10s' }),
      metric({ name: 'b', initialDelay: '10s' }),
      metric({ name: 'later', initialDelay: '10200ms' }),
    ];
    const world = new Stepped({ metrics }, AHEAD_MS);
    world.pass(at(0));
    const [a, b] = world.pass(at(9.7)).jobs as [MeasureJob, MeasureJob];
    world.answer(a, samples(0.99), at(10.01));
    expect(world.pass(at(10.02))).toMatchObject({ changed: false, wakeAt: at(10.25) });
    world.answer(b, samples(0.99), at(10.03));
    expect(world.pass(at(10.03))).toMatchObject({ changed: true });
  });

  test('is not when it names pods: those are found at its instant', () => {
    const byPods = { query: 'x{pod=~"{{canary.pods}}"}', initialDelay: '10s' };
    const target = { canary: { hash: 'abc', pods: '' } };
    const world = new Stepped({ metrics: [metric(byPods)], target }, AHEAD_MS);
    world.pass(at(0));
    expect(world.pass(at(9.8))).toMatchObject({ changed: false, jobs: [], wakeAt: at(10) });
    expect(world.pass(at(10)).status.phase).toBe('Inconclusive');
  });
});

describe('trouble with the source (row 6)', () => {
  test('is tried again with growing pauses until the slot ends, and is one Error then', () => {
    const world = new Stepped({ metrics: [metric()] });
    const pauses: number[] = [];
    let now = at(0);
    let decision = world.pass(now);
    while (decision.status.metricResults[0]?.nextSequence === 0) {
      world.answer(only(decision.jobs), down, now);
      decision = world.pass(now);
      if (decision.changed) break;
      expect(decision.jobs).toEqual([]);
      const wakeAt = decision.wakeAt ?? 0;
      pauses.push(wakeAt - now);
      now = wakeAt;
      decision = world.pass(now);
    }
    expect(pauses.map((pause) => 2 ** Math.round(Math.log2(pause / 1_000)))).toEqual([1, 2, 4]);
    expect(decision.status.metricResults).toMatchObject([
      { phase: 'Running', count: 0, error: 1, consecutiveError: 1, nextSequence: 1 },
    ]);
    expect(decision.notes).toMatchObject([
      { type: 'Warning', reason: 'MeasurementError', message: expect.stringMatching(/: no route$/) },
    ]);
    // Without an interval it is measured again after 10 s.
    expect(Math.floor(((decision.wakeAt ?? 0) - START) / 1_000)).toBe(10);
  });

  test('five slots of it are an Error, however many tries they were', () => {
    const world = new Stepped({ metrics: [metric()] });
    let now = at(0);
    let tries = 0;
    let decision = world.pass(now);
    while (decision.status.phase === 'Running') {
      for (const job of decision.jobs) {
        tries += 1;
        world.answer(job, down, now);
      }
      if (decision.jobs.length === 0) now = decision.wakeAt ?? Number.NaN;
      decision = world.pass(now);
    }
    expect(decision.status).toMatchObject({
      phase: 'Error',
      message:
        'success-rate could not be measured for value >= 0.95: no route; 5 errors in a row, consecutiveErrorLimit 4',
      metricResults: [{ error: 5, count: 0, nextSequence: 5 }],
    });
    expect(tries).toBeGreaterThanOrEqual(15);
    expect(now).toBeLessThan(at(60));
  });

  test('a try that never comes back does not keep the slot open', () => {
    const world = new Stepped({ metrics: [metric()] });
    world.answer(only(world.pass(at(0)).jobs), down, at(0));
    world.pass(at(0));
    expect(world.pass(at(2)).jobs).toMatchObject([{ id: 'uid-1__success-rate__0__2' }]);
    const decision = world.pass(at(11));
    expect(decision.status.metricResults).toMatchObject([{ error: 1, nextSequence: 1 }]);
    expect(decision.jobs).toMatchObject([{ id: 'uid-1__success-rate__1__1' }]);
  });

  test('a query that nobody answered is no Error: it is asked until the run ends', () => {
    const world = new Stepped({ metrics: [metric()] });
    const { jobs } = world.pass(at(0));
    expect(world.pass(at(1_000))).toMatchObject({ changed: false, jobs });
    expect(world.pass(at(3_600)).status).toMatchObject({ phase: 'Inconclusive' });
  });

  test('a fault that no retry can mend is an Error at once', () => {
    const world = new Stepped({ metrics: [metric()] });
    world.answer(only(world.pass(at(0)).jobs), badQuery, at(0.1));
    expect(world.pass(at(0.1)).status.metricResults).toMatchObject([
      { error: 1, measurements: [{ outcome: 'Error', reason: 'BadQuery' }] },
    ]);
  });

  test('a fault delivered twice is one try', () => {
    const world = new Stepped({ metrics: [metric()] });
    const job = only(world.pass(at(0)).jobs);
    world.answer(job, down, at(0.1));
    const { wakeAt } = world.pass(at(0.1));
    world.answer(job, down, at(0.2));
    expect(world.pass(at(0.2))).toMatchObject({ changed: false, jobs: [], wakeAt });
    expect(world.inFlight).toMatchObject([{ attempt: 2 }]);
  });
});

describe('no pods is no data, without a query', () => {
  const spec = (noData: 'Wait' | 'Pass' | 'Inconclusive') => ({
    metrics: [metric({ query: 'x{pod=~"{{canary.pods}}"}', noData })],
    target: { canary: { hash: 'abc', pods: '' } },
  });

  test('it is Inconclusive by default', () => {
    const decision = new Stepped(spec('Inconclusive')).pass(at(0));
    expect(decision).toMatchObject({ jobs: [], status: { phase: 'Inconclusive' } });
    const [measurement] = decision.status.metricResults[0]?.measurements ?? [];
    expect(measurement).toEqual({
      sequence: 0,
      outcome: 'Inconclusive',
      withoutData: true,
      reason: 'NoPods',
      message:
        'success-rate has no data for value >= 0.95: the query selects pods and there are none, so it was not sent',
      evaluatedAt: formatTime(at(0)),
      startedAt: formatTime(at(0)),
      finishedAt: formatTime(at(0)),
    });
  });

  test('it passes where it is told to, and says so', () => {
    expect(new Stepped(spec('Pass')).pass(at(0)).status).toMatchObject({
      phase: 'Successful',
      message: expect.stringMatching(/; passed without data$/),
    });
  });

  test('it waits where it is told to, tells so once, and goes on when there are pods', () => {
    const world = new Stepped(spec('Wait'));
    expect(world.pass(at(0)).notes.map(({ reason }) => reason)).toEqual(['MeasurementInconclusive']);
    expect(world.pass(at(11))).toMatchObject({ changed: true, jobs: [], notes: [] });
    const target = { canary: { hash: 'abc', pods: 'x-.*' } };
    world.run = { ...world.run, spec: { ...world.run.spec, target } };
    expect(world.pass(at(21)).jobs).toMatchObject([
      { sequence: 2, questions: [{ name: 'value', query: 'x{pod=~"x-.*"}' }] },
    ]);
  });
});

describe('the start of a run', () => {
  const run = (metrics: AnalysisRunSpec['metrics']) => new Stepped({ metrics }).run;

  test('is written at once where the first measurement is far off', () => {
    const facts = { run: run([metric({ initialDelay: '1m' })]), inFlight: [], now: at(0) };
    expect(decideRun(facts)).toMatchObject({ changed: true, status: { startedAt: formatTime(at(0)) } });
  });

  test('is remembered until the first measurement brings it, for five seconds at most', () => {
    const facts = { run: run([metric({})]), inFlight: [], begunAt: at(0) };
    const soon = decideRun({ ...facts, now: at(4.9) });
    expect(soon).toMatchObject({ changed: false, status: { startedAt: formatTime(at(0)) } });
    const late = decideRun({ ...facts, now: at(5) });
    expect(late).toMatchObject({ changed: true, status: { startedAt: formatTime(at(0)) } });
  });
});

describe('adversarial values', () => {
  test.each<[values: SampleValue[], phase: string]>([
    [[Number.NaN], 'Inconclusive'],
    [['NaN'], 'Inconclusive'],
    [[], 'Inconclusive'],
    [['+Inf'], 'Successful'],
    [['-Inf'], 'Failed'],
    [[Number.MAX_VALUE], 'Successful'],
    [[-0], 'Failed'],
    [[5e-324], 'Failed'],
  ])('%j comes to %s', (values, phase) => {
    const world = new Stepped({ metrics: [metric()] });
    world.answer(only(world.pass(at(0)).jobs), samples(...values), at(0.1));
    expect(world.pass(at(0.1)).status.phase).toBe(phase);
  });

  test('a hundred thousand series are one Error', () => {
    const world = new Stepped({ metrics: [metric()] });
    world.answer(only(world.pass(at(0)).jobs), samples(...new Array(100_000).fill(1)), at(0.1));
    const [measurement] = world.pass(at(0.1)).status.metricResults[0]?.measurements ?? [];
    expect(measurement).toMatchObject({ outcome: 'Error', reason: 'SeveralSeries', samples: 100_000 });
    expect(measurement?.value).toBe('[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, …] (100000 values)');
  });

  test('a clock that goes back asks nothing twice', () => {
    const world = new Stepped({ metrics: [metric({ interval: '10s', count: 3 })] });
    world.answer(only(world.pass(at(0)).jobs), samples(0.99), at(1));
    world.pass(at(1));
    const decision = world.pass(at(-100));
    expect(decision).toMatchObject({ changed: false, jobs: [] });
    expect(decision.wakeAt).toBeGreaterThanOrEqual(at(10));
  });
});
