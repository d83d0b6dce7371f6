import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { loadKubeConfig } from '../src/cluster/kubeconfig.ts';
import { type Send, transport } from '../src/cluster/transport.ts';
import { freePort } from './address-block.ts';
import { type Credentials, type User, writeKubeconfigs } from './credentials.ts';
import type { ServerPlace } from './etcd.ts';
import { type Part, startPart } from './process.ts';

export interface ApiServer {
  part: Part;
  /** Sends a request as the admin. */
  send: Send;
  /** The kubeconfig file of each user. */
  kubeconfigs: Record<User, string>;
  /** The certificates by which clients trust it. */
  certificateFile: string;
}

/**
 * Starts kube-apiserver with RBAC. It makes its own certificate, and it writes every change and who made it to
 * `logs/audit.log`, one JSON object a line.
 */
export async function startApiServer(
  { dir, logsDir, address }: ServerPlace,
  program: string,
  etcdUrl: string,
  credentials: Credentials,
): Promise<ApiServer> {
  const port = await freePort(address);
  const url = `https://${address}:${port}`;
  const certificateDir = join(dir, 'apiserver');
  const certificateFile = join(certificateDir, 'apiserver.crt');
  const auditPolicyFile = join(dir, 'audit-policy.yaml');
  await writeFile(auditPolicyFile, stringify(auditPolicy));

  let kubeconfigs: Record<User, string> | undefined;
  let send: Send | undefined;
  async function isReady(): Promise<boolean> {
    // The certificate appears while it starts; until then this rejects.
    const certificate = await readFile(certificateFile, 'utf8');
    kubeconfigs ??= await writeKubeconfigs(dir, url, certificate, credentials);
    send ??= transport(loadKubeConfig(kubeconfigs.admin), 5_000);
    return (await send({ method: 'GET', path: '/readyz' })).status === 200;
  }

  const part = await startPart({
    name: 'kube-apiserver',
    command: program,
    args: [
      `--bind-address=${address}`,
      `--secure-port=${port}`,
      `--cert-dir=${certificateDir}`,
      `--etcd-servers=${etcdUrl}`,
      '--authorization-mode=RBAC',
      `--token-auth-file=${credentials.tokensFile}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-signing-key-file=${credentials.signingKeyFile}`,
      `--service-account-key-file=${credentials.publicKeyFile}`,
      // No packet ever goes to a cluster IP: the ingress reaches the pods themselves.
      '--service-cluster-ip-range=10.96.0.0/16',
      // Endpoints refuse loopback addresses, and ours has no other; nobody needs those of `kubernetes`.
      '--endpoint-reconciler-type=none',
      `--advertise-address=${address}`,
      // Fairness among clients would slow the bursts that tests make.
      '--enable-priority-and-fairness=false',
      '--profiling=false',
      `--audit-policy-file=${auditPolicyFile}`,
      `--audit-log-path=${join(logsDir, 'audit.log')}`,
      // In MB. What counts writes reads one file, from where it was when the counting began.
      '--audit-log-maxsize=2000',
    ],
    url,
    logsDir,
    isReady,
  });
  if (!send || !kubeconfigs) throw new Error('kube-apiserver counts as ready, yet it was never asked');
  return { part, send, kubeconfigs, certificateFile };
}

const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'Metadata', verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'] },
    { level: 'None' },
  ],
};
