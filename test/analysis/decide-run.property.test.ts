import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decideRun } from '../../src/analysis/decide-run.ts';
import { deliver, type InFlight } from '../../src/analysis/in-flight.ts';
import { isFinished } from '../../src/analysis/judge.ts';
import type { MeasureJob, MeasureResult } from '../../src/analysis/measure-job.ts';
import type { QueryAnswer } from '../../src/analysis/query-answer.ts';
import type { AnalysisRun, AnalysisRunSpec, AnalysisRunStatus } from '../../src/api/analysis-run.ts';
import { atEffort } from '../effort.ts';
import { answersTo, metric, runOf, START } from './examples.ts';

/** What the world does between two passes. */
type Act =
  | { kind: 'sleep'; ms: number }
  /** A worker answers one of the jobs in the queue; `again` delivers it twice. */
  | { kind: 'answer'; pick: number; answer: QueryAnswer; again: boolean }
  /** An old result is delivered once more. */
  | { kind: 'redeliver'; pick: number }
  | { kind: 'restart' }
  | { kind: 'flush' }
  /** The status cannot be written: somebody else was faster. */
  | { kind: 'conflict' };

const answer: fc.Arbitrary<QueryAnswer> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<QueryAnswer>({ kind: 'samples', values: [0.99], warnings: [] }) },
  fc.constantFrom<QueryAnswer>(
    { kind: 'samples', values: [0.5], warnings: [] },
    { kind: 'samples', values: [], warnings: [] },
    { kind: 'samples', values: ['NaN'], warnings: [] },
    { kind: 'samples', values: [1, 2], warnings: [] },
    { kind: 'samples', values: ['+Inf'], warnings: ['partial'] },
    { kind: 'fault', reason: 'Unreachable', message: 'no route', retryable: true },
    { kind: 'fault', reason: 'BadQuery', message: 'parse error', retryable: false },
  ),
);
const pick = fc.nat({ max: 1_000 });
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('sleep'), ms: fc.nat({ max: 15_000 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('answer'), pick, answer, again: fc.boolean() }),
  },
  fc.record({ kind: fc.constant('redeliver'), pick }),
  fc.constantFrom<Act>({ kind: 'restart' }, { kind: 'flush' }, { kind: 'conflict' }),
);

const spec: Partial<AnalysisRunSpec> & Pick<AnalysisRunSpec, 'metrics'> = {
  metrics: [
    metric({ name: 'waits', interval: '5s', count: 4, noData: 'Wait', failureLimit: 3 }),
    metric({ name: 'once' }),
    metric({ name: 'endless', interval: '3s', failureLimit: -1, consecutiveFailureLimit: 2 }),
    metric({ name: 'passes', interval: '7s', count: 5, failureLimit: 2, noData: 'Pass', initialDelay: '4s' }),
  ],
  maxDuration: '5m',
};

/** A controller, a queue and a worker in a few lines; it checks its invariants after each pass. */
class World {
  run: AnalysisRun = runOf(spec);
  inFlight: InFlight[] = [];
  queue = new Map<string, MeasureJob>();
  delivered: MeasureResult[] = [];
  now = START;
  conflict = false;
  ended: string | undefined;

  pass(): void {
    const before = this.run.status;
    const facts = { run: this.run, inFlight: this.inFlight, now: this.now };
    const decision = decideRun(facts);
    // The same facts give the same decision: nothing hides in the function.
    expect(decideRun(facts)).toEqual(decision);
    if (this.conflict && decision.changed) {
      this.conflict = false;
      return;
    }
    this.run = { ...this.run, status: JSON.parse(JSON.stringify(decision.status)) };
    this.inFlight = decision.inFlight;
    for (const job of decision.jobs) if (!this.queue.has(job.id)) this.queue.set(job.id, job);
    if (!decision.changed && before) expect(this.run.status).toEqual(before);
    this.checkStatus(decision.status, before);
    if (isFinished(decision.status.phase)) {
      expect(decision).toMatchObject({ jobs: [], inFlight: [], wakeAt: undefined });
      this.ended ??= JSON.stringify(decision.status);
      expect(JSON.stringify(decision.status)).toBe(this.ended);
    } else {
      expect(decision.wakeAt).toBeGreaterThanOrEqual(this.now);
      for (const job of decision.jobs) expect(job.evaluateAt).toBeLessThanOrEqual(this.now);
    }
  }

