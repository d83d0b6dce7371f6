import type { IntOrString } from '../api/kubernetes.ts';

/**
 * How many of `size` pods a CloneSet's partition keeps on the version before, as its own controller counts: a
 * percentage is rounded up, and any but 100 % leaves one pod for the new version.
 */
export function stableCount(partition: IntOrString | undefined, size: number): number {
  if (partition === undefined) return 0;
  if (typeof partition === 'number') return Math.max(0, Math.min(partition, size));
  const kept = Math.ceil((size * Number(partition.replace(/%$/, ''))) / 100);
  const most = size > 1 && partition !== '100%' ? size - 1 : size;
  return Math.max(0, Math.min(kept, most));
}

/**
 * The partition that keeps exactly `kept` of `size` pods. A percentage where there is one, so that a CloneSet that is
 * scaled before Assay sees it keeps the same part; the whole percent below, since it is rounded up again. A number
 * where no percentage comes to this count, which happens above 100 pods.
 */
export function partitionFor(kept: number, size: number): IntOrString {
  if (kept >= size) return '100%';
  const percent = `${Math.floor((kept * 100) / size)}%`;
  return stableCount(percent, size) === kept ? percent : kept;
}
