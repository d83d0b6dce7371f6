import { hash } from 'node:crypto';

/** A metric without an interval measures again (after an Error, or while it waits for data) this often. */
export const SLOT_WITHOUT_INTERVAL_MS = 10_000;
const MAX_JITTER_MS = 1_000;

/** The instants at which one metric of one run is measured. All in epoch milliseconds. */
export interface Grid {
  /** The first measurement. */
  anchor: number;
  slotMs: number;
  /** Added to all but the first, so that runs which began together do not query together for ever. */
  jitterMs: number;
}

/**
 * The grid of a metric: anchored, so that slow answers do not make it drift. `readyAt` is from when on its
 * window is long enough; the grid begins there, so that two measurements are never closer than the interval.
 */
export function gridOf(facts: {
  runUid: string;
  startedAt: number;
  initialDelayMs: number;
  intervalMs: number | undefined;
  readyAt: number | undefined;
}): Grid {
  const slotMs = facts.intervalMs ?? SLOT_WITHOUT_INTERVAL_MS;
  return {
    anchor: Math.ceil(Math.max(facts.startedAt + facts.initialDelayMs, facts.readyAt ?? 0)),
    slotMs,
    jitterMs: Math.floor(fractionOf(facts.runUid) * Math.min(slotMs / 10, MAX_JITTER_MS)),
  };
}

/** When the next measurement is due. Of slots missed since the last one, only the newest is caught up with. */
export function nextDue(grid: Grid, lastEvaluatedAt: number | undefined, now: number): number {
  const next = lastEvaluatedAt === undefined ? 0 : slotAt(grid, lastEvaluatedAt) + 1;
  return slotStart(grid, Math.max(next, slotAt(grid, now)));
}

/** When the slot ends in which a measurement was due. */
export function slotEnd(grid: Grid, dueAt: number): number {
  return slotStart(grid, slotAt(grid, dueAt) + 1);
}

/** Whether a measurement can have been due at this instant. */
export function isSlotStart(grid: Grid, instant: number): boolean {
  return slotStart(grid, slotAt(grid, instant)) === instant;
}

/** A number in [0, 1) that is always the same for the same text: chance that can be repeated. */
export function fractionOf(text: string): number {
  return Number.parseInt(hash('sha256', text).slice(0, 8), 16) / 2 ** 32;
}

/** The newest slot that has begun at this instant; 0 before the first. */
function slotAt(grid: Grid, instant: number): number {
  const slot = Math.floor((instant - grid.anchor - grid.jitterMs) / grid.slotMs);
  // Rounding of fractional intervals must not make a slot begin after itself.
  return Math.max(0, slotStart(grid, slot + 1) <= instant ? slot + 1 : slot);
}

function slotStart(grid: Grid, slot: number): number {
  return slot <= 0 ? grid.anchor : Math.ceil(grid.anchor + grid.jitterMs + slot * grid.slotMs);
}