  checkStatus(status: AnalysisRunStatus, before: AnalysisRunStatus | undefined): void {
    for (const [index, result] of status.metricResults.entries()) {
      const { measurements, nextSequence, count, successful, failed, inconclusive, error } = result;
      const waited = result.name === 'waits' ? nextSequence - count - error : 0;
      expect(successful + failed + inconclusive).toBe(count);
      expect(count + error + waited).toBe(nextSequence);
      const kept = Math.min(nextSequence, 20);
      expect(measurements.map(({ sequence }) => sequence)).toEqual(
        Array.from({ length: kept }, (_, offset) => nextSequence - kept + offset),
      );
      const times = measurements.map(({ evaluatedAt }) => evaluatedAt ?? '');
      expect(new Set(times).size).toBe(times.length);
      expect(times).toEqual(times.toSorted());
      expect(nextSequence).toBeGreaterThanOrEqual(before?.metricResults[index]?.nextSequence ?? 0);
      if (isFinished(result.phase)) expect(result.message).toContain(result.name);
    }
    if (status.phase === 'Successful') {
      expect(status.metricResults.map(({ phase }) => phase)).toEqual(
        this.run.spec.metrics.map(() => 'Successful'),
      );
    }
  }

  act(act: Act): void {
    switch (act.kind) {
      case 'sleep':
        this.now += act.ms;
        return;
      case 'answer': {
        const job = [...this.queue.values()][act.pick % Math.max(1, this.queue.size)];
        if (!job) return;
        this.queue.delete(job.id);
        const answers = answersTo(job, act.answer);
        const result = { job, startedAt: this.now, finishedAt: this.now, answers };
        this.delivered.push(result);
        this.inFlight = deliver(this.inFlight, result, this.now);
        if (act.again) this.inFlight = deliver(this.inFlight, result, this.now);
        return;
      }
      case 'redeliver': {
        const result = this.delivered[act.pick % Math.max(1, this.delivered.length)];
        if (result) this.inFlight = deliver(this.inFlight, result, this.now);
        return;
      }
      case 'restart':
        this.inFlight = [];
        return;
      case 'flush':
        this.queue.clear();
        return;
      case 'conflict':
        this.conflict = true;
    }
  }
}

test('property: whatever is lost, doubled or late, each sequence is recorded once and the counters add up', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 120 }), (acts) => {
      const world = new World();
      for (const each of acts) {
        world.pass();
        world.act(each);
      }
      world.pass();
    }),
    { numRuns: atEffort({ fast: 50, thorough: 150, long: 5_000 }) },
  );
});

test('property: a run with a living worker always ends, and within maxDuration', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(answer, fc.nat({ max: 3_000 })), { maxLength: 60 }), (answers) => {
      const world = new World();
      world.pass();
      for (let step = 0; step < 2_000 && !world.ended; step += 1) {
        const [given, latencyMs] = answers[step] ?? [
          answers[0]?.[0] ?? { kind: 'samples', values: [], warnings: [] },
          50,
        ];
        if (world.queue.size > 0) {
          world.act({ kind: 'sleep', ms: latencyMs });
          world.act({ kind: 'answer', pick: 0, answer: given, again: false });
        } else {
          world.now =
            decideRun({ run: world.run, inFlight: world.inFlight, now: world.now }).wakeAt ?? world.now;
        }
        world.pass();
      }
      expect(world.ended).toBeDefined();
      expect(world.now).toBeLessThanOrEqual(START + 300_000 + 3_000);
    }),
    { numRuns: 10 },
  );
});

test('property: a controller that restarts between any two passes comes to the same verdict', () => {
  const once = { metrics: [metric({ interval: '10s', count: 3, failureLimit: 1 })] };
  const letters = fc.array(fc.constantFrom(0.99, 0.5), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(letters, fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }), (values, restarts) => {
      const play = (restarting: boolean) => {
        const world = new World();
        world.run = runOf(once);
        for (let step = 0; step < 12; step += 1) {
          const { jobs, wakeAt } = decideRun({ run: world.run, inFlight: world.inFlight, now: world.now });
          world.pass();
          const job = jobs[0];
          if (job) {
            const value = values[job.sequence] ?? 0;
            const result = {
              job,
              startedAt: world.now,
              finishedAt: world.now,
              answers: answersTo(job, { kind: 'samples', values: [value], warnings: [] }),
            };
            if (restarting && restarts[step]) world.inFlight = [];
            world.inFlight = deliver(world.inFlight, result, world.now);
          } else {
            world.now = wakeAt ?? world.now;
            if (restarting && restarts[step]) world.inFlight = [];
          }
        }
        return world.run.status;
      };
      const undisturbed = play(false);
      expect(isFinished(undisturbed?.phase ?? 'Pending')).toBe(true);
      expect(play(true)).toEqual(undisturbed);
    }),
  );
});
