import { type Resource, resources } from '../api/resource.ts';
import type { WorkloadRef } from '../api/rollout.ts';

/** Workloads whose versions are known well enough to judge them; Kruise Rollouts drives some more. */
const JUDGED: readonly Resource[] = [
  resources.deployment,
  resources.statefulSet,
  resources.daemonSet,
  resources.cloneSet,
];

/** Where the workload of a Rollout is served; undefined for a kind that is not judged. */
export function workloadResource({ apiVersion, kind }: WorkloadRef): Resource | undefined {
  return JUDGED.find((each) => each.kind === kind && apiVersion.startsWith(`${each.group}/`));
}
