import type { IntOrString } from '../api/kubernetes.ts';
import { batchSize } from './batch-size.ts';

/**
 * How many pods of a Deployment run the new version at this partition. A percentage other than 100 % leaves one stable
 * pod at least, as upstream has it: rounding up must not end a release before its last step.
 */
export function partitionSize(partition: IntOrString, total: number): number {
  const size = batchSize(partition, total);
  const isPart = typeof partition === 'string' && partition.endsWith('%') && partition !== '100%';
  return isPart && total > 1 ? Math.min(size, total - 1) : size;
}
