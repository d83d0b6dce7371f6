import type { Deployment, KubeObject, Secret } from '../../src/api/kubernetes.ts';
import type { RolloutGuard } from '../../src/api/rollout-guard.ts';

/** A Deployment that no controller can start pods of, as no image is called so. */
export function deployment(namespace: string, name: string): Deployment {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'nowhere/none:v1' }] } },
    },
  };
}

export function secret(namespace: string, name: string, labels: Record<string, string> = {}): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, labels },
    type: 'Opaque',
    data: { key: 'b25l' },
  };
}

export function guard(namespace: string, name: string): RolloutGuard {
  return {
    apiVersion: 'assay.dev/v1alpha1',
    kind: 'RolloutGuard',
    metadata: { name, namespace },
    spec: {
      rolloutRef: { name: 'echoserver' },
      analyses: [{ name: 'errors', template: { kind: 'AnalysisTemplate', name: 'error-rate' } }],
      suspend: false,
    },
  } as RolloutGuard;
}

/** The object with some of its metadata as given; undefined takes a field away. */
export function withMetadata<T extends KubeObject>(object: T, metadata: Record<string, unknown>): T {
  const merged = { ...object.metadata, ...metadata };
  const kept = Object.entries(merged).filter(([, value]) => value !== undefined);
  return { ...object, metadata: Object.fromEntries(kept) } as unknown as T;
}
