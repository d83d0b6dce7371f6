import { formatDuration } from '../api/duration.ts';
import type { Pod } from '../api/kubernetes.ts';
import { parseTime } from '../api/timestamp.ts';
import { isBatchReady } from '../workload/batch-ready.ts';
import { batchSize } from '../workload/batch-size.ts';
import { batchLabelActs, rolloutIdOf } from '../workload/pod-labels.ts';
import type { CanaryState } from '../workload/style.ts';
import { shareBetween } from './carried-share.ts';
import { type StepContext, timestamp, wait, withRelease, withTraffic } from './context.ts';
import type { Outcome } from './decision.ts';
import { failStep } from './failure.ts';
import { asked, canaryOf, orderOf, styleIn } from './order.ts';
import { describeShare, strategyOf } from './plan.ts';
import { routedShare } from './routed-share.ts';
import { routeWork } from './routes.ts';

/** Brings up the canary pods that the step asks for, and gives them until the guard's progress deadline. */
export function decideUpgrade(context: StepContext): Outcome {
  const { snapshot, workload, release, step } = context;
  const style = styleIn(snapshot);
  const { goal } = orderOf(context);
  const growing = growCanary(context) ?? routeBetween(context);
  if (growing) return { ...growing, wakeAt: deadlineOf(context) };
  const canary = canaryOf(context);
  const { version } = canary;
  const isGivingBack = style.givesBack === true && canary.pods > goal;
  if (!version || isGivingBack || !isBatchReady(canary, goal, toleratedPods(context, goal)))
    return waitOrGiveUp(context, canary, goal);
  const upgraded = {
    ...(routedShare(context)
      ? { ...release, step: { ...step, state: 'StepTrafficRouting' as const } }
      : withTraffic(context, { ...step, state: 'StepMetricsAnalysis' })),
    canary: {
      ...release.canary,
      hash: version.hash,
      ...(version.replicaSet === undefined ? {} : { replicaSet: version.replicaSet }),
    },
  };
  return {
    decision: 'Upgrade',
    reason: 'CanaryReady',
    message: `${goal} of ${style.size(workload)} pods run the new version, hash ${version.hash}`,
    record: withRelease(snapshot.record, upgraded),
    acts: batchLabelActs(
      canaryPods(context, version.hash),
      rolloutIdOf(workload.object, release.revision),
      step.index,
    ),
  };
}

function canaryPods({ snapshot, workload }: StepContext, hash: string): Pod[] {
  const { podLabel } = styleIn(snapshot);
  return [...workload.canary.pods, ...workload.pods].filter(
    ({ metadata }) => metadata.labels?.[podLabel] === hash,
  );
}

/** Where versions are exchanged pod for pod, the weight follows the pods. */
function routeBetween(context: StepContext): Outcome | undefined {
  const share = shareBetween(context);
  const routes = routeWork(context, share);
  if ('stall' in routes) return routes.stall;
  if (!share) return undefined;
  const waiting = wait('WaitingForRoutes', `routing ${describeShare(share)} to the canary`);
  if (routes.acts.length > 0) return { ...waiting, acts: routes.acts };
  const { snapshot, release } = context;
  const weight = Math.max(release.weight ?? 0, share.weight ?? 0);
  if (release.routedAt !== undefined && release.weight === weight) return undefined;
  // What goes back from here begins at this weight, and not at that of the last step.
  const { routesRemovedAt: _removed, ...routed } = release;
  const routedAt = release.routedAt ?? timestamp(context);
  return { ...waiting, record: withRelease(snapshot.record, { ...routed, weight, routedAt }) };
}

/** What is still to be asked of the cluster so that the new version gets the pods that the steps granted. */
export function growCanary(context: StepContext): Outcome | undefined {
  const { snapshot, workload } = context;
  const growing = styleIn(snapshot).grow(workload, orderOf(context));
  return growing && asked(growing, 'WaitingForCanaryPods');
}

function waitOrGiveUp(context: StepContext, { ready }: CanaryState, goal: number): Outcome {
  const { workload, now } = context;
  const trouble = troubleOf([...workload.canary.pods, ...workload.pods]);
  const state = `${ready} of ${goal} canary pods are ready${trouble ? `: ${trouble}` : ''}`;
  const deadline = deadlineOf(context);
  if (deadline === undefined || now < deadline) return wait('WaitingForCanaryPods', state, deadline);
  const allowed = formatDuration(context.release.guard?.progressDeadlineMs ?? 0);
  const message = `after ${allowed} (progressDeadlineSeconds) ${state}`;
  return failStep(context, 'ProgressDeadlineExceeded', message, []);
}

/** Until when the pods may take; unguarded releases wait for ever, as upstream does. */
function deadlineOf({ release, step, now }: StepContext): number | undefined {
  if (!release.guard) return undefined;
  return (parseTime(step.upgradeStartedAt) ?? now) + release.guard.progressDeadlineMs;
}

/** Upstream's failureThreshold: how many of the step's pods may be missing; a percentage is rounded up. */
function toleratedPods({ snapshot }: StepContext, goal: number): number {
  const { failureThreshold } = strategyOf(snapshot.rollout);
  return failureThreshold === null || failureThreshold === undefined ? 0 : batchSize(failureThreshold, goal);
}

/** What the pods themselves say, such as `ImagePullBackOff: Back-off pulling image …`; the first one stands for all. */
function troubleOf(pods: readonly Pod[]): string | undefined {
  for (const pod of pods) {
    for (const container of pod.status?.containerStatuses ?? []) {
      const { reason, message } = container.state?.waiting ?? {};
      if (reason && reason !== 'ContainerCreating') return message ? `${reason}: ${message}` : reason;
    }
  }
  return undefined;
}
