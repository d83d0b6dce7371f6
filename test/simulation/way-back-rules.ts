import type { Pod, Workload } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import type { Rollout } from '../../src/api/rollout.ts';
import type { RecordStatus } from '../../src/api/rollout-record.ts';
import { isPlainLastStep, pauseMs, stepsOf } from '../../src/rollout/plan.ts';
import { leftBy, podsToReturn } from '../../src/rollout/way-back.ts';
import { revisionOf } from '../../src/workload/pod-template.ts';
import { styleOf } from '../../src/workload/styles.ts';
import { isReadyPod } from '../../src/workload/version-pods.ts';
import { present, recordOf, type Stage, sizeOf, workloadOf } from './stage.ts';
import type { Broken } from './traffic-rules.ts';

/** What must hold when a record is written of a release that goes back in batches. */
export function movedBack(stage: Stage, was: RecordStatus, is: RecordStatus, isApproved: boolean): Broken[] {
  const [before, after] = [was.release, is.release];
  if (after?.stage === 'GoingBack' && before?.stage !== 'GoingBack') {
    const workload = present<Workload>(stage, workloadOf(stage));
    const isRestored = workload && revisionOf(workload.spec.template) === after.stable.revision;
    return before?.stage === 'InRolling' && isRestored
      ? []
      : [['only the author of a release in its steps sends it back in batches', `from ${before?.stage}`]];
  }
  const rollout = present<Rollout>(stage, resources.rollout);
  const step = before?.step;
  if (before?.stage !== 'GoingBack' || !rollout || !step || was.releaseId !== is.releaseId) return [];
  const isLeft =
    (after?.stage === 'GoingBack' && (after.step?.index ?? 0) > step.index) ||
    after?.step?.state === 'Completed';
  const waitsForPerson = pauseMs(rollout, step.index) === undefined && !isPlainLastStep(rollout, step.index);
  return isLeft && waitsForPerson && !isApproved
    ? [['a step back that waits for a person is left by approval', `step ${step.index}`]]
    : [];
}

/** Watches, from second to second, that no step back takes more pods than it asks for. */
export function wayBackWatch(): (stage: Stage) => Broken[] {
  let last: { at: number; releaseId: number; serving: string[] } | undefined;
  return (stage) => {
    const before = last;
    last = undefined;
    const { release, releaseId } = recordOf(stage)?.status ?? {};
    const rollout = present<Rollout>(stage, resources.rollout);
    const { step, wayBack } = release ?? {};
    if (!rollout || !releaseId || release?.stage !== 'GoingBack' || !step || !wayBack) return [];
    const at = stage.world.clock.monotonic();
    const serving = othersOf(stage, rollout, release.stable.hash);
    last = { at, releaseId, serving };
    const isNext = before?.releaseId === releaseId && at - before.at <= 1_000;
    if (!isNext || at < stage.unsettledUntil || step.index > stepsOf(rollout).length) return [];
    const size = sizeOf(present<Workload>(stage, workloadOf(stage)));
    const left = leftBy({ snapshot: { rollout } }, step.index, podsToReturn(wayBack, size));
    const still = before.serving.filter((name) => serving.includes(name)).length;
    return still >= Math.min(left, before.serving.length)
      ? []
      : [
          [
            'no step back takes more pods than it asks for',
            `${still} of ${before.serving.length}, ${left} stay`,
          ],
        ];
  };
}

/** Pods of other versions than the stable one that serve. */
function othersOf({ world }: Stage, rollout: Rollout, stableHash: string): string[] {
  const label = styleOf(rollout)?.podLabel ?? '';
  return world.memory.stores
    .of<Pod>(resources.pod)
    .list()
    .filter((pod) => isReadyPod(pod) && pod.metadata.labels?.[label] !== stableHash)
    .map(({ metadata }) => metadata.name + metadata.uid);
}
