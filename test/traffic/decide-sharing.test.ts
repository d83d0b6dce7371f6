import { describe, expect, test } from 'vitest';
import {
  controllerReference,
  type HttpRoute,
  type Ingress,
  type KubeObject,
} from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import { formatTime } from '../../src/api/timestamp.ts';
import { decideSharing } from '../../src/traffic/decide-sharing.ts';
import { httpRoute } from '../../src/traffic/http-route.ts';
import { nginxIngress } from '../../src/traffic/nginx-ingress.ts';
import type { SharedFacts } from '../../src/traffic/shared-routes.ts';
import { NAME } from '../builders/deployment.ts';
import { SHARED_NAME, type SharedPart, sharedRouting, TESTERS } from '../builders/shared-routing.ts';
import { httpRouteOf, ingress, markingRequest, service } from '../builders/traffic.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const ago = (seconds: number) => formatTime(NOW - seconds * 1_000);

const plain = httpRouteOf({ backendRefs: [{ name: NAME, port: 80 }] });
const { weight: _none, matches = [], ...modifier } = TESTERS;
const share = { weight: undefined, matches, ...modifier };
const marked = httpRoute(NAME).routed({ own: plain, made: undefined }, { ...markingRequest(), share })
  .own as HttpRoute;

interface Given extends SharedPart {
  route?: KubeObject | undefined;
  service?: undefined;
  rollouts?: string[];
  claim?: string;
}

function factsOf(given: Given): SharedFacts {
  const routing = sharedRouting(given);
  return {
    routing,
    refs: routing.spec.objectRef.map((ref) => ({
      ref,
      service: 'service' in given ? undefined : service(),
      routes: [
        {
          provider: httpRoute(NAME),
          own: 'route' in given ? given.route : plain,
          made: undefined,
        },
      ],
    })),
    rollouts: given.rollouts ?? ['cart', 'web'],
    claims: new Map(given.claim === undefined ? [] : [[`HTTPRoute ${NAME}`, given.claim]]),
  };
}

interface Row extends Given {
  title: string;
  /** The phase that is written, with the reason of a fault; left out where acts come first. */
  is?: string;
  says?: string;
  acts?: string[];
  routedAt?: string;
  routesRemovedAt?: string;
  wakeIn?: number;
  note?: string;
}

const MARK = `replace HTTPRoute ${NAME}: mark the requests that the strategy chooses`;
const TAKE_BACK = `replace HTTPRoute ${NAME}: take the routes back`;
const KEEP = `replace TrafficRouting ${SHARED_NAME}: keep the finalizers of who is there`;

function table(name: string, rows: readonly Row[]): void {
  describe(name, () => {
    for (const { title, is, says, acts = [], wakeIn, note, routedAt, routesRemovedAt, ...given } of rows) {
      test(title, () => {
        const facts = factsOf(given);
        const decision = decideSharing(facts, NOW);
        expect(
          decision.acts.map(
            ({ verb, object, why }) => `${verb} ${object.kind} ${object.metadata.name}: ${why}`,
          ),
        ).toEqual(acts);
        expect(decision.note && `${decision.note.type} ${decision.note.reason}`).toBe(note);
        expect(decision.wakeAt === undefined ? undefined : (decision.wakeAt - NOW) / 1_000).toBe(wakeIn);
        const { status } = decision;
        if (is === undefined) expect(status).toEqual(facts.routing.status ?? {});
        else {
          expect([status.phase, status.reason].filter(Boolean).join(' ')).toBe(is);
          expect([status.routedAt, status.routesRemovedAt]).toEqual([routedAt, routesRemovedAt]);
          expect(status.observedGeneration).toBe(facts.routing.metadata.generation);
        }
        if (says !== undefined) expect(status.message).toBe(says);
      });
    }
  });
}

