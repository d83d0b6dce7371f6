import { ROLLBACK_IN_BATCH_ANNOTATION, TRAFFIC_ROUTING_ANNOTATION } from './annotations.ts';
import { sameJson } from './canonical.ts';
import type { SchemaFault } from './kind.ts';
import type { IntOrString } from './kubernetes.ts';
import type { CanaryStrategy, Rollout, RolloutStep, TrafficRouting } from './rollout.ts';

/**
 * Checks what the schema of a Rollout cannot say: the rules of Kruise Rollouts, and what this version of Assay
 * does not drive yet. No faults: the Rollout can be driven as it is written.
 */
export function checkRollout(rollout: Rollout): SchemaFault[] {
  return [
    ...checkAnnotations(rollout.metadata.annotations ?? {}),
    ...checkWorkloadRef(rollout),
    ...checkStrategy(rollout),
  ];
}

/** Checks that an edit leaves alone what a release under way was started with. */
export function checkRolloutUpdate(before: Rollout, after: Rollout): SchemaFault[] {
  const phase = before.status?.phase;
  if (phase !== 'Progressing' && phase !== 'Terminating') return [];
  return FROZEN.filter(({ of }) => !sameJson(of(before), of(after))).map(({ path, what }) => ({
    path,
    message: `${what} cannot be changed while the Rollout is ${phase}: let the release end first, or restore the stable pod template of the workload to roll back`,
  }));
}

const FROZEN: readonly { path: string; what: string; of: (rollout: Rollout) => unknown }[] = [
  { path: 'spec.workloadRef', what: 'the workload', of: ({ spec }) => spec.workloadRef },
  {
    path: 'spec.strategy',
    what: 'the rolling style',
    of: ({ spec: { strategy } }) => [
      Boolean(strategy.blueGreen),
      Boolean(strategy.canary),
      strategy.canary?.enableExtraWorkloadForCanary ?? false,
    ],
  },
  {
    path: 'spec.strategy.canary.trafficRoutings',
    what: 'the traffic routing',
    of: ({ spec }) => spec.strategy.canary?.trafficRoutings ?? [],
  },
  {
    path: 'spec.strategy.canary.steps',
    what: 'the number of steps',
    of: ({ spec }) => spec.strategy.canary?.steps?.length ?? 0,
  },
];

function fault(path: string, message: string): SchemaFault[] {
  return [{ path, message }];
}

function checkAnnotations(annotations: Record<string, string>): SchemaFault[] {
  const path = (name: string) => `metadata.annotations[${name}]`;
  const inBatch = annotations[ROLLBACK_IN_BATCH_ANNOTATION] === 'true';
  return [
    ...(inBatch
      ? fault(
          path(ROLLBACK_IN_BATCH_ANNOTATION),
          'rolling back in batches is not supported: a rollback goes at once. Remove the annotation',
        )
      : []),
    ...(annotations[TRAFFIC_ROUTING_ANNOTATION]
      ? fault(
          path(TRAFFIC_ROUTING_ANNOTATION),
          'TrafficRouting objects are not supported. Remove the annotation and use trafficRoutings of the canary strategy',
        )
      : []),
  ];
}

function checkWorkloadRef({ spec: { workloadRef } }: Rollout): SchemaFault[] {
  const { apiVersion, kind } = workloadRef;
  if (apiVersion === 'apps/v1' && kind === 'Deployment') return [];
  return fault(
    'spec.workloadRef',
    `a workload of kind ${kind} (${apiVersion}) is not supported: only apps/v1 Deployment is`,
  );
}

function checkStrategy({ spec: { strategy } }: Rollout): SchemaFault[] {
  const { canary, blueGreen } = strategy;
  if (canary && blueGreen) return fault('spec.strategy', 'give exactly one of canary and blueGreen');
  if (blueGreen) {
    return fault(
      'spec.strategy.blueGreen',
      'the blue-green strategy is not supported: use canary with enableExtraWorkloadForCanary: true',
    );
  }
  if (!canary) return fault('spec.strategy', 'give the strategy: canary with at least one step');
  return [
    ...checkStyle(canary),
    ...checkSteps(canary.steps ?? []),
    ...(canary.trafficRoutings ?? []).flatMap((routing, index) =>
      checkRouting(routing, `spec.strategy.canary.trafficRoutings[${index}]`),
    ),
    ...checkThreshold(canary.failureThreshold),
  ];
}

