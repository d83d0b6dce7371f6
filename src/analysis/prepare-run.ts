import type { AnalysisRunSpec } from '../api/analysis-run.ts';
import type { SchemaFault } from '../api/kind.ts';
import { checkRun } from './check-template.ts';
import { type ResolvedMetric, resolveMetrics } from './resolve-metric.ts';

/** A run's metrics with its arguments filled in, or what is wrong with them. */
export type PreparedRun = { ok: true; metrics: ResolvedMetric[] } | { ok: false; faults: SchemaFault[] };

/** Checks the spec of a run and resolves its metrics: the same for the same spec, and much work for one pass. */
export function prepareRun(spec: AnalysisRunSpec): PreparedRun {
  const faults = checkRun(spec);
  return faults.length > 0 ? { ok: false, faults } : { ok: true, metrics: resolveMetrics(spec) };
}
