import type { Metric } from '../api/analysis-template.ts';
import { durationMs } from '../api/duration.ts';

const MIN_WINDOW = '15s';
const MAX_WINDOW = '10m';
/** The shortest range that PromQL can write in whole seconds. */
const SHORTEST_MS = 1_000;

export interface WindowBounds {
  minMs: number;
  maxMs: number;
}

/** How short and how long `{{window}}` of a metric may be, in milliseconds. */
export function windowBounds(metric: Pick<Metric, 'minWindow' | 'maxWindow'>): WindowBounds {
  return {
    minMs: Math.max(durationMs(metric.minWindow ?? MIN_WINDOW), SHORTEST_MS),
    maxMs: Math.max(durationMs(metric.maxWindow ?? MAX_WINDOW), SHORTEST_MS),
  };
}

/** From when on a window that began at `startMs` is long enough to measure in. */
export function windowReadyAt(startMs: number, bounds: WindowBounds): number {
  return startMs + Math.min(bounds.minMs, bounds.maxMs);
}

/** How much time a query at `evaluateAt` looks back on: all since `startMs`, as far as that is allowed. */
export function windowAt(evaluateAt: number, startMs: number, bounds: WindowBounds): number {
  return Math.max(Math.min(evaluateAt - startMs, bounds.maxMs), SHORTEST_MS);
}

/** `37s`: whole seconds, rounded down so that nothing before the window is looked at. */
export function formatWindow(windowMs: number): string {
  return `${Math.floor(windowMs / 1_000)}s`;
}
