import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fractionOf, type Grid, gridOf, isSlotStart, nextDue, slotEnd } from '../../src/analysis/schedule.ts';
import { START } from './examples.ts';

const SECOND = 1_000;
const at = (seconds: number) => START + seconds * SECOND;
const grid: Grid = { anchor: START, slotMs: 10 * SECOND, jitterMs: 300 };

describe('the grid', () => {
  const facts = {
    runUid: 'uid-1',
    startedAt: START,
    initialDelayMs: 0,
    intervalMs: 30_000,
    readyAt: undefined,
  };
  test.each<[title: string, changes: Partial<typeof facts> & { readyAt?: number }, expected: Partial<Grid>]>([
    ['begins with the run', {}, { anchor: START, slotMs: 30_000 }],
    ['begins after the initial delay', { initialDelayMs: 5_000 }, { anchor: at(5) }],
    ['begins when the window is long enough', { readyAt: at(15) } as never, { anchor: at(15) }],
    ['begins at the later of both', { initialDelayMs: 20_000, readyAt: at(15) } as never, { anchor: at(20) }],
    ['has a slot of 10 s without an interval', { intervalMs: undefined as never }, { slotMs: 10_000 }],
  ])('%s', (_title, changes, expected) => {
    expect(gridOf({ ...facts, ...changes })).toMatchObject(expected);
  });

  test('the jitter is the same for the same run, and another for another', () => {
    const jitter = (runUid: string) => gridOf({ ...facts, runUid }).jitterMs;
    expect(jitter('a')).toBe(jitter('a'));
    expect(new Set(['a', 'b', 'c', 'd'].map(jitter)).size).toBe(4);
  });

  test('property: the jitter is at most a tenth of the interval, and less than a second', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1_000, max: 100_000 }), (runUid, intervalMs) => {
        const { jitterMs } = gridOf({ ...facts, runUid, intervalMs });
        expect(jitterMs).toBeGreaterThanOrEqual(0);
        expect(jitterMs).toBeLessThanOrEqual(Math.min(intervalMs / 10, 1_000));
      }),
    );
  });

  test('property: chance that can be repeated lies in [0, 1)', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(fractionOf(text)).toBe(fractionOf(text));
        expect(fractionOf(text)).toBeGreaterThanOrEqual(0);
        expect(fractionOf(text)).toBeLessThan(1);
      }),
    );
  });
});

describe('the next measurement is due', () => {
  test.each<[title: string, last: number | undefined, now: number, due: number]>([
    ['the first at once, without jitter', undefined, at(0), at(0)],
    ['the first not before its time', undefined, at(-5), at(0)],
    ['the second one interval later, with jitter', at(0), at(0.1), at(10.3)],
    ['the third by the grid, however late the second was asked', at(10.3), at(17), at(20.3)],
    ['while its slot lasts', at(0), at(12), at(10.3)],
    ['after a downtime once, at the newest slot', at(0), at(47), at(40.3)],
    ['a first one that was missed, at the newest slot', undefined, at(47), at(40.3)],
    ['by the slot of the last, not by the clock, when the clock went back', at(20.3), at(2), at(30.3)],
  ])('%s', (_title, last, now, due) => {
    expect(nextDue(grid, last, now)).toBe(due);
  });

  test('a slot ends where the next begins', () => {
    expect(slotEnd(grid, at(0))).toBe(at(10.3));
    expect(slotEnd(grid, at(10.3))).toBe(at(20.3));
  });

  test('property: it is a slot of the grid, later than the last, and no two are closer than the interval', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.integer({ min: 1_000, max: 600_000 }),
        fc.integer({ min: 0, max: 60_000 }),
        fc.array(fc.integer({ min: 0, max: 2_000_000 }), { minLength: 1, maxLength: 20 }),
        (runUid, intervalMs, initialDelayMs, pauses) => {
          const made = gridOf({ runUid, startedAt: START, initialDelayMs, intervalMs, readyAt: undefined });
          let now = START;
          let last: number | undefined;
          for (const pauseMs of pauses) {
            now += pauseMs;
            const due = nextDue(made, last, now);
            expect(isSlotStart(made, due)).toBe(true);
            if (last !== undefined) expect(due - last).toBeGreaterThanOrEqual(intervalMs);
            expect(slotEnd(made, due)).toBeGreaterThan(Math.min(now, due));
            if (due <= now) last = due;
          }
        },
      ),
    );
  });
});
