import type { Answered, MeasureJob } from '../analysis/measure-job.ts';
import type { QueryAnswer, QuerySource } from '../analysis/query-answer.ts';
import { durationMs } from '../api/duration.ts';
import type { FaultReason } from '../prometheus/fault.ts';
import { remoteWrite } from '../prometheus/remote-write.ts';
import { prometheusSource } from '../prometheus/source.ts';
import { compare, type Difference } from '../scenario/compare.ts';
import { type PlayedRun, playRun } from '../scenario/play-run.ts';
import { endOf, type PlacedScenario, placeScenario } from '../scenario/scenario-run.ts';
import type { LoadedScenario } from './load-scenarios.ts';

/** What came of one scenario. */
export interface ScenarioResult {
  loaded: LoadedScenario;
  played: PlayedRun;
  differences: Difference[];
  tookMs: number;
}

export interface JudgeOptions {
  /** Of an empty Prometheus that takes remote writes and deletions. */
  address: string;
  clock: { now(): number; monotonic(): number };
  signal: AbortSignal;
}

/** The first Monday of the nineties, UTC. Not 0, which the query library takes for now, and never the future. */
const FIRST_START = Date.UTC(1990, 0, 1);
const WEEK_MS = 7 * 86_400_000;
const QUERY_TIMEOUT_MS = 30_000;
const OUTAGE: QueryAnswer = {
  kind: 'fault',
  reason: 'Unreachable',
  message: 'the scenario has an outage here',
  retryable: true,
};
/** What is wrong with a query; any other trouble is the server's and says nothing about a template. */
const OF_THE_QUERY: readonly string[] = ['BadQuery', 'TooLarge'] satisfies FaultReason[];

/**
 * Plays scenarios one after the other, each in a week of its own after all that came before, and with nothing
 * else in the database: what is over is deleted. Yields each result when it is there.
 *
 * @throws when Prometheus does not take the series, or does not answer
 */
export async function* judgeScenarios(
  scenarios: readonly LoadedScenario[],
  { address, clock, signal }: JudgeOptions,
): AsyncGenerator<ScenarioResult> {
  const config = { address, timeoutMs: QUERY_TIMEOUT_MS, evaluationDelayMs: 0 };
  const source = prometheusSource(config, clock);
  let over = FIRST_START;
  for (const loaded of scenarios) {
    const begunAt = clock.monotonic();
    const place = placeAfter(over, loaded, clock.now());
    await remoteWrite(address, place.series, signal);
    const played = await play(place, source, signal);
    await deleteAll(address, signal);
    const differences = compare(loaded.scenario.expect, played);
    yield { loaded, played, differences, tookMs: clock.monotonic() - begunAt };
    over = endOf(place);
  }
}

/** The scenario on the first Monday before which its history has room. */
function placeAfter(over: number, { scenario, template }: LoadedScenario, now: number): PlacedScenario {
  const earliest = over + durationMs(scenario.history ?? '0s');
  const startedAt = FIRST_START + Math.ceil((earliest - FIRST_START) / WEEK_MS) * WEEK_MS;
  const placing = placeScenario(scenario, template, startedAt);
  if (!placing.ok)
    throw new Error(`the scenario ${scenario.name} was not checked: ${placing.faults[0]?.message}`);
  if (endOf(placing.placed) > now) {
    throw new Error(
      `there is no room in the past for ${scenario.name}; run fewer scenarios at a time (--filter)`,
    );
  }
  return placing.placed;
}

async function play(place: PlacedScenario, source: QuerySource, signal: AbortSignal): Promise<PlayedRun> {
  const playing = playRun(place.run, place.startedAt);
  let turn = playing.next();
  while (!turn.done) {
    const { jobs, now } = turn.value;
    const isOut = place.outages.some(({ from, to }) => from <= now && now < to);
    turn = playing.next(
      await Promise.all(jobs.map((job) => (isOut ? outage(job) : answersTo(job, source, signal)))),
    );
  }
  return turn.value;
}

async function answersTo(job: MeasureJob, source: QuerySource, signal: AbortSignal): Promise<Answered[]> {
  return Promise.all(
    job.questions.map(async ({ name, ...query }): Promise<Answered> => {
      const answer = await source({ ...query, evaluateAt: job.evaluateAt }, signal);
      if (answer.kind === 'fault' && !OF_THE_QUERY.includes(answer.reason)) throw new Error(answer.message);
      return { name, answer };
    }),
  );
}

function outage({ questions }: MeasureJob): Answered[] {
  return questions.map(({ name }) => ({ name, answer: OUTAGE }));
}

/** What a template asks of the past, however long ago, must not be another scenario's. */
async function deleteAll(address: string, signal: AbortSignal): Promise<void> {
  const all = new URLSearchParams({ 'match[]': '{__name__=~".+"}' });
  const response = await fetch(`${address}/api/v1/admin/tsdb/delete_series?${all}`, {
    method: 'POST',
    signal,
  });
  const said = await response.text();
  if (!response.ok)
    throw new Error(`Prometheus does not delete series (HTTP ${response.status}): ${said.trim()}`);
}
