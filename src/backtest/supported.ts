/** A metric that is left out of a backtest. */
export interface SkippedMetric {
  name: string;
  reason: string;
}

/** Fields that make more of a metric than one query and its conditions. */
const UNSUPPORTED: Record<string, string> = {
  sequential: 'a sequential test looks at all the raw counts of a release and cannot be backtested yet',
  mannWhitney: 'a Mann-Whitney test compares whole samples of two versions and cannot be backtested yet',
  queries: 'a metric of several named queries cannot be backtested yet',
  range: 'a metric of a range of samples cannot be backtested yet',
  minimum: 'a metric with a minimum of traffic cannot be backtested yet',
};

/** Parts the metrics of a template, as it was written, into those that can be replayed and the others. */
export function splitMetrics(metrics: unknown): { supported: unknown[]; skipped: SkippedMetric[] } {
  const supported: unknown[] = [];
  const skipped: SkippedMetric[] = [];
  for (const metric of Array.isArray(metrics) ? (metrics as unknown[]) : []) {
    const fields: Record<string, unknown> = { ...(typeof metric === 'object' ? metric : {}) };
    const field = Object.keys(UNSUPPORTED).find((each) => fields[each] !== undefined);
    if (field === undefined) supported.push(metric);
    else
      skipped.push({
        name: String(fields['name'] ?? 'a metric without a name'),
        reason: UNSUPPORTED[field] ?? '',
      });
  }
  return { supported, skipped };
}
