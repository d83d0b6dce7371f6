import type { Clock } from '../../src/clock.ts';

export interface VirtualClock extends Clock {
  /** The same time, for one user of it: its sleepers carry the label. */
  named(label: string): Clock;
  /** Lets this many milliseconds pass: wakes who is due, in order, and lets each finish before the next. */
  advance(ms: number): Promise<void>;
  /** Lets the wall time jump, forwards or backwards; sleepers and the monotonic time do not notice. */
  jumpWall(ms: number): void;
  /** Who still sleeps: the label and the milliseconds to go, soonest first. */
  sleepers(): { label: string; inMs: number }[];
}

interface Sleeper {
  dueAt: number;
  order: number;
  label: string;
  wake: () => void;
}

/** Far more turns than any real chain of wake-ups at one instant takes. */
const MOST_TURNS_AT_ONCE = 20_000;

/** A clock that stands still until a test turns it; `start` in epoch milliseconds. */
export function virtualClock(start: number): VirtualClock {
  const sleepers = new Set<Sleeper>();
  let elapsed = 0;
  let offset = start;
  let order = 0;

  function after(label: string, ms: number, wake: () => void): () => void {
    order += 1;
    const sleeper = { dueAt: elapsed + Math.max(ms, 0), order, label, wake };
    sleepers.add(sleeper);
    return () => sleepers.delete(sleeper);
  }

  const sorted = () => [...sleepers].sort((a, b) => a.dueAt - b.dueAt || a.order - b.order);

  const named = (label: string): Clock => ({
    now: () => offset + elapsed,
    monotonic: () => elapsed,
    after: (ms, wake) => after(label, ms, wake),
  });

  return {
    ...named('somebody'),
    named,
    advance: async (ms) => {
      const end = elapsed + ms;
      await settled();
      let turns = 0;
      let instant = elapsed;
      for (;;) {
        const next = soonest(sleepers);
        if (!next || next.dueAt > end) break;
        turns = next.dueAt === instant ? turns + 1 : 0;
        if (turns > MOST_TURNS_AT_ONCE) {
          throw new Error(`time stands still: ${next.label} is woken again and again at +${elapsed} ms`);
        }
        elapsed = Math.max(elapsed, next.dueAt);
        instant = elapsed;
        sleepers.delete(next);
        next.wake();
        await settled();
      }
      elapsed = end;
    },
    jumpWall: (ms) => {
      offset += ms;
    },
    sleepers: () => sorted().map(({ label, dueAt }) => ({ label, inMs: dueAt - elapsed })),
  };
}

function soonest(sleepers: ReadonlySet<Sleeper>): Sleeper | undefined {
  let first: Sleeper | undefined;
  for (const sleeper of sleepers) {
    const sooner =
      !first || sleeper.dueAt < first.dueAt || (sleeper.dueAt === first.dueAt && sleeper.order < first.order);
    if (sooner) first = sleeper;
  }
  return first;
}

/** Resolves when every promise that can settle has: nothing in these worlds waits for anything but the clock. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
