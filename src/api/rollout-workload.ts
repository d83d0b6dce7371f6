import { type Resource, resources } from './resource.ts';
import type { WorkloadRef } from './rollout.ts';

/** The workloads that can be released. */
const WORKLOADS: readonly Resource[] = [
  resources.deployment,
  resources.cloneSet,
  resources.statefulSet,
  resources.daemonSet,
];

/** Those that can have two sets of pods at once. */
const BLUE_GREEN: readonly Resource[] = [resources.deployment, resources.cloneSet];

/** Where the workload of a Rollout is, whatever version of its group the Rollout names; undefined for other kinds. */
export function workloadResource({ apiVersion, kind }: WorkloadRef): Resource | undefined {
  const group = groupOf(apiVersion);
  return WORKLOADS.find((workload) => workload.group === group && workload.kind === kind);
}

export function canGoBlueGreen(workload: Resource): boolean {
  return BLUE_GREEN.includes(workload);
}

export function isDeployment(ref: WorkloadRef): boolean {
  return workloadResource(ref) === resources.deployment;
}

/** The group of `group/version`; that of a bare version is the core one. */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
}
