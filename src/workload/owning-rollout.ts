import type { Rollout, WorkloadRef } from '../api/rollout.ts';

/** Whether two references mean the same workload, whatever version of its group they name. */
export function sameWorkload(a: WorkloadRef, b: WorkloadRef): boolean {
  return a.kind === b.kind && a.name === b.name && groupOf(a.apiVersion) === groupOf(b.apiVersion);
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
}

/** The Rollouts that name this workload and are not being deleted: the older (then the smaller uid) first. */
export function rolloutsOf(rollouts: readonly Rollout[], workload: WorkloadRef): Rollout[] {
  return rollouts
    .filter((rollout) => !rollout.metadata.deletionTimestamp)
    .filter((rollout) => sameWorkload(rollout.spec.workloadRef, workload))
    .toSorted((a, b) => compare(ageKey(a), ageKey(b)));
}

function ageKey({ metadata }: Rollout): string {
  return `${metadata.creationTimestamp ?? ''} ${metadata.uid ?? ''}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
