import { ROLLING_STYLE_ANNOTATION, TRAFFIC_ROUTING_ANNOTATION } from './annotations.ts';
import { faultAt, type SchemaFault } from './kind.ts';
import type { IntOrString, KubeObject } from './kubernetes.ts';
import type { Rollout } from './rollout.ts';
import { checkRouting } from './rollout-routing-validation.ts';
import { amountOf, checkSteps } from './rollout-steps-validation.ts';
import { type NamedStrategy, namedStrategy, rollingStyleOf } from './rollout-style.ts';
import { canGoBlueGreen, workloadResource } from './rollout-workload.ts';
import { sharedRoutingOf } from './traffic-routing.ts';

const FINALIZER_NAME_MAX = 63;

/**
 * Checks what the schema of a Rollout cannot say: the rules of Kruise Rollouts, and what Assay does not drive.
 * No faults: the Rollout can be driven as it is written.
 */
export function checkRollout(rollout: Rollout): SchemaFault[] {
  return [
    ...checkAnnotations(rollout),
    ...checkName(rollout),
    ...checkWorkloadRef(rollout),
    ...checkStrategy(rollout),
  ];
}

/**
 * Checks the annotation by which v1alpha1 chooses the style. For who writes v1beta1 it says nothing, whatever is in it.
 */
export function checkRollingStyle({ metadata }: KubeObject): SchemaFault[] {
  const style = metadata.annotations?.[ROLLING_STYLE_ANNOTATION];
  if (!style || ['canary', 'partition'].includes(style.toLowerCase())) return [];
  return faultAt(
    `metadata.annotations[${ROLLING_STYLE_ANNOTATION}]`,
    `must be canary or partition, and not ${style}: other styles need rollouts.kruise.io/v1beta1`,
  );
}

function checkAnnotations(rollout: Rollout): SchemaFault[] {
  const named = rollout.metadata.annotations?.[TRAFFIC_ROUTING_ANNOTATION];
  const ref = namedStrategy(rollout)?.strategy.trafficRoutingRef;
  if (!named || !ref || named === ref) return [];
  return faultAt(
    `metadata.annotations[${TRAFFIC_ROUTING_ANNOTATION}]`,
    `names TrafficRouting ${named}, and trafficRoutingRef of the strategy names ${ref}: a Rollout follows one. Remove the annotation`,
  );
}

/** A finalizer of the TrafficRouting ends in the name, and has no longer one than a label has. */
function checkName(rollout: Rollout): SchemaFault[] {
  const { length } = rollout.metadata.name;
  if (sharedRoutingOf(rollout) === undefined || length <= FINALIZER_NAME_MAX) return [];
  return faultAt(
    'metadata.name',
    `has ${length} characters, and a Rollout that names a TrafficRouting must have ${FINALIZER_NAME_MAX} at most: make one with a shorter name, or name no TrafficRouting`,
  );
}

function checkWorkloadRef({ spec: { workloadRef, strategy } }: Rollout): SchemaFault[] {
  const { apiVersion, kind } = workloadRef;
  const workload = workloadResource(workloadRef);
  if (!workload) {
    return faultAt(
      'spec.workloadRef',
      `a workload of kind ${kind} (${apiVersion}) is not supported: a Deployment, StatefulSet or DaemonSet of apps/v1 is, and a CloneSet of apps.kruise.io/v1alpha1`,
    );
  }
  if (!strategy.blueGreen || canGoBlueGreen(workload)) return [];
  return faultAt(
    'spec.workloadRef',
    `a ${kind} cannot be released blue-green: only a Deployment or a CloneSet can. Use the canary strategy`,
  );
}

function checkStrategy(rollout: Rollout): SchemaFault[] {
  const { canary, blueGreen } = rollout.spec.strategy;
  if (canary && blueGreen) return faultAt('spec.strategy', 'give exactly one of canary and blueGreen');
  const named = namedStrategy(rollout);
  if (!named)
    return faultAt('spec.strategy', 'give the strategy: canary or blueGreen, with at least one step');
  const at = `spec.strategy.${named.field}`;
  const { steps = [], trafficRoutings = [] } = named.strategy;
  return [
    ...checkSharing(named, at),
    // What a workload that cannot be released would have for a style says nothing to its author.
    ...checkSteps(
      steps,
      workloadResource(rollout.spec.workloadRef) ? rollingStyleOf(rollout) : undefined,
      `${at}.steps`,
    ),
    ...trafficRoutings.flatMap((routing, index) => checkRouting(routing, `${at}.trafficRoutings[${index}]`)),
    ...checkThreshold(named.strategy.failureThreshold, `${at}.failureThreshold`),
  ];
}

function checkSharing({ strategy }: NamedStrategy, at: string): SchemaFault[] {
  const { disableGenerateCanaryService, trafficRoutings = [] } = strategy;
  const splitsServices = trafficRoutings.some(({ ingress, gateway }) => ingress || gateway);
  return [
    ...(disableGenerateCanaryService && splitsServices
      ? faultAt(
          `${at}.disableGenerateCanaryService`,
          'an ingress or an HTTPRoute needs a canary Service to send requests to. Remove it, or route by customNetworkRefs alone',
        )
      : []),
  ];
}

function checkThreshold(threshold: IntOrString | null | undefined, path: string): SchemaFault[] {
  if (threshold === null || threshold === undefined) return [];
  const amount = amountOf(threshold);
  if (amount !== undefined && amount >= 0 && (typeof threshold === 'number' || amount <= 100)) return [];
  return faultAt(path, `must be a number of pods or a percentage from 0% to 100%, and not ${threshold}`);
}
