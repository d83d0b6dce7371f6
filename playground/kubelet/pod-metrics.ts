import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** The metrics of one pod: those of its requests, and one of its business. */
export interface PodMetrics {
  /** Counts one answered request; a success is an order too. */
  answered(method: string, code: number, seconds: number): void;
  /** What `/metrics` answers. */
  text(): Promise<string>;
  contentType: string;
}

const bucketsSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Metrics of a pod that starts at `now`, epoch ms. */
export function podMetrics(now: number): PodMetrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Counter({
    name: 'http_requests_total',
    help: 'Requests answered, by method and status code.',
    labelNames: ['method', 'code'] as const,
    registers,
  });
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from a request to its answer.',
    buckets: bucketsSeconds,
    registers,
  });
  const orders = new Counter({
    name: 'orders_total',
    help: 'Orders taken: one a successful request.',
    registers,
  });
  const started = new Gauge({
    name: 'process_start_time_seconds',
    help: 'When the pod started, seconds since 1970.',
    registers,
  });
  started.set(now / 1000);
  // A rate needs two samples: counting begins with a zero, so that the first requests are seen in it.
  requests.inc({ method: 'GET', code: '200' }, 0);
  return {
    answered: (method, code, seconds) => {
      requests.inc({ method, code: String(code) });
      duration.observe(seconds);
      if (code < 400) orders.inc();
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
