import type { StepState } from '../api/rollout.ts';
import type { RecordStatus } from '../api/rollout-record.ts';
import { batchOf } from '../workload/batch-size.ts';
import { bringBackStable, isPinnedLater } from './bring-back-stable.ts';
import { carries } from './capacity.ts';
import { type StepContext, timestamp, wait, withRelease, withStep } from './context.ts';
import type { Outcome } from './decision.ts';
import { easeWeight } from './draining.ts';
import { hold } from './failure.ts';
import { keptRoutes } from './kept-routes.ts';
import { givesBack, styleIn } from './order.ts';
import { awaitPin, pinService } from './pinning.ts';
import { replicasOf } from './plan.ts';
import { firstOpen, removeRoutes, restoreService, restoreServiceAndWait } from './removal.ts';
import { howToRetry, isRetryAsked } from './retry.ts';
import { routedShare } from './routed-share.ts';
import { serviceGone } from './routes.ts';
import { joinRouting } from './shared-routing.ts';

/**
 * Before any canary pod exists the stable Service is pinned to the stable pods, and one grace period passes:
 * otherwise the first canary pod would get a share of the traffic that nobody asked for.
 */
export function decideBeforeUpgrade(context: StepContext): Outcome {
  const { snapshot, release } = context;
  const rejection = rejectedBefore(context);
  if (rejection) return rejection;
  const unshared = joinRouting(context);
  // What an earlier step has routed is kept meanwhile.
  if (unshared) return (unshared.acts ? undefined : keptRoutes(context)) ?? unshared;
  const { service } = snapshot.traffic;
  if (!routedShare(context)) return withoutTraffic(context);
  if (!service) return serviceGone(context);
  const pinning = pinService(context, service);
  if (pinning) return isPinnedLater(context) ? beginUnpinned(context) : (bringBackStable(context) ?? pinning);
  const unfelt = awaitPin(context);
  if (unfelt) return unfelt;
  return {
    decision: 'Upgrade',
    reason: 'StableServicePinned',
    message: `the stable Service selects only pods ${release.stable.hash}`,
    record: upgradeRecord(context),
  };
}

/** Until the canary has a share of its own the stable Service selects both versions, as in the step before. */
function beginUnpinned(context: StepContext): Outcome {
  return {
    ...wait('StepEntered', 'the stable Service is pinned once requests are routed to the canary'),
    record: upgradeRecord(context),
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
  const isGivenBack = givesBack(context) && !carries({ size, stable: size - goal });
  return withRelease(record, {
    ...release,
    ...record.release,
    granted: grows || isGivenBack ? wanted : granted,
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
