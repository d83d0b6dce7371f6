import type { Metric } from '../api/analysis-template.ts';
import { hasType } from './arguments.ts';
import type { Lookup } from './placeholders.ts';
import { durationPartsMs } from './promql-numbers.ts';

/** What a range query looks back on, and the distance of its samples. */
export interface ResolvedRange {
  /** `window` for what `{{window}}` is at the moment of the measurement. */
  windowMs: number | 'window';
  stepMs: number;
}

export interface RangeFault {
  field: 'window' | 'step';
  message: string;
}

/** Of one query, Prometheus answers at most so many samples a series. */
const MOST_SAMPLES = 11_000;
const SHORTEST_STEP_MS = 1_000;

const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|[smhdwy]))+$/;
const PLACEHOLDER = /^\s*\{\{\s*([^{}]+?)\s*\}\}\s*$/;

/**
 * Reads the range of a metric; undefined in `range` while an argument has no value yet, or beside a fault.
 *
 * @param longestWindowMs what `{{window}}` can become
 */
export function readRange(
  range: NonNullable<Metric['range']>,
  longestWindowMs: number,
  lookup: Lookup,
): { range: ResolvedRange | undefined; faults: RangeFault[] } {
  const window = readPart(range.window, lookup, true);
  const step = readPart(range.step, lookup, false);
  const faults: RangeFault[] = [];
  if (typeof window === 'object') faults.push({ field: 'window', message: window.fault });
  if (typeof step === 'object') faults.push({ field: 'step', message: step.fault });
  if (typeof step === 'number' && step < SHORTEST_STEP_MS) {
    faults.push({ field: 'step', message: `must be at least 1s, and is ${range.step}` });
  }
  const spanMs = window === 'window' ? longestWindowMs : window;
  if (typeof spanMs === 'number' && typeof step === 'number' && faults.length === 0) {
    faults.push(...checkSpan(spanMs, step, window === 'window'));
  }
  const isKnown = (typeof window === 'number' || window === 'window') && typeof step === 'number';
  return { range: isKnown && faults.length === 0 ? { windowMs: window, stepMs: step } : undefined, faults };
}

function checkSpan(spanMs: number, stepMs: number, isMoving: boolean): RangeFault[] {
  // While {{window}} grows, its first ranges may well be shorter than a step.
  if (spanMs < stepMs && !isMoving) {
    return [{ field: 'window', message: 'is shorter than the step, so a range has one sample at most' }];
  }
  if (spanMs / stepMs < MOST_SAMPLES) return [];
  return [
    {
      field: 'step',
      message: `makes ${Math.floor(spanMs / stepMs) + 1} samples of this window, and Prometheus answers at most ${MOST_SAMPLES}; use a longer step`,
    },
  ];
}

type Part = number | 'window' | 'unknown' | { fault: string };

function readPart(text: string, lookup: Lookup, windowAllowed: boolean): Part {
  const name = PLACEHOLDER.exec(text)?.[1];
  if (name === undefined) return readDuration(text, windowAllowed);
  if (name === 'window') {
    return windowAllowed ? 'window' : { fault: '{{window}} cannot be a step; write a duration such as 15s' };
  }
  const fact = lookup(name);
  if (fact.kind === 'unknown') return { fault: fact.message };
  if (fact.kind === 'noPods' || (fact.type !== undefined && fact.type !== 'duration')) {
    return { fault: `{{${name}}} must be a duration here: declare the argument with type duration` };
  }
  if (fact.value === undefined) return 'unknown';
  if (!hasType(fact.value, 'duration')) {
    return { fault: `{{${name}}} must be a duration such as 5m, and is ${JSON.stringify(fact.value)}` };
  }
  return readDuration(fact.value, windowAllowed);
}

function readDuration(text: string, windowAllowed: boolean): Part {
  const trimmed = text.trim();
  if (!DURATION.test(trimmed)) {
    const others = windowAllowed ? '{{window}} or {{args.x}}' : '{{args.x}}';
    return { fault: `${JSON.stringify(text)} is not a duration such as 5m, nor ${others}` };
  }
  return durationPartsMs(trimmed);
}
