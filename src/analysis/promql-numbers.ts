/** int64 nanoseconds, in which Prometheus counts durations. */
export const LONGEST_SECONDS = 2 ** 63 / 1e9;

/** The units of durations, by the milliseconds that each has. */
const UNIT_MS = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
} as const;

/** What durations such as 1h30m come to, each unit in its turn, in milliseconds; 0 where there is none. */
export function durationPartsMs(text: string): number {
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdwy])/g)].reduce(
    (total, [, amount, unit]) => total + Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS],
    0,
  );
}

/** A duration such as 1h30m, or a number of seconds, in seconds; undefined for an expression such as 2 * 5m. */
export function durationSeconds(text: string): number | undefined {
  const parts = [...text.matchAll(/(\d+)(ms|[smhdwy])/g)];
  if (parts.length > 0 && parts.map(([all]) => all).join('') === text) {
    return durationPartsMs(text) / 1_000;
  }
  return numberValue(text);
}

/** A number literal of PromQL; Infinity also for one beyond all numbers, undefined for what is none. */
export function numberValue(text: string): number | undefined {
  const [, sign, body = ''] = /^([-+]?)\s*(.*)$/s.exec(text) ?? [];
  if (/^inf$/i.test(body)) return sign === '-' ? -Infinity : Infinity;
  if (/^nan$/i.test(body)) return Number.NaN;
  const digits = body.replaceAll('_', '');
  if (!/^(?:0x[\da-f]+|(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?)$/i.test(digits)) return undefined;
  return sign === '-' ? -Number(digits) : Number(digits);
}
