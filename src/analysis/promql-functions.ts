/** What an expression of PromQL comes to. */
export type PromqlType = 'scalar' | 'instant vector' | 'range vector' | 'string';

/** What a function of PromQL takes. */
export interface PromqlSignature {
  args: readonly PromqlType[];
  /** How many arguments it needs at least; all of `args` when unset. */
  least?: number;
  /** The last of `args` may come so many times more. */
  more?: number;
  result: PromqlType;
}

const V = 'instant vector';
const R = 'range vector';
const N = 'scalar';
const S = 'string';

function takes(args: PromqlType[], changes: Partial<PromqlSignature> = {}): PromqlSignature {
  return { args, result: V, ...changes };
}

function each(
  names: string,
  args: PromqlType[],
  changes?: Partial<PromqlSignature>,
): [string, PromqlSignature][] {
  return names.split(' ').map((name) => [name, takes(args, changes)]);
}

/**
 * Every function of Prometheus, of the releases 2 and 3, experimental ones too: what a server lacks it says
 * itself. From the documentation at prometheus.io/docs/prometheus/latest/querying/functions.
 */
export const PROMQL_FUNCTIONS: ReadonlyMap<string, PromqlSignature> = new Map([
  ...each('abs absent ceil exp floor ln log2 log10 sgn sqrt sort sort_desc timestamp start_timestamp', [V]),
  ...each('acos acosh asin asinh atan atanh cos cosh sin sinh tan tanh deg rad', [V]),
  ...each('histogram_avg histogram_count histogram_sum histogram_stddev histogram_stdvar', [V]),
  ...each('rate irate increase delta idelta deriv changes resets', [R]),
  ...each('avg_over_time min_over_time max_over_time sum_over_time count_over_time mad_over_time', [R]),
  ...each('stddev_over_time stdvar_over_time first_over_time last_over_time present_over_time', [R]),
  ...each('absent_over_time ts_of_first_over_time ts_of_last_over_time', [R]),
  ...each('ts_of_min_over_time ts_of_max_over_time', [R]),
  ...each('minute hour day_of_week day_of_month day_of_year days_in_month month year', [V], { least: 0 }),
  ...each('clamp_min clamp_max', [V, N]),
  ...each('time pi start end range step', [], { result: N }),
  ...each('holt_winters double_exponential_smoothing', [R, N, N]),
  ['clamp', takes([V, N, N])],
  ['round', takes([V, N], { least: 1 })],
  ['scalar', takes([V], { result: N })],
  ['vector', takes([N])],
  ['predict_linear', takes([R, N])],
  ['quantile_over_time', takes([N, R])],
  ['histogram_quantile', takes([N, V])],
  ['histogram_quantiles', takes([V, S, N], { more: 9 })],
  ['histogram_fraction', takes([N, N, V])],
  ['info', takes([V, V], { least: 1 })],
  ['label_replace', takes([V, S, S, S, S])],
  ['label_join', takes([V, S, S, S], { least: 3, more: Infinity })],
  ...each('sort_by_label sort_by_label_desc', [V, S], { least: 1, more: Infinity }),
]);

/** The aggregations that take a parameter before the vector, and its type. */
export const AGGREGATION_PARAMETERS: ReadonlyMap<string, PromqlType> = new Map([
  ['topk', N],
  ['bottomk', N],
  ['quantile', N],
  ['limitk', N],
  ['limit_ratio', N],
  ['count_values', S],
]);

/** `a scalar`, `an instant vector` */
export function withArticle(type: PromqlType): string {
  return type === V ? `an ${type}` : `a ${type}`;
}

/** The arguments of a call in words: `histogram_quantile(scalar, instant vector)`. */
export function signatureText(
  name: string,
  { args, least = args.length, more = 0 }: PromqlSignature,
): string {
  const words = args.map((type, index) => (index < least ? type : `[${type}]`));
  return `${name}(${words.join(', ')}${more > 0 ? ', ...' : ''})`;
}

/** The known name nearest to one that is not known, when it is near: `increse` → `increase`. */
export function nearestFunction(name: string, others: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = 3;
  for (const known of [...PROMQL_FUNCTIONS.keys(), ...others]) {
    // Of two as near, the one that only has more letters is the likelier: `rat` is rate and not rad.
    const longer = known.startsWith(name.toLowerCase()) ? 0.5 : 0;
    const distance = editDistance(name.toLowerCase(), known, bestDistance) - longer;
    if (distance < bestDistance) {
      best = known;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein's distance; more than `limit` where the lengths alone say so. */
function editDistance(left: string, right: string, limit: number): number {
  if (Math.abs(left.length - right.length) > limit) return limit + 1;
  let row = Array.from({ length: right.length + 1 }, (_each, index) => index);
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= right.length; j += 1) {
      const same = left[i - 1] === right[j - 1] ? 0 : 1;
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + same));
    }
    row = next;
  }
  return row[right.length] ?? limit + 1;
}
