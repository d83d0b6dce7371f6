import { type HashArguments, neededArguments, translateArguments } from './argo-arguments.ts';
import { translateMetric } from './argo-metric.ts';
import type { Emitted } from './emitted.ts';
import type { Ledger } from './ledger.ts';
import type { MetricSources } from './metric-sources.ts';
import { keptMetadata } from './object-metadata.ts';
import type { Located } from './source-document.ts';

/** A template of ours, and those arguments of Argo's that it still takes. */
export interface TranslatedTemplate {
  emitted: Emitted;
  args: ReadonlySet<string>;
  /** Those of them without a default. */
  required: ReadonlySet<string>;
}

/**
 * An AnalysisTemplate or a ClusterAnalysisTemplate of Argo Rollouts as ours. A metric that was refused is left
 * out, and a comment says so; without any metric left there is no template.
 */
export function translateTemplate(
  template: Located,
  sources: MetricSources,
  ledger: Ledger,
  hashes: HashArguments,
): TranslatedTemplate | undefined {
  const spec = template.at('spec');
  ledger.refuseOthers(spec, ['metrics', 'args', 'dryRun', 'measurementRetention', 'templates']);
  const { args, meanings } = translateArguments(spec, ledger, hashes);
  const dryRun = dryRunRules(spec.at('dryRun'), ledger);
  const metrics: Record<string, unknown>[] = [];
  const comments: string[] = [];
  for (const metric of spec.at('metrics').items()) {
    const name = metric.at('name').text() ?? '';
    const translated = translateMetric(metric, {
      meanings,
      sources,
      ledger,
      taken: metrics.map((each) => String(each['name'])),
      dryRun: dryRun.some((rule) => rule.test(name)),
    });
    if (translated) metrics.push(translated);
    else comments.push(`NOT translated: the metric ${name}. The report says why.`);
  }
  const retention = spec.at('measurementRetention');
  if (retention.isSet) ledger.changed(retention, 'the newest 20 measurements of each metric are kept here');
  const templates = spec
    .at('templates')
    .items()
    .map((each) => nested(each, template, ledger));
  if (metrics.length === 0 && templates.length === 0) {
    ledger.refused(template, 'no metric is left, so there is no template');
    return undefined;
  }
  const needed = neededArguments(args, metrics, templates.length > 0, ledger);
  const kind = template.at('kind').text() ?? 'AnalysisTemplate';
  const emitted = {
    object: {
      apiVersion: 'assay.dev/v1alpha1',
      kind,
      metadata: keptMetadata(template, kind === 'AnalysisTemplate'),
      spec: {
        ...(needed.length > 0 && { args: needed.map(({ argument }) => argument) }),
        ...(metrics.length > 0 && { metrics }),
        ...(templates.length > 0 && { templates }),
      },
    },
    comments,
  };
  const required = needed.filter(({ argument }) => argument.value === undefined);
  return {
    emitted,
    args: new Set(needed.map(({ source }) => source)),
    required: new Set(required.map(({ source }) => source)),
  };
}

function nested(reference: Located, outer: Located, ledger: Ledger): { kind?: string; name: string } {
  const name = reference.at('templateName').text() ?? '';
  const isCluster = reference.at('clusterScope').value === true;
  ledger.translated(reference, `nests ${name}`);
  const outerKind = outer.at('kind').text();
  const kind = isCluster ? 'ClusterAnalysisTemplate' : 'AnalysisTemplate';
  return { ...(kind !== outerKind && { kind }), name };
}

/** The rules are regular expressions that match anywhere in a metric's name. */
function dryRunRules(rules: Located, ledger: Ledger): RegExp[] {
  return rules.items().flatMap((rule) => {
    const text = rule.at('metricName').text() ?? '';
    try {
      const pattern = new RegExp(text);
      ledger.translated(rule, `the metrics that match ${text} have dryRun: true`);
      return [pattern];
    } catch {
      const advice = text === '*' ? '; every metric is matched by .*' : '';
      ledger.refused(
        rule,
        `${JSON.stringify(text)} is no regular expression, in Argo Rollouts neither${advice}`,
      );
      return [];
    }
  });
}
