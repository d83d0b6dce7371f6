/** One sample of a metric source. JSON has no number for the last three, and NaN must not pass for a value. */
export type SampleValue = number | 'NaN' | '+Inf' | '-Inf';

/** What a metric source answered to an instant query; trouble is an answer too. */
export type QueryAnswer =
  | { kind: 'samples'; values: SampleValue[]; warnings: string[] }
  | { kind: 'fault'; reason: string; message: string; retryable: boolean };

/** A query as a metric source gets it. */
export interface MetricQuery {
  query: string;
  /** Epoch milliseconds. */
  evaluateAt: number;
}

/** The port to one metric source: never rejects. */
export type QuerySource = (query: MetricQuery, signal: AbortSignal) => Promise<QueryAnswer>;
