import type { KubeObject } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import { parseTime } from '../api/timestamp.ts';
import { restoredService } from '../traffic/services.ts';
import { heldWorkload, isRolledOut, releasedWorkload } from '../workload/deployment-canary.ts';
import { type Context, isOurs, replaceAct, timestamp, wait, withRelease } from './context.ts';
import type { Act, Outcome } from './decision.ts';
import { gracePeriodMs } from './plan.ts';

/**
 * The single jobs of ending a release. Each answers what is still to do for it, or undefined once it is done,
 * and is safe to ask again after a crash at any line.
 */
export type Job = (context: Context) => Outcome | undefined;

/** The first job that is not done yet. */
export function firstOpen(context: Context, jobs: readonly Job[]): Outcome | undefined {
  for (const job of jobs) {
    const open = job(context);
    if (open) return open;
  }
  return undefined;
}

/** The workload is paused and marked: resumed by somebody else it would roll out what nobody has judged. */
export function holdWorkload({
  snapshot,
  workload,
}: Pick<Context, 'snapshot' | 'workload'>): Outcome | undefined {
  const { deployment } = workload;
  const held = heldWorkload(snapshot.rollout, deployment);
  if (held === deployment) return undefined;
  const acts = replaceAct(resources.deployment, deployment, held, 'hold the workload');
  return { ...wait('WaitingForWorkload', 'the workload is held again'), acts };
}

/** No request is sent to the canary any more, and one grace period has passed since. */
export function removeRoutes(context: Context): Outcome | undefined {
  const { snapshot, release } = context;
  const { canaryIngress } = snapshot.traffic;
  const message = 'taking the traffic from the canary';
  if (canaryIngress && isOurs(context, canaryIngress)) {
    return {
      ...wait('CanaryRoutesRemoved', message),
      acts: deleteActs(resources.ingress, canaryIngress, message),
    };
  }
  if (!release.routedAt) return undefined;
  const removedAt = parseTime(release.routesRemovedAt);
  if (removedAt === undefined) {
    const record = withRelease(snapshot.record, { ...release, routesRemovedAt: timestamp(context) });
    return {
      decision: 'Finalise',
      reason: 'CanaryRoutesRemoved',
      message: 'no request is sent to the canary any more',
      record,
    };
  }
  return graceSince(context, removedAt, 'waiting until the removed routes are felt everywhere');
}

/** What is waited for until one grace period after `at` is over. */
function graceSince({ snapshot, now }: Context, at: number, message: string): Outcome | undefined {
  const feltAt = at + gracePeriodMs(snapshot.rollout);
  return now < feltAt ? wait('GracePeriod', message, feltAt) : undefined;
}

/** The stable Service selects what its owner wrote. */
export function restoreService(context: Pick<Context, 'snapshot'>): Outcome | undefined {
  const { service } = context.snapshot.traffic;
  const restored = service && restoredService(service);
  if (!service || !restored || restored === service) return undefined;
  const message = 'restoring the selector of the stable Service';
  return {
    ...wait('StableServiceRestored', message),
    acts: replaceAct(resources.service, service, restored, 'restore the stable Service'),
  };
}

/** …and one grace period has passed since, so that pods which it did not select before get their share. */
export function restoreServiceAndWait(context: Context): Outcome | undefined {
  const { snapshot, release } = context;
  const open = restoreService(context);
  if (open || !release.stablePinnedAt) return open;
  const restoredAt = parseTime(release.serviceRestoredAt);
  if (restoredAt === undefined) {
    const record = withRelease(snapshot.record, { ...release, serviceRestoredAt: timestamp(context) });
    return {
      decision: 'Finalise',
      reason: 'StableServiceRestored',
      message: 'the stable Service selects the pods of both versions',
      record,
    };
  }
  return graceSince(context, restoredAt, 'waiting until the restored Service is felt everywhere');
}

/** The workload's own controller works on it again. */
export function resumeWorkload({ workload }: Context): Outcome | undefined {
  const { deployment } = workload;
  const released = releasedWorkload(deployment);
  if (released === deployment) return undefined;
  return {
    decision: 'Finalise',
    reason: 'WorkloadResumed',
    message: `${deployment.metadata.name} is resumed`,
    acts: replaceAct(resources.deployment, deployment, released, 'resume the workload'),
  };
}

/** Every pod of the workload runs its present template. */
export function awaitRollingUpdate({ workload }: Context): Outcome | undefined {
  const { deployment } = workload;
  if (isRolledOut(deployment)) return undefined;
  const { updatedReplicas = 0, availableReplicas = 0 } = deployment.status ?? {};
  const total = deployment.spec.replicas ?? 1;
  return wait(
    'WaitingForRollingUpdate',
    `${deployment.metadata.name}: ${updatedReplicas} of ${total} pods updated, ${availableReplicas} available`,
  );
}

/** The extra Deployment and every pod it made are gone. */
export function removeCanaryWorkload(context: Context): Outcome | undefined {
  const { deployment, replicaSets, pods } = context.workload.canary;
  const message = 'removing the canary pods';
  if (deployment && isOurs(context, deployment)) {
    const acts = deleteActs(resources.deployment, deployment, message);
    return { ...wait('WaitingForCanaryRemoval', message), acts };
  }
  return replicaSets.length + pods.length > 0 ? wait('WaitingForCanaryRemoval', message) : undefined;
}

export function removeCanaryService(context: Context): Outcome | undefined {
  const { canaryService } = context.snapshot.traffic;
  if (!canaryService || !isOurs(context, canaryService)) return undefined;
  const message = 'removing the canary Service';
  const acts = deleteActs(resources.service, canaryService, message);
  return { ...wait('WaitingForCanaryRemoval', message), acts };
}

/** Nothing is to be done for what is going already. */
function deleteActs(resource: Act['resource'], object: KubeObject, why: string): Act[] {
  return object.metadata.deletionTimestamp ? [] : [{ verb: 'delete', resource, object, why }];
}
