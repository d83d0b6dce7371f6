import { durationMs, formatDuration } from '../api/duration.ts';
import type { Emitted } from './emitted.ts';
import { translateFlaggerMetric } from './flagger-metric.ts';
import { flaggerSteps, refuseGates } from './flagger-plan.ts';
import { fromGoDuration } from './go-duration.ts';
import type { Ledger } from './ledger.ts';
import type { MetricSources } from './metric-sources.ts';
import { asName, unusedName } from './names.ts';
import { keptMetadata } from './object-metadata.ts';
import type { Located } from './source-document.ts';

export interface CanaryContext {
  templates: readonly Located[];
  sources: MetricSources;
  ledger: Ledger;
  /** The provider of a Canary that names none. */
  meshProvider: string;
}

const DEFAULT_MAX_DURATION_MS = 3_600_000;

/** A Canary as an AnalysisTemplate and the proposal of a guard; nothing where no metric is left. */
export function translateCanary(canary: Located, context: CanaryContext): Emitted[] {
  const { ledger } = context;
  const spec = canary.at('spec');
  const analysis = spec.at('analysis').isSet ? spec.at('analysis') : spec.at('canaryAnalysis');
  const limits = limitsOf(analysis, ledger);
  const { metrics, args, comments } = metricsOf(canary, analysis, limits, context);
  refuseGates(spec, analysis, ledger);
  if (metrics.length === 0) {
    ledger.refused(canary, 'no metric is left, so there is neither a template nor a guard');
    return [];
  }
  const metadata = keptMetadata(canary);
  const steps = flaggerSteps(analysis);
  ledger.changed(
    canary,
    `becomes an AnalysisTemplate and a RolloutGuard; the plan itself belongs into a Rollout of rollouts.kruise.io that is called ${metadata.name}`,
  );
  const deadline = spec.at('progressDeadlineSeconds');
  if (deadline.isSet) ledger.translated(deadline, 'the deadline for the pods of each step');
  return [
    {
      object: {
        apiVersion: 'assay.dev/v1alpha1',
        kind: 'AnalysisTemplate',
        metadata,
        spec: { ...(args.length > 0 && { args }), metrics },
      },
      comments: [
        ...comments,
        'noData: Fail is what Flagger does: without a value, a check has failed. noData: Wait is the better choice where there are times without traffic.',
      ],
    },
    {
      object: {
        apiVersion: 'assay.dev/v1alpha1',
        kind: 'RolloutGuard',
        metadata,
        spec: {
          rolloutRef: { name: metadata.name },
          analyses: [{ name: asName(metadata.name), template: { name: metadata.name } }],
          onFailure: 'Abort',
          ...longerThanDefault(limits),
          ...(typeof deadline.value === 'number' && { progressDeadlineSeconds: deadline.value }),
        },
      },
      comments: [
        `A proposal: guards the Rollout of rollouts.kruise.io that is called ${metadata.name}.${steps.length === 0 ? '' : ` The traffic of its steps: ${steps.join(', ')}.`}`,
        'onFailure: Abort takes the canary away and leaves the new version in the workload, as Flagger does. Rollback restores the stable version as well.',
      ],
    },
  ];
}

interface CheckLimits {
  interval: string;
  /** How many checks must pass. */
  passes: number;
  /** How many failed checks are one too many. */
  threshold: number;
}

function limitsOf(analysis: Located, ledger: Ledger): CheckLimits {
  const [intervalField, thresholdField, iterationsField] = (
    ['interval', 'threshold', 'iterations'] as const
  ).map((key) => analysis.at(key));
  const text = intervalField?.text();
  const interval = (text === undefined ? undefined : fromGoDuration(text)) ?? '1m';
  if (intervalField?.isSet) {
    if (fromGoDuration(text ?? '') === undefined)
      ledger.refused(intervalField, `${JSON.stringify(text)} is no duration; 1m is used`);
    else
      ledger.translated(
        intervalField,
        `interval, and initialDelay: the first check of a step comes ${interval} after its traffic`,
      );
  }
  const threshold = Math.max(1, Number(thresholdField?.text() ?? 1) || 1);
  if (thresholdField?.isSet) {
    ledger.changed(
      thresholdField,
      `failureLimit ${threshold - 1}: ${threshold} failed check${threshold === 1 ? '' : 's'} of one metric in one step fail the analysis; there, of all metrics in all steps`,
    );
  }
  const passes = Math.max(1, Number(iterationsField?.text() ?? 1) || 1);
  if (iterationsField?.isSet) {
    ledger.changed(
      iterationsField,
      `consecutiveSuccessLimit ${passes}: so many checks must pass in a row here, and in all there`,
    );
  }
  return { interval, passes, threshold };
}

function metricsOf(canary: Located, analysis: Located, limits: CheckLimits, context: CanaryContext) {
  const { ledger } = context;
  const spec = canary.at('spec');
  const target = spec.at('targetRef', 'name').text() ?? '';
  const name = canary.at('metadata', 'name').text() ?? '';
  const facts = {
    name,
    namespace: canary.at('metadata', 'namespace').text(),
    target,
    service: spec.at('service', 'name').text() ?? target,
    ingress: spec.at('ingressRef', 'name').text(),
  };
  const provider = spec.at('provider').text() ?? context.meshProvider;
  const metrics: Record<string, unknown>[] = [];
  const comments: string[] = [];
  const values = new Map<string, string>();
  for (const metric of analysis.at('metrics').items()) {
    const given = metric.at('name').text() ?? '';
    const metricsServer = spec.at('metricsServer').text();
    const translated = translateFlaggerMetric(metric, { ...context, facts, provider, metricsServer });
    const clash = translated?.args.find(
      (each) => (values.get(each) ?? variable(metric, each)) !== variable(metric, each),
    );
    if (clash !== undefined)
      ledger.refused(
        metric.at('templateVariables', clash),
        'another metric gives it another value: give one of the two another name',
      );
    if (!translated || clash !== undefined) {
      comments.push(`NOT translated: the metric ${given}. The report says why.`);
      continue;
    }
    for (const each of translated.args) values.set(each, variable(metric, each));
    const { query, successCondition, source } = translated;
    const wanted = unusedName(
      asName(given),
      metrics.map((each) => String(each['name'])),
    );
    if (wanted !== given) ledger.changed(metric.at('name'), `is called ${wanted} here`);
    metrics.push({
      name: wanted,
      ...(source !== undefined && { source }),
      interval: limits.interval,
      initialDelay: limits.interval,
      consecutiveSuccessLimit: limits.passes,
      failureLimit: limits.threshold - 1,
      query,
      successCondition,
      noData: 'Fail',
    });
  }
  const args = [...values].map(([argument, value]) => ({ name: argument, value }));
  return { metrics, args, comments };
}

function variable(metric: Located, name: string): string {
  return metric.at('templateVariables', name).text() ?? '';
}

/** A run ends after an hour by default; all checks that Flagger would make must fit. */
function longerThanDefault({ interval, passes, threshold }: CheckLimits): { maxDuration?: string } {
  const neededMs = durationMs(interval) * (passes + threshold + 1);
  return neededMs < DEFAULT_MAX_DURATION_MS ? {} : { maxDuration: formatDuration(2 * neededMs) };
}
