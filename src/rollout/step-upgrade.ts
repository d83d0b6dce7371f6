import type { Pod } from '../api/kubernetes.ts';
import { isBatchReady } from '../workload/batch-ready.ts';
import { batchLabelActs, rolloutIdOf } from '../workload/pod-labels.ts';
import type { CanaryState } from '../workload/style.ts';
import { podsOf, shareBetween } from './carried-share.ts';
import { type StepContext, timestamp, wait, withRelease, withTraffic } from './context.ts';
import type { Outcome } from './decision.ts';
import { asked, canaryOf, fullGoal, givesBack, orderOf, styleIn, withoutPods } from './order.ts';
import { describeShare, toleratedPods } from './plan.ts';
import { awaitPods, deadlineOf } from './progress-deadline.ts';
import { routedShare } from './routed-share.ts';
import { routeWork } from './routes.ts';

/** Brings up the canary pods that the step asks for, and gives them until the guard's progress deadline. */
export function decideUpgrade(context: StepContext): Outcome {
  const { snapshot, workload, release, step } = context;
  const style = styleIn(snapshot);
  const goal = fullGoal(context);
  const growing = routeBetween(context) ?? growCanary(context);
  if (growing) return { ...growing, wakeAt: deadlineOf(context) };
  const empty = withoutPods(context);
  if (empty) return empty;
  const canary = canaryOf(context);
  const { version } = canary;
  const returning = (givesBack(context) && canary.pods > goal) || awaitsStable(context, goal);
  if (returning) return awaitPods(context, 'stable pods are coming back before the canary gives requests up');
  if (!version || !isBatchReady(canary, goal, toleratedPods(snapshot.rollout, goal)))
    return waitOrGiveUp(context, canary, goal);
  const upgraded = {
    ...(routedShare(context)
      ? {
          ...release,
          // Pods that fail from here on have the whole time again.
          step: { ...step, state: 'StepTrafficRouting' as const, upgradeStartedAt: timestamp(context) },
        }
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

/** Sent back to less traffic, the step gives it up when the stable pods that it gets back are ready. */
function awaitsStable(context: StepContext, goal: number): boolean {
  const { snapshot, workload, release } = context;
  const style = styleIn(snapshot);
  const gives = (release.weight ?? 0) > (routedShare(context)?.weight ?? 0);
  const awaited = style.size(workload) - goal - toleratedPods(snapshot.rollout, goal);
  return givesBack(context) && gives && podsOf(context).stable < awaited;
}

function canaryPods({ snapshot, workload }: StepContext, hash: string): Pod[] {
  const { podLabel } = styleIn(snapshot);
  return [...workload.canary.pods, ...workload.pods].filter(
    ({ metadata }) => metadata.labels?.[podLabel] === hash,
  );
}

/** Where versions are exchanged pod for pod, the weight follows the pods: upwards while what watches it is at ease. */
export function routeBetween(context: StepContext): Outcome | undefined {
  const { watch, release: reached } = context;
  const isAtEase = watch.kind === 'none' || watch.kind === 'well';
  const wanted = shareBetween(context);
  const most = isAtEase ? 100 : (reached.weight ?? 0);
  if (most === 0) return undefined;
  const share = wanted && { ...wanted, weight: Math.min(wanted.weight ?? 0, most) };
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
  const { workload } = context;
  const trouble = troubleOf([...workload.canary.pods, ...workload.pods]);
  const state = `${ready} of ${goal} canary pods are ready${trouble ? `: ${trouble}` : ''}`;
  return awaitPods(context, state);
}

/** What the pods themselves say, such as `ImagePullBackOff: Back-off pulling image …`; the first one stands for all. */
export function troubleOf(pods: readonly Pod[]): string | undefined {
  for (const pod of pods) {
    for (const container of pod.status?.containerStatuses ?? []) {
      const { reason, message } = container.state?.waiting ?? {};
      if (reason && reason !== 'ContainerCreating') return message ? `${reason}: ${message}` : reason;
    }
  }
  return undefined;
}
