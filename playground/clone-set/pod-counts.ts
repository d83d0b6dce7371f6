import type { CloneSet } from '../../src/api/clone-set.ts';
import type { IntOrString } from '../../src/api/kubernetes.ts';
import { stableCount } from '../../src/workload/stable-count.ts';

/** The pods of one CloneSet that nobody has deleted, of its newest template or of one before. */
export interface PodCounts {
  new: VersionCounts;
  old: VersionCounts;
}

export interface VersionCounts {
  all: number;
  /** Those that are to be replaced, by the label of a specified delete. */
  marked: number;
  /** Those that are not marked and not available. */
  unavailable: number;
}

/** What is to be done about the counts. */
export interface Differences {
  /** How many pods are missing; of them `create` may be made now. */
  missing: number;
  create: number;
  /** So many of those that are created get the version before. */
  createOld: number;
  remove: number;
  removeOld: number;
  /** How many ready pods may be deleted now. */
  mayDelete: number;
  /** How many pods of a former template are to be exchanged. */
  exchange: number;
  /** How many pods may be unavailable while they are exchanged. */
  mayMiss: number;
}

/**
 * How many pods OpenKruise's controller would make, delete and exchange. Its feature gate CloneSetPartitionRollback is
 * off, as it is by default: no pod of the newest template goes back to the one before.
 */
export function differencesOf({ spec }: CloneSet, counts: PodCounts): Differences {
  const { replicas = 1, updateStrategy = {}, scaleStrategy = {} } = spec;
  const kept = stableCount(updateStrategy.partition, replicas);
  const surge = updateStrategy.paused ? 0 : amountOf(updateStrategy.maxSurge ?? 0, replicas, 'up');
  const mayMiss = amountOf(updateStrategy.maxUnavailable ?? '20%', replicas, surge === 0 ? 'up' : 'down');
  const all = counts.new.all + counts.old.all;
  const marked = counts.new.marked + counts.old.marked;
  const unavailable = counts.new.unavailable + counts.old.unavailable;

  const tooManyOld = Math.max(counts.old.all - kept, 0);
  const tooFewNew = Math.max(replicas - kept - counts.new.all, 0);
  const exchange = Math.min(tooManyOld, tooFewNew);
  const missed = Math.min(Math.max(unavailable + marked - mayMiss, 0), marked);
  const isForMarked = missed >= exchange;
  const extra = Math.min(surge, isForMarked ? missed : exchange);
  const extraOld = isForMarked ? Math.min(extra, Math.max(missed - counts.new.marked, 0)) : 0;

  const missing = Math.max(replicas + extra - all, 0);
  const mayMissScaled = amountOf(scaleStrategy.maxUnavailable ?? Number.MAX_SAFE_INTEGER, replicas, 'up');
  const create = Math.min(missing, Math.max(mayMissScaled - unavailable, 0));
  const remove = Math.max(all - marked - (replicas + extra), 0);
  return {
    missing,
    create,
    createOld: create === 0 ? 0 : Math.min(create, Math.max(kept + extraOld - counts.old.all, 0)),
    remove,
    removeOld: Math.min(remove, Math.max(counts.old.all - counts.old.marked - (kept + extraOld), 0)),
    mayDelete: Math.max(mayMiss + all - replicas - unavailable, 0),
    exchange,
    mayMiss: mayMiss + all - replicas,
  };
}

function amountOf(amount: IntOrString, total: number, rounded: 'up' | 'down'): number {
  if (typeof amount === 'number') return amount;
  const exact = (Number(amount.replace(/%$/, '')) * total) / 100;
  return rounded === 'up' ? Math.ceil(exact) : Math.floor(exact);
}
