import { describe, expect, test } from 'vitest';
import { createHealthServer, type HealthCheck } from '../../src/server/health.ts';
import { createMetrics } from '../../src/server/metrics.ts';

const fine: HealthCheck = () => undefined;

describe('probes', () => {
  test.each([
    ['/healthz', 200, '[+] loop ok\n'],
    ['/readyz', 503, '[+] redis ok\n[-] caches: 3 of 11 filled\n'],
    ['/nothing', 404, undefined],
  ])('%s answers %i', async (url, status, body) => {
    const server = createHealthServer({
      alive: { loop: fine },
      ready: { redis: fine, caches: () => '3 of 11 filled' },
      registry: createMetrics().registry,
    });
    const answer = await server.inject({ url });
    expect(answer.statusCode).toBe(status);
    if (body !== undefined) expect(answer.body).toBe(body);
    await server.close();
  });

  test('a check is made each time, and one that throws is no success', async () => {
    const answers = [undefined, 'lost', undefined];
    let asked = 0;
    const server = createHealthServer({
      alive: {
        bug: () => {
          throw new Error('bug');
        },
      },
      ready: {
        lease: () => {
          asked += 1;
          return answers[asked - 1];
        },
      },
      registry: createMetrics().registry,
    });
    const codes = [];
    for (const _ of answers) codes.push((await server.inject({ url: '/readyz' })).statusCode);
    expect(codes).toEqual([200, 503, 200]);
    expect((await server.inject({ url: '/healthz' })).statusCode).toBe(500);
    await server.close();
  });
});

describe('metrics', () => {
  test('are served as Prometheus reads them, with their labels, beside those of the process', async () => {
    const metrics = createMetrics();
    metrics.decisions.inc({ decision: 'Advance', reason: 'AnalysisPassed' });
    metrics.measurements.inc({ outcome: 'Failed' });
    metrics.measurementSeconds.observe(0.03);
    metrics.queueJobs.set({ queue: 'default' }, 4);
    metrics.leader.set(1);
    metrics.reconcileSeconds.observe({ loop: 'rollout' }, 0.002);
    metrics.apiRequests.inc({ verb: 'patch', resource: 'rollouts', code: '200' });
    metrics.admissions.inc({ webhook: 'validate', allowed: 'false' });
    metrics.alerts.inc({ delivered: 'true' });
    const own = createHealthServer({ alive: {}, ready: {}, registry: metrics.registry });
    const answer = await own.inject({ url: '/metrics' });
    await own.close();
    expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    const lines = answer.body.split('\n');
    for (const line of [
      'assay_decisions_total{decision="Advance",reason="AnalysisPassed"} 1',
      'assay_measurements_total{outcome="Failed"} 1',
      'assay_measurement_seconds_bucket{le="0.025"} 0',
      'assay_measurement_seconds_bucket{le="0.05"} 1',
      'assay_queue_jobs{queue="default"} 4',
      'assay_leader 1',
      'assay_reconcile_seconds_count{loop="rollout"} 1',
      'assay_api_requests_total{verb="patch",resource="rollouts",code="200"} 1',
      'assay_admission_total{webhook="validate",allowed="false"} 1',
      'assay_alerts_total{delivered="true"} 1',
    ]) {
      expect(lines).toContain(line);
    }
    expect(answer.body).toContain('process_cpu_seconds_total ');
  });

  test('of two processes in one do not mix', async () => {
    const one = createMetrics();
    const two = createMetrics();
    one.leader.set(1);
    expect(await two.registry.getSingleMetricAsString('assay_leader')).toContain('assay_leader 0');
  });
});
