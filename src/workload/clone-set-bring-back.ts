import { replaceActs } from '../api/act.ts';
import { resources } from '../api/resource.ts';
import { cloneSetIn, cloneSetSize, isSettled } from './clone-set.ts';
import { isAsHeld, partitionOf, withPartition } from './clone-set-hold.ts';
import { isGoing, podsOfOthers, spareReadyPods } from './clone-set-take-back.ts';
import { stableCount } from './stable-count.ts';
import type { Asked, Retreat, WorkloadFacts } from './style.ts';
import { isReadyPod } from './version-pods.ts';

/**
 * The partition comes down to the pods that stay, not faster than the others can carry their load. Its controller takes
 * those first that are not ready. A number, so that what a new size adds has the stable version.
 */
export function exchangeBack(facts: WorkloadFacts, { rollout, stable, left }: Retreat): Asked | undefined {
  const set = cloneSetIn(facts);
  const { name } = set.metadata;
  if (!isSettled(facts)) return { acts: [], message: `waiting until ${name} is seen as it is` };
  const others = podsOfOthers(facts, stable.hash).filter((pod) => !isGoing(pod));
  const serving = others.filter(isReadyPod).length;
  const kept = Math.max(Math.min(left, serving), serving - spareReadyPods(facts));
  // What is let go already goes, unless it was somebody else who let it go.
  if (isAsHeld(set) && kept >= stableCount(partitionOf(set), cloneSetSize(facts))) return undefined;
  const moved = withPartition(set, rollout, kept === 0 ? '0%' : kept);
  if (moved === set) return undefined;
  const message = `${name}: ${kept} pods stay for now, the others go back`;
  return { acts: replaceActs(resources.cloneSet, set, moved, 'let pods go back'), message };
}
