import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePort } from './address-block.ts';
import type { ServerPlace } from './etcd.ts';
import { answersOk, type Part, startPart } from './process.ts';
import { programs } from './system-packages.ts';

/** Starts Prometheus, which finds the pods through the kubelet's list of targets. */
export async function startPrometheus(
  { dir, logsDir, address }: ServerPlace,
  targetsUrl: string,
): Promise<Part> {
  const dataDir = join(dir, 'prometheus');
  await mkdir(dataDir, { recursive: true });
  const configFile = join(dataDir, 'prometheus.yaml');
  await writeFile(configFile, stringify(configuration(targetsUrl)));
  const port = await freePort(address);
  const url = `http://${address}:${port}`;
  return startPart({
    name: 'prometheus',
    command: programs.prometheus,
    args: [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${join(dataDir, 'data')}`,
      '--storage.tsdb.retention.time=6h',
      `--web.listen-address=${address}:${port}`,
    ],
    url,
    logsDir,
    isReady: answersOk(`${url}/-/ready`),
  });
}

/** Debian's Prometheus has no Kubernetes discovery; the labels are those that it would have given. */
function configuration(targetsUrl: string): unknown {
  return {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    scrape_configs: [
      {
        job_name: 'pods',
        http_sd_configs: [{ url: targetsUrl, refresh_interval: '1s' }],
        relabel_configs: [
          { source_labels: ['__meta_kubernetes_namespace'], target_label: 'namespace' },
          { source_labels: ['__meta_kubernetes_pod_name'], target_label: 'pod' },
          { action: 'labelmap', regex: '__meta_kubernetes_pod_label_(app|pod_template_hash)' },
        ],
      },
    ],
  };
}
