import { describe, expect, test } from 'vitest';
import { ROUTE_NOTES_ANNOTATION } from '../../src/api/annotations.ts';
import type { HttpBackendRef, HttpRoute, HttpRouteRule } from '../../src/api/kubernetes.ts';
import { httpRoute } from '../../src/traffic/http-route.ts';
import type { Share } from '../../src/traffic/provider.ts';
import { NAME } from '../builders/deployment.ts';
import { httpRouteOf, routeRequest } from '../builders/traffic.ts';

const provider = httpRoute(NAME);
const STABLE: HttpBackendRef = { group: '', kind: 'Service', name: NAME, port: 80, weight: 1 };
const OTHER: HttpBackendRef = { name: 'help', port: 80 };
const CANARY = `${NAME}-canary`;

const routed = (own: HttpRoute, share: Share) =>
  provider.routed({ own, made: undefined }, { ...routeRequest(0), share }).own as HttpRoute;
const byWeight = (weight: number): Share => ({ weight, matches: [] });
const byMatches = (...matches: Share['matches']): Share => ({ weight: undefined, matches });
const plain = (own: HttpRoute) => provider.unrouted(own, routeRequest(0)) as HttpRoute;
const weightsOf = ({ spec }: HttpRoute) =>
  spec.rules?.map(({ backendRefs = [] }) =>
    backendRefs.map(({ name, weight }) => `${name} ${weight ?? '-'}`),
  );
const notes = ({ metadata }: HttpRoute) => metadata.annotations?.[ROUTE_NOTES_ANNOTATION];
const problem = (own: HttpRoute, share: Share) => provider.problem(own, { ...routeRequest(0), share });
const refs = (...backendRefs: HttpBackendRef[]): HttpRouteRule => ({ backendRefs });

describe('an HTTPRoute by weight', () => {
  test.each([
    ['one backend, as the API server keeps it', [STABLE], ['echoserver 95', 'echoserver-canary 5']],
    [
      'a backend without kind, group and weight',
      [{ name: NAME, port: 80 }],
      ['echoserver 95', 'echoserver-canary 5'],
    ],
    [
      'others, whose ratio is kept',
      [
        { ...STABLE, weight: 3 },
        { ...OTHER, weight: 1 },
      ],
      ['echoserver 285', 'echoserver-canary 15', 'help 100'],
    ],
    [
      'a backend that its owner gives nothing',
      [
        { ...STABLE, weight: 0 },
        { ...OTHER, weight: 2 },
      ],
      ['echoserver 0', 'help 2'],
    ],
    ['an object of another kind with the name', [{ ...STABLE, kind: 'Backend' }], ['echoserver 1']],
    ['a Service of another namespace', [{ ...STABLE, namespace: 'else' }], ['echoserver 1']],
  ])('splits %s', (_what, backends, expected) => {
    const own = httpRouteOf(refs(...(backends as HttpBackendRef[])));
    expect(weightsOf(routed(own, byWeight(5)))).toEqual([expected]);
  });

  test.each([0, 1, 50, 99, 100])('gives %i percent exactly', (weight) => {
    expect(weightsOf(routed(httpRouteOf(refs(STABLE)), byWeight(weight)))).toEqual([
      [`${NAME} ${100 - weight}`, `${CANARY} ${weight}`],
    ]);
  });

  test('notes nothing that can be computed back', () => {
    expect(notes(routed(httpRouteOf(refs(STABLE)), byWeight(5)))).toBeUndefined();
    expect(
      notes(routed(httpRouteOf(refs({ ...STABLE, weight: 3 }, { ...OTHER, weight: 1 })), byWeight(5))),
    ).toBeUndefined();
    expect(notes(routed(httpRouteOf(refs({ name: NAME, port: 80 })), byWeight(5)))).toBeDefined();
  });

  test('changes the headers of the requests to the canary alone', () => {
    const share = { ...byWeight(5), requestHeaderModifier: { set: [{ name: 'x-track', value: 'canary' }] } };
    const filters = routed(httpRouteOf(refs(STABLE)), share).spec.rules?.[0]?.backendRefs?.map(
      (ref) => ref.filters,
    );
    expect(filters).toEqual([
      undefined,
      [
        {
          type: 'RequestHeaderModifier',
          requestHeaderModifier: { set: [{ name: 'x-track', value: 'canary' }] },
        },
      ],
    ]);
  });
});

