import { type SeenPods, sidesToSee } from '../analysis/pod-ledger.ts';
import type { AnalysisRun } from '../api/analysis-run.ts';
import { CONTROLLER_REVISION_LABEL, POD_TEMPLATE_HASH_LABEL } from '../api/annotations.ts';
import type { Pod } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import type { Freshest } from './freshest.ts';

/** The pods that there are, ready or not, of the versions of a run that are known by their pods. */
export function podsNow(cache: Freshest, { metadata, spec }: AnalysisRun): SeenPods {
  const sides = sidesToSee(spec);
  if (sides.length === 0) return {};
  const pods = cache.list<Pod>(resources.pod, metadata.namespace);
  const namesOf = (hash: string | undefined) =>
    pods
      .filter(({ metadata: { labels = {} } }) =>
        [labels[CONTROLLER_REVISION_LABEL], labels[POD_TEMPLATE_HASH_LABEL]].includes(hash),
      )
      .map((pod) => pod.metadata.name);
  return Object.fromEntries(sides.map((side) => [side, namesOf(spec.target?.[side]?.hash)]));
}
