import type { MeasureJob, MeasureResult } from '../analysis/measure-job.ts';

/**
 * The queues between controller and workers. They are transport and nothing else: the custom resources
 * say what is due and what was done, so a queue that loses everything costs a repeated query at most.
 */

/** An alert to deliver; the notifier reads its receiver and the text from the cluster. */
export interface AlertJob {
  id: string;
  /** Of the receiver. */
  namespace: string;
  /** Name of the RolloutRecord that holds the alert, or of the ClusterMetricSource where it is of a `source`. */
  record: string;
  holder?: 'source';
  receiver: string;
  alertId: string;
}

export interface AlertResult {
  job: AlertJob;
  finishedAt: number;
  delivered: boolean;
  message: string;
}

/** What one try to deliver came to: final, unless it says when to try again. */
export interface AlertTry extends AlertResult {
  retryAfterMs?: number | undefined;
}

/** What one try to measure came to: a result, unless its source asks to be left alone. */
export interface MeasureTry extends MeasureResult {
  /**
   * For so long no replica starts a job of this source. Then this job is done again as if it had not begun,
   * and what it came to so far is no result.
   */
  pauseMs?: number | undefined;
}

/** The controller's side. `add…` resolves to false when the queue cannot take the job now. */
export interface JobQueue {
  /** A job whose id is waiting or under way is not added again; once it is done its id is free. */
  addMeasure(job: MeasureJob): Promise<boolean>;
  addAlert(job: AlertJob): Promise<boolean>;
  /**
   * Results of measurements and alerts, each at least once, in any order; those that came while nobody
   * listened are kept. A listener that rejects gets the result again a few times. Returns how to stop.
   */
  onMeasured(listener: (result: MeasureResult) => Promise<void>): Promise<() => Promise<void>>;
  onAlerted(listener: (result: AlertResult) => Promise<void>): Promise<() => Promise<void>>;
  /** Jobs not done yet by queue, for metrics: those that this process has added to, and the results. */
  depths(): Promise<Record<string, number>>;
  close(): Promise<void>;
}

/** Resolves when one more query may be sent. */
export type Turn = () => Promise<void>;

/** The workers' side: runs on every replica. */
export interface JobWorkers {
  /**
   * Serves the queue of one source with its limits, until `stop`. The limits hold across all replicas: so many
   * jobs at once, and so many jobs a second. A job may have several queries; it sends one at a time, each when
   * `turn` says so, and then the limits are those of the queries as well.
   * `measure` never rejects; should it do so all the same, the job is given up without a result.
   */
  serveMeasures(
    source: { name: string; concurrency: number; perSecond?: number | undefined },
    measure: (job: MeasureJob, turn: Turn) => Promise<MeasureTry>,
  ): Promise<() => Promise<void>>;
  /** `attempt` counts the tries of this job from 1. */
  serveAlerts(deliver: (job: AlertJob, attempt: number) => Promise<AlertTry>): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** The queue of a source. */
export function measureQueue(source: string): string {
  return `measure-${source}`;
}

export const ALERT_QUEUE = 'alerts';
export const MEASURE_RESULTS = 'results-measure';
export const ALERT_RESULTS = 'results-alert';

/** How often a result is offered to a listener that rejects. */
export const RESULT_TRIES = 5;
