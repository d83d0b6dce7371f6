import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { MeasureJob, MeasureResult } from '../../src/analysis/measure-job.ts';
import type { QueryAnswer } from '../../src/analysis/query-answer.ts';
import type { AlertJob, AlertResult, JobQueue, JobWorkers } from '../../src/queue/port.ts';

export interface OpenQueue {
  queue: JobQueue;
  workers: JobWorkers;
  close(): Promise<void>;
}

export function measureJob(id: string, source = 'default'): MeasureJob {
  return {
    id,
    run: { uid: '0a1b', namespace: 'shop', name: 'checkout-r1-s1' },
    metric: 'error-rate',
    sequence: 3,
    attempt: 1,
    source,
    questions: [
      { name: 'errors', query: 'sum(rate(http_requests_total{code=~"5.."}[1m]))' },
      { name: 'requests', query: 'http_requests_total[5m]', raw: true },
      { name: 'latency', query: 'latency', range: { windowMs: 300_000, stepMs: 15_000 } },
    ],
    evaluateAt: 1_700_000_000_000,
  };
}

export function measured(job: MeasureJob): MeasureResult {
  const answer: QueryAnswer = { kind: 'samples', values: [0.5, 'NaN'], warnings: [] };
  const answers = job.questions.map(({ name }) => ({ name, answer }));
  return { job, startedAt: 1, finishedAt: 2, answers };
}

export function alertJob(id: string): AlertJob {
  return { id, namespace: 'shop', record: 'checkout', receiver: 'team', alertId: 'r1-s1-failed-team' };
}

/** A function that answers only when told to: what it was called with, and how to let it go on. */
export function gate<In, Out>(answer: (value: In) => Out) {
  const calls: In[] = [];
  const waiting: (() => void)[] = [];
  const pass = async (value: In): Promise<Out> => {
    calls.push(value);
    await new Promise<void>((resolve) => waiting.push(resolve));
    return answer(value);
  };
  const open = () => {
    for (const resolve of waiting.splice(0)) resolve();
  };
  return { calls, pass, open };
}

const soon = { timeout: 5_000, interval: 20 };

