import { join } from 'node:path';
import { freePort } from './address-block.ts';
import type { ApiServer } from './apiserver.ts';
import type { Credentials } from './credentials.ts';
import type { ServerPlace } from './etcd.ts';
import { type Part, startPart } from './process.ts';

/**
 * Kubernetes' own controllers that run. Those of Endpoints and EndpointSlices stay off, since these kinds
 * refuse loopback addresses; those of nodes, since they never fail; those of volumes,
 * clouds and certificates, since there are none.
 */
const controllers = [
  'clusterrole-aggregation-controller',
  'cronjob-controller',
  'daemonset-controller',
  'deployment-controller',
  'disruption-controller',
  'garbage-collector-controller',
  'job-controller',
  'namespace-controller',
  'replicaset-controller',
  'replicationcontroller-controller',
  'resourcequota-controller',
  'root-ca-certificate-publisher-controller',
  'serviceaccount-controller',
  'serviceaccount-token-controller',
  'statefulset-controller',
  'ttl-after-finished-controller',
];

const many = 20;

/** Starts kube-controller-manager; ready when it has made the default namespace's ServiceAccount. */
export async function startControllerManager(
  { dir, logsDir, address }: ServerPlace,
  program: string,
  apiServer: ApiServer,
  credentials: Credentials,
): Promise<Part> {
  const port = await freePort(address);
  return startPart({
    name: 'kube-controller-manager',
    command: program,
    args: [
      `--kubeconfig=${apiServer.kubeconfigs['playground-controller-manager']}`,
      `--controllers=${controllers.join(',')}`,
      '--leader-elect=false',
      `--bind-address=${address}`,
      `--secure-port=${port}`,
      `--cert-dir=${join(dir, 'controller-manager')}`,
      `--service-account-private-key-file=${credentials.signingKeyFile}`,
      `--root-ca-file=${apiServer.certificateFile}`,
      '--kube-api-qps=1000',
      '--kube-api-burst=2000',
      `--concurrent-deployment-syncs=${many}`,
      `--concurrent-replicaset-syncs=${many}`,
      `--concurrent-statefulset-syncs=${many}`,
      `--concurrent-daemonset-syncs=${many}`,
      `--concurrent-gc-syncs=${many}`,
      '--profiling=false',
    ],
    url: `https://${address}:${port}/healthz`,
    logsDir,
    isReady: async () =>
      (await apiServer.send({ method: 'GET', path: defaultServiceAccount })).status === 200,
  });
}

const defaultServiceAccount = '/api/v1/namespaces/default/serviceaccounts/default';
