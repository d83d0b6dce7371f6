import type { RequestMatch } from '../api/rollout.ts';
import type { Share } from './provider.ts';

const PREFIX = 'nginx.ingress.kubernetes.io/canary-by';

/** Upstream's name for a header that stands for a cookie, whose name is the value. */
const COOKIE = 'canary-by-cookie';

type Header = NonNullable<RequestMatch['headers']>[number];

/** Matches in the annotations of ingress-nginx, which follows one header and one cookie: either is enough. */
export function matchAnnotations(matches: readonly RequestMatch[]): Record<string, string> {
  const headers = matches.flatMap((match) => match.headers ?? []);
  return Object.assign({}, ...headers.map(annotationsOf)) as Record<string, string>;
}

function annotationsOf({ type, name, value }: Header): Record<string, string> {
  if (name === COOKIE) return { [`${PREFIX}-cookie`]: value };
  const kind = type === 'RegularExpression' ? 'pattern' : 'value';
  return { [`${PREFIX}-header`]: name, [`${PREFIX}-header-${kind}`]: value };
}

/** What of a share ingress-nginx cannot do, and what to do instead; it would be lost without a word otherwise. */
export function problemWithMatches({ matches, requestHeaderModifier }: Share): string | undefined {
  if (requestHeaderModifier) return 'which changes no headers of requests; remove requestHeaderModifier';
  if (
    matches.some(
      ({ path }) => path && !((path.type ?? 'PathPrefix') === 'PathPrefix' && (path.value ?? '/') === '/'),
    )
  )
    return 'which cannot choose a canary by path; match a header or a cookie';
  if (matches.some(({ queryParams = [] }) => queryParams.length > 0))
    return 'which cannot choose a canary by query parameters; match a header or a cookie';
  if (matches.some(({ headers = [] }) => headers.length !== 1))
    return 'which follows exactly one header or cookie in a match; give each match one';
  const headers = matches.flatMap((match) => match.headers ?? []);
  const cookies = headers.filter(({ name }) => name === COOKIE);
  if (cookies.length > 1 || headers.length - cookies.length > 1)
    return 'which follows one header and one cookie at most; take the other matches out, or join values of one header in a RegularExpression';
  if (cookies.some(({ type }) => type === 'RegularExpression'))
    return `which knows a cookie by its name alone; give ${COOKIE} the type Exact`;
  return undefined;
}
