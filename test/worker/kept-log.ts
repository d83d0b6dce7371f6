import type { Log } from '../../src/cluster/log.ts';

/** A log that keeps its lines as text, for tests that look whether a secret is in them. */
export function keptLog(): Log & { lines: string[] } {
  const lines: string[] = [];
  const keep = (fields: object, message: string) => {
    lines.push(`${message} ${JSON.stringify(fields)}`);
  };
  return { lines, debug: keep, info: keep, warn: keep, error: keep };
}