describe('weights that somebody writes in the middle', () => {
  const own = httpRouteOf(refs({ ...STABLE, weight: 3 }, { ...OTHER, weight: 1 }));
  const edited = (change: (all: HttpBackendRef[]) => HttpBackendRef[]) => {
    const now = routed(own, byWeight(5));
    const [first = {}] = now.spec.rules ?? [];
    return {
      ...now,
      spec: { ...now.spec, rules: [{ ...first, backendRefs: change(first.backendRefs ?? []) }] },
    };
  };

  test('for another backend are kept', () => {
    const tripled = edited((all) => all.map((ref) => (ref.name === 'help' ? { ...ref, weight: 300 } : ref)));
    expect(weightsOf(plain(tripled))).toEqual([['echoserver 3', 'help 3']]);
    expect(routed(tripled, byWeight(5))).toBe(tripled);
  });

  test('keep the ratio that they make where they are no multiples', () => {
    const odd = edited((all) => all.map((ref) => (ref.name === 'help' ? { ...ref, weight: 250 } : ref)));
    expect(weightsOf(plain(odd))).toEqual([['echoserver 300', 'help 250']]);
  });

  test('for the canary are set again, and what its owner wrote comes back', () => {
    const cut = edited((all) => all.map((ref) => (ref.name === CANARY ? { ...ref, weight: 0 } : ref)));
    expect(weightsOf(routed(cut, byWeight(5)))).toEqual([
      ['echoserver 285', 'echoserver-canary 15', 'help 100'],
    ]);
    expect(weightsOf(plain(cut))).toEqual([['echoserver 3', 'help 1']]);
  });

  test('and a stable backend that is taken out comes back: its requests have to go somewhere', () => {
    const without = edited((all) => all.filter(({ name }) => name !== NAME));
    expect(weightsOf(plain(without))).toEqual([['echoserver 1', 'help 1']]);
  });

  test('nothing is lost where all of it was on the canary, and that was taken away', () => {
    const all = routed(httpRouteOf(refs(STABLE)), byWeight(100));
    const [first = {}] = all.spec.rules ?? [];
    const rules = [
      { ...first, backendRefs: (first.backendRefs ?? []).map((ref) => ({ ...ref, weight: 0 })) },
    ];
    expect(weightsOf(plain({ ...all, spec: { ...all.spec, rules } }))).toEqual([['echoserver 1']]);
  });
});

describe('an HTTPRoute by matches', () => {
  const header = { headers: [{ name: 'x-user', value: 'tester' }] };
  const own = httpRouteOf({
    matches: [{ path: { type: 'PathPrefix', value: '/shop' } }],
    backendRefs: [STABLE],
  });

  test('has a rule before the stable one, for requests that meet both', () => {
    expect(routed(own, byMatches(header)).spec.rules).toEqual([
      {
        matches: [
          {
            path: { type: 'PathPrefix', value: '/shop' },
            headers: [{ type: 'Exact', name: 'x-user', value: 'tester' }],
          },
        ],
        backendRefs: [{ ...STABLE, name: CANARY }],
      },
      ...(own.spec.rules ?? []),
    ]);
  });

  test.each([
    ['a path below', '/shop/cart', '/shop/cart'],
    ['a path above', '/', '/shop'],
  ])('joins %s', (_what, value, expected) => {
    const [made] = routed(own, byMatches({ path: { value } })).spec.rules ?? [];
    expect(made?.matches).toEqual([{ path: { type: 'PathPrefix', value: expected } }]);
  });

  test('is any of the matches, each with everything in it', () => {
    const query = { queryParams: [{ type: 'RegularExpression' as const, name: 'ab', value: 'b.*' }] };
    const [made] = routed(own, byMatches(header, { ...header, ...query })).spec.rules ?? [];
    expect(made?.matches).toHaveLength(2);
    expect(made?.matches?.[1]).toMatchObject({
      headers: [{ name: 'x-user' }],
      queryParams: [{ name: 'ab' }],
    });
  });

  test('changes headers for the whole rule, which every gateway can', () => {
    const share = { ...byMatches(header), requestHeaderModifier: { remove: ['x-old'] } };
    const [made, stable] = routed(own, share).spec.rules ?? [];
    expect(made?.filters).toEqual([
      { type: 'RequestHeaderModifier', requestHeaderModifier: { remove: ['x-old'] } },
    ]);
    expect(stable?.filters).toBeUndefined();
  });

  test('leaves requests to others where they went, although a narrowed rule is more specific', () => {
    const shared = httpRouteOf(
      { backendRefs: [STABLE] },
      { matches: [{ headers: [{ name: 'team', value: 'docs' }] }], backendRefs: [OTHER] },
    );
    const rules = routed(shared, byMatches(header)).spec.rules ?? [];
    expect(
      rules.map(({ matches = [], backendRefs = [] }) => [
        matches.flatMap(({ headers = [] }) => headers.map(({ name }) => name)).join('+'),
        backendRefs[0]?.name,
      ]),
    ).toEqual([
      ['x-user', CANARY],
      ['', NAME],
      ['team+x-user', 'help'],
      ['team', 'help'],
    ]);
  });
});

