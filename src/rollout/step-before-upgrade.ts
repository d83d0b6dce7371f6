import { replaceActs } from '../api/act.ts';
import { resources } from '../api/resource.ts';
import type { StepState } from '../api/rollout.ts';
import type { RecordStatus } from '../api/rollout-record.ts';
import { parseTime } from '../api/timestamp.ts';
import { pinnedService } from '../traffic/services.ts';
import { batchOf } from '../workload/batch-size.ts';
import { carries, mostExchanged } from './capacity.ts';
import { type StepContext, timestamp, wait, withRelease, withStep } from './context.ts';
import type { Outcome } from './decision.ts';
import { easeWeight } from './draining.ts';
import { hold } from './failure.ts';
import { asked, orderOf, styleIn } from './order.ts';
import { gracePeriodMs, replicasOf } from './plan.ts';
import { firstOpen, removeRoutes, restoreService, restoreServiceAndWait } from './removal.ts';
import { howToRetry, isRetryAsked } from './retry.ts';
import { routedShare } from './routed-share.ts';
import { serviceGone } from './routes.ts';

/**
 * Before any canary pod exists the stable Service is pinned to the stable pods, and one grace period passes:
 * otherwise the first canary pod would get a share of the traffic that nobody asked for.
 */
export function decideBeforeUpgrade(context: StepContext): Outcome {
  const { snapshot, release, now } = context;
  const rejection = rejectedBefore(context);
  if (rejection) return rejection;
  const { service } = snapshot.traffic;
  if (!routedShare(context)) return withoutTraffic(context);
  if (!service) return serviceGone(context);
  const pinned = pinnedService(service, styleIn(snapshot).podLabel, release.stable.hash);
  if (pinned !== service) {
    const returning = bringBackStable(context);
    if (returning) return returning;
    // The grace period counts from this pinning, not from an earlier one of the same release.
    const { stablePinnedAt: _earlier, serviceRestoredAt: _restored, ...unpinned } = release;
    return {
      ...wait('GracePeriod', 'pinning the stable Service to the stable pods'),
      record: withRelease(snapshot.record, unpinned),
      acts: replaceActs(
        resources.service,
        service,
        pinned,
        `pin the stable Service to pods ${release.stable.hash}`,
      ),
    };
  }
  const pinnedAt = parseTime(release.stablePinnedAt);
  if (pinnedAt === undefined) {
    return {
      decision: 'Wait',
      reason: 'GracePeriod',
      message: 'the stable Service is pinned to the stable pods',
      record: withRelease(snapshot.record, { ...release, stablePinnedAt: timestamp(context) }),
    };
  }
  const readyAt = pinnedAt + gracePeriodMs(snapshot.rollout);
  if (now < readyAt)
    return wait('GracePeriod', 'waiting until the pinned stable Service is felt everywhere', readyAt);
  return {
    decision: 'Upgrade',
    reason: 'StableServicePinned',
    message: `the stable Service selects only pods ${release.stable.hash}`,
    record: upgradeRecord(context),
  };
}

/**
 * A release may begin in the middle of another rolling update: pinned then, the Service would send the requests of all
 * pods to the few stable ones. They come back first, where that can be asked for; otherwise a person has to help.
 */
function bringBackStable(context: StepContext): Outcome | undefined {
  const { snapshot, workload, release } = context;
  const style = styleIn(snapshot);
  const [size, stable] = [style.size(workload), style.ready(workload, release.stable)];
  const { status = {} } = workload.object as { status?: { readyReplicas?: number; numberReady?: number } };
  const others = (status.readyReplicas ?? status.numberReady ?? 0) - stable;
  const order = orderOf(context);
  if (others <= 0 || carries({ size, stable })) return undefined;
  if (order.goal > 0) return style.givesBack ? giveBack(context, size, order.goal) : undefined;
  const cleared = style.clear(workload, order);
  if (cleared) return asked(cleared, 'WaitingForWorkload');
  const { kind, metadata } = workload.object;
  return wait(
    'WaitingForWorkload',
    `${stable} of ${size} pods run the stable version ${release.stable.hash}, too few to carry every request, and ` +
      `${others} another one; to go on, restore the template of ${release.stable.hash} in ${kind} ${metadata.name}, ` +
      'and release again once it runs everywhere',
  );
}

/** Pods that steps without traffic exchanged are given back, as many as it takes; the step gets them again with its routes. */
function giveBack({ snapshot, release }: StepContext, size: number, goal: number): Outcome {
  const most = mostExchanged(size);
  const message = `${goal} of ${size} pods run the new version, too many for the others to carry every request; some go back`;
  if (goal <= most) return wait('WaitingForWorkload', message);
  return {
    ...wait('WaitingForWorkload', message),
    record: withRelease(snapshot.record, { ...release, granted: most }),
  };
}

function upgradeRecord(context: StepContext): RecordStatus {
  const { snapshot, workload, release, step } = context;
  const wanted = replicasOf(snapshot.rollout, step.index);
  const style = styleIn(snapshot);
  const size = style.size(workload);
  const { granted = wanted } = release;
  const record = withStep(context, { ...step, state: 'StepUpgrade', upgradeStartedAt: timestamp(context) });
  const goal = batchOf(style, granted, size);
  const grows = batchOf(style, wanted, size) >= goal;
  // A step that asks for less, after a jump back, takes no pods away, unless the stable ones left could not carry its rest.
  const givesBack = style.givesBack === true && !carries({ size, stable: size - goal });
  return withRelease(record, {
    ...release,
    ...record.release,
    granted: grows || givesBack ? wanted : granted,
  });
}

/**
 * A step that routes nothing leaves routing to Kubernetes: what an earlier step set up is taken down first. Where
 * versions are exchanged pod for pod the Service selects both before the routes go: fewer stable pods could not
 * carry everything.
 */
function withoutTraffic(context: StepContext): Outcome {
  const jobs = styleIn(context.snapshot).hasExtraPods
    ? [removeRoutes, restoreService]
    : [easeWeight, restoreServiceAndWait, removeRoutes];
  const { weight: _weight, ...unrouted } = context.release;
  return (
    firstOpen(context, jobs) ?? {
      decision: 'Wait',
      reason: 'StepEntered',
      message: 'this step routes no traffic',
      record: upgradeRecord({ ...context, release: unrouted }),
    }
  );
}

function rejectedBefore(context: StepContext): Outcome | undefined {
  return context.step.index > 1 ? undefined : heldAsRejected(context, 'BeforeStepUpgrade');
}

/** A template that failed before is held in this state, until a person says retry for this very release. */
export function heldAsRejected(context: StepContext, state: StepState): Outcome | undefined {
  const { snapshot, release, step } = context;
  const { record } = snapshot;
  const rejected = record.rejected?.find((entry) => entry.revision === release.revision);
  if (!rejected) return undefined;
  if (isRetryAsked(snapshot)) {
    const { hold: _hold, ...retried } = step;
    return {
      decision: 'Restart',
      reason: 'Retried',
      message: 'a person asked to try this template again',
      record: {
        ...withStep(context, retried),
        rejected: (record.rejected ?? []).filter((entry) => entry.revision !== release.revision),
        retried: record.releaseId,
      },
    };
  }
  if (step.hold) return wait('RejectedRevision', step.hold.message);
  return hold(context, {
    state,
    reason: 'RejectedRevision',
    message: `this template was rejected at ${rejected.at}: ${rejected.reason}`,
    evidence: [],
    event: 'Waiting',
    next: `release another template, or try this one again: ${howToRetry(snapshot)}`,
  });
}
