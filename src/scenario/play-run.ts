import { decideRun } from '../analysis/decide-run.ts';
import { deliver, type InFlight } from '../analysis/in-flight.ts';
import { isFinished } from '../analysis/judge.ts';
import type { Answered, MeasureJob } from '../analysis/measure-job.ts';
import { prepareRun } from '../analysis/prepare-run.ts';
import type { AnalysisRun, AnalysisRunStatus, Measurement } from '../api/analysis-run.ts';
import { parseTime } from '../api/timestamp.ts';

/** How a run went: its last status, and every measurement that it ever recorded, oldest first. */
export interface PlayedRun {
  run: AnalysisRun;
  status: AnalysisRunStatus;
  measurements: Map<string, Measurement[]>;
  /** From the start of the run to its verdict. */
  durationMs: number;
}

/** Measurements that are due, at one instant of virtual time. */
export interface DueJobs {
  jobs: readonly MeasureJob[];
  now: number;
}

/**
 * Plays a run through to its verdict as the controller would, in virtual time that jumps from one decision to
 * the next. Yields the measurements that are due and is resumed with the answers to each, in the same order; an
 * answer takes no time.
 */
export function* playRun(
  planned: AnalysisRun,
  startedAt: number,
): Generator<DueJobs, PlayedRun, readonly Answered[][]> {
  const measurements = new Map<string, Measurement[]>();
  const prepared = prepareRun(planned.spec);
  let run = planned;
  let inFlight: InFlight[] = [];
  let now = startedAt;
  for (;;) {
    const decision = decideRun({ run, inFlight, now, prepared });
    run = { ...run, status: decision.status };
    inFlight = decision.inFlight;
    remember(measurements, decision.status);
    if (isFinished(decision.status.phase)) {
      const completedAt = parseTime(decision.status.completedAt) ?? now;
      return { run, status: decision.status, measurements, durationMs: completedAt - startedAt };
    }
    if (decision.jobs.length > 0) {
      const answered = yield { jobs: decision.jobs, now };
      for (const [index, job] of decision.jobs.entries()) {
        const answers = answered[index];
        if (!answers) throw new Error(`the measurement of ${job.metric} was not answered`);
        inFlight = deliver(inFlight, { job, startedAt: now, finishedAt: now, answers }, now);
      }
      continue;
    }
    const { wakeAt } = decision;
    if (wakeAt === undefined || (wakeAt <= now && !decision.changed)) {
      throw new Error(`${run.metadata.name} waits for something that virtual time cannot bring`);
    }
    now = Math.max(now, wakeAt);
  }
}

/** A status keeps the newest measurements only; here all of them are wanted. */
function remember(all: Map<string, Measurement[]>, status: AnalysisRunStatus): void {
  for (const { name, measurements } of status.metricResults) {
    const known = all.get(name) ?? [];
    const last = known.at(-1)?.sequence ?? -1;
    all.set(name, [...known, ...measurements.filter(({ sequence }) => sequence > last)]);
  }
}
