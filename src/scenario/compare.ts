import { formatDuration, parseDurationMs } from '../api/duration.ts';
import type { PlayedRun } from './play-run.ts';
import type { Expectation, MetricExpectation } from './scenario-file.ts';

/** One thing that came out differently, in words. */
export interface Difference {
  /** `verdict`, `at`, `metrics.success-rate.value`, … as the scenario file names it. */
  field: string;
  expected: string;
  got: string;
}

/** Relative; `increase()` and its like extrapolate, so that the last digits of a value are nobody's wish. */
const TOLERANCE = 1e-6;

/** How a run differs from what its scenario expects, in the order of the file; empty when it does not. */
export function compare(expect: Expectation, played: PlayedRun): Difference[] {
  const { status, durationMs } = played;
  const differences: Difference[] = [];
  if (expect.verdict !== status.phase) {
    differences.push({ field: 'verdict', expected: expect.verdict, got: status.phase });
  }
  // As people write and read it: two moments that look the same are the same.
  const at = expect.at === undefined ? undefined : formatDuration(parseDurationMs(expect.at) ?? 0);
  if (at !== undefined && at !== formatDuration(durationMs)) {
    differences.push({ field: 'at', expected: at, got: formatDuration(durationMs) });
  }
  differences.push(...contains('message', expect.message, status.message ?? ''));
  for (const [name, expected] of Object.entries(expect.metrics ?? {})) {
    differences.push(...compareMetric(name, expected, played));
  }
  return differences;
}

function compareMetric(name: string, expected: MetricExpectation, played: PlayedRun): Difference[] {
  const at = `metrics.${name}`;
  const result = played.status.metricResults.find((each) => each.name === name);
  if (!result) {
    const names = played.run.spec.metrics.map((metric) => metric.name).join(', ');
    return [{ field: at, expected: 'a metric of this name', got: `only ${names}` }];
  }
  const measurements = played.measurements.get(name) ?? [];
  const differences: Difference[] = [];
  if (expected.phase !== undefined && expected.phase !== result.phase) {
    differences.push({ field: `${at}.phase`, expected: expected.phase, got: result.phase });
  }
  const outcomes = `[${measurements.map(({ outcome }) => outcome).join(', ')}]`;
  const wanted = expected.outcomes && `[${expected.outcomes.join(', ')}]`;
  if (wanted !== undefined && wanted !== outcomes) {
    differences.push({ field: `${at}.outcomes`, expected: wanted, got: outcomes });
  }
  const value = measurements.at(-1)?.value;
  if (expected.value !== undefined && !sameValue(expected.value, value)) {
    differences.push({
      field: `${at}.value`,
      expected: String(expected.value ?? 'none'),
      got: value ?? 'none',
    });
  }
  return [...differences, ...contains(`${at}.message`, expected.message, result.message ?? '')];
}

function sameValue(expected: number | string | null, got: string | undefined): boolean {
  if (expected === null || got === undefined) return expected === null && got === undefined;
  if (String(expected) === got) return true;
  const [wanted, measured] = [asNumber(String(expected)), asNumber(got)];
  if (wanted === measured) return true;
  if (!Number.isFinite(wanted) || !Number.isFinite(measured)) return false;
  return Math.abs(wanted - measured) <= TOLERANCE * Math.max(Math.abs(wanted), Math.abs(measured));
}

/** NaN for a text that is not one number, and then only the same text is the same. */
function asNumber(text: string): number {
  const infinity = /^([-+]?)(?:Inf|Infinity|\.inf)$/i.exec(text);
  if (infinity) return infinity[1] === '-' ? -Infinity : Infinity;
  return text.trim() === '' ? Number.NaN : Number(text);
}

function contains(field: string, part: string | undefined, whole: string): Difference[] {
  if (part === undefined || whole.includes(part)) return [];
  return [{ field, expected: `… ${part} …`, got: whole === '' ? 'no message' : whole }];
}
