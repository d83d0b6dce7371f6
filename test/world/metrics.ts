import type { Answered, MeasureJob } from '../../src/analysis/measure-job.ts';
import type { MetricQuery, QueryAnswer, SampleValue, Series } from '../../src/analysis/query-answer.ts';
import { durationMs } from '../../src/api/duration.ts';
import { keyOf, type Pod } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import type { Clock } from '../../src/clock.ts';
import type { Stores } from '../../src/controller/freshest.ts';
import { imageTag } from './kubelet.ts';
import { parseSeries, type Sample, sampleAt } from './series.ts';

/** Series in promtool's notation, by version (the image tag), then by metric. */
export type SeriesByVersion = Record<string, Record<string, string>>;

export interface Metrics {
  answer(job: MeasureJob): Answered[];
  /** One query of a job in this namespace. */
  ask(query: MetricQuery, namespace: string): QueryAnswer;
  /** Whether the source answers at all. */
  setDown(down: boolean): void;
  stop(): void;
}

interface KnownPod {
  version: string;
  readyAt: number | undefined;
}

/**
 * A metric source: a query names a metric and picks pods, as in `success-rate{pod=~"…"}`, and is answered by the
 * series of those pods' version. The series of a version begins when the first of the picked pods is ready. A raw
 * query ends in how far it goes back, as in `success-rate{pod=~"…"}[1m]`.
 */
export function metricsOf(options: {
  stores: Stores;
  clock: Clock;
  series: SeriesByVersion;
  intervalMs: number;
}): Metrics {
  const { clock, intervalMs } = options;
  /** Pods that are gone, too: their samples are still there. */
  const pods = new Map<string, KnownPod>();
  const series = new Map<string, Sample[]>();
  let isDown = false;
  for (const [version, metrics] of Object.entries(options.series)) {
    for (const [metric, text] of Object.entries(metrics)) {
      series.set(`${version}/${metric}`, parseSeries(String(text)));
    }
  }

  const unsubscribe = options.stores.of<Pod>(resources.pod).subscribe(({ after }) => {
    if (!after) return;
    const known = pods.get(keyOf(after));
    const isReady = after.status?.conditions?.some(
      ({ type, status }) => type === 'Ready' && status === 'True',
    );
    const version = imageTag(after.spec as unknown as Record<string, unknown>);
    // The next pod of a StatefulSet has the name of the one before.
    const since = known?.version === version ? known.readyAt : undefined;
    pods.set(keyOf(after), { version, readyAt: since ?? (isReady ? clock.now() : undefined) });
  });

  function pickedPods(query: string, namespace: string): KnownPod[] {
    const pattern = /pod=~"((?:[^"\\]|\\.)*)"/.exec(query)?.[1];
    const matches = new RegExp(`^(?:${(pattern ?? '.*').replaceAll('\\\\', '\\')})$`);
    return [...pods]
      .filter(([key]) => key.startsWith(`${namespace}/`) && matches.test(key.slice(namespace.length + 1)))
      .map(([, pod]) => pod);
  }

  function ask(asked: MetricQuery, namespace: string): QueryAnswer {
    if (isDown) {
      return { kind: 'fault', reason: 'Unreachable', message: 'connection refused', retryable: true };
    }
    const metric = /^[\w:-]+/.exec(asked.query)?.[0] ?? '';
    const picked = pickedPods(asked.query, namespace);
    const versions = [...new Set(picked.map(({ version }) => version))].toSorted();
    const found = versions.flatMap((version) => {
      const times = picked.flatMap((pod) =>
        pod.version === version && pod.readyAt !== undefined ? [pod.readyAt] : [],
      );
      const samples = series.get(`${version}/${metric}`);
      return samples && times.length > 0 ? [{ version, samples, since: Math.min(...times) }] : [];
    });
    const valueAt = ({ samples, since }: (typeof found)[number], at: number) =>
      sampleAt(samples, at - since, intervalMs);
    if (!asked.range && !asked.raw) {
      const values = found.flatMap((each) => valueAt(each, asked.evaluateAt) ?? []);
      return { kind: 'samples', values, warnings: [] };
    }
    const answered = found.map((each): Series => {
      const instants = asked.range
        ? stepsOf(asked.evaluateAt, asked.range)
        : scrapesOf(asked, each.since, intervalMs);
      const samples = instants.flatMap((at): [number, SampleValue][] => {
        const value = valueAt(each, at);
        return value === undefined ? [] : [[at, value]];
      });
      return { labels: { version: each.version }, samples };
    });
    return { kind: 'series', series: answered.filter(({ samples }) => samples.length > 0), warnings: [] };
  }

  return {
    answer: ({ questions, evaluateAt, run }) =>
      questions.map(({ name, ...query }) => ({
        name,
        answer: ask({ ...query, evaluateAt }, run.namespace),
      })),
    ask,
    setDown: (down) => {
      isDown = down;
    },
    stop: unsubscribe,
  };
}

function stepsOf(end: number, { windowMs, stepMs }: NonNullable<MetricQuery['range']>): number[] {
  return Array.from({ length: Math.floor(windowMs / stepMs) + 1 }, (_, n) => end - windowMs + n * stepMs);
}

/** The scrapes within the range of a raw query; one exactly at its beginning is not among them. */
function scrapesOf({ query, evaluateAt }: MetricQuery, since: number, intervalMs: number): number[] {
  const text = /\[(\w+)\]$/.exec(query)?.[1];
  if (text === undefined) throw new Error(`the raw query ${query} does not say how far it goes back`);
  const begin = evaluateAt - durationMs(text);
  const first = Math.max(0, Math.floor((begin - since) / intervalMs) + 1);
  const last = Math.floor((evaluateAt - since) / intervalMs);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, n) => since + (first + n) * intervalMs);
}
