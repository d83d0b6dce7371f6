const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
const SHAPE = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/;

/** A duration as Go and Prometheus write it: `30s`, `1m30s`, `1.5h`, `250ms`. */
export const DURATION_PATTERN = SHAPE.source;

/** Milliseconds of a duration such as `1m30s`; undefined for text that is not one. */
export function parseDurationMs(text: string): number | undefined {
  if (!SHAPE.test(text)) return undefined;
  let totalMs = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
    totalMs += Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
  }
  return totalMs;
}

/** Milliseconds of a duration that a schema has already accepted. */
export function durationMs(text: string): number {
  const value = parseDurationMs(text);
  if (value === undefined) throw new Error(`"${text}" is not a duration`);
  return value;
}

/** A duration for people: `850ms`, `12.3s`, `2m`, `1h5m`. */
export function formatDuration(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)}ms`;
  if (ms < 59_950) return `${Number((ms / 1_000).toFixed(1))}s`;
  const totalSeconds = Math.round(ms / 1_000);
  const totalMinutes = Math.floor(totalSeconds / 60);
  const seconds = totalSeconds % 60;
  if (totalMinutes < 60) return seconds ? `${totalMinutes}m${seconds}s` : `${totalMinutes}m`;
  const hours = Math.floor(totalMinutes / 60);
  const minutes = totalMinutes % 60;
  return minutes ? `${hours}h${minutes}m` : `${hours}h`;
}
