import { progressingRollout } from '../api/annotations.ts';
import { resources } from '../api/resource.ts';
import type { RecordStatus, ReleaseRecord, StableRevision } from '../api/rollout-record.ts';
import { formatTime } from '../api/timestamp.ts';
import { canaryName, heldWorkload, isRolledOut, releasedWorkload } from '../workload/deployment-canary.ts';
import { activeReplicaSets, podHashOf, replicaSetOf, revisionOf } from '../workload/pod-template.ts';
import { replaceAct, wait } from './context.ts';
import type { Outcome, Reason } from './decision.ts';
import { planHash } from './plan.ts';
import type { Snapshot, WorkloadFacts } from './snapshot.ts';

/** No release is under way: adopt what runs, watch for a new template, start a release of it. */
export function decideBetweenReleases(snapshot: Snapshot, workload: WorkloadFacts, now: number): Outcome {
  const { rollout, record } = snapshot;
  const { deployment } = workload;
  const { stable } = record;
  if (!stable) return adopt(snapshot, workload, 'Adopted');
  const marked = progressingRollout(deployment.metadata.annotations) === rollout.metadata.name;
  if (revisionOf(deployment.spec.template) === stable.revision) {
    if (!marked) return wait('Idle', 'rollout is healthy');
    return {
      decision: 'Cancel',
      reason: 'StableTemplateRestored',
      message: 'the stable template came back before the release had begun; the workload is let go',
      acts: replaceAct(resources.deployment, deployment, releasedWorkload(deployment), 'let the workload go'),
    };
  }
  // Nothing runs, or everything runs the new template already: there is no canary to make.
  if (deployment.spec.replicas === 0) return adopt(snapshot, workload, 'Adopted');
  if (!marked && isRolledOut(deployment)) return adopt(snapshot, workload, 'AdmissionBypassed');
  // A paused workload has rolled out nothing: admission held it, or a disabled Rollout left it so.
  const isHeld = marked || deployment.spec.paused === true;
  return startRelease(snapshot, workload, stable, isHeld ? 'NewRevision' : 'AdmissionBypassed', now);
}

/** Takes what the workload runs as stable. */
function adopt(snapshot: Snapshot, workload: WorkloadFacts, reason: Reason): Outcome {
  const stable = runningRevision(workload);
  if (!stable) return wait('WaitingForWorkload', 'the workload is being rolled out by its own controller');
  return {
    decision: 'Adopt',
    reason,
    message:
      reason === 'Adopted'
        ? `pods with hash ${stable.hash} are taken as stable`
        : `pods with hash ${stable.hash} were rolled out past admission and are taken as stable; no step judged them`,
    record: { ...snapshot.record, stable },
  };
}

/**
 * The one revision that the workload runs. Where a release left it paused between two, the older one is stable
 * (upstream's rule); while its own controller is in the middle of a rolling update there is none.
 */
function runningRevision({ deployment, replicaSets }: WorkloadFacts): StableRevision | undefined {
  const current = replicaSetOf(revisionOf(deployment.spec.template), replicaSets);
  const active = activeReplicaSets(replicaSets);
  const first = active.length === 0 || (active.length === 1 && active[0] === current);
  const running = deployment.spec.paused
    ? (active[0] ?? current)
    : first || isRolledOut(deployment)
      ? current
      : undefined;
  if (!running) return undefined;
  return {
    revision: revisionOf(running.spec.template),
    hash: podHashOf(running),
    replicaSet: running.metadata.name,
  };
}

/** Starts a release of the workload's present template against `stable`. */
export function startRelease(
  snapshot: Snapshot,
  workload: WorkloadFacts,
  stable: StableRevision,
  reason: Reason,
  now: number,
): Outcome {
  const { rollout } = snapshot;
  const { deployment } = workload;
  const releaseId = nextReleaseId(snapshot);
  const release: ReleaseRecord = {
    startedAt: formatTime(now),
    stage: 'Initializing',
    revision: revisionOf(deployment.spec.template),
    stable,
    canary: { name: canaryName(deployment.metadata.name, rollout.metadata.uid ?? '', releaseId) },
    planHash: planHash(rollout),
  };
  const record: RecordStatus = { ...snapshot.record, releaseId, stable, release };
  return {
    decision: 'Start',
    reason,
    message: `release ${releaseId} of ${deployment.metadata.name}: ${imagesOf(deployment.spec.template.spec)} against stable pods ${stable.hash}`,
    acts: replaceAct(
      resources.deployment,
      deployment,
      heldWorkload(rollout, deployment),
      'hold the workload',
    ),
    record,
  };
}

/** Release ids only rise, even where the record was lost: runs and approvals remember them too. */
function nextReleaseId({ record, runs, rollout }: Snapshot): number {
  const seen = [
    record.releaseId,
    ...runs.map((run) => run.spec.key?.releaseId ?? 0),
    ...(rollout.status?.approvals ?? []).map((approval) => approval.releaseId),
  ];
  return Math.max(...seen) + 1;
}

function imagesOf(podSpec: Record<string, unknown>): string {
  const containers = Array.isArray(podSpec['containers']) ? podSpec['containers'] : [];
  return containers.map((container: { image?: string }) => container.image ?? '?').join(', ');
}
