import { type Act, replaceActs } from '../api/act.ts';
import type { HorizontalPodAutoscaler } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';

/** Follows the name of the workload in an autoscaler that a blue-green release has turned off; no object's name has it. */
const DISABLED_SUFFIX = '-DisableByRollout';

/** What an autoscaler is pointed at while a blue-green release has turned it off: a name that nothing has. */
export function disabledTarget(workload: string): string {
  return `${workload}${DISABLED_SUFFIX}`;
}

/**
 * Turns autoscalers off: with two versions of every pod they would count, and scale by, twice the pods that are
 * needed. None where all are off.
 */
export function turnOffActs(autoscalers: readonly HorizontalPodAutoscaler[]): Act[] {
  return autoscalers
    .filter((autoscaler) => !isTurnedOff(autoscaler))
    .flatMap((autoscaler) =>
      retargeted(
        autoscaler,
        disabledTarget(autoscaler.spec.scaleTargetRef.name),
        'turn the autoscaler off while the release lasts',
      ),
    );
}

/** Points every autoscaler that is turned off at its workload again. None where none is. */
export function turnOnActs(autoscalers: readonly HorizontalPodAutoscaler[]): Act[] {
  return autoscalers
    .filter(isTurnedOff)
    .flatMap((autoscaler) =>
      retargeted(
        autoscaler,
        autoscaler.spec.scaleTargetRef.name.slice(0, -DISABLED_SUFFIX.length),
        'turn the autoscaler on again',
      ),
    );
}

function isTurnedOff({ spec }: HorizontalPodAutoscaler): boolean {
  return spec.scaleTargetRef.name.endsWith(DISABLED_SUFFIX);
}

function retargeted(autoscaler: HorizontalPodAutoscaler, name: string, why: string): Act[] {
  const { spec } = autoscaler;
  const after = { ...autoscaler, spec: { ...spec, scaleTargetRef: { ...spec.scaleTargetRef, name } } };
  return replaceActs(resources.autoscaler, autoscaler, after, why);
}
