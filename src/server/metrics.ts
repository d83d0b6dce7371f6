import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

const LOOP_PRECISION_MS = 200;

/** What Assay tells Prometheus of itself. */
export interface Metrics {
  registry: Registry;
  decisions: Counter<'decision' | 'reason'>;
  measurements: Counter<'outcome'>;
  measurementSeconds: Histogram;
  queueJobs: Gauge<'queue'>;
  leader: Gauge;
  reconcileSeconds: Histogram<'loop'>;
  apiRequests: Counter<'verb' | 'resource' | 'code'>;
  admissions: Counter<'webhook' | 'allowed'>;
  alerts: Counter<'delivered'>;
  forged: Counter<'queue'>;
}

/** One registry with all metrics of the process. Several can live side by side, as in tests. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  // At the library's 10 ms the watch over the event loop wakes a controller at rest more often than all its work does.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOP_PRECISION_MS });
  return {
    registry,
    decisions: new Counter({
      name: 'assay_decisions_total',
      help: 'Decisions about Rollouts that changed something.',
      labelNames: ['decision', 'reason'],
      registers,
    }),
    measurements: new Counter({
      name: 'assay_measurements_total',
      help: 'Measurements recorded, by what they came to.',
      labelNames: ['outcome'],
      registers,
    }),
    measurementSeconds: new Histogram({
      name: 'assay_measurement_seconds',
      help: 'Time from sending a query to its judged answer.',
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    queueJobs: new Gauge({
      name: 'assay_queue_jobs',
      help: 'Jobs that are due and not done.',
      labelNames: ['queue'],
      registers,
    }),
    leader: new Gauge({ name: 'assay_leader', help: '1 in the replica that decides.', registers }),
    reconcileSeconds: new Histogram({
      name: 'assay_reconcile_seconds',
      help: 'Time that one pass over one object takes.',
      labelNames: ['loop'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
      registers,
    }),
    apiRequests: new Counter({
      name: 'assay_api_requests_total',
      help: 'Requests to the API server.',
      labelNames: ['verb', 'resource', 'code'],
      registers,
    }),
    admissions: new Counter({
      name: 'assay_admission_total',
      help: 'Admission requests answered.',
      labelNames: ['webhook', 'allowed'],
      registers,
    }),
    alerts: new Counter({
      name: 'assay_alerts_total',
      help: 'Alerts sent, and those that could not be.',
      labelNames: ['delivered'],
      registers,
    }),
    forged: new Counter({
      name: 'assay_forged_jobs_total',
      help: 'Jobs and results that were dropped because their signature is not ours.',
      labelNames: ['queue'],
      registers,
    }),
  };
}
