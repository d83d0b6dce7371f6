import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sameJson } from '../../src/api/canonical.ts';
import { isControlledBy, type KubeObject } from '../../src/api/kubernetes.ts';
import type { RequestMatch } from '../../src/api/rollout.ts';
import type { Provider, RouteRequest, Share } from '../../src/traffic/provider.ts';
import { ROLLOUT_UID } from '../builders/rollout.ts';

/** A request as it comes to a route. */
export interface Sent {
  path: string;
  method: string;
  /** Names in lower case. */
  headers: Record<string, string>;
  query: Record<string, string>;
}

/** What part of the requests of one kind reaches which backend; `stable` and `canary` are the release's. */
export type Reached = Record<string, number>;

export interface Routes {
  own: KubeObject;
  made: KubeObject | undefined;
}

export interface ProviderContract {
  name: string;
  provider: Provider;
  /** Objects that the API server would take, as it gives them back; most of them lead to the stable Service. */
  own: fc.Arbitrary<KubeObject>;
  matches: fc.Arbitrary<RequestMatch[]>;
  request(share: Share): RouteRequest;
  /** Every share changes headers: by them alone are requests told apart that all go to one Service. */
  marks?: true;
  reached(routes: Routes, sent: Sent): Reached;
  sent: fc.Arbitrary<Sent>;
  meets(match: RequestMatch, sent: Sent): boolean;
  /** What others do in the middle, with the user's object and with what is routed by it. */
  edits: Record<string, (own: KubeObject) => KubeObject>;
}

/** Whether a backend or a rule changes headers as the shares of the contract do. */
export function isMarked(names: readonly string[]): boolean {
  return names.includes('x-track');
}

/** Enough to find a fault within some days of runs; a change of a provider deserves a thousand. */
const RUNS = Number(process.env['CONTRACT_RUNS'] ?? 40);

const weights = fc.oneof(fc.integer({ min: 0, max: 100 }), fc.constantFrom(0, 1, 50, 99, 100));
const modifier = { set: [{ name: 'x-track', value: 'canary' }], remove: ['x-old'] };

