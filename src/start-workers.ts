import type { ClusterMetricSource } from './api/metric-source.ts';
import { resources } from './api/resource.ts';
import type { Clock } from './clock.ts';
import type { Log } from './cluster/log.ts';
import type { Cluster } from './cluster/port.ts';
import type { LocalCopies } from './local-copies.ts';
import { prometheusSource } from './prometheus/source.ts';
import type { JobWorkers } from './queue/port.ts';
import type { Metrics } from './server/metrics.ts';
import { alertWorker } from './worker/deliver.ts';
import { measureWorker } from './worker/measure.ts';

export interface WorkerSetup {
  cluster: Cluster;
  copies: LocalCopies;
  workers: JobWorkers;
  metrics: Metrics;
  clock: Clock;
  log: Log;
  namespace: string;
}

/** Measures and sends alerts, on every replica. Answers how to stop, which lets running queries end. */
export async function startWorkers(setup: WorkerSetup): Promise<() => Promise<void>> {
  const { copies, metrics, clock } = setup;
  const stopMeasuring = measureWorker({
    ...setup,
    sources: copies.of<ClusterMetricSource>(resources.clusterMetricSource),
    openSource: (config) => prometheusSource(config, clock),
    onMeasured: ({ outcome, durationMs }) => {
      metrics.measurements.inc({ outcome });
      metrics.measurementSeconds.observe(durationMs / 1_000);
    },
  });
  const stopAlerting = await alertWorker({
    ...setup,
    send: fetch,
    onDelivered: (delivered) => metrics.alerts.inc({ delivered: String(delivered) }),
  });
  return async () => {
    await Promise.all([stopMeasuring(), stopAlerting()]);
  };
}
