import type { QueryAnswer, QuerySource } from '../analysis/query-answer.ts';
import { asksTooMuch, type Chunk, chunkQuery, chunksOf, halves } from '../backtest/chunks.ts';
import type { Period, PlannedMetric } from '../backtest/plan.ts';
import type { AnsweredChunk } from '../backtest/samples.ts';
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

type Task = { planned: PlannedMetric; chunk: Chunk };

/**
 * Asks for all samples of all metrics, a few range queries at a time. What a server finds too much is asked for in
 * halves; what it may answer later is asked for again. Any other fault ends it: half a past would mislead.
 */
export async function askForSamples(
  metrics: readonly PlannedMetric[],
  period: Period,
  deps: AskDeps,
): Promise<Loaded<{ chunks: Map<PlannedMetric, AnsweredChunk[]>; queries: number }>> {
  const waiting: Task[] = metrics.flatMap((planned) =>
    chunksOf(period, planned.resolutionMs).map((chunk) => ({ planned, chunk })),
  );
  const chunks = new Map<PlannedMetric, AnsweredChunk[]>(metrics.map((planned) => [planned, []]));
  let all = waiting.length;
  let queries = 0;
  let fault: string | undefined;

  async function ask({ planned, chunk }: Task): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      queries += 1;
      const answer = await deps.source(chunkQuery(planned, chunk), deps.signal);
      if (answer.kind === 'series') {
        chunks.get(planned)?.push({ chunk, answer });
        return;
      }
      const trouble = troubleOf(answer);
      const smaller = asksTooMuch(trouble) ? halves(chunk, planned.resolutionMs) : undefined;
      if (smaller) {
        all += 2;
        waiting.unshift(...smaller.map((half) => ({ planned, chunk: half })));
        return;
      }
      if (!trouble.retryable || attempt === TRIES || deps.signal.aborted) {
        fault ??= `${planned.metric.name} cannot be measured over the past: ${trouble.message}`;
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
      const task = fault === undefined ? waiting.shift() : undefined;
      if (!task) return;
      await ask(task);
      done += 1;
      deps.onProgress(done, all);
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  // A worker that found nothing to do has gone, and another may have halved its task since.
  await work();
  if (fault !== undefined) return { ok: false, message: fault };
  return { ok: true, value: { chunks, queries } };
}

function troubleOf(
  answer: Exclude<QueryAnswer, { kind: 'series' }>,
): Extract<QueryAnswer, { kind: 'fault' }> {
  if (answer.kind === 'fault') return answer;
  const message = 'it answered a range query with an instant';
  return { kind: 'fault', reason: 'UnexpectedAnswer', message, retryable: false };
}
