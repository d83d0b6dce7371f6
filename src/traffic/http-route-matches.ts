import { sameJson } from '../api/canonical.ts';
import type { HttpNamedCondition, HttpRouteMatch, HttpRouteRule } from '../api/kubernetes.ts';
import {
  type Clash,
  isClash,
  isUnderByElement,
  joinedNames,
  joinedPaths,
  type NamedCondition,
  type PathCondition,
} from './request-conditions.ts';

/** The requests that meet both matches, with every default as the API server writes it. */
export function joinedMatch(one: HttpRouteMatch, other: HttpRouteMatch): HttpRouteMatch | Clash {
  const path = joinedPaths(pathOf(one), pathOf(other), isUnderByElement);
  if (isClash(path)) return path;
  const [method, otherMethod] = [one['method'], other['method']];
  if (method !== undefined && otherMethod !== undefined && method !== otherMethod)
    return { clash: 'disjoint' };
  const headers = joined(one.headers, other.headers, (name) => name.toLowerCase());
  if (isClash(headers)) return headers;
  const queryParams = joined(one.queryParams, other.queryParams, (name) => name);
  if (isClash(queryParams)) return queryParams;
  return {
    ...other,
    ...one,
    path: { type: path.type, value: path.value },
    ...(headers.length === 0 ? {} : { headers }),
    ...(queryParams.length === 0 ? {} : { queryParams }),
  };
}

/** Whether some request may meet both. */
export function overlap(one: HttpRouteMatch, other: HttpRouteMatch): boolean {
  const both = joinedMatch(one, other);
  return !isClash(both) || both.clash === 'unknown';
}

/** The matches of a rule; one without any is met by every request. */
export function matchesOf({ matches }: HttpRouteRule): readonly HttpRouteMatch[] {
  return matches && matches.length > 0 ? matches : [{}];
}

/**
 * How much more specific one match is than the other, by the Gateway API's order: above 0 where the first takes a
 * request that meets both, 0 where the order of the rules decides.
 */
export function moreSpecific(one: HttpRouteMatch, other: HttpRouteMatch): number {
  const [a, b] = [ranks(one), ranks(other)];
  for (const [index, rank] of a.entries()) {
    const difference = rank - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function ranks(match: HttpRouteMatch): number[] {
  const { type, value } = pathOf(match);
  return [
    ['PathPrefix', 'RegularExpression', 'Exact'].indexOf(type),
    value.length,
    match['method'] === undefined ? 0 : 1,
    match.headers?.length ?? 0,
    match.queryParams?.length ?? 0,
  ];
}

/** Whether both are met by the same requests. */
export function sameMatch(one: HttpRouteMatch, other: HttpRouteMatch): boolean {
  const both = joinedMatch(one, other);
  return (
    !isClash(both) &&
    moreSpecific(both, one) === 0 &&
    moreSpecific(both, other) === 0 &&
    sameJson(pathOf(one), pathOf(other))
  );
}

function pathOf({ path: { type = 'PathPrefix', value = '/' } = {} }: HttpRouteMatch): PathCondition {
  return { type: type as PathCondition['type'], value };
}

type Comparison = { type: string; value: string };

function joined(
  one: readonly HttpNamedCondition[] = [],
  other: readonly HttpNamedCondition[] = [],
  fold: (name: string) => string,
): HttpNamedCondition[] | Clash {
  const all = joinedNames<Comparison>(one.map(conditionOf), other.map(conditionOf), {
    fold,
    exact: ({ type, value }) => (type === 'Exact' ? value : undefined),
  });
  return isClash(all) ? all : all.map(({ name, condition }) => ({ ...condition, name }));
}

function conditionOf({ type = 'Exact', name, value }: HttpNamedCondition): NamedCondition<Comparison> {
  return { name, condition: { type, value } };
}
