import type { Answered, MeasureJob } from '../../src/analysis/measure-job.ts';
import type { QueryAnswer } from '../../src/analysis/query-answer.ts';
import { type ResolvedMetric, resolveMetrics } from '../../src/analysis/resolve-metric.ts';
import type { AnalysisRun, AnalysisRunSpec } from '../../src/api/analysis-run.ts';
import { analysisRunKind } from '../../src/api/analysis-run.ts';
import type { Metric } from '../../src/api/analysis-template.ts';
import { parseObject } from '../../src/api/kind.ts';

/** 2026-01-01T00:00:00Z, where every example begins. */
export const START = Date.UTC(2026, 0, 1);

/** A metric that asks for a success rate of 0.95, once; override what the test is about. */
export function metric(fields: Partial<Metric> = {}): Metric {
  return { name: 'success-rate', query: 'rate', successCondition: 'value >= 0.95', ...fields };
}

/** The same, without the conditions that a metric has by itself. */
export function bareMetric(fields: Partial<Metric> = {}): Metric {
  return { name: 'success-rate', query: 'rate', ...fields };
}

export function resolved(fields: Partial<Metric> = {}): ResolvedMetric {
  return only(resolveMetrics({ metrics: [metric(fields)] }));
}

export function resolvedBare(fields: Partial<Metric>): ResolvedMetric {
  return only(resolveMetrics({ metrics: [bareMetric(fields)] }));
}

export function runOf(
  spec: Partial<AnalysisRunSpec> & Pick<AnalysisRunSpec, 'metrics'>,
  uid = 'uid-1',
): AnalysisRun {
  const parsed = parseObject(analysisRunKind, {
    apiVersion: 'assay.dev/v1alpha1',
    kind: 'AnalysisRun',
    metadata: { name: 'run', namespace: 'shop', uid },
    spec,
  } as never);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return parsed.object;
}

/** The same answer to each question of a job. */
export function answersTo({ questions }: MeasureJob, answer: QueryAnswer): Answered[] {
  return questions.map(({ name }) => ({ name, answer }));
}

export function only<T>(items: readonly T[]): T {
  const [item] = items;
  if (item === undefined || items.length !== 1) throw new Error(`one item expected, not ${items.length}`);
  return item;
}
