import type { Metric } from '../api/analysis-template.ts';
import { parseObject } from '../api/kind.ts';
import type { KubeObject } from '../api/kubernetes.ts';
import { type ClusterMetricSource, clusterMetricSourceKind, DEFAULT_SOURCE } from '../api/metric-source.ts';
import { checkMetricSource, metricSourceWarnings } from '../api/metric-source-validation.ts';
import { resources } from '../api/resource.ts';
import { type AdmissionAnswer, type AdmissionRequest, subjectOf } from './admission-review.ts';
import { answerOf, type Finding, fault, faultsOf, unknown, warning } from './finding.ts';
import type { Lookup } from './lookup.ts';

/** Says whether a ClusterMetricSource may be written as it is. Its Secrets may come later. */
export function validateMetricSource(request: AdmissionRequest, raw: KubeObject): AdmissionAnswer {
  const parsed = parseObject(clusterMetricSourceKind, raw);
  const findings = parsed.ok
    ? [
        ...faultsOf(checkMetricSource(parsed.object)),
        ...metricSourceWarnings(parsed.object).map((text) => warning(text)),
      ]
    : faultsOf(parsed.faults);
  return answerOf(subjectOf(request), findings);
}

/**
 * Whether the sources that these metrics name exist and may be used from `namespace`; a cluster-wide template
 * has none ('') and is checked again where it is used.
 *
 * @param at the field that holds the metrics, for messages
 */
export async function checkSources(
  metrics: readonly Metric[],
  at: string,
  namespace: string,
  lookup: Lookup,
): Promise<Finding[]> {
  const names = [...new Set(metrics.map(sourceOf))];
  const found = await Promise.all(
    names.map(async (name) => {
      const source = await lookup<ClusterMetricSource>(resources.clusterMetricSource, { name });
      const finding = judge(name, source, namespace);
      return [name, finding] as const;
    }),
  );
  const byName = new Map(found);
  return metrics.flatMap((metric, index) => {
    const finding = byName.get(sourceOf(metric));
    if (!finding) return [];
    return typeof finding === 'string' ? [fault(`${at}[${index}].source`, finding)] : [finding];
  });
}

function sourceOf(metric: Metric): string {
  return metric.source ?? DEFAULT_SOURCE;
}

function judge(
  name: string,
  source: Awaited<ReturnType<Lookup>>,
  namespace: string,
): Finding | string | undefined {
  if (source.state === 'unknown') return unknown(`ClusterMetricSource ${name}`, source.message);
  if (source.state === 'missing') {
    return `ClusterMetricSource "${name}" does not exist. Create it, or name one that kubectl get clustermetricsources shows`;
  }
  const allowed = (source.object as ClusterMetricSource).spec.allowedNamespaces;
  if (namespace === '' || !allowed || allowed.includes(namespace)) return undefined;
  return `ClusterMetricSource "${name}" may not be used from namespace ${namespace}. Ask its administrator to add it to spec.allowedNamespaces`;
}
