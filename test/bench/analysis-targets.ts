import { type Load, measurementsOf } from './analysis-load.ts';
import type { Outcome } from './analysis-parts.ts';

/** One target, what was measured for it, and whether that is enough. */
export interface Target {
  name: string;
  is: string;
  wanted: string;
  met: boolean;
}

const CPU_RATIO = 2;
const BEHIND_MS = 100;
const WRITES = 1;

/** How the work of Assay stands beside that of the bare loop on the same load. */
export function targetsOf(assay: Outcome, bare: Outcome, load: Load): Target[] {
  const all = measurementsOf(load);
  const ratio = assay.cost.cpuMs / bare.cost.cpuMs;
  const behindMs = assay.drift.p99 - bare.drift.p99;
  const writes = statusWrites(assay) / all;
  const { offGrid } = assay.drift;
  return [
    {
      name: "CPU, times the bare loop's",
      is: ratio.toFixed(2),
      wanted: `at most ${CPU_RATIO}`,
      met: ratio <= CPU_RATIO,
    },
    {
      name: "late by (p99), more than the bare loop's",
      is: `${behindMs.toFixed(0)} ms`,
      wanted: `at most ${BEHIND_MS} ms`,
      met: behindMs <= BEHIND_MS,
    },
    {
      name: 'status writes per measurement',
      is: writes.toFixed(3),
      wanted: `at most ${WRITES}`,
      met: writes <= WRITES,
    },
    {
      name: 'measurements not at their interval',
      is: String(offGrid),
      wanted: 'none',
      met: offGrid === 0,
    },
    {
      name: 'measurements recorded once',
      is: String(assay.recorded),
      wanted: `all ${all}`,
      met: assay.recorded === all,
    },
    {
      name: 'queries asked',
      is: String(assay.drift.count),
      wanted: `${all}, none twice`,
      met: assay.drift.count === all,
    },
  ];
}

/** Writes of the status of runs. */
export function statusWrites({ writes }: Outcome): number {
  return writes['analysisruns/status'] ?? 0;
}