describe('what an HTTPRoute cannot do is told', () => {
  const weighted = refs({ ...STABLE, weight: 20_000 }, OTHER);
  const withHeader = httpRouteOf({
    matches: [{ headers: [{ type: 'RegularExpression', name: 'x-user', value: 'a.*' }] }],
    backendRefs: [STABLE],
  });
  const underShop = httpRouteOf({
    matches: [{ path: { type: 'PathPrefix', value: '/shop' } }],
    backendRefs: [STABLE],
  });

  test.each([
    [
      httpRouteOf(refs(OTHER)),
      byWeight(5),
      'HTTPRoute echoserver has no backend Service echoserver; correct one of the two',
    ],
    [
      httpRouteOf(),
      byWeight(5),
      'HTTPRoute echoserver has no backend Service echoserver; correct one of the two',
    ],
    [
      httpRouteOf(weighted),
      byWeight(5),
      'HTTPRoute echoserver has a weight above 10000, which cannot be split in percent; write the weights with smaller numbers',
    ],
    [
      httpRouteOf(
        refs(STABLE, ...Array.from({ length: 15 }, (_, index) => ({ ...OTHER, name: `help-${index}` }))),
      ),
      byWeight(5),
      'HTTPRoute echoserver would need more than 16 backends in one rule; take some out of it',
    ],
    [
      withHeader,
      byMatches({ headers: [{ name: 'X-User', value: 'tester' }] }),
      'HTTPRoute echoserver cannot follow the matches of a step: a rule of it and the step both have a condition on X-User, which cannot be joined; change one of the two',
    ],
    [
      underShop,
      byMatches({ path: { type: 'RegularExpression', value: '/s.*' } }),
      'HTTPRoute echoserver cannot follow the matches of a step: a rule of it and the step both have a condition on the path, /shop and /s.*, which cannot be joined; change one of the two',
    ],
    [
      underShop,
      byMatches({ path: { value: '/help' } }),
      'no request that the matches of a step ask for can come to Service echoserver by HTTPRoute echoserver; change one of the two',
    ],
    [
      httpRouteOf(
        ...Array.from({ length: 9 }, (_, index) => ({
          matches: [{ path: { type: 'Exact', value: `/${index}` } }],
          backendRefs: [STABLE],
        })),
      ),
      byMatches({ headers: [{ name: 'x-user', value: 'tester' }] }),
      'HTTPRoute echoserver would need more than 16 rules for the matches of a step; split it in two',
    ],
  ] as const)('case %#', (own, share, expected) => {
    expect(problem(own as HttpRoute, share as Share)).toBe(expected);
  });

  test('without a canary Service it has nothing to send requests to', () => {
    const request = { ...routeRequest(5), services: { stable: NAME, canary: NAME } };
    expect(provider.problem(httpRouteOf(refs(STABLE)), request)).toBe(
      'HTTPRoute echoserver tells versions apart by their Services; remove disableGenerateCanaryService',
    );
  });
});
