import type { Pod } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import { virtualClock } from '../world/clock.ts';
import { memoryCluster } from '../world/cluster.ts';
import { kubelet } from '../world/kubelet.ts';
import { metricsOf } from '../world/metrics.ts';
import { metricSourceContract } from './metric-source.contract.ts';
import { must } from './open-cluster.ts';

const START = Date.UTC(2026, 0, 1);

const pod = (name: string, version: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'shop', name },
  spec: { containers: [{ name: 'web', image: `shop/web:${version}` }] },
});

metricSourceContract("the world's metric source", async () => {
  const clock = virtualClock(START);
  const { cluster, stores } = memoryCluster({ now: clock.now });
  const stopKubelet = kubelet({ cluster, stores, clock, podReadyMs: 0 });
  const metrics = metricsOf({
    stores,
    clock,
    series: { '1.0.0': { requests: '90' }, '1.0.1': { requests: '10' } },
    intervalMs: 1_000,
  });
  await must(cluster.create(resources.pod, pod('web-1', '1.0.0')));
  await must(cluster.create(resources.pod, pod('web-2', '1.0.1')));
  await clock.advance(3_500);
  return {
    source: async (query) => metrics.ask(query, 'shop'),
    presentAt: clock.now(),
    selectors: {
      one: 'requests{pod=~"web-1"}',
      both: 'requests{pod=~"web-.*"}',
      none: 'requests{pod=~"api-.*"}',
    },
    close: async () => {
      metrics.stop();
      stopKubelet();
    },
  };
});
