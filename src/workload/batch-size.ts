import type { IntOrString } from '../api/kubernetes.ts';
import type { Style } from './style.ts';

/**
 * How many pods a step asks for of `total`: a percentage is rounded up, a number is cut to the total. Both as
 * upstream does.
 */
export function batchSize(replicas: IntOrString, total: number): number {
  if (typeof replicas === 'number') return Math.min(replicas, total);
  const amount = Number(replicas.replace(/%$/, ''));
  return Math.min(replicas.endsWith('%') ? Math.ceil((total * amount) / 100) : amount, total);
}

/** …as the style of the workload counts. */
export function batchOf(style: Pick<Style, 'batch'>, replicas: IntOrString, total: number): number {
  return (style.batch ?? batchSize)(replicas, total);
}
