import { isDeepStrictEqual } from 'node:util';
import { kindOf } from '../../src/api/kinds.ts';
import type { KubeObject } from '../../src/api/kubernetes.ts';
import type { Resource } from '../../src/api/resource.ts';

export type Wire = KubeObject & { spec?: unknown; status?: unknown };

const WITH_STATUS = [
  'Deployment',
  'CloneSet',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'Pod',
  'Service',
  'Ingress',
  'Namespace',
  'CustomResourceDefinition',
];
const WITH_GENERATION = [
  'Deployment',
  'CloneSet',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'Ingress',
  'CustomResourceDefinition',
  'MutatingWebhookConfiguration',
  'ValidatingWebhookConfiguration',
];

/** Whether status is written through its own endpoint, and only there. */
export function hasStatusEndpoint(resource: Resource): boolean {
  return kindOf(resource)?.statusSubresource ?? WITH_STATUS.includes(resource.kind);
}

/** Whether the API server counts the changes of what is wanted in metadata.generation. */
export function hasGeneration(resource: Resource): boolean {
  return isCustom(resource) || WITH_GENERATION.includes(resource.kind);
}

/** Custom objects cannot be replaced without naming the version that is replaced. */
export function isCustom(resource: Resource): boolean {
  return kindOf(resource) !== undefined;
}

/** Whether the change from `before` to `after` raises the generation. */
export function isWantedChange(resource: Resource, before: Wire, after: Wire): boolean {
  const wanted = ({ metadata: _metadata, status, ...rest }: Wire) =>
    hasStatusEndpoint(resource) ? rest : { ...rest, status };
  if (!isDeepStrictEqual(wanted(before), wanted(after))) return true;
  // Deployments alone count their annotations as something wanted.
  return (
    resource.kind === 'Deployment' &&
    !isDeepStrictEqual(before.metadata.annotations, after.metadata.annotations)
  );
}

/** Whether the labels match a selector of the forms a=b, a!=b, a and !a, joined by commas. */
export function matchesLabels(object: KubeObject, selector: string | undefined): boolean {
  const labels = object.metadata.labels ?? {};
  return (selector ?? '')
    .split(',')
    .filter((part) => part !== '')
    .every((part) => {
      const [, not, name = '', operator, value] = /^(!?)([^=!]+)(?:(==?|!=)(.*))?$/.exec(part) ?? [];
      if (operator === undefined) return not ? !(name in labels) : name in labels;
      return operator === '!=' ? labels[name] !== value : labels[name] === value;
    });
}
