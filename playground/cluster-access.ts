import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { environment } from './process.ts';

/** How a program or a person reaches the cluster as its administrator, or as one of its ServiceAccounts. */
export interface ClusterAccess {
  /** The path of the administrator's kubeconfig. */
  adminKubeconfig: string;
  apiServerUrl: string;
  /**
   * Runs kubectl as the administrator, with `input` on its standard input, and answers what it prints.
   * Rejects with what it says on standard error.
   */
  kubectl(args: string[], input?: string): Promise<string>;
  /** Writes a kubeconfig by which one is that ServiceAccount for 24 h, with its rights alone. Answers its path. */
  userKubeconfig(namespace: string, serviceAccount: string): Promise<string>;
}

export interface AccessFiles {
  kubectlProgram: string;
  adminKubeconfig: string;
  /** A folder for kubectl's cache and the kubeconfigs of users. */
  dir: string;
}

interface KubeconfigView {
  clusters: { name: string; cluster: { server: string } }[];
}

/** Access to the cluster of this kubeconfig. kubectl sees no other, and writes nothing outside of `dir`. */
export async function openClusterAccess({
  kubectlProgram,
  adminKubeconfig,
  dir,
}: AccessFiles): Promise<ClusterAccess> {
  const kubectl = (args: string[], input = ''): Promise<string> =>
    new Promise((resolve, reject) => {
      const child = execFile(
        kubectlProgram,
        ['--kubeconfig', adminKubeconfig, '--cache-dir', join(dir, 'kubectl-cache'), ...args],
        { env: environment(), maxBuffer: 64 * 1024 * 1024 },
        (error, stdout, stderr) => {
          if (!error) resolve(stdout);
          else reject(new Error(`kubectl ${args.join(' ')}: ${stderr.trim() || error.message}`));
        },
      );
      // kubectl may end before it has read everything; its exit code then tells why.
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(input);
    });

  const flattened = await kubectl(['config', 'view', '--raw', '--minify', '--flatten']);
  const view = parse(flattened) as KubeconfigView;
  const cluster = view.clusters[0];
  if (!cluster) throw new Error(`kubeconfig ${adminKubeconfig}: its current context names no cluster`);
  return {
    adminKubeconfig,
    apiServerUrl: cluster.cluster.server,
    kubectl,
    userKubeconfig: async (namespace, serviceAccount) => {
      const token = await kubectl(['create', 'token', serviceAccount, '-n', namespace, '--duration=24h']);
      const file = join(dir, `${namespace}.${serviceAccount}.kubeconfig`);
      const user = `${namespace}/${serviceAccount}`;
      const config = {
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [cluster],
        users: [{ name: user, user: { token: token.trim() } }],
        contexts: [{ name: user, context: { cluster: cluster.name, user, namespace } }],
        'current-context': user,
      };
      // JSON is YAML.
      await writeFile(file, JSON.stringify(config, undefined, 2), { mode: 0o600 });
      return file;
    },
  };
}
