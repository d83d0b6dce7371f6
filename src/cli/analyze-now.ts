import { decideRun } from '../analysis/decide-run.ts';
import { deliver, type InFlight } from '../analysis/in-flight.ts';
import { isFinished } from '../analysis/judge.ts';
import type { MeasureJob, MeasureResult } from '../analysis/measure-job.ts';
import type { QuerySource } from '../analysis/query-answer.ts';
import type { AnalysisRun } from '../api/analysis-run.ts';
import type { Clock } from '../clock.ts';
import { inProcessQueue } from '../queue/in-process.ts';

export interface AnalyzeDeps {
  clock: Clock;
  /** Answers the queries of every source that the run names. */
  source: QuerySource;
  /** Ends the run as Cancelled. */
  signal: AbortSignal;
  /** Called after every pass that changed something. */
  onProgress: (run: AnalysisRun) => void;
}

const CONCURRENCY = 10;

/**
 * Steps a run to its end in real time with the engine of the controller and a queue in this process. Answers the run
 * with its final status; what the run comes to is in there.
 */
export async function analyzeNow(started: AnalysisRun, deps: AnalyzeDeps): Promise<AnalysisRun> {
  const { clock, source, signal, onProgress } = deps;
  const ended = new AbortController();
  const { queue, workers } = inProcessQueue({
    sleep: (ms) => new Promise((resolve) => clock.after(ms, () => resolve())),
  });
  const measure = async (job: MeasureJob): Promise<MeasureResult> => {
    const startedAt = clock.now();
    const { questions, evaluateAt } = job;
    const answers = await Promise.all(
      questions.map(async ({ name, ...question }) => ({
        name,
        answer: await source({ ...question, evaluateAt }, ended.signal),
      })),
    );
    return { job, startedAt, finishedAt: clock.now(), answers };
  };
  const sources = new Set(started.spec.metrics.map((metric) => metric.source ?? 'default'));
  for (const name of sources) await workers.serveMeasures({ name, concurrency: CONCURRENCY }, measure);

  let arrived: MeasureResult[] = [];
  let wake = () => {};
  await queue.onMeasured(async (result) => {
    arrived.push(result);
    wake();
  });
  const onAbort = () => wake();
  signal.addEventListener('abort', onAbort);

  let run = started;
  let inFlight: readonly InFlight[] = [];
  try {
    for (;;) {
      if (signal.aborted) run = { ...run, spec: { ...run.spec, terminate: true } };
      const now = clock.now();
      const results = arrived;
      arrived = [];
      inFlight = results.reduce((known, result) => deliver(known, result, now), inFlight);
      const decision = decideRun({ run, inFlight, now });
      run = { ...run, status: decision.status };
      inFlight = decision.inFlight;
      if (decision.changed) onProgress(run);
      if (isFinished(decision.status.phase)) return run;
      // Made before the jobs are added: a result must not come between looking and waiting.
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      await Promise.all(decision.jobs.map((job) => queue.addMeasure(job)));
      const cancel = clock.after(Math.max(0, (decision.wakeAt ?? now) - clock.now()), () => wake());
      if (arrived.length === 0 && !signal.aborted) await woken;
      cancel();
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    ended.abort();
    await workers.close();
  }
}
