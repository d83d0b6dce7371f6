import type { IstioMatch, IstioRoute, IstioStringMatch } from '../api/kubernetes.ts';
import type { RequestMatch } from '../api/rollout.ts';
import {
  type Clash,
  isClash,
  isEveryPath,
  isUnderByText,
  joinedNames,
  joinedPaths,
  type NamedCondition,
  type PathCondition,
} from './request-conditions.ts';

/** The matches of a route, narrowed to what a step asks for. */
export function narrowedMatches(
  route: IstioRoute,
  asked: readonly RequestMatch[],
): { match: IstioMatch[]; faults: string[] } {
  const own = route.match && route.match.length > 0 ? route.match : [{}];
  const joined = own.flatMap((one) =>
    asked.flatMap((other) => pathsOf(other).map((path) => joinedMatch(one, other, path))),
  );
  return {
    match: joined.filter((match): match is IstioMatch => !isClash(match)),
    faults: joined.flatMap((match) =>
      isClash(match) && match.clash === 'unknown'
        ? [`a route of it and the step both have a condition on ${match.what}, which cannot be joined`]
        : [],
    ),
  };
}

/** A prefix of a step means whole elements, one of Istio means text: /a is /a itself and what begins with /a/. */
function pathsOf({ path }: RequestMatch): PathCondition[] {
  const { type = 'PathPrefix', value = '/' } = path ?? {};
  if (type !== 'PathPrefix' || value.endsWith('/')) return [{ type, value }];
  return [
    { type: 'Exact', value },
    { type: 'PathPrefix', value: `${value}/` },
  ];
}

function joinedMatch(own: IstioMatch, asked: RequestMatch, askedPath: PathCondition): IstioMatch | Clash {
  const { uri, ignoreUriCase } = own;
  const path = joinedPaths(pathOfUri(uri), askedPath, isUnderByText);
  if (isClash(path)) return path;
  // A path of the step counts case, one of the route does not: only one of them can be written.
  if (ignoreUriCase && uri && !isEveryPath(askedPath)) return { clash: 'unknown', what: 'the path' };
  const headers = joined(own.headers, asked.headers, (name) => name.toLowerCase());
  if (isClash(headers)) return headers;
  const queryParams = joined(own.queryParams, asked.queryParams, (name) => name);
  if (isClash(queryParams)) return queryParams;
  return {
    ...own,
    ...(isEveryPath(path) ? {} : { uri: stringMatch(path.type, path.value) }),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    ...(Object.keys(queryParams).length === 0 ? {} : { queryParams }),
  };
}

function pathOfUri({ exact, prefix, regex }: IstioStringMatch = {}): PathCondition {
  if (exact !== undefined) return { type: 'Exact', value: exact };
  if (regex !== undefined) return { type: 'RegularExpression', value: regex };
  return { type: 'PathPrefix', value: prefix ?? '/' };
}

function joined(
  own: Record<string, IstioStringMatch> = {},
  asked: NonNullable<RequestMatch['headers']> = [],
  fold: (name: string) => string,
): Record<string, IstioStringMatch> | Clash {
  const present = Object.entries(own).map(([name, condition]) => ({ name, condition }));
  const wanted = asked.map(
    ({ type, name, value }): NamedCondition<IstioStringMatch> => ({
      name,
      condition: stringMatch(type ?? 'Exact', value),
    }),
  );
  const all = joinedNames(present, wanted, { fold, exact: ({ exact }) => exact });
  return isClash(all)
    ? all
    : Object.fromEntries(all.map(({ name, condition }) => [name, condition] as const));
}

function stringMatch(type: PathCondition['type'], value: string): IstioStringMatch {
  if (type === 'Exact') return { exact: value };
  return type === 'PathPrefix' ? { prefix: value } : { regex: value };
}
