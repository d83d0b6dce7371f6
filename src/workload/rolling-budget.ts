import type { RollingUpdate } from '../api/deployment-strategy.ts';
import type { IntOrString } from '../api/kubernetes.ts';

/** How many pods may be there beyond the wanted number, and how many of it may be missing, during an update. */
export interface RollingBudget {
  surge: number;
  unavailable: number;
}

/** What Kubernetes takes where nothing is said. */
const DEFAULT = '25%';

/** As Kubernetes counts: a part of the pods is rounded up for the surge, down for those that may be missing. */
export function rollingBudget(settings: RollingUpdate | undefined, total: number): RollingBudget {
  const surge = amountOf(settings?.maxSurge ?? DEFAULT, total, Math.ceil);
  const unavailable = Math.min(total, amountOf(settings?.maxUnavailable ?? DEFAULT, total, Math.floor));
  // With neither nothing could ever move.
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable };
}

function amountOf(value: IntOrString, total: number, round: (part: number) => number): number {
  if (typeof value === 'number') return value;
  const amount = Number(value.replace(/%$/, ''));
  return value.endsWith('%') ? round((total * amount) / 100) : amount;
}