function checkStyle(canary: CanaryStrategy): SchemaFault[] {
  const at = 'spec.strategy.canary';
  return [
    ...(canary.enableExtraWorkloadForCanary
      ? []
      : fault(
          `${at}.enableExtraWorkloadForCanary`,
          'partition style is not supported: set it to true (in v1alpha1, remove the annotation rollouts.kruise.io/rolling-style)',
        )),
    ...(canary.trafficRoutingRef
      ? fault(`${at}.trafficRoutingRef`, 'TrafficRouting objects are not supported: use trafficRoutings')
      : []),
    ...(canary.disableGenerateCanaryService
      ? fault(
          `${at}.disableGenerateCanaryService`,
          'is not supported: an nginx ingress needs a canary Service. Remove it',
        )
      : []),
  ];
}

function checkSteps(steps: readonly RolloutStep[]): SchemaFault[] {
  const at = 'spec.strategy.canary.steps';
  if (steps.length === 0) return fault(at, 'give at least one step');
  return steps.flatMap((step, index) => [
    ...checkReplicas(step.replicas, steps[index - 1]?.replicas, `${at}[${index}].replicas`),
    ...checkTraffic(step.traffic, `${at}[${index}].traffic`),
    ...(step.matches?.length
      ? fault(`${at}[${index}].matches`, 'matching requests is not supported: use traffic')
      : []),
  ]);
}

function checkReplicas(
  replicas: IntOrString | null | undefined,
  previous: IntOrString | null | undefined,
  path: string,
): SchemaFault[] {
  if (replicas === null || replicas === undefined) {
    return fault(path, 'give the number or the percentage of pods of the new version, such as 1 or 20%');
  }
  const amount = amountOf(replicas);
  if (amount === undefined || amount <= 0 || (typeof replicas === 'string' && amount > 100)) {
    return fault(path, `must be a number above 0, or a percentage from 1% to 100%, and not ${replicas}`);
  }
  const before = typeof previous === typeof replicas ? amountOf(previous ?? 0) : undefined;
  if (before === undefined || before <= amount) return [];
  return fault(
    path,
    `must not be less than in the step before (${previous}): the pods of a canary only grow`,
  );
}

function checkTraffic(traffic: string | null | undefined, path: string): SchemaFault[] {
  if (traffic === null || traffic === undefined) return [];
  const percent = amountOf(traffic) ?? 0;
  return percent >= 1 && percent <= 100
    ? []
    : fault(path, `must be a percentage from 1% to 100%, and not ${traffic}`);
}

function checkRouting(routing: TrafficRouting, at: string): SchemaFault[] {
  const { ingress, gateway, customNetworkRefs } = routing;
  return [
    ...(gateway ? fault(`${at}.gateway`, 'Gateway API routes are not supported: use an nginx ingress') : []),
    ...(customNetworkRefs?.length
      ? fault(`${at}.customNetworkRefs`, 'custom network objects are not supported: use an nginx ingress')
      : []),
    ...(ingress || gateway || customNetworkRefs?.length ? [] : fault(`${at}.ingress`, 'name the ingress')),
    ...(ingress?.classType && ingress.classType !== 'nginx'
      ? fault(`${at}.ingress.classType`, `the class ${ingress.classType} is not supported: only nginx is`)
      : []),
  ];
}

function checkThreshold(threshold: IntOrString | null | undefined): SchemaFault[] {
  if (threshold === null || threshold === undefined) return [];
  const amount = amountOf(threshold);
  if (amount !== undefined && amount >= 0 && (typeof threshold === 'number' || amount <= 100)) return [];
  return fault(
    'spec.strategy.canary.failureThreshold',
    `must be a number of pods or a percentage from 0% to 100%, and not ${threshold}`,
  );
}

/** A number as it is, `20%` as 20; undefined for other text. */
function amountOf(value: IntOrString): number | undefined {
  if (typeof value === 'number') return value;
  return /^\d+%$/.test(value) ? Number(value.slice(0, -1)) : undefined;
}
