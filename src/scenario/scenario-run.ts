import { resolveArguments } from '../analysis/arguments.ts';
import { checkRun } from '../analysis/check-template.ts';
import type { AnalysisRun, RunTarget } from '../api/analysis-run.ts';
import type { AnalysisTemplate } from '../api/analysis-template.ts';
import { durationMs } from '../api/duration.ts';
import type { SchemaFault } from '../api/kind.ts';
import { apiVersionOf, resources } from '../api/resource.ts';
import { formatTime } from '../api/timestamp.ts';
import type { Scenario, ScenarioTarget } from './scenario-file.ts';
import { type Labels, parseSeriesLabels } from './series-labels.ts';
import { parseSeriesValues, type ScrapedValue } from './series-values.ts';

const DEFAULT_INTERVAL = '5s';
/** Its jitter comes to 0 ms, so that the moments of measurements are those that the template names. */
const UID_WITHOUT_JITTER = 'scenario-3957';

/** One series with the samples that exist: `[epoch milliseconds, value]`, oldest first. */
export interface ScenarioSeries {
  labels: Labels;
  samples: [number, Exclude<ScrapedValue, 'missing'>][];
}

/** A scenario at its place in time: what Prometheus is to hold, and the run that asks it. */
export interface PlacedScenario {
  run: AnalysisRun;
  startedAt: number;
  series: ScenarioSeries[];
  /** When the metric source does not answer: from the first instant until before the second. */
  outages: { from: number; to: number }[];
}

export type Placed = { ok: true; placed: PlacedScenario } | { ok: false; faults: SchemaFault[] };

/**
 * Places a scenario so that its run starts at `startedAt` (epoch milliseconds). Faults have paths within the
 * scenario: `series[0].values`. The template is one without faults of its own.
 */
export function placeScenario(scenario: Scenario, template: AnalysisTemplate, startedAt: number): Placed {
  const faults: SchemaFault[] = [];
  const series = placeSeries(scenario, startedAt, faults);
  const given = Object.entries(scenario.args ?? {}).map(([name, value]) => ({ name, value }));
  const resolved = resolveArguments(template.spec.args ?? [], given);
  if (!resolved.ok) {
    const named = resolved.faults.map(({ path, message }) => ({ path: argumentPath(path, given), message }));
    return { ok: false, faults: [...faults, ...named] };
  }
  const { namespace = 'shop' } = scenario.target ?? {};
  const run: AnalysisRun = {
    apiVersion: apiVersionOf(resources.analysisRun),
    kind: resources.analysisRun.kind,
    metadata: { name: template.metadata.name, namespace, uid: UID_WITHOUT_JITTER },
    spec: {
      metrics: template.spec.metrics,
      ...(template.spec.score && { score: template.spec.score }),
      args: resolved.args,
      target: targetOf(scenario.target ?? {}, startedAt),
      ...(scenario.maxDuration !== undefined && { maxDuration: scenario.maxDuration }),
    },
  };
  for (const { path, message } of checkRun(run.spec)) {
    faults.push({
      path: 'template',
      message: `with this scenario, ${path} of the template is at fault: ${message}`,
    });
  }
  const outages = (scenario.outages ?? []).map(({ from, to }) => ({
    from: startedAt + durationMs(from),
    to: startedAt + durationMs(to),
  }));
  return faults.length > 0
    ? { ok: false, faults }
    : { ok: true, placed: { run, startedAt, series, outages } };
}

/** The first instant after which nothing of a scenario that starts at `startedAt` can lie. */
export function endOf({ series, run, startedAt }: PlacedScenario): number {
  const last = series.map(({ samples }) => samples.at(-1)?.[0] ?? startedAt);
  return Math.max(startedAt + durationMs(run.spec.maxDuration ?? '1h'), ...last) + 1;
}

function placeSeries(scenario: Scenario, startedAt: number, faults: SchemaFault[]): ScenarioSeries[] {
  const intervalMs = durationMs(scenario.interval ?? DEFAULT_INTERVAL);
  const firstAt = startedAt - durationMs(scenario.history ?? '0s');
  if (intervalMs <= 0) faults.push({ path: 'interval', message: 'must be longer than 0s' });
  const seen = new Set<string>();
  return (scenario.series ?? []).flatMap((each, index) => {
    const path = `series[${index}]`;
    const labels = parseSeriesLabels(each.series);
    const values = parseSeriesValues(each.values);
    if (!labels.ok) faults.push({ path: `${path}.series`, message: labels.message, offset: labels.offset });
    if (!values.ok) faults.push({ path: `${path}.values`, message: values.message, offset: values.offset });
    if (!labels.ok || !values.ok) return [];
    const identity = JSON.stringify(Object.entries(labels.labels).toSorted());
    if (seen.has(identity)) faults.push({ path: `${path}.series`, message: 'this series is there twice' });
    seen.add(identity);
    const samples = values.values.flatMap((value, position): ScenarioSeries['samples'] =>
      value === 'missing' ? [] : [[Math.round(firstAt + position * intervalMs), value]],
    );
    return [{ labels: labels.labels, samples }];
  });
}

function targetOf(target: ScenarioTarget, startedAt: number): RunTarget {
  const { workload = 'web', rollout = workload, step = 1, weight = 20, trafficFor = '0s' } = target;
  const revision = (given: ScenarioTarget['canary'], name: string) => {
    const hash = given?.hash ?? name;
    return { hash, pods: given?.pods ?? `${workload.replaceAll('.', '\\.')}-${hash}-[0-9]+` };
  };
  return {
    rollout,
    workload,
    step: { index: step, weight },
    canary: revision(target.canary, 'canary'),
    stable: revision(target.stable, 'stable'),
    windowStart: formatTime(startedAt - durationMs(trafficFor)),
  };
}

/** `args[0].value` of a list is `args.threshold` of the map that a scenario has. */
function argumentPath(path: string, given: readonly { name: string }[]): string {
  const index = /^args\[(\d+)\]/.exec(path)?.[1];
  const name = index === undefined ? undefined : given[Number(index)]?.name;
  return name === undefined ? 'args' : `args.${name}`;
}
