import type { KubeObject } from '../../src/api/kubernetes.ts';

export interface PolicyRule {
  apiGroups: string[];
  resources: string[];
  resourceNames?: string[];
  verbs: string[];
}

/** An object of the chart, with the fields that are looked at. */
export interface Rendered extends KubeObject {
  rules?: PolicyRule[];
  webhooks?: unknown[];
  spec?: {
    replicas?: number;
    selector?: Record<string, string> & { matchLabels?: Record<string, string> };
    template?: { metadata: { labels: Record<string, string> }; spec: PodSpec };
    prometheus?: { address: string };
  };
}

export interface PodSpec {
  securityContext: Record<string, unknown>;
  containers: Container[];
}

export interface Container {
  command?: string[];
  args: string[];
  env?: { name: string; value?: string }[];
  image: string;
  securityContext: Record<string, unknown>;
}

/** The namespace that the chart is rendered for. */
export const NAMESPACE = 'assay-system';

/** `Kind name` of each object but the CRDs, sorted. */
export function titles(objects: Rendered[]): string[] {
  return objects
    .filter(({ kind }) => kind !== 'CustomResourceDefinition')
    .map(({ kind, metadata }) => `${kind} ${metadata.name}`)
    .toSorted();
}

/** The object; throws when there is none. */
export function find(objects: Rendered[], kind: string, name: string): Rendered {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (!found) throw new Error(`no ${kind} ${name} among ${titles(objects).join(', ')}`);
  return found;
}

/** The first container of a Deployment or a Job. */
export function containerOf(objects: Rendered[], name: string, kind = 'Deployment'): Container {
  const container = find(objects, kind, name).spec?.template?.spec.containers[0];
  if (!container) throw new Error(`${kind} ${name} has no container`);
  return container;
}
