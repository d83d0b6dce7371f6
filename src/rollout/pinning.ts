import { type Act, replaceActs } from '../api/act.ts';
import type { Service } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import { parseTime } from '../api/timestamp.ts';
import type { Share } from '../traffic/provider.ts';
import { pinnedService } from '../traffic/services.ts';
import { batchOf } from '../workload/batch-size.ts';
import { JOINING_LOAD_MAX, joiningWeight, type Pods } from './capacity.ts';
import { podsOf } from './carried-share.ts';
import { rests, type StepContext, timestamp, wait, withRelease } from './context.ts';
import type { Outcome } from './decision.ts';
import { givesBack, styleIn } from './order.ts';
import { isStableGone, ownPods } from './own-pods.ts';
import { describeShare, gracePeriodMs, replicasOf } from './plan.ts';
import { awaitPods } from './progress-deadline.ts';
import { restoreService } from './removal.ts';
import { routedShare } from './routed-share.ts';
import { isPinDue, isPinned, routeWork, serviceGone } from './routes.ts';

/** The stable Service selects the stable pods alone. undefined where it does. */
export function pinService(context: StepContext, service: Service): Outcome | undefined {
  const { snapshot, release } = context;
  const acts = pinActs(context, service);
  if (acts.length === 0) return undefined;
  // The grace period counts from this pinning, not from an earlier one of the same release.
  const { stablePinnedAt: _earlier, serviceRestoredAt: _restored, ...unpinned } = release;
  return {
    ...wait('GracePeriod', 'pinning the stable Service to the stable pods'),
    record: withRelease(snapshot.record, unpinned),
    acts,
  };
}

/** What is to be written so that the stable Service selects the stable pods alone; nothing where it does. */
export function pinActs({ snapshot, release }: StepContext, service: Service): Act[] {
  const { hash } = release.stable;
  const pinned = pinnedService(service, styleIn(snapshot).podLabel, hash);
  return replaceActs(resources.service, service, pinned, `pin the stable Service to pods ${hash}`);
}

/** …and one grace period has passed since. */
export function awaitPin(context: StepContext): Outcome | undefined {
  const { snapshot, release, now } = context;
  const pinnedAt = parseTime(release.stablePinnedAt);
  if (pinnedAt === undefined) {
    return {
      ...wait('GracePeriod', 'the stable Service is pinned to the stable pods'),
      record: withRelease(snapshot.record, { ...release, stablePinnedAt: timestamp(context) }),
    };
  }
  const feltAt = pinnedAt + gracePeriodMs(snapshot.rollout);
  return now < feltAt
    ? wait('GracePeriod', 'waiting until the pinned stable Service is felt everywhere', feltAt)
    : undefined;
}

/**
 * Where no pods are given back and steps without traffic exchanged many, a Service that is pinned would send the requests
 * of all pods to the few stable ones. So the canary has a share beside it first, as much as leaves every pod with the
 * same, and the Service is pinned once that is felt. undefined where it is, or need not be.
 */
export function pinBeside(context: StepContext, planned: Share): Outcome | undefined {
  const { snapshot, release, now } = context;
  const { service } = snapshot.traffic;
  if (styleIn(snapshot).hasExtraPods || givesBack(context)) return undefined;
  if (!isPinDue(context)) return awaitPin(context);
  if (isStableGone(context)) return undefined;
  if (!service) return serviceGone(context);
  const pods = podsOf(context);
  const weight = joiningWeight(planned.weight ?? 0, pods);
  if (!carriesRest(context, planned, weight, pods)) return tooFewForRest(context, planned, pods);
  if (weight === 0) return pinService(context, service);
  const routes = routeWork(context, { ...planned, weight });
  if ('stall' in routes) return routes.stall;
  const message = `${weight} % is routed to the canary before the stable Service is pinned`;
  if (routes.acts.length > 0) return { ...wait('WaitingForRoutes', message), acts: routes.acts };
  const { routesRemovedAt, ...routed } = release;
  if (release.routedAt === undefined || routesRemovedAt !== undefined || release.weight !== weight) {
    const record = withRelease(snapshot.record, { ...routed, weight, routedAt: timestamp(context) });
    return { ...wait('GracePeriod', message), record };
  }
  const feltAt = (parseTime(release.routedAt) ?? now) + gracePeriodMs(snapshot.rollout);
  return now < feltAt ? wait('GracePeriod', message, feltAt) : pinService(context, service);
}

/**
 * A stable pod of a DaemonSet that is evicted comes back with the new template. Where too few are left for what they are
 * given, the stable Service selects every pod again: what nobody has judged serves more then, and requests are answered.
 */
export function unpinFew(context: StepContext): Outcome | undefined {
  const { snapshot, release, step } = context;
  if (isPinned(context) && isStableGone(context))
    return unpin(context, 'no stable pod is left and none comes back');
  const { hasExtraPods } = styleIn(snapshot);
  // While pods are exchanged, the weight follows them.
  const isMoving = !rests(context) && (step.state === 'BeforeStepUpgrade' || step.state === 'StepUpgrade');
  if (hasExtraPods || givesBack(context) || isMoving || !isPinned(context)) return undefined;
  const planned = routedShare(context);
  const present = ownPods(context, release.stable).ofVersion.length;
  const pods = { ...podsOf(context), stable: present };
  // Requests that a route chooses by what is in them may be none at all.
  const weight = planned?.weight === undefined ? 0 : (release.weight ?? 0);
  if (!planned || pods.canary === 0 || carriesRest(context, planned, weight, pods)) return undefined;
  return unpin(context, `${present} of ${pods.size} pods run the stable version, too few for their share`);
}

function unpin(context: StepContext, why: string): Outcome | undefined {
  const { snapshot, release } = context;
  const restored = restoreService(context);
  if (!restored) return undefined;
  const record = withRelease(snapshot.record, { ...release, serviceRestoredAt: timestamp(context) });
  return { ...restored, message: `${why}; every pod is sent requests`, record };
}

/** Whether the stable pods can take what is left for them, or have as much of it as the plan itself gives them. */
function carriesRest(
  { snapshot, step }: StepContext,
  planned: Share,
  weight: number,
  { size, stable }: Pods,
): boolean {
  const load = stable === 0 ? Number.POSITIVE_INFINITY : ((1 - weight / 100) * size) / stable;
  const left = size - batchOf(styleIn(snapshot), replicasOf(snapshot.rollout, step.index), size);
  const byPlan = ((1 - (planned.weight ?? 0) / 100) * size) / left;
  return load <= Math.max(JOINING_LOAD_MAX, byPlan) + 1e-9;
}

function tooFewForRest(context: StepContext, planned: Share, pods: Pods): Outcome {
  const { workload, release } = context;
  const { kind, metadata } = workload.object;
  return awaitPods(
    context,
    `${pods.stable} of ${pods.size} pods run the stable version ${release.stable.hash}, too few where ` +
      `${describeShare(planned)} goes to the others; go to a later step of the plan, or, to take it back and only then ` +
      `to go on, restore the template of ${release.stable.hash} in ${kind} ${metadata.name}`,
    'WaitingForWorkload',
  );
}
