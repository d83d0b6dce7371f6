import { deleteActs, replaceActs } from '../api/act.ts';
import { resources } from '../api/resource.ts';
import type { ReleaseRecord } from '../api/rollout-record.ts';
import { parseTime } from '../api/timestamp.ts';
import { sharedGraceMs } from '../api/traffic-routing.ts';
import { restoredService } from '../traffic/services.ts';
import { type Context, isOurs, timestamp, wait, withRelease } from './context.ts';
import type { Outcome } from './decision.ts';
import { asked, orderOf, styleIn } from './order.ts';
import { gracePeriodMs } from './plan.ts';
import { canaryServiceWork, hasRoutes, unrouteActs } from './routes.ts';
import { leaveActs } from './shared-routing.ts';

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

/** The workload is held and marked: let go by somebody else it would roll out what nobody has judged. */
export function holdWorkload(context: Context): Outcome | undefined {
  const held = styleIn(context.snapshot).hold(context.workload, orderOf(context));
  return held && asked(held, 'WaitingForWorkload');
}

/** The canary Service is there as long as routes lead to it: somebody may have deleted it. */
export function keepCanaryService(context: Context): Outcome | undefined {
  const { service } = context.snapshot.traffic;
  if (!service || !hasRoutes(context)) return undefined;
  const work = canaryServiceWork(context, service);
  if ('stall' in work || work.acts.length === 0) return undefined;
  return { ...wait('WaitingForRoutes', 'the canary Service was gone and is made again'), acts: work.acts };
}

/**
 * No request is sent to the canary any more, and one grace period has passed since. The routes that other Rollouts share
 * are needed no more by a release that ends.
 */
export function removeRoutes(context: Context): Outcome | undefined {
  const { snapshot, release, now } = context;
  const message = 'taking the traffic from the canary';
  const acts = unrouteActs(context, message);
  const left = isEnding(release) ? leaveActs(snapshot) : [];
  if (acts || left.length > 0) {
    // The grace period counts from here, not from an earlier step that routed nothing.
    const { routesRemovedAt: _earlier, ...unfelt } = release;
    return {
      ...wait('CanaryRoutesRemoved', message),
      acts: [...(acts ?? []), ...left],
      ...(left.length > 0 && { record: withRelease(snapshot.record, unfelt) }),
    };
  }
  if (!release.routedAt && !(release.sharedAt && isEnding(release))) return undefined;
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
  const feltAt = removedAt + Math.max(...gracePeriodsMs(context));
  const felt = 'waiting until the removed routes are felt everywhere';
  return now < feltAt ? wait('GracePeriod', felt, feltAt) : undefined;
}

/** Of its own routes and of those that others share, as far as it had any. */
function gracePeriodsMs({ snapshot: { rollout, shared }, release }: Context): number[] {
  return [
    ...(release.routedAt ? [gracePeriodMs(rollout)] : []),
    ...(release.sharedAt && isEnding(release) ? [shared ? sharedGraceMs(shared) : 0] : []),
  ];
}

function isEnding({ stage }: ReleaseRecord): boolean {
  return stage !== 'InRolling' && stage !== 'Superseding';
}

/** What is waited for until one grace period after `at` is over. */
function graceSince({ snapshot, now }: Context, at: number, message: string): Outcome | undefined {
  const feltAt = at + gracePeriodMs(snapshot.rollout);
  return now < feltAt ? wait('GracePeriod', message, feltAt) : undefined;
}

/** The stable Service selects what its owner wrote. */
export function restoreService(context: Pick<Context, 'snapshot'>): Outcome | undefined {
  const { service } = context.snapshot.traffic;
  const restored = service && restoredService(service, styleIn(context.snapshot).podLabel);
  if (!service || !restored || restored === service) return undefined;
  const message = 'restoring the selector of the stable Service';
  return {
    ...wait('StableServiceRestored', message),
    acts: replaceActs(resources.service, service, restored, 'restore the stable Service'),
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
export function resumeWorkload(context: Context): Outcome | undefined {
  const { snapshot, workload } = context;
  const order = { rollout: snapshot.rollout, isRouted: hasRoutes(context) };
  const released = styleIn(snapshot).release(workload, order);
  if (!released) return undefined;
  const resumed = asked(released, 'WorkloadResumed');
  return 'follows' in released ? resumed : { ...resumed, decision: 'Finalise' };
}

/** Every pod of the workload runs its present template. */
export function awaitRollingUpdate({ snapshot, workload }: Context): Outcome | undefined {
  const { done, message } = styleIn(snapshot).update(workload);
  return done ? undefined : wait('WaitingForRollingUpdate', message);
}

/** The pods of the new version are gone. */
export function removeCanaryPods(context: Context): Outcome | undefined {
  const order = { ...orderOf(context), isRouted: hasRoutes(context) };
  const left = styleIn(context.snapshot).clear(context.workload, order);
  return left && asked(left, 'WaitingForCanaryRemoval');
}

export function removeCanaryService(context: Context): Outcome | undefined {
  const { canaryService } = context.snapshot.traffic;
  if (!canaryService || !isOurs(context, canaryService)) return undefined;
  const message = 'removing the canary Service';
  const acts = deleteActs(resources.service, canaryService, message);
  return { ...wait('WaitingForCanaryRemoval', message), acts };
}