table('at rest', [
  {
    title: 'a new one gets the finalizer that keeps it until its routes are taken back',
    phase: undefined,
    kept: false,
    acts: [KEEP],
  },
  {
    title: 'a new one is Healthy where all that it names is there',
    phase: undefined,
    is: 'Healthy',
    says: 'no release needs the routes',
  },
  { title: 'a phase that nobody knows counts as none', phase: 'Odd', is: 'Healthy' },
  { title: 'it stays Healthy', is: 'Healthy' },
  {
    title: 'routes that were left there are taken back',
    route: marked,
    acts: [TAKE_BACK],
  },
  {
    title: 'without the Service it is Initial and says so',
    service: undefined,
    is: 'Initial ServiceNotFound',
    says: `Service ${NAME} does not exist; create it`,
    note: 'Warning ServiceNotFound',
  },
  {
    title: 'a fault is told once',
    phase: 'Initial',
    status: { reason: 'ServiceNotFound', message: `Service ${NAME} does not exist; create it` },
    service: undefined,
    is: 'Initial ServiceNotFound',
  },
  {
    title: 'without the route it is Initial',
    route: undefined,
    is: 'Initial RouteNotFound',
    says: `HTTPRoute ${NAME} does not exist; create it`,
    note: 'Warning RouteNotFound',
  },
  {
    title: 'a route to something else is a fault',
    route: httpRouteOf({ backendRefs: [{ name: 'help', port: 80 }] }),
    is: 'Initial RouteHasNoBackend',
    says: `HTTPRoute ${NAME} has no backend Service ${NAME}; correct one of the two`,
    note: 'Warning RouteHasNoBackend',
  },
  {
    title: 'a route that somebody else changes is left alone, whatever is in it',
    claim: 'Rollout cart',
    route: marked,
    is: 'Initial RouteClaimed',
    says: `HTTPRoute ${NAME} is changed by Rollout cart as well, and only one of them can; name it in one`,
    note: 'Warning RouteClaimed',
  },
  {
    title: 'one that slipped past admission says what is wrong with it',
    objectRef: [{ service: NAME }],
    is: 'Initial InvalidRouting',
    says: 'spec.objectRef[0]: name a route: ingress, gateway or customNetworkRefs',
    note: 'Warning InvalidRouting',
  },
  {
    title: 'what was mended is Healthy again',
    phase: 'Initial',
    status: { reason: 'RouteNotFound' },
    is: 'Healthy',
  },
]);

table('while releases need it', [
  { title: 'the routes are set for the first one', participants: ['cart'], acts: [MARK] },
  {
    title: 'and only then said to be',
    participants: ['cart'],
    route: marked,
    is: 'Progressing',
    routedAt: ago(0),
    says: 'requests are marked for the releases of cart',
    note: 'Normal TrafficRouted',
  },
  {
    title: 'nothing begins with a fault',
    participants: ['cart'],
    route: undefined,
    is: 'Initial RouteNotFound',
    note: 'Warning RouteNotFound',
  },
  {
    title: 'another one joins',
    phase: 'Progressing',
    participants: ['web', 'cart'],
    status: { routedAt: ago(60) },
    route: marked,
    is: 'Progressing',
    routedAt: ago(60),
    says: 'requests are marked for the releases of cart, web',
  },
  {
    title: 'what somebody takes away is set again',
    phase: 'Progressing',
    participants: ['cart'],
    status: { routedAt: ago(60) },
    acts: [MARK],
  },
  {
    title: 'a changed strategy has its own grace period',
    phase: 'Progressing',
    participants: ['cart'],
    generation: 2,
    status: { routedAt: ago(60) },
    route: marked,
    is: 'Progressing',
    routedAt: ago(0),
  },
  {
    title: 'a strategy that chooses nothing any more takes the routes back',
    phase: 'Progressing',
    participants: ['cart'],
    status: { routedAt: ago(60) },
    strategy: {},
    route: marked,
    acts: [TAKE_BACK],
  },
  {
    title: 'a route that is gone is a fault, and counts as not routed',
    phase: 'Progressing',
    participants: ['cart'],
    status: { routedAt: ago(60) },
    route: undefined,
    is: 'Progressing RouteNotFound',
    note: 'Warning RouteNotFound',
  },
  {
    title: 'a Rollout that is gone needs nothing',
    phase: 'Progressing',
    participants: ['cart', 'lost'],
    acts: [KEEP],
  },
]);

table('when the last release is over', [
  {
    title: 'it says that the routes are taken back before it takes them',
    phase: 'Progressing',
    status: { routedAt: ago(60) },
    route: marked,
    is: 'Finalizing',
    routedAt: ago(60),
  },
  {
    title: 'it takes them back',
    phase: 'Finalizing',
    status: { routedAt: ago(60) },
    route: marked,
    acts: [TAKE_BACK],
  },
  {
    title: 'one grace period counts from when they are seen gone',
    phase: 'Finalizing',
    status: { routedAt: ago(60) },
    is: 'Finalizing',
    routedAt: ago(60),
    routesRemovedAt: ago(0),
    wakeIn: 5,
  },
  {
    title: 'and goes on after a restart',
    phase: 'Finalizing',
    status: { routedAt: ago(60), routesRemovedAt: ago(4) },
    is: 'Finalizing',
    routedAt: ago(60),
    routesRemovedAt: ago(4),
    wakeIn: 1,
  },
  {
    title: 'one that joined meanwhile waits for it',
    phase: 'Finalizing',
    participants: ['cart'],
    status: { routedAt: ago(60), routesRemovedAt: ago(4) },
    is: 'Finalizing',
    routedAt: ago(60),
    routesRemovedAt: ago(4),
    wakeIn: 1,
  },
  {
    title: 'then it is Healthy',
    phase: 'Finalizing',
    status: { routedAt: ago(60), routesRemovedAt: ago(5) },
    is: 'Healthy',
    note: 'Normal CanaryRoutesRemoved',
  },
  {
    title: 'where nothing could be routed nothing is waited for',
    phase: 'Progressing',
    status: { reason: 'RouteNotFound' },
    route: undefined,
    is: 'Healthy',
  },
]);

