import { sameJson } from '../api/canonical.ts';
import type { HttpRouteMatch, HttpRouteRule } from '../api/kubernetes.ts';
import type { RequestMatch } from '../api/rollout.ts';
import { joinedMatch, matchesOf, moreSpecific, overlap, sameMatch } from './http-route-matches.ts';
import { isClash } from './request-conditions.ts';

/** What the Gateway API allows in one rule, and in one match. */
const MATCHES_MAX = 64;
const NAMES_MAX = 16;

export interface Narrowing {
  /** By the index of a rule: the matches of a rule before it, for what the step asks for as well. */
  matches: ReadonlyMap<number, HttpRouteMatch[]>;
  /** Why the rules cannot be narrowed so that nothing else changes. */
  faults: readonly string[];
}

/** A match of a rule, and in what it was narrowed to. */
interface Narrowed {
  index: number;
  rule: HttpRouteRule;
  from: HttpRouteMatch;
  to: HttpRouteMatch;
}

/**
 * Narrows the matches of the rules for which `isConcerned` holds to what a step asks for. A narrowed match is more
 * specific than it was, and the Gateway API prefers specific ones: where it would take requests from a rule that had
 * them before, the other rules are narrowed as well, so that among themselves all stand as they did.
 */
export function narrowing(
  rules: readonly HttpRouteRule[],
  isConcerned: (rule: HttpRouteRule) => boolean,
  asked: readonly RequestMatch[],
): Narrowing {
  const faults: string[] = [];
  const all = rules.flatMap((rule, index) =>
    matchesOf(rule).flatMap((from) =>
      asked.flatMap((step): Narrowed[] => {
        const to = joinedMatch(from, step as HttpRouteMatch);
        if (!isClash(to)) return [{ index, rule, from, to }];
        if (to.clash === 'unknown' && isConcerned(rule))
          faults.push(
            `a rule of it and the step both have a condition on ${to.what}, which cannot be joined`,
          );
        return [];
      }),
    ),
  );
  const concerned = all.filter(({ rule }) => isConcerned(rule));
  const others = rules.flatMap((rule, index) =>
    isConcerned(rule) ? [] : matchesOf(rule).map((from): Narrowed => ({ index, rule, from, to: from })),
  );
  const takes = concerned.some((made) =>
    others.some(
      (other) => overlap(made.to, other.to) && precedes(other, made, 'from') && precedes(made, other, 'to'),
    ),
  );
  const made = unique(takes ? all : concerned);
  const turned = made.some((one) =>
    made.some(
      (other) =>
        one.index < other.index &&
        overlap(one.to, other.to) &&
        precedes(one, other, 'from') !== precedes(one, other, 'to') &&
        !sameJson({ ...one.rule, matches: [] }, { ...other.rule, matches: [] }),
    ),
  );
  if (turned) faults.push('two rules of it would change places for requests that meet both');
  const matches = new Map<number, HttpRouteMatch[]>();
  // A rule that asks for as much already stands for itself, unless the canary is to take its place.
  const needed = made.filter(({ rule, from, to }) => isConcerned(rule) || !sameMatch(from, to));
  for (const { index, to } of needed) matches.set(index, [...(matches.get(index) ?? []), to]);
  return { matches, faults: [...faults, ...tooMany([...matches.values()])] };
}

/** Whether one takes the requests that meet both: where neither is more specific, the earlier rule does. */
function precedes(one: Narrowed, other: Narrowed, by: 'from' | 'to'): boolean {
  const difference = moreSpecific(one[by], other[by]);
  return difference === 0 ? one.index <= other.index : difference > 0;
}

/** Of those that became the same, the one that had the requests. */
function unique(made: readonly Narrowed[]): Narrowed[] {
  return made.filter(
    (one, at) =>
      !made.some(
        (other, place) =>
          other !== one &&
          sameMatch(one.to, other.to) &&
          (one.index === other.index ? place < at : precedes(other, one, 'from')),
      ),
  );
}

function tooMany(lists: readonly HttpRouteMatch[][]): string[] {
  const isLong = lists
    .flat()
    .some(({ headers = [], queryParams = [] }) => Math.max(headers.length, queryParams.length) > NAMES_MAX);
  return [
    ...(lists.some(({ length }) => length > MATCHES_MAX)
      ? [`more than ${MATCHES_MAX} matches are needed in one rule`]
      : []),
    ...(isLong ? [`more than ${NAMES_MAX} headers or query parameters are needed in one match`] : []),
  ];
}
