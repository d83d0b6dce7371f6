import type { Clock } from './clock.ts';
import type { Log } from './cluster/log.ts';

/** Does a chore again and again, with this pause between two times; trouble is logged. Answers how to stop. */
export function repeat(
  everyMs: number,
  { clock, log }: { clock: Clock; log: Log },
  chore: () => Promise<void>,
): () => void {
  let stopped = false;
  let cancel = clock.after(everyMs, turn);
  function turn(): void {
    void chore()
      .catch((error: unknown) => log.warn({ err: error }, 'a chore failed; it is tried again'))
      .then(() => {
        if (!stopped) cancel = clock.after(everyMs, turn);
      });
  }
  return () => {
    stopped = true;
    cancel();
  };
}
