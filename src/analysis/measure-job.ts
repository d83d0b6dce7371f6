import type { MetricQuery, QueryAnswer } from './query-answer.ts';

/** One of the queries of a measurement; all are evaluated at the instant of the job. */
export interface Question extends Omit<MetricQuery, 'evaluateAt'> {
  /** Unique within the job. */
  name: string;
}

/** What a source answered to the question of this name. */
export interface Answered {
  name: string;
  answer: QueryAnswer;
}

/** A measurement that is due now. */
export interface MeasureJob {
  /** Derived from (run uid, metric, sequence, try): adding it twice is adding it once. */
  id: string;
  run: { uid: string; namespace: string; name: string };
  metric: string;
  sequence: number;
  /** 1-based number of the try of this sequence. */
  attempt: number;
  source: string;
  /** At least one. */
  questions: Question[];
  /** Epoch milliseconds at which the queries are evaluated. */
  evaluateAt: number;
}

/** What a worker brought back for a MeasureJob. */
export interface MeasureResult {
  job: MeasureJob;
  startedAt: number;
  finishedAt: number;
  /** One for each question, in their order. */
  answers: Answered[];
}
