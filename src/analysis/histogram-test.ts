import { type Count, type IntervalCounts, logMean } from './evidence.ts';
import {
  addInterval,
  logFail,
  logPass,
  newSequentialState,
  readEvidence,
  type SequentialParameters,
  type SequentialReading,
  type SequentialState,
} from './sequential-test.ts';

/** The state of one boundary weighs about half a kilobyte; the object of a run holds many metrics. */
const MAX_BOUNDARIES = 12;

/** How many requests of both versions were slower than one bucket boundary, in one interval. */
export interface BoundaryCounts extends IntervalCounts {
  /** The boundary as the label `le` has it. */
  le: string;
}

/** One sequential test a boundary; the boundaries are those of the first interval. */
export type HistogramState = { le: string; state: SequentialState }[];

export interface HistogramReading extends SequentialReading {
  /** Where the evidence for failing is strongest; undefined before any boundary is known. */
  worstLe: string | undefined;
}

/**
 * Takes in one interval of a whole histogram: at every bucket boundary, the requests that were slower are the
 * events of a sequential test. `boundaries` are sorted from the fastest.
 *
 * It fails on the mean evidence of all boundaries, which holds whatever the dependence between them. A pass says
 * that no boundary is unsafe, so the boundary with the least evidence decides; one that hardly any request
 * exceeds can pass by `safeRate` only. Of more than 12 boundaries, evenly spread ones are used. A boundary that
 * an interval lacks learns nothing from it, and one that appears later is not used.
 */
export function takeHistogram(
  state: HistogramState,
  boundaries: readonly BoundaryCounts[],
  parameters: SequentialParameters,
): { state: HistogramState; reading: HistogramReading } {
  const known =
    state.length > 0
      ? state
      : usedBoundaries(boundaries).map((le) => ({ le, state: newSequentialState(parameters) }));
  const next = known.map((boundary) => {
    const counts = boundaries.find(({ le }) => le === boundary.le);
    return counts ? { le: boundary.le, state: addInterval(boundary.state, counts, parameters) } : boundary;
  });
  return { state: next, reading: readHistogram(next, parameters) };
}

/** Reads the evidence of all boundaries together. */
export function readHistogram(state: HistogramState, parameters: SequentialParameters): HistogramReading {
  const nothing: Count = { events: 0, total: 0 };
  if (state.length === 0) {
    const reading = readEvidence(0, 0, { canary: nothing, stable: nothing }, parameters);
    return { ...reading, decision: 'undecided', reason: 'LittleTraffic', worstLe: undefined };
  }
  const fails = state.map((boundary) => logFail(boundary.state));
  const worst = state[fails.indexOf(Math.max(...fails))];
  const pass = Math.min(...state.map((boundary) => logPass(boundary.state)));
  const counts = worst?.state ?? { canary: nothing, stable: nothing };
  return { ...readEvidence(logMean(fails), pass, counts, parameters), worstLe: worst?.le };
}

/** The boundaries that a test uses: at most so many, the first and the last among them. */
export function usedBoundaries(boundaries: readonly Pick<BoundaryCounts, 'le'>[]): string[] {
  const all = boundaries.map(({ le }) => le);
  if (all.length <= MAX_BOUNDARIES) return all;
  const step = (all.length - 1) / (MAX_BOUNDARIES - 1);
  return Array.from({ length: MAX_BOUNDARIES }, (_, index) => all[Math.round(index * step)]).filter(
    (le) => le !== undefined,
  );
}
