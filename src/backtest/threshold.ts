import { SINGLE_QUERY } from '../analysis/condition-rules.ts';
import { tokenize } from '../analysis/condition-tokens.ts';
import { MINIMUM_QUERY, ONLY_QUERY } from '../analysis/questions.ts';
import type { ResolvedMetric } from '../analysis/resolve-metric.ts';

export type Side = 'below' | 'above';

/** A condition that compares the value with one number, and nothing else. */
export interface Comparison {
  operator: '<' | '<=' | '>' | '>=';
  threshold: number;
}

const MIRRORED = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const;
const NUMBER = String.raw`\(*([+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)\)*`;
const VALUE_FIRST = new RegExp(String.raw`^\(*value(<=?|>=?)${NUMBER}$`);
const VALUE_LAST = new RegExp(String.raw`^${NUMBER}(<=?|>=?)value\)*$`);

/** Reads `value >= 0.95` and `0.95 <= value`; undefined for any other condition. Its placeholders are filled in. */
export function readComparison(source: string): Comparison | undefined {
  const scanned = tokenize(source, SINGLE_QUERY);
  if (!scanned.ok) return undefined;
  const text = scanned.tokens.map((token) => token.text).join('');
  const first = VALUE_FIRST.exec(text);
  if (first) return { operator: first[1] as Comparison['operator'], threshold: Number(first[2]) };
  const last = VALUE_LAST.exec(text);
  if (last) return { operator: MIRRORED[last[2] as Comparison['operator']], threshold: Number(last[1]) };
  return undefined;
}

/**
 * What a metric compares its value with; undefined for a metric that has no one value of a moment, as one of several
 * queries or of a range, and for any other condition.
 */
export function comparisonOf(metric: ResolvedMetric, role: 'success' | 'failure'): Comparison | undefined {
  const isSingle = metric.questions.every(
    ({ name, range }) => !range && (name === ONLY_QUERY || name === MINIMUM_QUERY),
  );
  const condition = role === 'success' ? metric.successCondition : metric.failureCondition;
  return isSingle && condition ? readComparison(condition.source) : undefined;
}

/** On which side of the threshold a value is bad. */
export function badSide({ operator }: Comparison, role: 'success' | 'failure'): Side {
  const low = operator === '>' || operator === '>=' ? 'below' : 'above';
  if (role === 'success') return low;
  return low === 'below' ? 'above' : 'below';
}

/** Whether a value is bad by the comparison. */
function isBad({ operator, threshold }: Comparison, role: 'success' | 'failure', value: number): boolean {
  const holds =
    operator === '<'
      ? value < threshold
      : operator === '<='
        ? value <= threshold
        : operator === '>'
          ? value > threshold
          : value >= threshold;
  return role === 'success' ? !holds : holds;
}

/** The share of values that are bad by the comparison; 0 of none. */
export function badShare(
  comparison: Comparison,
  role: 'success' | 'failure',
  values: readonly number[],
): number {
  if (values.length === 0) return 0;
  return values.filter((value) => isBad(comparison, role, value)).length / values.length;
}

/**
 * The strictest threshold by which at most this share (`rate`) of the values is bad: the value at that quantile,
 * rounded to four digits to the lenient side. Undefined without finite values there.
 */
export function thresholdFor(
  comparison: Comparison,
  role: 'success' | 'failure',
  values: readonly number[],
  rate: number,
): number | undefined {
  const side = badSide(comparison, role);
  const worstFirst = values.toSorted((left, right) => (side === 'below' ? left - right : right - left));
  const tolerated = Math.floor(rate * values.length + 1e-9);
  const edge = worstFirst[Math.min(tolerated, values.length - 1)];
  if (edge === undefined || !Number.isFinite(edge)) return undefined;
  return roundOutwards(
    edge,
    side,
    (candidate) => !isBad({ ...comparison, threshold: candidate }, role, edge),
  );
}

const DIGITS = 4;

/** The nearest number of four digits on the bad side of `edge` by which the edge itself is still good. */
function roundOutwards(edge: number, side: Side, isGood: (candidate: number) => boolean): number {
  // Beyond the reach of any real metric, so that moving the decimal point stays within what a number can hold.
  const exponent = Math.abs(edge) < 1e-100 ? 0 : Math.floor(Math.log10(Math.abs(edge)));
  const decimals = DIGITS - 1 - exponent;
  const scaled = shift(edge, decimals);
  const whole = side === 'below' ? Math.floor(scaled) : Math.ceil(scaled);
  const away = side === 'below' ? -1 : 1;
  for (const candidate of [whole, whole + away, whole + 2 * away].map((each) => shift(each, -decimals))) {
    if (isGood(candidate)) return candidate;
  }
  throw new Error(`no number near ${edge} lets it be good`);
}

/** Moves the decimal point without the error of multiplying by a power of ten. */
function shift(number: number, places: number): number {
  const [digits, exponent = '0'] = String(number).split('e');
  return Number(`${digits}e${Number(exponent) + places}`);
}
