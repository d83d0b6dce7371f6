import { sequentialQuestions } from '../analysis/sequential-metric.ts';
import type { Metric } from '../api/analysis-template.ts';

/** A metric that is left out of a backtest. */
export interface SkippedMetric {
  name: string;
  reason: string;
}

const BOUNDS =
  'a query with @ start() or @ end() means another instant in the range queries of a backtest and cannot be backtested';

/** Parts metrics into those that can be replayed and the others. */
export function splitMetrics(metrics: readonly Metric[]): { supported: Metric[]; skipped: SkippedMetric[] } {
  const supported: Metric[] = [];
  const skipped: SkippedMetric[] = [];
  for (const metric of metrics) {
    const reason = reasonAgainst(metric);
    if (reason === undefined) supported.push(metric);
    else skipped.push({ name: metric.name, reason });
  }
  return { supported, skipped };
}

function reasonAgainst(metric: Metric): string | undefined {
  return queriesOf(metric).some(namesBounds) ? BOUNDS : undefined;
}

function queriesOf({ query = '', queries = {}, minimum, mannWhitney, sequential }: Metric): string[] {
  const named = Object.values(queries).map((each) => each.query);
  const counters = sequential ? sequentialQuestions(sequential).map((each) => each.query) : [];
  const compared = [mannWhitney?.canary ?? '', mannWhitney?.stable ?? ''];
  return [query, ...named, minimum?.query ?? '', ...compared, ...counters];
}

/** Whether a query names the ends of its range, outside of literals and comments. */
function namesBounds(query: string): boolean {
  const code = query.replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|#.*/g, '""');
  return /@\s*(?:start|end)\s*\(/.test(code);
}
