import type { AnalysisRunSpec } from '../api/analysis-run.ts';
import type { AnalysisTemplate, Metric } from '../api/analysis-template.ts';
import type { Argument, ArgumentSource } from '../api/argument.ts';
import { parseDurationMs } from '../api/duration.ts';
import type { SchemaFault } from '../api/kind.ts';
import { hasType, matchSources, wrongType } from './arguments.ts';
import { checkMetric, type MetricCheckOptions } from './check-metric.ts';
import { checkOwnScore, checkScore } from './check-score.ts';
import { runLookup, templateLookup } from './placeholders.ts';

type TemplateSpec = AnalysisTemplate['spec'];

/** How long a run may take that says nothing about it. */
export const DEFAULT_MAX_DURATION_MS = 3_600_000;

/**
 * What is wrong with a template, beyond its schema: at admission and in lint. Nothing here needs a cluster.
 * With `mode: 'Step'` every metric must come to an end by itself.
 */
export function checkTemplate(spec: TemplateSpec, options: MetricCheckOptions = {}): SchemaFault[] {
  const args = spec.args ?? [];
  const lookup = templateLookup(args);
  return [
    ...checkUnique(args, 'spec.args'),
    ...args.flatMap((argument, index) => checkDeclared(argument, `spec.args[${index}]`)),
    ...checkUnique(spec.metrics, 'spec.metrics'),
    ...spec.metrics.flatMap((metric, index) =>
      checkMetric(metric, `spec.metrics[${index}]`, lookup, options),
    ),
    ...checkOwnScore(spec),
  ];
}

function checkDeclared({ name, type = 'string', value, required }: Argument, path: string): SchemaFault[] {
  if (required === true && value !== undefined) {
    const message = `the argument ${name} is required, so its default would never be used; take one of the two away`;
    return [{ path: `${path}.value`, message }];
  }
  if (required === false && value === undefined) {
    const message = `the argument ${name} need not be given, so it needs a default`;
    return [{ path: `${path}.value`, message }];
  }
  if (value === undefined || hasType(value, type)) return [];
  return [{ path: `${path}.value`, message: wrongType(name, value, type) }];
}

/**
 * What is wrong with arguments given to a template, the faults included that the template has only with
 * these values (a `count` below a limit, say), and those of its score. Paths begin with `args` or `template`,
 * relative to what gives them.
 */
export function checkArguments(
  template: TemplateSpec,
  given: readonly ArgumentSource[],
  options: MetricCheckOptions = {},
): SchemaFault[] {
  const { args, faults } = matchSources(template.args ?? [], given);
  if (faults.length > 0) return faults;
  const lookup = templateLookup(args);
  const ofMetrics = template.metrics
    .flatMap((metric, index) => checkMetric(metric, `spec.metrics[${index}]`, lookup, options))
    .map(({ path, message }) => ({
      path: 'args',
      message: `with these arguments, ${path} of the template is at fault: ${message}`,
    }));
  const ofScore = checkScore(template).map(({ path, message }) => ({
    path: 'template',
    message: `${path} of it: ${message}`,
  }));
  const found = [...ofMetrics, ...ofScore];
  const isIdle = template.metrics.length > 0 && template.metrics.every(({ dryRun }) => dryRun === true);
  return isIdle ? [...found, onlyDryRuns('template')] : found;
}

/** What is wrong with a run: as for a template, and every placeholder must have something to stand for. */
export function checkRun(spec: AnalysisRunSpec): SchemaFault[] {
  const args = spec.args ?? [];
  const maxDurationMs = maxDurationOf(spec);
  const lookup = runLookup({ args, target: spec.target });
  const faults = [
    ...checkUnique(args, 'spec.args'),
    ...checkUnique(spec.metrics, 'spec.metrics'),
    ...spec.metrics.flatMap((metric: Metric, index) =>
      checkMetric(metric, `spec.metrics[${index}]`, lookup, { mode: spec.key?.mode, maxDurationMs }),
    ),
  ];
  faults.push(...checkScore(spec));
  if (spec.metrics.every(({ dryRun }) => dryRun === true)) faults.push(onlyDryRuns('spec.metrics'));
  if (maxDurationMs <= 0) faults.push({ path: 'spec.maxDuration', message: 'must be longer than 0s' });
  return faults;
}

/** How long a run may take, in milliseconds. */
export function maxDurationOf(spec: Pick<AnalysisRunSpec, 'maxDuration'>): number {
  return parseDurationMs(spec.maxDuration ?? '') ?? DEFAULT_MAX_DURATION_MS;
}

/** Nothing of it could decide, so it would pass for having found nothing. */
function onlyDryRuns(path: string): SchemaFault {
  return {
    path,
    message: 'all metrics are dry runs, and nothing could decide; take dryRun off at least one',
  };
}

function checkUnique(items: readonly { name: string }[], path: string): SchemaFault[] {
  return items.flatMap(({ name }, index) =>
    items.findIndex((other) => other.name === name) < index
      ? [{ path: `${path}[${index}].name`, message: `the name ${name} is used twice` }]
      : [],
  );
}
