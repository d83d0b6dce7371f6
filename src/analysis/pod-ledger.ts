import type { AnalysisRun, RunTarget } from '../api/analysis-run.ts';

/** Names of pods of the two versions. */
export interface SeenPods {
  canary?: string[] | undefined;
  stable?: string[] | undefined;
}

const SIDES = ['canary', 'stable'] as const;

/** The versions of a run whose pods are known by being seen: no pattern says which names they have. */
export function sidesToSee({ target }: Pick<AnalysisRun['spec'], 'target'>): (keyof SeenPods)[] {
  return SIDES.filter((side) => target?.[side] && target[side].pods === undefined);
}

/**
 * All pods that a run has ever seen: the ones that crashed or were evicted too, so that their metrics are not lost. A
 * name that went to a pod of the other version, as those of StatefulSets do, is that one's.
 */
export function allSeen({ spec, status }: AnalysisRun, now: SeenPods): SeenPods {
  const seen: SeenPods = {};
  for (const side of sidesToSee(spec)) {
    const others = new Set(now[side === 'canary' ? 'stable' : 'canary']);
    const before = (status?.pods?.[side] ?? []).filter((name) => !others.has(name));
    seen[side] = [...new Set([...before, ...(now[side] ?? [])])].toSorted();
  }
  return seen;
}

/** The run with a pattern of the pods that were seen, where its spec has none. */
export function withSeenPods(run: AnalysisRun, seen: SeenPods): AnalysisRun {
  const target: RunTarget = { ...run.spec.target };
  for (const side of sidesToSee(run.spec)) {
    const version = target[side];
    if (version) target[side] = { ...version, pods: patternOf(seen[side] ?? []) };
  }
  return { ...run, spec: { ...run.spec, target } };
}

/** Names of pods have no other character that means something in a pattern. */
function patternOf(names: readonly string[]): string {
  return names.map((name) => name.replaceAll('.', '\\.')).join('|');
}