/** What every implementation of the queue ports keeps to. */
export function queueContract(name: string, openQueue: () => Promise<OpenQueue>): void {
  describe(`${name} keeps the contract of the queue`, () => {
    let open: OpenQueue;
    let queue: JobQueue;
    let workers: JobWorkers;
    beforeEach(async () => {
      open = await openQueue();
      ({ queue, workers } = open);
    });
    afterEach(() => open.close());

    const collect = async () => {
      const results: MeasureResult[] = [];
      const stop = await queue.onMeasured(async (result) => {
        results.push(result);
      });
      return { results, stop };
    };
    const serve = (measure: (job: MeasureJob) => Promise<MeasureResult>, concurrency = 4) =>
      workers.serveMeasures({ name: 'default', concurrency }, measure);

    test('a job reaches the worker as it was added, and its result the listener', async () => {
      const { results } = await collect();
      const seen: MeasureJob[] = [];
      await serve(async (job) => {
        seen.push(job);
        return measured(job);
      });
      const job = measureJob('0a1b:error-rate:3:1');
      expect(await queue.addMeasure(job)).toBe(true);
      await vi.waitFor(() => expect(results).toEqual([measured(job)]), soon);
      expect(seen).toEqual([job]);
    });

    test('an id that waits is not added again, and the first job counts', async () => {
      expect(await queue.addMeasure(measureJob('7'))).toBe(true);
      expect(
        await queue.addMeasure({ ...measureJob('7'), questions: [{ name: 'value', query: 'other' }] }),
      ).toBe(true);
      const { results } = await collect();
      await serve(async (job) => measured(job));
      await queue.addMeasure(measureJob('last'));
      await vi.waitFor(() => expect(results).toHaveLength(2), soon);
      expect(results.map((result) => result.job).sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual([
        measureJob('7'),
        measureJob('last'),
      ]);
    });

    test('an id that is under way is not added again', async () => {
      const { results } = await collect();
      const measure = gate(measured);
      await serve(measure.pass);
      await queue.addMeasure(measureJob('a'));
      await vi.waitFor(() => expect(measure.calls).toHaveLength(1), soon);
      expect(await queue.addMeasure(measureJob('a'))).toBe(true);
      expect(await queue.depths()).toMatchObject({ 'measure-default': 1 });
      measure.open();
      await vi.waitFor(() => expect(results).toHaveLength(1), soon);
      expect(measure.calls).toHaveLength(1);
    });

    test('an id is free again once its job is done', async () => {
      const { results } = await collect();
      await serve(async (job) => measured(job));
      await queue.addMeasure(measureJob('a'));
      await vi.waitFor(() => expect(results).toHaveLength(1), soon);
      await vi.waitFor(async () => {
        await queue.addMeasure(measureJob('a'));
        expect(results.length).toBeGreaterThanOrEqual(2);
      }, soon);
    });

    test('a source with a rate gives its queries so many turns a second, whichever jobs they are of', async () => {
      const { results } = await collect();
      const turns: number[] = [];
      await workers.serveMeasures({ name: 'default', concurrency: 4, perSecond: 3 }, async (job, turn) => {
        for (const _question of job.questions) {
          await turn();
          turns.push(performance.now());
        }
        return measured(job);
      });
      for (const id of ['a', 'b', 'c']) await queue.addMeasure(measureJob(id));
      await vi.waitFor(() => expect(results).toHaveLength(3), soon);
      expect(turns).toHaveLength(9);
      // Whether a second begins with a turn or with each: nine turns at three a second end in the third.
      expect((turns[8] ?? 0) - (turns[0] ?? 0)).toBeGreaterThan(1_900);
      expect((turns[8] ?? 0) - (turns[0] ?? 0)).toBeLessThan(3_500);
    });

    test('results that came while nobody listened reach the listener that starts later', async () => {
      const measure = vi.fn(async (job: MeasureJob) => measured(job));
      await serve(measure);
      await queue.addMeasure(measureJob('a'));
      await queue.addMeasure(measureJob('b'));
      await vi.waitFor(async () => {
        expect(await queue.depths()).toMatchObject({ 'measure-default': 0, 'results-measure': 2 });
      }, soon);
      const { results } = await collect();
      await vi.waitFor(() => expect(results.map(({ job }) => job.id).sort()).toEqual(['a', 'b']), soon);
    });

    test('a listener that rejects gets the result again', async () => {
      let calls = 0;
      await queue.onMeasured(async () => {
        calls += 1;
        if (calls < 3) throw new Error('conflict');
      });
      await serve(async (job) => measured(job));
      await queue.addMeasure(measureJob('a'));
      await vi.waitFor(() => expect(calls).toBe(3), soon);
      await vi.waitFor(async () => {
        expect(await queue.depths()).toMatchObject({ 'results-measure': 0 });
      }, soon);
      expect(calls).toBe(3);
    });

    test('no more jobs run at once than the source allows', async () => {
      const { results } = await collect();
      const measure = gate(measured);
      await serve(measure.pass, 2);
      for (const id of ['a', 'b', 'c', 'd', 'e']) await queue.addMeasure(measureJob(id));
      const underWay: number[] = [];
      await vi.waitFor(() => {
        if (measure.calls.length > results.length) underWay.push(measure.calls.length - results.length);
        if (measure.calls.length - results.length === 2 || results.length === 4) measure.open();
        expect(results).toHaveLength(5);
      }, soon);
      expect(Math.max(...underWay)).toBe(2);
    });

    test('a measurement that rejects frees its id and leaves no result', async () => {
      const { results } = await collect();
      let calls = 0;
      await serve(async (job) => {
        calls += 1;
        if (calls === 1) throw new Error('a bug');
        return measured(job);
      });
      await queue.addMeasure(measureJob('a'));
      await vi.waitFor(async () => {
        expect(calls).toBe(1);
        expect(await queue.depths()).toMatchObject({ 'measure-default': 0 });
      }, soon);
      await queue.addMeasure(measureJob('a'));
      await vi.waitFor(() => expect(results).toHaveLength(1), soon);
    });

    test('a source that is not served keeps its jobs, and other sources do not get them', async () => {
      const seen: string[] = [];
      await serve(async (job) => {
        seen.push(job.id);
        return measured(job);
      });
      await queue.addMeasure(measureJob('theirs', 'other'));
      await queue.addMeasure(measureJob('ours'));
      await vi.waitFor(() => expect(seen).toEqual(['ours']), soon);
      expect(await queue.depths()).toMatchObject({ 'measure-other': 1 });
    });

    test('after stop no job is taken; the next server takes it', async () => {
      const first = vi.fn(async (job: MeasureJob) => measured(job));
      const stop = await serve(first);
      await stop();
      await queue.addMeasure(measureJob('a'));
      const second: string[] = [];
      await serve(async (job) => {
        second.push(job.id);
        return measured(job);
      });
      await vi.waitFor(() => expect(second).toEqual(['a']), soon);
      expect(first).not.toHaveBeenCalled();
    });

    test('a source that asks to be left alone is, and the job comes back as it was', async () => {
      const { results } = await collect();
      const calls: { id: string; at: number }[] = [];
      const jobs: MeasureJob[] = [];
      const measure = async (job: MeasureJob) => {
        calls.push({ id: job.id, at: performance.now() });
        jobs.push(job);
        return { ...measured(job), ...(calls.length === 1 && { pauseMs: 500 }) };
      };
      await serve(measure, 1);
      await queue.addMeasure(measureJob('a'));
      await vi.waitFor(() => expect(calls).toHaveLength(1), soon);
      await queue.addMeasure(measureJob('a'));
      await queue.addMeasure(measureJob('b'));
      expect(await queue.depths()).toMatchObject({ 'measure-default': 2 });
      await vi.waitFor(() => expect(results).toHaveLength(2), soon);
      expect(calls.map(({ id }) => id).toSorted()).toEqual(['a', 'a', 'b']);
      expect((calls[1]?.at ?? 0) - (calls[0]?.at ?? 0)).toBeGreaterThan(450);
      expect(jobs.filter(({ id }) => id === 'a')).toEqual([measureJob('a'), measureJob('a')]);
      expect(results.map(({ job }) => job.id).toSorted()).toEqual(['a', 'b']);
      expect(results[0]).not.toHaveProperty('pauseMs');
      expect(await queue.depths()).toMatchObject({ 'measure-default': 0 });
    });

    test('while one source is left alone another is asked', async () => {
      const { results } = await collect();
      await serve(async (job) => ({ ...measured(job), pauseMs: 60_000 }));
      await workers.serveMeasures({ name: 'other', concurrency: 1 }, async (job) => measured(job));
      await queue.addMeasure(measureJob('theirs'));
      await queue.addMeasure(measureJob('ours', 'other'));
      await vi.waitFor(() => expect(results.map(({ job }) => job.id)).toEqual(['ours']), soon);
      expect(await queue.depths()).toMatchObject({ 'measure-default': 1 });
    });

    test('a source that is left alone can be stopped at once, and its jobs stay', async () => {
      let calls = 0;
      const stop = await serve(async (job) => {
        calls += 1;
        return { ...measured(job), pauseMs: 60_000 };
      });
      await queue.addMeasure(measureJob('a'));
      await vi.waitFor(() => expect(calls).toBe(1), soon);
      const asked = performance.now();
      await stop();
      expect(performance.now() - asked).toBeLessThan(2_000);
      expect(await queue.depths()).toMatchObject({ 'measure-default': 1 });
    });

    test('an alert is tried again when its deliverer says so, and reported once', async () => {
      const results: AlertResult[] = [];
      await queue.onAlerted(async (result) => {
        results.push(result);
      });
      const attempts: number[] = [];
      await workers.serveAlerts(async (job, attempt) => {
        attempts.push(attempt);
        const retry = attempt < 3 ? { retryAfterMs: 50 } : {};
        return { job, finishedAt: attempt, delivered: attempt === 3, message: `try ${attempt}`, ...retry };
      });
      expect(await queue.addAlert(alertJob('alert:1'))).toBe(true);
      await vi.waitFor(() => expect(results).toHaveLength(1), soon);
      expect(attempts).toEqual([1, 2, 3]);
      expect(results).toEqual([
        { job: alertJob('alert:1'), finishedAt: 3, delivered: true, message: 'try 3' },
      ]);
    });

    test('a closed queue takes nothing', async () => {
      await queue.close();
      expect(await queue.addMeasure(measureJob('a'))).toBe(false);
      expect(await queue.addAlert(alertJob('a'))).toBe(false);
    });
  });
}
