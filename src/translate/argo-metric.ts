import { type Meanings, withArguments, withDefaults } from './argo-arguments.ts';
import { translateLimits } from './argo-limits.ts';
import { adviceFor } from './argo-providers.ts';
import { translateRange } from './argo-range.ts';
import { translateSource } from './argo-source.ts';
import {
  describeDifferences,
  NAMED_QUERY,
  type TranslatedConditions,
  translateConditions,
} from './conditions.ts';
import { fromGoDuration } from './go-duration.ts';
import type { Ledger } from './ledger.ts';
import type { MetricSources } from './metric-sources.ts';
import { asName, unusedName } from './names.ts';
import type { Located } from './source-document.ts';

const KNOWN = [
  'name',
  'interval',
  'initialDelay',
  'count',
  'successCondition',
  'failureCondition',
  'failureLimit',
  'inconclusiveLimit',
  'consecutiveErrorLimit',
  'consecutiveSuccessLimit',
  'provider',
];

export interface MetricContext {
  meanings: Meanings;
  sources: MetricSources;
  ledger: Ledger;
  /** The names that other metrics of the template have already. */
  taken: readonly string[];
  /** Whether a rule of the template makes it a dry run. */
  dryRun: boolean;
}

/** One metric as a metric of ours; undefined where it was refused as a whole, for a reason that is in the ledger. */
export function translateMetric(
  metric: Located,
  { meanings, sources, ledger, taken, dryRun }: MetricContext,
): Record<string, unknown> | undefined {
  ledger.refuseOthers(metric, KNOWN);
  const prometheus = metric.at('provider', 'prometheus');
  const others = metric
    .at('provider')
    .keys()
    .filter((key) => key !== 'prometheus');
  for (const other of others) ledger.refused(metric.at('provider', other), adviceFor(other));
  if (!prometheus.isSet) {
    if (others.length === 0) ledger.refused(metric, 'the metric has no provider');
    return undefined;
  }
  const query = queryOf(prometheus.at('query'), meanings, ledger);
  const range = translateRange(prometheus.at('rangeQuery'), ledger);
  const conditions = conditionsOf(metric, range !== undefined, meanings, ledger);
  if (query === undefined || range === 'refused' || !conditions) return undefined;
  const source = translateSource(prometheus, meanings, sources, ledger);
  const interval = durationOf(metric.at('interval'), meanings, ledger);
  const initialDelay = durationOf(metric.at('initialDelay'), meanings, ledger);
  const { successCondition, failureCondition, noData, whenEmpty } = conditions;
  return {
    name: nameOf(metric.at('name'), taken, ledger),
    ...(source !== undefined && { source }),
    ...(interval !== undefined && { interval }),
    ...(initialDelay !== undefined && { initialDelay }),
    ...translateLimits(metric, interval !== undefined, meanings, ledger),
    ...(whenEmpty === undefined ? { query } : { queries: { [NAMED_QUERY]: { query, whenEmpty } } }),
    ...(range && { range }),
    ...(successCondition !== undefined && { successCondition }),
    ...(failureCondition !== undefined && { failureCondition }),
    ...(noData !== undefined && { noData }),
    ...(dryRun && { dryRun: true }),
  };
}

function nameOf(name: Located, taken: readonly string[], ledger: Ledger): string {
  const given = name.text() ?? '';
  const wanted = unusedName(asName(given), taken);
  if (wanted !== given) ledger.changed(name, `is called ${wanted} here`);
  return wanted;
}

function queryOf(field: Located, meanings: Meanings, ledger: Ledger): string | undefined {
  const text = field.text();
  if (text === undefined || text.trim() === '') {
    ledger.refused(field, 'the metric has no query');
    return undefined;
  }
  const { text: query, missing } = withArguments(text, meanings);
  if (missing.length === 0) return selectingPods(query, text, field, ledger);
  const [name] = missing;
  ledger.refused(
    field,
    `{{${name}}} stands for nothing that a query can use here: write its value into the query`,
  );
  return undefined;
}

/** The label that Argo's own ReplicaSets put on pods, which no series has here. */
const HASH_MATCHER = /\brollouts_pod_template_hash\s*=~?\s*["'`]\{\{(canary|stable)\.hash\}\}["'`]/g;

function selectingPods(query: string, source: string, field: Located, ledger: Ledger): string {
  const byPods = query.replace(HASH_MATCHER, (_, version: string) => `pod=~"{{${version}.pods}}"`);
  if (byPods !== query) {
    ledger.changed(
      field,
      'rollouts_pod_template_hash becomes a matcher by {{canary.pods}} or {{stable.pods}}, because the label is only on pods of Argo Rollouts; the series need a label pod',
    );
  } else {
    const why = query === source ? 'the query is the same' : 'the query, with its arguments as they are here';
    ledger.translated(field, why);
  }
  return byPods;
}

/** A duration; where an argument stands for it, its default. */
function durationOf(field: Located, meanings: Meanings, ledger: Ledger): string | undefined {
  const text = field.text();
  if (text === undefined || text === '') return undefined;
  const filled = withDefaults(text, meanings);
  const duration = filled === undefined ? undefined : fromGoDuration(filled);
  if (duration === undefined) {
    const why = text.includes('{{')
      ? 'an argument cannot stand here and has no default: write the duration'
      : `${JSON.stringify(text)} is not a duration such as 30s`;
    ledger.refused(field, why);
    return undefined;
  }
  if (text.includes('{{'))
    ledger.changed(field, `is ${duration}, the default: an argument cannot stand here`);
  return duration;
}

function conditionsOf(
  metric: Located,
  range: boolean,
  meanings: Meanings,
  ledger: Ledger,
): (TranslatedConditions & { ok: true }) | undefined {
  const given = (field: 'successCondition' | 'failureCondition') => metric.at(field).text() || undefined;
  const conditions = {
    successCondition: given('successCondition'),
    failureCondition: given('failureCondition'),
  };
  if (conditions.successCondition === undefined && conditions.failureCondition === undefined) {
    ledger.refused(
      metric,
      'has no condition: in Argo Rollouts it passes whatever is measured, and here a metric must be judged; add a condition, or leave it out',
    );
    return undefined;
  }
  const translated = translateConditions(conditions, { range });
  if (!translated.ok) {
    for (const { field, at, why } of translated.refusals) {
      ledger.refused(metric.at(field), `${why} (position ${at}); the metric is left out`);
    }
    return undefined;
  }
  const filled = { ...translated };
  for (const field of ['successCondition', 'failureCondition'] as const) {
    const text = translated[field];
    if (text === undefined) continue;
    const { text: written, missing } = withArguments(text, meanings);
    if (missing.length > 0) {
      ledger.refused(metric.at(field), `{{${missing[0]}}} stands for no number here; the metric is left out`);
      return undefined;
    }
    filled[field] = written;
    const differences = field === firstField(conditions) ? describeDifferences(translated.differences) : [];
    const line = [written, ...differences].join('; ');
    if (differences.length > 0) ledger.changed(metric.at(field), line);
    else ledger.translated(metric.at(field), line);
  }
  return filled;
}

function firstField(conditions: { successCondition: string | undefined }) {
  return conditions.successCondition === undefined ? 'failureCondition' : 'successCondition';
}
