import { replaceActs } from '../api/act.ts';
import { POD_TEMPLATE_HASH_LABEL } from '../api/annotations.ts';
import type { CloneSet, IntOrString, Workload } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import type { Rollout } from '../api/rollout.ts';
import {
  cloneSetCanary,
  cloneSetIn,
  cloneSetReady,
  cloneSetRunning,
  cloneSetSize,
  cloneSetTemplate,
  cloneSetUpdate,
  cloneSetVersion,
  keepsEveryPod,
} from './clone-set.ts';
import { ownStrategy, withOwnStrategy, withoutOwnStrategy, withStrategy } from './clone-set-strategy.ts';
import { takeBackPods } from './clone-set-take-back.ts';
import { markedWorkload, unmarkedWorkload } from './marks.ts';
import { partitionFor, stableCount } from './stable-count.ts';
import type { Asked, Order, Style, WorkloadFacts } from './style.ts';

/** The CloneSet's own controller exchanges pods one for another, as many as its partition lets go. */
export const cloneSetPartition: Style = {
  resource: resources.cloneSet,
  type: 'cloneset',
  podLabel: POD_TEMPLATE_HASH_LABEL,
  hasExtraPods: false,
  heldFields: ['/spec/updateStrategy/partition'],
  size: cloneSetSize,
  version: cloneSetVersion,
  template: cloneSetTemplate,
  running: cloneSetRunning,
  ready: cloneSetReady,
  update: cloneSetUpdate,
  isStill: (object) => keepsEveryPod(object) || (object as CloneSet).spec.updateStrategy?.paused === true,
  still: (object, rollout) => heldAt(object, '100%', rollout),
  hold: (facts, order) =>
    asked(facts, heldAt(facts.object, heldPartition(facts, order), order.rollout), 'hold the workload'),
  grow: (facts, order) => {
    const size = cloneSetSize(facts);
    const kept = size - order.goal;
    if (keptNow(facts) <= kept) return undefined;
    const grown = heldAt(facts.object, partitionFor(kept, size), order.rollout);
    return asked(facts, grown, `${order.goal} canary pods`);
  },
  canary: cloneSetCanary,
  release: releaseCloneSet,
  clear: takeBackPods,
};

/** What turns the CloneSet into `wanted`; undefined where it is so already. */
function asked({ object }: WorkloadFacts, wanted: Workload, why: string): Asked | undefined {
  if (wanted === object) return undefined;
  const { partition } = (wanted as CloneSet).spec.updateStrategy ?? {};
  return {
    acts: replaceActs(resources.cloneSet, object, wanted, why),
    message: `${why}: partition ${partition ?? 'none'} of ${object.metadata.name}`,
  };
}

function keptNow(facts: WorkloadFacts): number {
  return stableCount(cloneSetIn(facts).spec.updateStrategy?.partition, cloneSetSize(facts));
}

/** The partition as it is, unless more pods than were granted would get the new version by it. */
function heldPartition(facts: WorkloadFacts, { goal }: Order): IntOrString | undefined {
  // As a percentage it keeps those pods as well that a new size adds.
  if (goal === 0) return '100%';
  const size = cloneSetSize(facts);
  const isHeld = keptNow(facts) >= size - goal;
  return isHeld ? cloneSetIn(facts).spec.updateStrategy?.partition : partitionFor(size - goal, size);
}

/** Marked, noted and not paused: a CloneSet that its author has paused exchanges no pods at all. */
function heldAt(object: Workload, partition: IntOrString | undefined, rollout: Rollout): Workload {
  const noted = withOwnStrategy(object as CloneSet);
  const { paused } = noted.spec.updateStrategy ?? {};
  return markedWorkload(
    rollout,
    withStrategy(noted, { partition, paused: paused === true ? undefined : paused }),
  );
}

/**
 * Gives every pod to the CloneSet's own controller. What its author has of partition and paused comes back when the
 * pods are all updated: before, it would keep the new version from some of them.
 */
function releaseCloneSet(facts: WorkloadFacts): Asked | undefined {
  const object = cloneSetIn(facts);
  const why = 'resume the workload';
  const own = ownStrategy(object);
  if (!own) return asked(facts, unmarkedWorkload(object), why);
  const isPlain = own.partition === undefined && own.paused !== true;
  const { done, message } = cloneSetUpdate(facts);
  if (isPlain || done)
    return asked(facts, unmarkedWorkload(withoutOwnStrategy(withStrategy(object, own))), why);
  return asked(facts, withStrategy(object, {}), why) ?? { acts: [], message };
}