/** What every provider must do, whatever the kind: for objects and shares of any form. */
export function providerContract(contract: ProviderContract): void {
  const { provider, request, reached } = contract;
  const share = fc.oneof(
    weights.map((weight): Share => ({ weight, matches: [] })),
    contract.matches.map((matches): Share => ({ weight: undefined, matches })),
  );
  const modified = fc
    .tuple(share, contract.marks ? fc.constant(true) : fc.boolean())
    .map(([of, isModified]): Share => (isModified ? { ...of, requestHeaderModifier: modifier } : of));

  /** Objects and shares that the provider can do. */
  const possible = (check: (own: KubeObject, first: Share, then: Share, sent: Sent) => void) =>
    fc.assert(
      fc.property(contract.own, modified, modified, contract.sent, (own, first, then, sent) => {
        fc.pre([first, then].every((each) => provider.problem(own, request(each)) === undefined));
        check(own, first, then, sent);
      }),
      { numRuns: RUNS, maxSkipsPerRun: 500 },
    );
  const route = (own: KubeObject, of: Share, made?: KubeObject) =>
    provider.routed({ own, made }, request(of));
  const unroute = (own: KubeObject) => provider.unrouted(own, request({ weight: 0, matches: [] }));

  describe(`${contract.name}: the contract of every provider`, () => {
    test('gives back the object as its owner wrote it, byte for byte', () => {
      possible((own, first, then) => {
        const routed = route(own, first);
        expect(JSON.stringify(unroute(routed.own))).toBe(JSON.stringify(own));
        const again = route(routed.own, then, routed.made);
        expect(JSON.stringify(unroute(again.own))).toBe(JSON.stringify(own));
      });
    });

    test('has nothing to do where it is done: the objects are the same ones', () => {
      possible((own, first) => {
        expect(unroute(own)).toBe(own);
        const routed = route(own, first);
        const again = route(routed.own, first, routed.made);
        expect(again.own).toBe(routed.own);
        expect(again.made).toBe(routed.made);
        const restored = unroute(routed.own);
        expect(unroute(restored)).toBe(restored);
      });
    });

    test('goes from any share to any other, as if there had been none before', () => {
      possible((own, first, then) => {
        const before = route(own, first);
        const after = route(before.own, then, before.made);
        const direct = route(own, then);
        expect(sameJson(after.own, direct.own)).toBe(true);
        expect(sameJson(after.made, direct.made)).toBe(true);
      });
    });

    test('goes on after a crash between the two objects', () => {
      possible((own, first) => {
        const { own: routed, made } = route(own, first);
        const rest = route(routed, first);
        expect(rest.own).toBe(routed);
        expect(sameJson(rest.made, made)).toBe(true);
        expect(sameJson(route(own, first, made), { own: routed, made })).toBe(true);
      });
    });

    test('sets it again where somebody applies the object anew', () => {
      possible((own, first) => {
        const { own: routed, made } = route(own, first);
        expect(sameJson(route(own, first, made).own, routed)).toBe(true);
        // …by a client that leaves annotations alone which it does not know.
        const applied = { ...own, metadata: { ...own.metadata, annotations: routed.metadata.annotations } };
        const { annotations: _none, ...bare } = own.metadata;
        const mixed = routed.metadata.annotations === undefined ? { ...own, metadata: bare } : applied;
        const again = route(mixed as KubeObject, first, made);
        expect(sameJson(again.own, routed)).toBe(true);
      });
    });

    for (const [what, edit] of Object.entries(contract.edits)) {
      test(`keeps what others do in the middle: ${what}`, () => {
        possible((own, first) => {
          fc.pre(provider.problem(edit(own), request(first)) === undefined);
          const { own: routed, made } = route(own, first);
          const edited = edit(routed);
          expect(sameJson(unroute(edited), edit(own))).toBe(true);
          const again = route(edited, first, made);
          expect(sameJson(again.own, route(edit(own), first).own)).toBe(true);
          expect(sameJson(unroute(again.own), edit(own))).toBe(true);
        });
      });
    }

    test('sends the canary its share of the requests to the stable Service, and touches no others', () => {
      possible((own, first, _then, sent) => {
        const before = reached({ own, made: undefined }, sent);
        const after = reached(route(own, first), sent);
        const all = before['stable'] ?? 0;
        const canary =
          first.matches.length === 0
            ? (all * (first.weight ?? 0)) / 100
            : first.matches.some((match) => contract.meets(match, sent))
              ? all
              : 0;
        const wanted: Reached = { ...before, stable: all - canary, canary };
        for (const name of new Set([...Object.keys(wanted), ...Object.keys(after)]))
          expect(after[name] ?? 0, name).toBeCloseTo(wanted[name] ?? 0, 6);
      });
    });

    test('makes only what goes with the Rollout', () => {
      possible((own, first) => {
        const { made } = route(own, first);
        if (made) {
          expect(isControlledBy(made, ROLLOUT_UID)).toBe(true);
          expect(made.metadata.name).toBe(provider.made?.name);
        }
      });
    });
  });
}

const SETS = {
  path: ['/', '/a', '/a/b', '/ab', '/c'],
  header: ['x', 'y'],
  name: ['team', 'ab'],
};

const conditions = (names: readonly string[]) =>
  fc.dictionary(fc.constantFrom(...names), fc.constantFrom(...SETS.header), { noNullPrototype: true });

/** Requests that meet the conditions of the arbitrary objects now and then. */
export const sentRequests: fc.Arbitrary<Sent> = fc.record({
  path: fc.constantFrom(...SETS.path),
  method: fc.constantFrom('GET', 'POST'),
  headers: conditions(SETS.name),
  query: conditions(SETS.name),
});

const named = fc
  .uniqueArray(
    fc.record({
      type: fc.constant('Exact' as const),
      name: fc.constantFrom(...SETS.name),
      value: fc.constantFrom(...SETS.header),
    }),
    { maxLength: 2, selector: ({ name }) => name },
  )
  .filter((list) => list.length > 0);

export const pathCondition = fc.record({
  type: fc.constantFrom('Exact' as const, 'PathPrefix' as const),
  value: fc.constantFrom('/', '/a', '/a/b', '/c'),
});

/** Matches of a step, and of a rule of the Gateway API. */
export const requestMatch: fc.Arbitrary<RequestMatch> = fc.record(
  { path: pathCondition, headers: named, queryParams: named },
  { requiredKeys: [] },
);

/** By the words of the API: whole elements of a path, every header and query parameter. */
export function meets({ path, headers = [], queryParams = [] }: RequestMatch, sent: Sent): boolean {
  const { type = 'PathPrefix', value = '/' } = path ?? {};
  const bare = value.endsWith('/') ? value.slice(0, -1) : value;
  const isUnder = sent.path === bare || sent.path.startsWith(`${bare}/`);
  return (
    (type === 'Exact' ? sent.path === value : isUnder) &&
    headers.every((each) => sent.headers[each.name.toLowerCase()] === each.value) &&
    queryParams.every((each) => sent.query[each.name] === each.value)
  );
}
