import { parseDurationMs } from '../api/duration.ts';

const SHAPE = /^\+?((?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;
const UNIT_MS: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/** A duration as Go writes it in a form that Assay and Prometheus read; undefined where it is none, or negative. */
export function fromGoDuration(text: string): string | undefined {
  const plain = text.trim();
  if (/^\d/.test(plain) && parseDurationMs(plain) !== undefined) return plain;
  if (!SHAPE.test(plain)) return undefined;
  let totalMs = 0;
  for (const [, amount = '', unit = ''] of plain.matchAll(/([\d.]+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    totalMs += Number(amount) * (UNIT_MS[unit] ?? 0);
  }
  return `${Math.ceil(totalMs)}ms`;
}
