import type { Answered, MeasureJob } from '../../src/analysis/measure-job.ts';
import type { QueryAnswer } from '../../src/analysis/query-answer.ts';
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
 * series of those pods' version. The series of a version begins when the first of the picked pods is ready.
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
    pods.set(keyOf(after), { version, readyAt: known?.readyAt ?? (isReady ? clock.now() : undefined) });
  });

  function pickedPods({ run }: MeasureJob, query: string): KnownPod[] {
    const pattern = /pod=~"((?:[^"\\]|\\.)*)"/.exec(query)?.[1];
    const matches = new RegExp(`^(?:${(pattern ?? '.*').replaceAll('\\\\', '\\')})$`);
    return [...pods]
      .filter(
        ([key]) => key.startsWith(`${run.namespace}/`) && matches.test(key.slice(run.namespace.length + 1)),
      )
      .map(([, pod]) => pod);
  }

  function answerTo(job: MeasureJob, query: string): QueryAnswer {
    if (isDown) {
      return { kind: 'fault', reason: 'Unreachable', message: 'connection refused', retryable: true };
    }
    const metric = /^[\w:-]+/.exec(query)?.[0] ?? '';
    const picked = pickedPods(job, query);
    const versions = [...new Set(picked.map(({ version }) => version))].toSorted();
    const values = versions.flatMap((version) => {
      const times = picked.flatMap((pod) =>
        pod.version === version && pod.readyAt !== undefined ? [pod.readyAt] : [],
      );
      const samples = series.get(`${version}/${metric}`);
      const value = samples && sampleAt(samples, job.evaluateAt - Math.min(...times), intervalMs);
      return times.length === 0 || value === undefined ? [] : [value];
    });
    return { kind: 'samples', values, warnings: [] };
  }

  return {
    answer: (job) => job.questions.map(({ name, query }) => ({ name, answer: answerTo(job, query) })),
    setDown: (down) => {
      isDown = down;
    },
    stop: unsubscribe,
  };
}
