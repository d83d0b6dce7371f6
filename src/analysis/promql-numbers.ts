/** int64 nanoseconds, in which Prometheus counts durations. */
export const LONGEST_SECONDS = 2 ** 63 / 1e9;

const UNIT_SECONDS: Record<string, number> = {
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3_600,
  d: 86_400,
  w: 604_800,
  y: 31_536_000,
};

/** A duration such as 1h30m, or a number of seconds, in seconds; undefined for an expression such as 2 * 5m. */
export function durationSeconds(text: string): number | undefined {
  const parts = [...text.matchAll(/(\d+)(ms|[smhdwy])/g)];
  if (parts.length > 0 && parts.map(([all]) => all).join('') === text) {
    return parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (UNIT_SECONDS[unit] ?? 0), 0);
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
