import type { AnalysisRunSpec } from '../api/analysis-run.ts';
import type { Metric, NoDataPolicy } from '../api/analysis-template.ts';
import { durationMs } from '../api/duration.ts';
import { DEFAULT_SOURCE } from '../api/metric-source.ts';
import { type CompiledCondition, compileCondition } from './condition.ts';
import type { Variables } from './condition-rules.ts';
import { type Limits, readLimits, readNumber } from './limits.ts';
import { mannWhitneyQuestions } from './mann-whitney-metric.ts';
import { type Judge, judgeOf, judgeText } from './metric-judge.ts';
import { fillCondition, type Lookup, runLookup } from './placeholders.ts';
import { conditionQuestions, type MetricQuestion, usesWindow, variablesOf } from './questions.ts';
import { type ResolvedRange, readRange } from './range.ts';
import { sequentialQuestions } from './sequential-metric.ts';
import { type WindowBounds, windowBounds } from './window.ts';

/** One metric of a run with its arguments filled in and its defaults in place. */
export interface ResolvedMetric extends Limits {
  name: string;
  source: string;
  /** At least one; all are asked for the same instant. */
  questions: MetricQuestion[];
  /** How much must have been observed for a measurement to have data. */
  minimum: number | undefined;
  /** Set when a query looks back on `{{window}}`. */
  window: WindowBounds | undefined;
  intervalMs: number | undefined;
  initialDelayMs: number;
  successCondition: CompiledCondition | undefined;
  failureCondition: CompiledCondition | undefined;
  /** What judges it in place of conditions. */
  judge: Judge | undefined;
  noData: NoDataPolicy;
  /** It is measured and shown, and decides nothing. */
  dryRun: boolean;
}

/** The metrics of a run in which `checkRun` found no fault. */
export function resolveMetrics(spec: AnalysisRunSpec): ResolvedMetric[] {
  const lookup = runLookup({ args: spec.args ?? [], target: spec.target });
  return spec.metrics.map((metric) => resolveMetric(metric, lookup));
}

function resolveMetric(metric: Metric, lookup: Lookup): ResolvedMetric {
  const bounds = windowBounds(metric);
  const range = metric.range && readRange(metric.range, bounds.maxMs, lookup).range;
  if (metric.range && !range) throw new Error(`the range of ${metric.name} was not checked`);
  const questions = questionsOf(metric, range);
  const judge = judgeOf(metric, lookup);
  const variables = variablesOf(metric);
  const minimum = metric.minimum && readNumber(metric.minimum.value, lookup);
  return {
    ...readLimits(metric, lookup).limits,
    ...(judge?.kind === 'sequential' && DECIDES_BY_ITSELF),
    name: metric.name,
    source: metric.source ?? DEFAULT_SOURCE,
    questions,
    minimum: typeof minimum === 'number' ? minimum : undefined,
    window: questions.some(usesWindow) ? bounds : undefined,
    intervalMs: metric.interval === undefined ? undefined : durationMs(metric.interval),
    initialDelayMs: metric.initialDelay === undefined ? 0 : durationMs(metric.initialDelay),
    successCondition: resolveCondition(metric.successCondition, variables, lookup),
    failureCondition: resolveCondition(metric.failureCondition, variables, lookup),
    judge,
    // A sequential test that has no data yet goes on, as one that is undecided does.
    noData: judge?.kind === 'sequential' ? 'Wait' : (metric.noData ?? 'Inconclusive'),
    dryRun: metric.dryRun ?? false,
  };
}

/** A sequential test ends at its first decision, and stays undecided as long as it likes. */
const DECIDES_BY_ITSELF = {
  failureLimit: 0,
  consecutiveSuccessLimit: 1,
  inconclusiveLimit: Infinity,
} as const satisfies Partial<Limits>;

function questionsOf(metric: Metric, range: ResolvedRange | undefined): MetricQuestion[] {
  if (metric.sequential) return sequentialQuestions(metric.sequential);
  if (metric.mannWhitney) return mannWhitneyQuestions(metric.mannWhitney, range);
  return conditionQuestions(metric, range);
}

function resolveCondition(
  source: string | undefined,
  variables: Variables,
  lookup: Lookup,
): CompiledCondition | undefined {
  if (source === undefined) return undefined;
  const compiled = compileCondition(fillCondition(source, lookup).text, variables);
  if (!compiled.ok) throw new Error(`the condition ${source} was not checked: ${compiled.message}`);
  return compiled;
}

/** What each metric of a run is judged by, in words, with the arguments filled in; also of a run that has faults. */
export function conditionTexts(spec: AnalysisRunSpec): Map<string, string> {
  const lookup = runLookup({ args: spec.args ?? [], target: spec.target });
  const fill = (source: string | undefined) =>
    source === undefined ? undefined : { source: fillCondition(source, lookup).text };
  return new Map(
    spec.metrics.map((metric) => [
      metric.name,
      conditionText({
        successCondition: fill(metric.successCondition),
        failureCondition: fill(metric.failureCondition),
        judge: judgeOf(metric, lookup),
      }),
    ]),
  );
}

/** The conditions of a metric as messages name them, `value >= 0.95`; or what judges it in their place. */
export function conditionText({
  successCondition,
  failureCondition,
  judge,
}: Record<'successCondition' | 'failureCondition', { source: string } | undefined> & {
  judge: Judge | undefined;
}): string {
  if (judge) return judgeText(judge);
  const texts = [
    ...(successCondition ? [successCondition.source.trim()] : []),
    ...(failureCondition ? [`the failure condition ${failureCondition.source.trim()}`] : []),
  ];
  return texts.join(' and ');
}
