import { existsSync } from 'node:fs';
import { KubeConfig } from '@kubernetes/client-node';

const SERVICE_ACCOUNT_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/**
 * How to reach the API server: from `file`, or without one from the service account of the pod this runs in.
 * The ambient KUBECONFIG and ~/.kube/config are never read: they may be someone's production.
 * Throws an error that says what is missing where neither works.
 */
export function loadKubeConfig(file: string | undefined): KubeConfig {
  if (file === undefined) return inCluster();
  const kubeConfig = new KubeConfig();
  try {
    kubeConfig.loadFromFile(file);
  } catch (cause) {
    throw new Error(
      `kubeconfig ${file} cannot be read: ${messageOf(cause)}. Name a kubeconfig file with --kubeconfig or ASSAY_KUBECONFIG`,
      { cause },
    );
  }
  if (!kubeConfig.getCurrentCluster()) {
    throw new Error(
      `kubeconfig ${file}: its current context "${kubeConfig.getCurrentContext()}" names no cluster. Set one with: kubectl --kubeconfig ${file} config use-context NAME`,
    );
  }
  return withPlainHttp(kubeConfig);
}

function inCluster(): KubeConfig {
  if (!existsSync(SERVICE_ACCOUNT_TOKEN)) {
    throw new Error(
      'no cluster: this is not a pod with a service account, and no kubeconfig was named. Name one with --kubeconfig or ASSAY_KUBECONFIG',
    );
  }
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromCluster();
  return kubeConfig;
}

/** client-node refuses servers without TLS unless TLS verification, which they do not have, is off. */
export function withPlainHttp(kubeConfig: KubeConfig): KubeConfig {
  const isPlain = ({ server, skipTLSVerify }: { server: string; skipTLSVerify: boolean }) =>
    server.startsWith('http:') && !skipTLSVerify;
  if (!kubeConfig.getClusters().some(isPlain)) return kubeConfig;
  const clusters = kubeConfig
    .getClusters()
    .map((cluster) => (isPlain(cluster) ? { ...cluster, skipTLSVerify: true } : cluster));
  // All else, authenticators that were added included, is that of the given one.
  return Object.assign(Object.create(kubeConfig) as KubeConfig, { clusters });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
