import { placeholdersIn } from '../analysis/placeholders.ts';
import type { AnalysisMode } from '../api/analysis-run.ts';
import type { Metric } from '../api/analysis-template.ts';
import type { Score } from '../api/judge-schemas.ts';
import type { SchemaFault } from '../api/kind.ts';

/** What only the analysis of one step can know. */
const OF_A_STEP = ['step.index', 'step.weight'];

/**
 * The metrics of a template as an analysis of this mode measures them. A Background analysis goes on until every
 * pod is updated, so what would complete its metrics earlier is left out; the same template can serve as a Step
 * analysis.
 */
export function metricsOfMode(metrics: readonly Metric[], mode: AnalysisMode): Metric[] {
  if (mode !== 'Background') return [...metrics];
  return metrics.map(({ count: _count, consecutiveSuccessLimit: _limit, ...metric }) => metric);
}

/** Why a template cannot be measured in this mode. Paths begin with `spec` of the template. */
export function faultsOfMode(
  { metrics, score }: { metrics: readonly Metric[]; score?: Score | undefined },
  mode: AnalysisMode,
): SchemaFault[] {
  if (mode === 'Step') return [];
  const message =
    'decides when its metrics have ended, and a Background analysis goes on; give it a Step analysis';
  return [
    ...(score && mode === 'Background' ? [{ path: 'spec.score', message }] : []),
    ...faultsOfMetrics(metrics, mode),
  ];
}

function faultsOfMetrics(metrics: readonly Metric[], mode: AnalysisMode): SchemaFault[] {
  return metrics.flatMap((metric, index) => {
    const path = `spec.metrics[${index}]`;
    const named = placeholdersIn(JSON.stringify(metric)).find((name) => OF_A_STEP.includes(name));
    return [
      ...(mode === 'Background' && metric.interval === undefined
        ? [
            {
              path: `${path}.interval`,
              message: 'is needed by a Background analysis, which measures again and again',
            },
          ]
        : []),
      ...(mode === 'Background' && metric.sequential !== undefined
        ? [
            {
              path: `${path}.sequential`,
              message: 'ends with its verdict, and a Background analysis goes on; give it a Step analysis',
            },
          ]
        : []),
      ...(named === undefined
        ? []
        : [
            {
              path,
              message: `{{${named}}} stands for nothing in a ${mode} analysis, which judges no single step`,
            },
          ]),
    ];
  });
}
