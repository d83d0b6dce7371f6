/** One sample of a metric source. JSON has no number for the last three, and NaN must not pass for a value. */
export type SampleValue = number | 'NaN' | '+Inf' | '-Inf';

/** One series of a range, its samples oldest first: `[epoch milliseconds, value]`. */
export interface Series {
  labels: Readonly<Record<string, string>>;
  samples: [number, SampleValue][];
}

/** What a metric source answered to a query; trouble is an answer too. */
export type QueryAnswer =
  /** To an instant query: one value a series. With `warnings` it may be incomplete; `infos` are only advice. */
  | { kind: 'samples'; values: SampleValue[]; warnings: string[]; infos?: string[] }
  /** To a range query or a raw one: the samples of each series. */
  | { kind: 'series'; series: Series[]; warnings: string[]; infos?: string[] }
  | {
      kind: 'fault';
      reason: string;
      message: string;
      retryable: boolean;
      /** How long the server asks to be left alone. */
      retryAfterMs?: number;
    };

/** A query as a metric source gets it: an instant query, unless it says otherwise. */
export interface MetricQuery {
  query: string;
  /** Epoch milliseconds; the end of a range. */
  evaluateAt: number;
  /** Makes it a range query, over the time before `evaluateAt`. */
  range?: { windowMs: number; stepMs: number };
  /** The query is a range selector, such as `up[5m]`: its answer are the samples as they were scraped. */
  raw?: boolean;
}

/** The port to one metric source: never rejects. */
export type QuerySource = (query: MetricQuery, signal: AbortSignal) => Promise<QueryAnswer>;
