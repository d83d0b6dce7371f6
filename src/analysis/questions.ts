import type { Metric } from '../api/analysis-template.ts';
import { boundariesOf } from './bucket-boundaries.ts';
import type { Variables } from './condition-rules.ts';
import { SINGLE_QUERY } from './condition-rules.ts';
import type { Question } from './measure-job.ts';
import { type PlaceholderContext, placeholdersIn, resolveQuery } from './placeholders.ts';
import type { ResolvedRange } from './range.ts';

/** The name of the only query of a metric. */
export const ONLY_QUERY = 'value';
/** The name of the query that counts how much was observed. */
export const MINIMUM_QUERY = 'minimum';

/** An instant query is answered with values alone; a range of one moment has the labels. */
const LABELS_OF_NOW = { windowMs: 0, stepMs: 1_000 };

/** A query of a metric; its text still has its placeholders: pods and window are those of the moment. */
export interface MetricQuestion {
  name: string;
  query: string;
  range?: ResolvedRange;
  /** What an empty result stands for. */
  whenEmpty?: number;
  /** A selector of counters, whose raw samples since the last interval are asked for. */
  raw?: boolean;
  /** Further selectors: of all of them the boundaries of the buckets are asked for, until something was counted. */
  boundariesWith?: string;
}

/** The variables that the conditions of a metric see. */
export function variablesOf({ queries, range }: Pick<Metric, 'queries' | 'range'>): Variables {
  const kind = range ? 'list' : 'number';
  if (!queries) return { ...SINGLE_QUERY, [ONLY_QUERY]: kind };
  return Object.fromEntries(Object.keys(queries).map((name) => [name, kind]));
}

/** The queries of a metric that has conditions: what its variables are read from, then its minimum. */
export function conditionQuestions(metric: Metric, range: ResolvedRange | undefined): MetricQuestion[] {
  const ranged = range && { range };
  const asked = metric.queries
    ? Object.entries(metric.queries).map(([name, { query, whenEmpty }]) => ({
        name,
        query,
        ...ranged,
        ...(whenEmpty !== undefined && { whenEmpty }),
      }))
    : [{ name: ONLY_QUERY, query: metric.query ?? '', ...ranged }];
  const { minimum } = metric;
  return minimum ? [...asked, { name: MINIMUM_QUERY, query: minimum.query }] : asked;
}

/** Whether a query looks back on `{{window}}`. */
export function usesWindow({ query, range }: MetricQuestion): boolean {
  return range?.windowMs === 'window' || placeholdersIn(query).includes('window');
}

/** The queries of a metric without those that are asked at its first measurements only. */
export function lastingQuestions(questions: readonly MetricQuestion[]): MetricQuestion[] {
  return questions.filter(({ boundariesWith }) => boundariesWith === undefined);
}

/**
 * The queries as they are sent; undefined when one of them selects pods and there are none. Throws for a query that
 * was not checked.
 *
 * @param rawRange how far back raw samples are asked for, as PromQL has it: `330s`
 */
export function askedOf(
  questions: readonly MetricQuestion[],
  context: PlaceholderContext,
  rawRange: string,
): Question[] | undefined {
  const asked: Question[] = [];
  for (const { name, query, range, raw, boundariesWith } of questions) {
    const texts = [query, ...(boundariesWith === undefined ? [] : [boundariesWith])].map((each) =>
      resolveQuery(each, context),
    );
    const filled: string[] = [];
    for (const resolved of texts) {
      if (resolved.ok) filled.push(resolved.text);
      else if (resolved.reason === 'NoPods') return undefined;
      else throw new Error(`the query ${name} was not checked: ${resolved.faults[0]?.message}`);
    }
    const [text = ''] = filled;
    if (boundariesWith !== undefined) {
      asked.push({ name, query: boundariesOf(filled), range: LABELS_OF_NOW });
      continue;
    }
    asked.push({
      name,
      query: raw ? `${text.trimEnd()}[${rawRange}]` : text,
      ...(raw && { raw }),
      ...(range && { range: { windowMs: windowMsOf(range, context), stepMs: range.stepMs } }),
    });
  }
  return asked;
}

function windowMsOf({ windowMs }: ResolvedRange, context: PlaceholderContext): number {
  if (windowMs !== 'window') return windowMs;
  if (context.windowMs === undefined) throw new Error('a range over {{window}} needs a window');
  return Math.floor(context.windowMs / 1_000) * 1_000;
}

/** The queries as a measurement shows them. */
export function questionsText(questions: readonly Question[]): string {
  const [only] = questions;
  if (questions.length === 1 && only?.name === ONLY_QUERY) return only.query;
  return questions.map(({ name, query }) => `${name}: ${query}`).join('\n');
}
