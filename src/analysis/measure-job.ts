import type { MetricQuery, QueryAnswer } from './query-answer.ts';

/** A query that is due now. */
export interface MeasureJob extends MetricQuery {
  /** Derived from (run uid, metric, sequence, try): adding it twice is adding it once. */
  id: string;
  run: { uid: string; namespace: string; name: string };
  metric: string;
  sequence: number;
  /** 1-based number of the try of this sequence. */
  attempt: number;
  source: string;
}

/** What a worker brought back for a MeasureJob. */
export interface MeasureResult {
  job: MeasureJob;
  startedAt: number;
  finishedAt: number;
  answer: QueryAnswer;
}
