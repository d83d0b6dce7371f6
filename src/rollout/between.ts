import { type Act, replaceActs } from '../api/act.ts';
import type { RecordStatus, ReleaseRecord, StableRevision } from '../api/rollout-record.ts';
import { formatTime } from '../api/timestamp.ts';
import { canaryName } from '../workload/deployment-canary.ts';
import { isMarked } from '../workload/marks.ts';
import { revisionOf } from '../workload/pod-template.ts';
import type { Asked, WorkloadFacts } from '../workload/style.ts';
import { stall, wait } from './context.ts';
import type { Outcome, Reason } from './decision.ts';
import { asked, styleIn } from './order.ts';
import { planHash } from './plan.ts';
import { leaveActs } from './shared-routing.ts';
import type { Snapshot } from './snapshot.ts';

/** No release is under way: adopt what runs, watch for a new template, start a release of it. */
export function decideBetweenReleases(snapshot: Snapshot, workload: WorkloadFacts, now: number): Outcome {
  const { rollout, record } = snapshot;
  const { object } = workload;
  const { stable } = record;
  const style = styleIn(snapshot);
  // Left there by a release that nobody remembers: the Rollout was made anew under its name.
  const stray = leaveActs(snapshot);
  if (stray.length > 0)
    return { ...wait('Idle', 'no release needs the routes of the TrafficRouting'), acts: stray };
  if (!stable) return adopt(snapshot, workload, 'Adopted');
  const marked = isMarked(rollout, object);
  const known = style.version(workload, stable.revision);
  if (!known) return takeAnew(snapshot, workload, stable);
  // Made anew with the same template, which its controller calls by another hash.
  if (known.hash !== stable.hash) return adopted(snapshot, known, 'Adopted');
  if (revisionOf(object.spec.template) === stable.revision) {
    const release = marked ? style.release(workload, { rollout }) : undefined;
    if (!release) return wait('Idle', 'rollout is healthy');
    const message = 'the stable template came back before the release had begun; the workload is let go';
    return lettingGo(release, 'StableTemplateRestored', message);
  }
  // Nothing runs, or everything runs the new template already: there is no canary to make.
  if (style.size(workload) === 0) return adopt(snapshot, workload, 'Adopted');
  if (!marked && style.update(workload).done) return adopt(snapshot, workload, 'AdmissionBypassed');
  // A workload that stands still has rolled out nothing: admission held it, or a disabled Rollout left it so.
  const isHeld = marked || style.isStill(object);
  return startRelease(snapshot, workload, stable, isHeld ? 'NewRevision' : 'AdmissionBypassed', now);
}

/**
 * The stable version is not known any more: the workload was made anew, and is its own controller's until all of it
 * runs. Held without a pod it is let go; where it still has pods, nobody knows what of, and they are left to serve.
 */
function takeAnew(snapshot: Snapshot, workload: WorkloadFacts, stable: StableRevision): Outcome {
  const { rollout } = snapshot;
  if (!isMarked(rollout, workload.object)) return adopt(snapshot, workload, 'Adopted');
  if (!isBare(workload)) return stableTemplateLost(stable);
  const released = styleIn(snapshot).release(workload, { rollout });
  if (!released) return adopt(snapshot, workload, 'Adopted');
  const message = 'the stable version is gone, so the workload was made anew and is let go';
  return lettingGo(released, 'StableTemplateLost', message);
}

/** Told when something is done: what is only waited for is no decision, and would be told again at each pass. */
function lettingGo(released: Asked, reason: Reason, message: string): Outcome {
  const outcome = asked(released, reason);
  return outcome.acts && outcome.acts.length > 0 ? { ...outcome, decision: 'Cancel', message } : outcome;
}

/** Whether the workload has no pods at all. */
export function isBare({ object }: WorkloadFacts): boolean {
  const { status = {} } = object as { status?: { replicas?: number; currentNumberScheduled?: number } };
  return (status.replicas ?? status.currentNumberScheduled ?? 0) === 0;
}

export function stableTemplateLost({ hash }: StableRevision): Outcome {
  return stall(
    'StableTemplateLost',
    `the cluster has no copy of the stable template ${hash} any more, so the release could not be rolled back; ` +
      'raise revisionHistoryLimit and restore the former template',
  );
}

/** Takes what the workload runs as stable. */
function adopt(snapshot: Snapshot, workload: WorkloadFacts, reason: Reason): Outcome {
  const stable = styleIn(snapshot).running(workload);
  if (!stable) return wait('WaitingForWorkload', 'the workload is being rolled out by its own controller');
  return adopted(snapshot, stable, reason);
}

function adopted(snapshot: Snapshot, stable: StableRevision, reason: Reason): Outcome {
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

/** Starts a release of the workload's present template against `stable`. */
export function startRelease(
  snapshot: Snapshot,
  workload: WorkloadFacts,
  stable: StableRevision,
  reason: Reason,
  now: number,
): Outcome {
  const { rollout } = snapshot;
  const { object } = workload;
  const releaseId = nextReleaseId(snapshot);
  const release: ReleaseRecord = {
    startedAt: formatTime(now),
    stage: 'Initializing',
    revision: revisionOf(object.spec.template),
    stable,
    canary: { name: canaryName(object.metadata.name, rollout.metadata.uid ?? '', releaseId) },
    planHash: planHash(rollout),
  };
  const record: RecordStatus = { ...snapshot.record, releaseId, stable, release };
  return {
    decision: 'Start',
    reason,
    message: `release ${releaseId} of ${object.metadata.name}: ${imagesOf(object.spec.template.spec)} against stable pods ${stable.hash}`,
    acts: holdStill(snapshot, workload),
    record,
  };
}

/** The workload held where it is, so that nothing of its new template runs before a step asks for it. */
export function holdStill({ rollout }: Pick<Snapshot, 'rollout'>, { object }: WorkloadFacts): Act[] {
  const style = styleIn({ rollout });
  return replaceActs(style.resource, object, style.still(object, rollout), 'hold the workload');
}

/** Release ids only rise, even where the record was lost: runs and approvals remember them too. */
export function nextReleaseId({ record, runs, rollout }: Snapshot): number {
  const seen = [
    record.releaseId,
    ...runs.map((run) => run.spec.key?.releaseId ?? 0),
    ...(rollout.status?.approvals ?? []).map((approval) => approval.releaseId),
  ];
  return Math.max(...seen) + 1;
}

export function imagesOf(podSpec: Record<string, unknown>): string {
  const containers = Array.isArray(podSpec['containers']) ? podSpec['containers'] : [];
  return containers.map((container: { image?: string }) => container.image ?? '?').join(', ');
}
