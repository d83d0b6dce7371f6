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
  let running = 0;
  let stopped = false;
  let cancelTimer: (() => void) | undefined;
  let onIdle: (() => void) | undefined;

  function add(key: string, at = clock.now()): void {
    if (stopped) return;
    const entry = entries.get(key);
    if (!entry) entries.set(key, { dueAt: at, failures: 0, busy: false, again: undefined });
    else if (entry.busy) entry.again = Math.min(entry.again ?? at, at);
    else entry.dueAt = Math.min(entry.dueAt, at);
    dispatch();
  }

  function dispatch(): void {
    cancelTimer?.();
    cancelTimer = undefined;
    if (stopped) return;
    const now = clock.now();
    const waiting = [...entries].filter(([, entry]) => !entry.busy).sort(([, a], [, b]) => a.dueAt - b.dueAt);
    for (const [key, entry] of waiting) {
      if (entry.dueAt > now || running >= concurrency) break;
      entry.busy = true;
      running += 1;
      void work(key, entry);
    }
    const next = waiting.find(([, entry]) => !entry.busy);
    if (next && running < concurrency) cancelTimer = clock.after(next[1].dueAt - now, dispatch);
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
    if (wishes.length > 0) entry.dueAt = Math.min(...wishes);
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
      const now = clock.now();
      return [...entries.values()].filter((entry) => entry.busy || entry.dueAt <= now).length;
    },
    stop: () => {
      stopped = true;
      cancelTimer?.();
      if (running === 0) return Promise.resolve();
      return new Promise((resolve) => {
        onIdle = resolve;
      });
    },
  };
}
