import { POD_TEMPLATE_HASH_LABEL } from '../api/annotations.ts';
import { shortHash } from '../api/canonical.ts';
import type { PodTemplate, ReplicaSet } from '../api/kubernetes.ts';
import { remembered } from '../api/remembered.ts';

/** A pod template as its author wrote it: without the hash label that ReplicaSets add. */
export function authoredTemplate(template: PodTemplate): PodTemplate {
  const labels = template.metadata?.labels;
  if (!labels || !(POD_TEMPLATE_HASH_LABEL in labels)) return template;
  const { [POD_TEMPLATE_HASH_LABEL]: _hash, ...authored } = labels;
  return { ...template, metadata: { ...template.metadata, labels: authored } };
}

/**
 * The revision of a pod template: equal for equal templates, in a Deployment and in its ReplicaSets.
 * It is Assay's own name for a version and not the pod-template-hash, which only a ReplicaSet knows.
 */
export const revisionOf = remembered((template: PodTemplate): string =>
  shortHash(withoutEmpty(authoredTemplate(template))),
);

/** `creationTimestamp: null` and the like, which some writers leave in templates, make no version. */
function withoutEmpty(template: PodTemplate): PodTemplate {
  const metadata = Object.fromEntries(
    Object.entries(template.metadata ?? {}).filter(([, value]) => value !== null && value !== undefined),
  );
  return { ...template, metadata };
}

/** The ReplicaSet that runs this revision: the oldest, where a hash collision made several. */
export function replicaSetOf(revision: string, replicaSets: readonly ReplicaSet[]): ReplicaSet | undefined {
  return replicaSets.filter((set) => revisionOf(set.spec.template) === revision).toSorted(byAge)[0];
}

/** ReplicaSets that are meant to have pods, oldest first. */
export function activeReplicaSets(replicaSets: readonly ReplicaSet[]): ReplicaSet[] {
  return replicaSets.filter((set) => (set.spec.replicas ?? 0) > 0).toSorted(byAge);
}

function byAge(a: ReplicaSet, b: ReplicaSet): number {
  return (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '');
}

/** The pod-template-hash of the pods of a ReplicaSet. */
export function podHashOf(replicaSet: ReplicaSet): string {
  return replicaSet.metadata.labels?.[POD_TEMPLATE_HASH_LABEL] ?? '';
}

/** The API server cuts a generated name's prefix so that five random characters fit into 63. */
const GENERATED_PREFIX_MAX = 58;

/**
 * A regular expression, to be anchored by its user as PromQL does, that matches the name of every pod a
 * ReplicaSet ever made: the ones that crashed or were evicted too, so that their metrics are not lost.
 */
export function podNamePattern(replicaSet: string): string {
  return `${`${replicaSet}-`.slice(0, GENERATED_PREFIX_MAX).replaceAll('.', '\\.')}[a-z0-9]{5}`;
}
