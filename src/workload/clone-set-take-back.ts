import type { Act } from '../api/act.ts';
import { POD_TEMPLATE_HASH_LABEL, SPECIFIED_DELETE_LABEL } from '../api/annotations.ts';
import type { Pod } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import { cloneSetIn, cloneSetSize, currentVersion, isSettled } from './clone-set.ts';
import { isPodReady } from './pod-ready.ts';
import type { Asked, Order, WorkloadFacts } from './style.ts';

/** What part of the pods is ready at least while others are exchanged: one pod then has 1.25 times its load. */
const READY_LEAST = 0.8;

/**
 * Has every pod that is not of the stable version exchanged for one that is. A partition that rises does not do that
 * (OpenKruise's CloneSetPartitionRollback is off by default), so each is given to the CloneSet's own controller to be
 * replaced. Where that would make a pod of the same version again, since every pod was already updated, nothing is
 * done: only the former template leads back from there.
 */
export function takeBackPods(facts: WorkloadFacts, { stable }: Order): Asked | undefined {
  if (currentVersion(facts)?.hash !== stable.hash) return undefined;
  const others = facts.pods.filter(
    ({ metadata }) => metadata.labels?.[POD_TEMPLATE_HASH_LABEL] !== stable.hash,
  );
  if (others.length === 0) return undefined;
  const message = `${cloneSetIn(facts).metadata.name}: ${others.length} pods go back to the stable version`;
  return { acts: isSettled(facts) ? replacements(facts, others) : [], message };
}

/** At least one at a time: with few pods even that is more than a fifth of them. */
function replacements(facts: WorkloadFacts, others: readonly Pod[]): Act[] {
  const serving = facts.pods.filter((pod) => isPodReady(pod) && !isGoing(pod)).length;
  const spare = serving - Math.ceil(cloneSetSize(facts) * READY_LEAST);
  const allowed = facts.pods.some(isGoing) ? Math.max(spare, 0) : Math.max(spare, 1);
  const [ready, broken] = [others.filter(isPodReady), others.filter((pod) => !isPodReady(pod))];
  return [
    ...broken.filter((pod) => !isGoing(pod)),
    ...ready.filter((pod) => !isGoing(pod)).slice(0, allowed),
  ].map((pod) => {
    const labels = { ...pod.metadata.labels, [SPECIFIED_DELETE_LABEL]: 'true' };
    const object = { ...pod, metadata: { ...pod.metadata, labels } };
    return { verb: 'replace', resource: resources.pod, object, why: 'back to the stable version' };
  });
}

function isGoing({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined || metadata.labels?.[SPECIFIED_DELETE_LABEL] === 'true';
}
