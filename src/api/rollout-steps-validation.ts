import { faultAt, type SchemaFault } from './kind.ts';
import type { IntOrString } from './kubernetes.ts';
import type { RequestMatch, RolloutStep } from './rollout.ts';
import type { RollingStyle } from './rollout-style.ts';

/**
 * With more pods than this on the new version a rollback would send every request to the few that are left: in
 * partition style the pods of the new version are taken from the stable ones.
 */
export const PARTITION_PERCENT_MAX = 50;

/** Checks the steps of a plan, one by one and each against the step before. */
export function checkSteps(
  steps: readonly RolloutStep[],
  style: RollingStyle | undefined,
  at: string,
): SchemaFault[] {
  if (steps.length === 0) return faultAt(at, 'give at least one step');
  return steps.flatMap((step, index) => {
    const path = `${at}[${index}]`;
    return [
      ...checkReplicas(step.replicas, steps[index - 1]?.replicas, `${path}.replicas`),
      ...(style === 'partition' ? checkPartition(step, `${path}.replicas`) : []),
      ...checkTraffic(step.traffic, style === 'blueGreen' ? 0 : 1, `${path}.traffic`),
      ...(step.matches ?? []).flatMap((match, order) => checkMatch(match, `${path}.matches[${order}]`)),
    ];
  });
}

function checkReplicas(
  replicas: IntOrString | null | undefined,
  previous: IntOrString | null | undefined,
  path: string,
): SchemaFault[] {
  if (replicas === null || replicas === undefined) {
    return faultAt(path, 'give the number or the percentage of pods of the new version, such as 1 or 20%');
  }
  const amount = amountOf(replicas);
  if (amount === undefined || amount <= 0 || (typeof replicas === 'string' && amount > 100)) {
    return faultAt(path, `must be a number above 0, or a percentage from 1% to 100%, and not ${replicas}`);
  }
  const before = typeof previous === typeof replicas ? amountOf(previous ?? 0) : undefined;
  if (before === undefined || before <= amount) return [];
  return faultAt(
    path,
    `must not be less than in the step before (${previous}): the pods of the new version only grow`,
  );
}

/** A number of pods goes by: how many percent it is depends on a scale that can change at any time. */
function checkPartition({ replicas, traffic, matches }: RolloutStep, path: string): SchemaFault[] {
  const routes = typeof traffic === 'string' || (matches ?? []).length > 0;
  if (!routes || typeof replicas !== 'string') return [];
  const percent = amountOf(replicas);
  if (percent === undefined || percent <= PARTITION_PERCENT_MAX || percent > 100) return [];
  return faultAt(
    path,
    `must be at most ${PARTITION_PERCENT_MAX}% in a step that routes requests in partition style, and not ${replicas}: a rollback would send every request to the few stable pods. Take traffic and matches out of this step, or, for a Deployment, set enableExtraWorkloadForCanary: true`,
  );
}

function checkTraffic(traffic: string | null | undefined, least: number, path: string): SchemaFault[] {
  if (traffic === null || traffic === undefined) return [];
  const percent = amountOf(traffic) ?? -1;
  return percent >= least && percent <= 100
    ? []
    : faultAt(path, `must be a percentage from ${least}% to 100%, and not ${traffic}`);
}

function checkMatch({ path, headers = [], queryParams = [] }: RequestMatch, at: string): SchemaFault[] {
  if (!path && headers.length === 0 && queryParams.length === 0) {
    return faultAt(at, 'would match every request: give headers, path or queryParams');
  }
  return [
    // HTTP does not tell the case of letters in the name of a header; in that of a parameter it does.
    ...checkTwice(
      headers.map(({ name }) => name.toLowerCase()),
      `${at}.headers`,
    ),
    ...checkTwice(
      queryParams.map(({ name }) => name),
      `${at}.queryParams`,
    ),
  ];
}

function checkTwice(names: readonly string[], path: string): SchemaFault[] {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  return twice === undefined
    ? []
    : faultAt(path, `"${twice}" is named twice, and only the first would count`);
}

/** A number as it is, `20%` as 20; undefined for other text. */
export function amountOf(value: IntOrString): number | undefined {
  if (typeof value === 'number') return value;
  return /^\d+%$/.test(value) ? Number(value.slice(0, -1)) : undefined;
}
