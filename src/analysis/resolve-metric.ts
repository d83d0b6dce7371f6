import type { AnalysisRunSpec } from '../api/analysis-run.ts';
import type { Metric, NoDataPolicy } from '../api/analysis-template.ts';
import { durationMs } from '../api/duration.ts';
import { DEFAULT_SOURCE } from '../api/metric-source.ts';
import { type CompiledCondition, compileCondition } from './condition.ts';
import { type Limits, readLimits } from './limits.ts';
import { fillCondition, type Lookup, placeholdersIn, runLookup } from './placeholders.ts';
import { type WindowBounds, windowBounds } from './window.ts';

/** One metric of a run with its arguments filled in and its defaults in place. */
export interface ResolvedMetric extends Limits {
  name: string;
  source: string;
  /** Still with its placeholders: pods and window are those of the moment. */
  query: string;
  /** Set when the query looks back on `{{window}}`. */
  window: WindowBounds | undefined;
  intervalMs: number | undefined;
  initialDelayMs: number;
  successCondition: CompiledCondition | undefined;
  failureCondition: CompiledCondition | undefined;
  noData: NoDataPolicy;
}

/** The metrics of a run in which `checkRun` found no fault. */
export function resolveMetrics(spec: AnalysisRunSpec): ResolvedMetric[] {
  const lookup = runLookup({ args: spec.args ?? [], target: spec.target });
  return spec.metrics.map((metric) => resolveMetric(metric, lookup));
}

function resolveMetric(metric: Metric, lookup: Lookup): ResolvedMetric {
  return {
    ...readLimits(metric, lookup).limits,
    name: metric.name,
    source: metric.source ?? DEFAULT_SOURCE,
    query: metric.query,
    window: placeholdersIn(metric.query).includes('window') ? windowBounds(metric) : undefined,
    intervalMs: metric.interval === undefined ? undefined : durationMs(metric.interval),
    initialDelayMs: metric.initialDelay === undefined ? 0 : durationMs(metric.initialDelay),
    successCondition: resolveCondition(metric.successCondition, lookup),
    failureCondition: resolveCondition(metric.failureCondition, lookup),
    noData: metric.noData ?? 'Inconclusive',
  };
}

function resolveCondition(source: string | undefined, lookup: Lookup): CompiledCondition | undefined {
  if (source === undefined) return undefined;
  const compiled = compileCondition(fillCondition(source, lookup).text);
  if (!compiled.ok) throw new Error(`the condition ${source} was not checked: ${compiled.message}`);
  return compiled;
}

/** What each metric of a run is judged by, in words, with the arguments filled in; also of a run that has faults. */
export function conditionTexts(spec: AnalysisRunSpec): Map<string, string> {
  const lookup = runLookup({ args: spec.args ?? [], target: spec.target });
  const fill = (source: string | undefined) =>
    source === undefined ? undefined : { source: fillCondition(source, lookup).text };
  return new Map(
    spec.metrics.map(({ name, successCondition, failureCondition }) => [
      name,
      conditionText({ successCondition: fill(successCondition), failureCondition: fill(failureCondition) }),
    ]),
  );
}

/** The conditions of a metric as messages name them: `value >= 0.95`. */
export function conditionText({
  successCondition,
  failureCondition,
}: Record<'successCondition' | 'failureCondition', { source: string } | undefined>): string {
  const texts = [
    ...(successCondition ? [successCondition.source.trim()] : []),
    ...(failureCondition ? [`the failure condition ${failureCondition.source.trim()}`] : []),
  ];
  return texts.join(' and ');
}