table('when it is deleted', [
  {
    title: 'it stays as it is while a release needs it',
    phase: 'Progressing',
    deleted: true,
    generation: 2,
    participants: ['cart'],
    status: { routedAt: ago(60) },
    route: marked,
    is: 'Terminating',
    routedAt: ago(60),
    says: 'it goes when the releases of cart are over',
  },
  {
    title: 'its routes are still repaired',
    phase: 'Terminating',
    deleted: true,
    participants: ['cart'],
    status: { routedAt: ago(60) },
    acts: [MARK],
  },
  {
    title: 'a Rollout that is gone does not keep it',
    phase: 'Terminating',
    deleted: true,
    participants: ['lost'],
    acts: [KEEP],
  },
  {
    title: 'it says that the routes are taken back before it takes them',
    phase: 'Progressing',
    deleted: true,
    status: { routedAt: ago(60) },
    route: marked,
    is: 'Terminating',
    routedAt: ago(60),
  },
  {
    title: 'its routes are taken back before it goes',
    phase: 'Terminating',
    deleted: true,
    status: { routedAt: ago(60) },
    route: marked,
    acts: [TAKE_BACK],
  },
  {
    title: 'and one grace period passes',
    phase: 'Terminating',
    deleted: true,
    status: { routedAt: ago(60), routesRemovedAt: ago(1) },
    is: 'Terminating',
    routedAt: ago(60),
    routesRemovedAt: ago(1),
    wakeIn: 4,
  },
  {
    title: 'then it goes',
    phase: 'Terminating',
    deleted: true,
    status: { routedAt: ago(60), routesRemovedAt: ago(5) },
    acts: [`replace TrafficRouting ${SHARED_NAME}: let it go`],
  },
  {
    title: 'one that routed nothing goes at once',
    deleted: true,
    acts: [`replace TrafficRouting ${SHARED_NAME}: let it go`],
  },
  { title: 'one that somebody else keeps is left to them', deleted: true, kept: false },
]);

/** The same with an Ingress, and what is beside it. */
function byIngress(made: Ingress, claim?: string): SharedFacts {
  const ref = { service: NAME, ingress: { name: NAME } };
  const routing = sharedRouting({
    phase: 'Progressing',
    participants: ['cart'],
    status: { routedAt: ago(60) },
    objectRef: [ref],
    strategy: { matches: TESTERS.matches ?? [] },
  });
  return {
    routing,
    refs: [
      {
        ref,
        service: service(),
        routes: [{ provider: nginxIngress(NAME), own: ingress(), made }],
      },
    ],
    rollouts: ['cart'],
    claims: new Map(claim === undefined ? [] : [[`Ingress ${NAME}`, claim]]),
  };
}

const beside = { ...ingress(), metadata: { ...ingress().metadata, name: `${NAME}-canary` } };

test('a canary Ingress of somebody else is never overwritten', () => {
  expect(decideSharing(byIngress(beside), NOW)).toMatchObject({
    acts: [],
    status: {
      phase: 'Progressing',
      reason: 'NameTaken',
      message: `Ingress ${NAME}-canary belongs to somebody else; rename or delete it`,
    },
  });
});

test('an Ingress that is left to somebody else keeps none of ours beside it', () => {
  const ownerReferences = [controllerReference(sharedRouting())];
  const ours = { ...beside, metadata: { ...beside.metadata, ownerReferences } };
  const { acts } = decideSharing(byIngress(ours, 'Rollout cart'), NOW);
  expect(acts).toEqual([
    { verb: 'delete', resource: resources.ingress, object: ours, why: 'take the routes back' },
  ]);
});

test('one fault keeps no other route from being repaired', () => {
  const facts = factsOf({ phase: 'Progressing', participants: ['cart'], status: { routedAt: ago(60) } });
  const [ref] = facts.refs;
  if (!ref) throw new Error('there is one');
  const gone = { ...ref, routes: [{ provider: httpRoute('gone'), own: undefined, made: undefined }] };
  const { acts } = decideSharing({ ...facts, refs: [gone, ref] }, NOW);
  expect(acts.map(({ object }) => object.metadata.name)).toEqual([NAME]);
});
