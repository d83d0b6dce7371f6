import type { QueryAnswer, QuerySource } from '../analysis/query-answer.ts';
import { asksTooMuch, type Chunk, chunkQuery, chunksOf, halves, usualParts } from '../backtest/chunks.ts';
import type { Period, PlannedMetric } from '../backtest/plan.ts';
import type { AnsweredChunk } from '../backtest/recall.ts';
import type { PlannedSeries } from '../backtest/series.ts';
import type { Clock } from '../clock.ts';
import type { Loaded } from './template-file.ts';

export interface AskDeps {
  source: QuerySource;
  clock: Clock;
  signal: AbortSignal;
  /** How many of the queries have been answered, and how many there are in all as far as is known. */
  onProgress: (done: number, all: number) => void;
}

/** More at once would take the server away from those who live by it. */
const CONCURRENCY = 3;
const TRIES = 3;
const PAUSE_MS = 1_000;

type Task = { series: PlannedSeries; chunk: Chunk };
type Answers = Map<PlannedSeries, AnsweredChunk[]>;

/**
 * Asks for all samples of all metrics, a few range queries at a time. What a server finds too much is asked for in
 * halves; what it may answer later is asked for again. What is not answered then is a fault of its part, and the rest
 * is asked for all the same; only when no metric that decides could be measured at all there is nothing to tell.
 */
export async function askForSamples(
  metrics: readonly PlannedMetric[],
  period: Period,
  deps: AskDeps,
): Promise<Loaded<{ chunks: Answers; queries: number }>> {
  const wanted = metrics.flatMap((planned) => planned.series);
  const parts = usualParts(wanted.length);
  const waiting: Task[] = wanted.flatMap((series) =>
    chunksOf(series, period.to, parts).map((chunk) => ({ series, chunk })),
  );
  const chunks: Answers = new Map(wanted.map((series): [PlannedSeries, AnsweredChunk[]] => [series, []]));
  /** Queries of which one sample alone is too much: smaller parts of them would be no better. */
  const hopeless = new Set<PlannedSeries>();
  /** A server that was waited for in vain is not waited for again until it answers something. */
  let tries = TRIES;
  let all = waiting.length;
  let queries = 0;

  async function ask({ series, chunk }: Task): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      queries += 1;
      const answer = await deps.source(chunkQuery(series, chunk), deps.signal);
      if (answer.kind === 'series') {
        tries = TRIES;
        chunks.get(series)?.push({ chunk, answer });
        return;
      }
      const trouble = troubleOf(answer);
      if (asksTooMuch(trouble) && !hopeless.has(series)) {
        const smaller = halves(chunk, series.resolutionMs);
        if (smaller) {
          all += 2;
          waiting.unshift(...smaller.map((half) => ({ series, chunk: half })));
          return;
        }
        hopeless.add(series);
      }
      if (!trouble.retryable || attempt >= tries || deps.signal.aborted) {
        if (trouble.retryable) tries = 1;
        chunks.get(series)?.push({ chunk, answer: trouble });
        return;
      }
      await new Promise<void>((resolve) => {
        deps.clock.after(trouble.retryAfterMs ?? PAUSE_MS * 2 ** (attempt - 1), resolve);
      });
    }
  }

  let done = 0;
  async function work(): Promise<void> {
    for (;;) {
      const task = deps.signal.aborted ? undefined : waiting.shift();
      if (!task) return;
      await ask(task);
      done += 1;
      deps.onProgress(done, all);
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  // A worker that found nothing to do has gone, and another may have halved its task since.
  await work();
  if (deps.signal.aborted) return { ok: false, message: 'stopped before all samples were there' };
  const decisive = metrics.filter(({ metric }) => !metric.dryRun);
  const faults = decisive.map((planned) => hopelessFault(planned, chunks));
  const [fault] = faults;
  return fault !== undefined && faults.every((each) => each !== undefined)
    ? { ok: false, message: fault }
    : { ok: true, value: { chunks, queries } };
}

/** Why no moment of a metric can be judged: one of its queries was never answered. */
function hopelessFault({ metric, series }: PlannedMetric, chunks: Answers): string | undefined {
  for (const each of series) {
    const faults = (chunks.get(each) ?? []).map(({ answer }) =>
      answer.kind === 'fault' ? answer : undefined,
    );
    const [first] = faults;
    if (first && faults.every((fault) => fault !== undefined)) {
      return `${metric.name} cannot be measured over the past: ${first.message}`;
    }
  }
  return undefined;
}

function troubleOf(
  answer: Exclude<QueryAnswer, { kind: 'series' }>,
): Extract<QueryAnswer, { kind: 'fault' }> {
  if (answer.kind === 'fault') return answer;
  const message = 'it answered a range query with an instant';
  return { kind: 'fault', reason: 'UnexpectedAnswer', message, retryable: false };
}
