import type { Clock } from '../clock.ts';

/** When to look at a key again: at an instant (epoch ms), or only when something changes. */
export type Next = { kind: 'at'; at: number } | { kind: 'on change' } | { kind: 'retry' };

export interface WorkQueue {
  /** Asks for a pass over the key now, or at an instant (epoch ms). Of several wishes the earliest counts. */
  add(key: string, at?: number): void;
  /** Keys that are due or being worked on. */
  readonly depth: number;
  /** Takes no more work and resolves when the running passes have ended. */
  stop(): Promise<void>;
}

interface Entry {
  dueAt: number;
  failures: number;
  busy: boolean;
  /** The earliest wish that came while the key was busy. */
  again: number | undefined;
  /** Ends the wait until `dueAt`; undefined once it is due. */
  cancelWait: (() => void) | undefined;
}

const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 10_000;

/**
 * Calls `pass` for each key that is due: at most once at a time for a key, at most `concurrency` keys at a time.
 * A wish that comes while a key is busy is kept until its pass has ended. A pass that throws, or asks to be
 * tried again, waits twice as long after each failure. It knows nothing of Kubernetes.
 */
export function workQueue(
  options: { clock: Clock; concurrency: number; onError(key: string, error: unknown): void },
  pass: (key: string) => Promise<Next>,
): WorkQueue {
  const { clock, concurrency } = options;
  const entries = new Map<string, Entry>();
  /** Keys that are due and not being worked on, in the order in which they became so. */
  const due = new Set<string>();
  let running = 0;
  let stopped = false;
  let onIdle: (() => void) | undefined;

  function add(key: string, at = clock.now()): void {
    if (stopped) return;
    const entry = entries.get(key);
    if (entry?.busy) entry.again = Math.min(entry.again ?? at, at);
    else if (!entry)
      wait(key, { dueAt: at, failures: 0, busy: false, again: undefined, cancelWait: undefined });
    else if (at < entry.dueAt) wait(key, { ...entry, dueAt: at });
    dispatch();
  }

  /** A timer for each key, and no list to sort: thousands of keys wait most of the time. */
  function wait(key: string, entry: Entry): void {
    entries.get(key)?.cancelWait?.();
    entries.set(key, entry);
    entry.cancelWait = undefined;
    const waitMs = entry.dueAt - clock.now();
    if (waitMs <= 0) {
      due.add(key);
      return;
    }
    due.delete(key);
    entry.cancelWait = clock.after(waitMs, () => {
      entry.cancelWait = undefined;
      due.add(key);
      dispatch();
    });
  }

  function dispatch(): void {
    if (stopped) return;
    for (const key of due) {
      if (running >= concurrency) return;
      const entry = entries.get(key);
      due.delete(key);
      if (!entry) continue;
      entry.busy = true;
      running += 1;
      void work(key, entry);
    }
  }

  async function work(key: string, entry: Entry): Promise<void> {
    let next: Next;
    try {
      next = await pass(key);
    } catch (error) {
      options.onError(key, error);
      next = { kind: 'retry' };
    }
    running -= 1;
    entry.busy = false;
    entry.failures = next.kind === 'retry' ? entry.failures + 1 : 0;
    const wishes = [entry.again, wishOf(next, entry.failures)].filter((at) => at !== undefined);
    entry.again = undefined;
    if (wishes.length > 0 && !stopped) wait(key, { ...entry, dueAt: Math.min(...wishes) });
    else entries.delete(key);
    dispatch();
    if (running === 0) onIdle?.();
  }

  function wishOf(next: Next, failures: number): number | undefined {
    if (next.kind === 'at') return next.at;
    if (next.kind === 'retry')
      return clock.now() + Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LONGEST_RETRY_MS);
    return undefined;
  }

  return {
    add,
    get depth() {
      return due.size + running;
    },
    stop: () => {
      stopped = true;
      for (const { cancelWait } of entries.values()) cancelWait?.();
      if (running === 0) return Promise.resolve();
      return new Promise((resolve) => {
        onIdle = resolve;
      });
    },
  };
}
