import type { BlueGreenStatus, CanaryStatus, RolloutStatus } from './rollout.ts';

export type SubStatus = CanaryStatus | BlueGreenStatus;

type WithSubStatus = Partial<Pick<RolloutStatus, 'canaryStatus' | 'blueGreenStatus'>>;

/** Where a status tells of its steps; the strategy decides which of the two it has. */
export function subStatusField({ canaryStatus, blueGreenStatus }: WithSubStatus): keyof WithSubStatus {
  return !canaryStatus && blueGreenStatus ? 'blueGreenStatus' : 'canaryStatus';
}

export function subStatusOf(status: RolloutStatus): SubStatus | undefined {
  return status[subStatusField(status)] ?? undefined;
}

/** The status with these fields of its steps changed. */
export function withSubStatus(status: RolloutStatus, change: Partial<SubStatus>): object {
  const field = subStatusField(status);
  return { ...status, [field]: { ...status[field], ...change } };
}
