import { sameJson } from '../api/canonical.ts';

/** A condition on the path of a request. */
export interface PathCondition {
  type: 'Exact' | 'PathPrefix' | 'RegularExpression';
  value: string;
}

/** A condition on a header or a query parameter, in the words of the route that it stands in. */
export interface NamedCondition<C> {
  name: string;
  condition: C;
}

/** No request meets both conditions; or it cannot be told which do, and `what` says of what. */
export type Clash = { clash: 'disjoint' } | { clash: 'unknown'; what: string };

const DISJOINT: Clash = { clash: 'disjoint' };

export function isClash(joined: object): joined is Clash {
  return 'clash' in joined;
}

/** Whether a path that begins with one prefix begins with the other as well, as one kind of route has it. */
export type IsUnder = (path: string, prefix: string) => boolean;

/** By whole elements: /a/b is under /a, /ab is not. */
export function isUnderByElement(path: string, prefix: string): boolean {
  const bare = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  return path === bare || path.startsWith(`${bare}/`);
}

export function isUnderByText(path: string, prefix: string): boolean {
  return path.startsWith(prefix);
}

/** The condition that is met by the paths that meet both. */
export function joinedPaths(
  one: PathCondition,
  other: PathCondition,
  isUnder: IsUnder,
): PathCondition | Clash {
  if (sameJson(one, other) || isEveryPath(other)) return one;
  if (isEveryPath(one)) return other;
  if (one.type === 'RegularExpression' || other.type === 'RegularExpression')
    return { clash: 'unknown', what: `the path, ${one.value} and ${other.value}` };
  for (const [narrow, wide] of [
    [one, other],
    [other, one],
  ] as const) {
    if (wide.type === 'PathPrefix' && isUnder(narrow.value, wide.value)) return narrow;
  }
  return DISJOINT;
}

export function isEveryPath({ type, value }: PathCondition): boolean {
  return type === 'PathPrefix' && value === '/';
}

/**
 * The conditions that are met by the requests that meet all of both lists. A name stands once in a list: two
 * conditions on it are one where they are the same.
 */
export function joinedNames<C extends object>(
  one: readonly NamedCondition<C>[],
  other: readonly NamedCondition<C>[],
  { fold, exact }: { fold: (name: string) => string; exact: (condition: C) => string | undefined },
): NamedCondition<C>[] | Clash {
  const joined = [...one];
  for (const asked of other) {
    const present = joined.find(({ name }) => fold(name) === fold(asked.name));
    if (!present) {
      joined.push(asked);
      continue;
    }
    if (sameJson(present.condition, asked.condition)) continue;
    const areExact = exact(present.condition) !== undefined && exact(asked.condition) !== undefined;
    return areExact ? DISJOINT : { clash: 'unknown', what: asked.name };
  }
  return joined;
}
