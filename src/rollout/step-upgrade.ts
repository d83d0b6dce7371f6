import { formatDuration } from '../api/duration.ts';
import type { Deployment, Pod } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import { parseTime } from '../api/timestamp.ts';
import { canaryDeployment, canaryReplicas, isCanaryReady } from '../workload/deployment-canary.ts';
import { podHashOf, replicaSetOf, revisionOf } from '../workload/pod-template.ts';
import { isOurs, replaceAct, type StepContext, stall, wait, withRelease, withTraffic } from './context.ts';
import type { Outcome } from './decision.ts';
import { failStep } from './failure.ts';
import { replicasOf, strategyOf, weightOf } from './plan.ts';

/** Brings up the canary pods that the step asks for, and gives them until the guard's progress deadline. */
export function decideUpgrade(context: StepContext): Outcome {
  const { snapshot, workload, release, step } = context;
  const { rollout } = snapshot;
  const total = workload.deployment.spec.replicas ?? 1;
  const wanted = canaryReplicas(replicasOf(rollout, step.index), total);
  const { deployment: canary } = workload.canary;
  if (!canary) {
    const created = canaryDeployment(rollout, workload.deployment, release.canary.name, wanted);
    return {
      ...wait('WaitingForCanaryPods', `creating ${release.canary.name} with ${wanted} pods`),
      acts: [
        { verb: 'create', resource: resources.deployment, object: created, why: `${wanted} canary pods` },
      ],
      wakeAt: deadlineOf(context),
    };
  }
  if (!isOurs(context, canary)) {
    return stall(
      'NameTaken',
      `Deployment ${release.canary.name} belongs to somebody else; rename or delete it so that the canary can be made`,
    );
  }
  if ((canary.spec.replicas ?? 0) < wanted) {
    const scaled: Deployment = { ...canary, spec: { ...canary.spec, replicas: wanted } };
    return {
      ...wait('WaitingForCanaryPods', `scaling ${release.canary.name} to ${wanted} pods`),
      acts: replaceAct(resources.deployment, canary, scaled, `${wanted} canary pods`),
      wakeAt: deadlineOf(context),
    };
  }
  const replicaSet = replicaSetOf(revisionOf(canary.spec.template), workload.canary.replicaSets);
  if (replicaSet && isCanaryReady(canary, wanted, toleratedPods(context, wanted))) {
    const routes = weightOf(rollout, step.index) !== undefined;
    const upgraded = {
      ...(routes
        ? { ...release, step: { ...step, state: 'StepTrafficRouting' as const } }
        : withTraffic(context, { ...step, state: 'StepMetricsAnalysis' })),
      canary: { ...release.canary, hash: podHashOf(replicaSet), replicaSet: replicaSet.metadata.name },
    };
    return {
      decision: 'Upgrade',
      reason: 'CanaryReady',
      message: `${wanted} of ${total} pods run the new version, hash ${podHashOf(replicaSet)}`,
      record: withRelease(snapshot.record, upgraded),
    };
  }
  return waitOrGiveUp(context, wanted);
}

function waitOrGiveUp(context: StepContext, wanted: number): Outcome {
  const { workload, now } = context;
  const available = workload.canary.deployment?.status?.availableReplicas ?? 0;
  const trouble = troubleOf(workload.canary.pods);
  const state = `${available} of ${wanted} canary pods are ready${trouble ? `: ${trouble}` : ''}`;
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
function toleratedPods({ snapshot }: StepContext, wanted: number): number {
  const { failureThreshold } = strategyOf(snapshot.rollout);
  return failureThreshold === null || failureThreshold === undefined
    ? 0
    : canaryReplicas(failureThreshold, wanted);
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
