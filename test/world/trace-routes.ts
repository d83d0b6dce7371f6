import type {
  DestinationRule,
  HttpRoute,
  HttpRouteFilter,
  HttpRouteMatch,
  Ingress,
  IstioMatch,
  VirtualService,
} from '../../src/api/kubernetes.ts';
import { participantsOf, type SharedRouting } from '../../src/api/traffic-routing.ts';
import { canaryWeight } from '../../src/traffic/nginx-ingress.ts';
import type { Names } from './names.ts';
import { changed, type Line, type Seen } from './trace-line.ts';

const CANARY = 'nginx.ingress.kubernetes.io/canary';
const CANARY_BY = `${CANARY}-by-`;

export function ingressLines(seen: Seen<Ingress>): Line[] {
  const { before, after } = seen;
  const { metadata } = (after ?? before) as Ingress;
  const subject = `Ingress ${metadata.name}`;
  if (!after) return [{ subject, act: 'delete' }];
  const isCanary = after.metadata.annotations?.[CANARY] === 'true';
  const share = isCanary ? (chosenBy(after) ?? `weight ${canaryWeight(after)} %`) : pathsOf(after);
  if (!before) return [{ subject, act: 'create', from: share }];
  return [
    ...changed(seen, subject, 'weight', (object) => `${canaryWeight(object)} %`),
    ...changed(seen, subject, 'matches', chosenBy),
    ...changed(seen, subject, 'paths', pathsOf),
  ];
}

/** By what of a request a canary Ingress chooses: `header x-user, header-value alice`. */
function chosenBy({ metadata }: Ingress): string | undefined {
  const chosen = Object.entries(metadata.annotations ?? {})
    .filter(([name]) => name.startsWith(CANARY_BY))
    .map(([name, value]) => `${name.slice(CANARY_BY.length)} ${value}`);
  return chosen.length === 0 ? undefined : chosen.join(', ');
}

function pathsOf({ spec }: Ingress): string {
  return (spec.rules ?? [])
    .flatMap(({ host, http }) => (http?.paths ?? []).map(({ path }) => `${host ?? ''}${path}`))
    .join(', ');
}

/** The rules of a route, each `condition: backend weight + backend weight`. */
export function httpRouteLines(seen: Seen<HttpRoute>): Line[] {
  return routeLines(seen, ({ spec }) =>
    (spec.rules ?? []).map(({ matches = [], filters, backendRefs = [] }) => ({
      when: matches.map(conditionsOf),
      backends: backendRefs.map(({ name, weight, filters: own }) => ({
        name: [name, ...marksOf(filters), ...marksOf(own)].join(' with '),
        weight,
      })),
    })),
  );
}

export function virtualServiceLines(seen: Seen<VirtualService>): Line[] {
  return routeLines(seen, ({ spec }) =>
    (spec.http ?? []).map(({ match = [], route = [] }) => ({
      when: match.map(istioConditionsOf),
      backends: route.map(({ destination, weight }) => ({
        name: destination.subset ? `${destination.host}/${destination.subset}` : destination.host,
        weight,
      })),
    })),
  );
}

/** A TrafficRouting: for whose releases it is, and what it says of its routes. */
export function sharedRoutingLines(seen: Seen<SharedRouting>): Line[] {
  const { before, after } = seen;
  const { metadata } = (after ?? before) as SharedRouting;
  const subject = `TrafficRouting ${metadata.name}`;
  if (!after) return [{ subject, act: 'gone' }];
  if (!before) return [{ subject, act: 'create' }];
  const isDeleted = metadata.deletionTimestamp !== undefined;
  return [
    ...changed(seen, subject, 'deleted', (object) => (object.metadata.deletionTimestamp ? 'yes' : 'no')),
    ...changed(seen, subject, 'routes for', (object) => participantsOf(object).join(', ') || 'nobody'),
    ...changed(seen, subject, 'phase', ({ status }) => status?.phase),
    ...changed(
      seen,
      subject,
      'fault',
      ({ status }) => status?.reason && `${status.reason}: ${status.message}`,
    ),
    ...(isDeleted && !metadata.finalizers?.length ? [{ subject, act: 'gone' }] : []),
  ];
}

interface Rule {
  when: string[];
  backends: { name: string; weight: number | undefined }[];
}

function routeLines<T extends HttpRoute | VirtualService>(
  seen: Seen<T>,
  rulesOf: (object: T) => Rule[],
): Line[] {
  const { before, after } = seen;
  const { kind, metadata } = (after ?? before) as T;
  const subject = `${kind} ${metadata.name}`;
  if (!after) return [{ subject, act: 'delete' }];
  const told = (object: T) => rulesOf(object).map(ruleText).join('; ');
  return before ? changed(seen, subject, 'routes', told) : [{ subject, act: 'create', from: told(after) }];
}

function ruleText({ when, backends }: Rule): string {
  const targets = backends.map(({ name, weight }) => (weight === undefined ? name : `${name} ${weight}`));
  const conditions = when.filter((condition) => condition !== '');
  return `${conditions.length > 0 ? `${conditions.join(' or ')}: ` : ''}${targets.join(' + ')}`;
}

/** Headers that are set, as `x-lane=gray`. */
function marksOf(filters: readonly HttpRouteFilter[] = []): string[] {
  return filters.flatMap(({ requestHeaderModifier: { set = [] } = {} }) =>
    set.map(({ name, value }) => `${name}=${value}`),
  );
}

function conditionsOf({ path, headers = [], queryParams = [] }: HttpRouteMatch): string {
  return [
    ...(path?.value && path.value !== '/' ? [`path ${path.value}`] : []),
    ...headers.map(({ name, value }) => `header ${name}=${value}`),
    ...queryParams.map(({ name, value }) => `query ${name}=${value}`),
  ].join(' and ');
}

function istioConditionsOf({ uri, headers = {}, queryParams = {} }: IstioMatch): string {
  const text = (match: object) => Object.values(match).join();
  return [
    ...(uri ? [`path ${text(uri)}`] : []),
    ...Object.entries(headers).map(([name, match]) => `header ${name}=${text(match)}`),
    ...Object.entries(queryParams).map(([name, match]) => `query ${name}=${text(match)}`),
  ].join(' and ');
}

export function destinationRuleLines(seen: Seen<DestinationRule>, names: Names): Line[] {
  const { before, after } = seen;
  const subject = `DestinationRule ${(after ?? before)?.metadata.name}`;
  if (!after) return [{ subject, act: 'delete' }];
  const subsets = ({ spec }: DestinationRule) =>
    (spec.subsets ?? [])
      .map(
        ({ name, labels = {} }) =>
          `${name} (${Object.values(labels)
            .map((value) => names.plain(value))
            .join()})`,
      )
      .join(', ') || 'none';
  return before
    ? changed(seen, subject, 'subsets', subsets)
    : [{ subject, act: 'create', from: `subsets ${subsets(after)}` }];
}
