import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CONVERSION_ANNOTATION } from '../../src/api/annotations.ts';
import { canonicalJson } from '../../src/api/canonical.ts';
import { type KindDefinition, parseObject } from '../../src/api/kind.ts';
import { rolloutKind } from '../../src/api/rollout.ts';
import { convertRollout } from '../../src/api/rollout-conversion.ts';
import { rolloutV1alpha1Kind } from '../../src/api/rollout-v1alpha1.ts';
import { checkRollout } from '../../src/api/rollout-validation.ts';
import { type AnyRollout, edits, rollouts } from './rollout-arbitraries.ts';
import { validRollouts } from './valid-rollouts.ts';

const VERSIONS = ['v1alpha1', 'v1beta1'] as const;
type Version = (typeof VERSIONS)[number];
const OTHER = { v1alpha1: 'v1beta1', v1beta1: 'v1alpha1' } as const;

function converted(object: unknown, to: Version): AnyRollout {
  const result = convertRollout(object, `rollouts.kruise.io/${to}`);
  if (!result.ok) throw new Error(result.message);
  return result.object as unknown as AnyRollout;
}

function withoutNote({ metadata, ...object }: AnyRollout): unknown {
  const { annotations, ...rest } = metadata;
  const others = Object.entries(annotations ?? {}).filter(([key]) => key !== CONVERSION_ANNOTATION);
  return { ...object, metadata: { ...rest, annotations: Object.fromEntries(others) } };
}

function rollout(version: Version, spec: object, annotations?: Record<string, string>): AnyRollout {
  return {
    apiVersion: `rollouts.kruise.io/${version}`,
    kind: 'Rollout',
    metadata: { name: 'demo', uid: '7a7e', ...(annotations ? { annotations } : {}) },
    spec: spec as Record<string, unknown>,
  };
}

const WORKLOAD = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'echoserver' };

function alpha(canary: object, annotations?: Record<string, string>): AnyRollout {
  return rollout('v1alpha1', { objectRef: { workloadRef: WORKLOAD }, strategy: { canary } }, annotations);
}

function beta(strategy: object, annotations?: Record<string, string>): AnyRollout {
  return rollout('v1beta1', { workloadRef: WORKLOAD, strategy }, annotations);
}

function canaryOf(object: AnyRollout): unknown {
  return (object.spec as { strategy: { canary?: unknown } }).strategy.canary;
}

function edited(object: AnyRollout, change: (canary: Record<string, never>) => object): AnyRollout {
  const spec = object.spec as { strategy: { canary: Record<string, never> } };
  return {
    ...object,
    spec: { ...spec, strategy: { ...spec.strategy, canary: change(spec.strategy.canary) } },
  } as AnyRollout;
}

describe('what one version says is said in the other', () => {
  test.each<[string, AnyRollout, unknown]>([
    [
      'a weight becomes traffic, and the replicas where they are unset',
      alpha({ steps: [{ weight: 5 }] }),
      { enableExtraWorkloadForCanary: true, steps: [{ traffic: '5%', replicas: '5%' }] },
    ],
    [
      'replicas stay what they are',
      alpha({ steps: [{ weight: 5, replicas: 1 }, { replicas: '20%' }] }),
      { enableExtraWorkloadForCanary: true, steps: [{ traffic: '5%', replicas: 1 }, { replicas: '20%' }] },
    ],
    [
      'the type of a routing becomes the class of its ingress',
      alpha({ trafficRoutings: [{ service: 's', type: 'nginx', ingress: { name: 'i' } }] }),
      {
        enableExtraWorkloadForCanary: true,
        trafficRoutings: [{ service: 's', ingress: { name: 'i', classType: 'nginx' } }],
      },
    ],
    [
      'the annotation for partition style, in any case of letters',
      alpha({}, { 'rollouts.kruise.io/rolling-style': 'Partition' }),
      { enableExtraWorkloadForCanary: false },
    ],
    [
      'the annotation that names a TrafficRouting',
      alpha({}, { 'rollouts.kruise.io/trafficrouting': 'route' }),
      { enableExtraWorkloadForCanary: true, trafficRoutingRef: 'route' },
    ],
    [
      'disableGenerateCanaryService, which upstream loses',
      alpha({ disableGenerateCanaryService: true }),
      { enableExtraWorkloadForCanary: true, disableGenerateCanaryService: true },
    ],
  ])('v1alpha1 → v1beta1: %s', (_, object, canary) => {
    expect(canaryOf(converted(object, 'v1beta1'))).toStrictEqual(canary);
  });

  test.each<[string, AnyRollout, unknown, Record<string, string>]>([
    [
      'traffic becomes a weight',
      beta({ canary: { enableExtraWorkloadForCanary: true, steps: [{ traffic: '5%', replicas: '20%' }] } }),
      { steps: [{ weight: 5, replicas: '20%' }] },
      {},
    ],
    [
      'partition style becomes an annotation',
      beta({ canary: {} }),
      {},
      { 'rollouts.kruise.io/rolling-style': 'partition' },
    ],
    [
      'trafficRoutingRef becomes an annotation',
      beta({ canary: { enableExtraWorkloadForCanary: true, trafficRoutingRef: 'route' } }),
      {},
      { 'rollouts.kruise.io/trafficrouting': 'route' },
    ],
    [
      'matches show their headers',
      beta({
        canary: {
          enableExtraWorkloadForCanary: true,
          steps: [{ matches: [{ path: { value: '/' }, headers: [{ name: 'a', value: 'b' }] }] }],
        },
      }),
      { steps: [{ matches: [{ headers: [{ name: 'a', value: 'b' }] }] }] },
      {},
    ],
    [
      'a blue-green strategy cannot be shown',
      beta({ blueGreen: { steps: [{ replicas: '100%' }] } }),
      undefined,
      {},
    ],
  ])('v1beta1 → v1alpha1: %s', (_, object, canary, annotations) => {
    const result = converted(object, 'v1alpha1');
    expect(canaryOf(result)).toStrictEqual(canary);
    const { [CONVERSION_ANNOTATION]: _note, ...others } = result.metadata.annotations ?? {};
    expect(others).toStrictEqual(annotations);
    expect(result.spec['objectRef']).toStrictEqual({ workloadRef: WORKLOAD });
  });
});

describe('nothing is lost', () => {
  test.each(VERSIONS)('%s, there and back, is identical', (version) => {
    fc.assert(
      fc.property(rollouts[version], (object) => {
        expect(converted(converted(object, OTHER[version]), version)).toStrictEqual(object);
      }),
      { numRuns: 300 },
    );
  });

  test.each(VERSIONS)('an edit of what came from %s stays as it was made', (version) => {
    fc.assert(
      fc.property(
        rollouts[version],
        fc.array(edits(OTHER[version]), { minLength: 1, maxLength: 3 }),
        (object, changes) => {
          const before = converted(object, OTHER[version]);
          const after = changes.reduce((state, change) => change(state), before);
          const returned = converted(converted(after, version), OTHER[version]);
          expect(withoutNote(returned)).toStrictEqual(withoutNote(after));
        },
      ),
      { numRuns: 300 },
    );
  });

  test.each(VERSIONS)('%s: only apiVersion, spec and annotations change', (version) => {
    fc.assert(
      fc.property(rollouts[version], (object) => {
        const result = converted(object, OTHER[version]);
        const strip = ({ metadata: { annotations: _, ...metadata }, spec: _spec, ...rest }: AnyRollout) => ({
          ...rest,
          metadata,
        });
        expect(strip(result)).toStrictEqual({
          ...strip(object),
          apiVersion: `rollouts.kruise.io/${OTHER[version]}`,
        });
      }),
    );
  });

  test('what both versions can say needs no annotation', () => {
    const object = alpha({ steps: [{ weight: 5, replicas: '20%', pause: {} }] });
    expect(converted(object, 'v1beta1').metadata).toStrictEqual({ name: 'demo', uid: '7a7e' });
  });

  test('the annotation goes again with what it kept', () => {
    const kept = converted(
      alpha({ trafficRoutings: [{ service: 's', type: 'nginx', ingress: { name: 'i' } }] }),
      'v1beta1',
    );
    expect(kept.metadata.annotations).toStrictEqual({
      [CONVERSION_ANNOTATION]: expect.stringContaining('"type":"nginx"'),
    });
    const plain = edited(kept, () => ({
      enableExtraWorkloadForCanary: true,
      steps: [{ traffic: '5%', replicas: 1 }],
    }));
    const shown = converted(plain, 'v1alpha1');
    expect(shown.metadata).toStrictEqual({ name: 'demo', uid: '7a7e' });
    expect(converted(shown, 'v1beta1').metadata).toStrictEqual({ name: 'demo', uid: '7a7e' });
  });
});

describe('a valid Rollout with every field that there is', () => {
  const kinds: Record<Version, KindDefinition> = { v1alpha1: rolloutV1alpha1Kind, v1beta1: rolloutKind };

  /** The faults of schema and rules, which are those of the stored version. */
  function faultsIn(object: AnyRollout, version: Version): unknown[] {
    const own = parseObject(kinds[version], object as never);
    const stored = parseObject(rolloutKind, converted(object, 'v1beta1') as never);
    return [...(own.ok ? [] : own.faults), ...(stored.ok ? checkRollout(stored.object) : stored.faults)];
  }

  test.each(VERSIONS)('is accepted in %s', (version) => {
    fc.assert(
      fc.property(validRollouts[version], (object) => {
        expect(faultsIn(object, version)).toStrictEqual([]);
      }),
    );
  });

  test.each(VERSIONS)('loses nothing that the schemas know: of %s they drop no field', (version) => {
    fc.assert(
      fc.property(validRollouts[version], (object) => {
        const other = converted(object, OTHER[version]);
        expect(parseObject(kinds[version], object as never)).toStrictEqual({ ok: true, object });
        const parsed = parseObject(kinds[OTHER[version]], other as never);
        expect(parsed).toStrictEqual({ ok: true, object: other });
      }),
      { numRuns: 300 },
    );
  });

  // The API server stores JSON with sorted keys: canonical JSON is what its bytes are.
  test.each(VERSIONS)('%s is there again byte for byte after both conversions', (version) => {
    fc.assert(
      fc.property(validRollouts[version], (object) => {
        const back = converted(converted(object, OTHER[version]), version);
        expect(canonicalJson(back)).toBe(canonicalJson(object));
      }),
      { numRuns: 300 },
    );
  });

  test.each(VERSIONS)('is still so when only the status of what came from %s is written (T22)', (version) => {
    fc.assert(
      fc.property(validRollouts[version], fc.jsonValue(), (object, status) => {
        const seen = { ...converted(object, OTHER[version]), status: JSON.parse(JSON.stringify(status)) };
        const back = converted(seen, version);
        expect(canonicalJson(back)).toBe(canonicalJson({ ...object, status: seen.status }));
      }),
      { numRuns: 300 },
    );
  });
});

describe('an edit counts, and what it does not touch is kept', () => {
  const walkthrough = alpha({
    steps: [{ weight: 5, pause: {} }, { weight: 50 }],
    trafficRoutings: [{ service: 's', type: 'nginx', ingress: { name: 'i' } }],
  });
  const steps = (object: AnyRollout) => (canaryOf(object) as { steps: unknown }).steps;
  const routings = (object: AnyRollout) => (canaryOf(object) as { trafficRoutings: unknown }).trafficRoutings;

  test('a new weight in v1beta1 comes back as that weight, with the type still there', () => {
    const stored = edited(converted(walkthrough, 'v1beta1'), (canary) => ({
      ...canary,
      steps: [
        { traffic: '10%', replicas: '10%', pause: {} },
        { traffic: '50%', replicas: '50%' },
      ],
    }));
    const shown = converted(stored, 'v1alpha1');
    expect(steps(shown)).toStrictEqual([{ weight: 10, replicas: '10%', pause: {} }, { weight: 50 }]);
    expect(routings(shown)).toStrictEqual([{ service: 's', type: 'nginx', ingress: { name: 'i' } }]);
  });

  test('unset replicas do not come back where they would follow another weight', () => {
    const stored = edited(converted(walkthrough, 'v1beta1'), (canary) => ({
      ...canary,
      steps: [
        { traffic: '10%', replicas: '5%', pause: {} },
        { traffic: '50%', replicas: '50%' },
      ],
    }));
    expect(steps(converted(stored, 'v1alpha1'))).toStrictEqual([
      { weight: 10, replicas: '5%', pause: {} },
      { weight: 50 },
    ]);
  });

  test('a step put in front does not get what belongs to the next', () => {
    const stored = edited(converted(walkthrough, 'v1beta1'), (canary) => ({
      ...canary,
      steps: [{ traffic: '1%', replicas: '1%' }, ...(canary['steps'] ?? [])],
    }));
    expect(steps(converted(stored, 'v1alpha1'))).toStrictEqual([
      { weight: 1, replicas: '1%' },
      { weight: 5, pause: {} },
      { weight: 50 },
    ]);
  });

  test('another ingress class in v1beta1 is not contradicted by the former type', () => {
    const stored = edited(converted(walkthrough, 'v1beta1'), (canary) => ({
      ...canary,
      trafficRoutings: [{ service: 's', ingress: { name: 'i', classType: 'mse' } }],
    }));
    expect(routings(converted(stored, 'v1alpha1'))).toStrictEqual([
      { service: 's', ingress: { name: 'i', classType: 'mse' } },
    ]);
  });

  const path = { path: { value: '/a' } };
  const header = { headers: [{ name: 'user', value: 'me' }] };
  const matching = beta({
    canary: {
      enableExtraWorkloadForCanary: true,
      steps: [
        { replicas: 1, matches: [{ ...path, ...header }, path] },
        { replicas: 2, traffic: '5%' },
      ],
    },
  });

  test('a new pause in v1alpha1 leaves the paths that it cannot show', () => {
    const shown = edited(converted(matching, 'v1alpha1'), (canary) => ({
      ...canary,
      steps: [
        { replicas: 1, matches: [header, {}], pause: { duration: 9 } },
        { replicas: 2, weight: 6 },
      ],
    }));
    expect(steps(converted(shown, 'v1beta1'))).toStrictEqual([
      { replicas: 1, matches: [{ ...path, ...header }, path], pause: { duration: 9 } },
      { replicas: 2, traffic: '6%' },
    ]);
  });

  test('an edited match is another match', () => {
    const other = { headers: [{ name: 'user', value: 'you' }] };
    const shown = edited(converted(matching, 'v1alpha1'), (canary) => ({
      ...canary,
      steps: [
        { replicas: 1, matches: [other, {}] },
        { replicas: 2, weight: 5 },
      ],
    }));
    expect(steps(converted(shown, 'v1beta1'))).toStrictEqual([
      { replicas: 1, matches: [other, path] },
      { replicas: 2, traffic: '5%' },
    ]);
  });

  test('a blue-green Rollout that is given a canary strategy in v1alpha1 has only that', () => {
    const shown = converted(beta({ paused: true, blueGreen: { steps: [{ replicas: '100%' }] } }), 'v1alpha1');
    expect(shown.spec['strategy']).toStrictEqual({ paused: true });
    const changed = { ...shown, spec: { ...shown.spec, strategy: { canary: { steps: [{ weight: 5 }] } } } };
    expect(converted(changed, 'v1beta1').spec['strategy']).toStrictEqual({
      canary: { enableExtraWorkloadForCanary: true, steps: [{ traffic: '5%', replicas: '5%' }] },
    });
  });

  test('a blue-green Rollout that is paused in v1alpha1 stays one', () => {
    const shown = converted(beta({ blueGreen: { steps: [{ replicas: '100%' }] } }), 'v1alpha1');
    const changed = { ...shown, spec: { ...shown.spec, strategy: { paused: true } } };
    expect(converted(changed, 'v1beta1').spec['strategy']).toStrictEqual({
      paused: true,
      blueGreen: { steps: [{ replicas: '100%' }] },
    });
  });
});

describe('any input has an answer', () => {
  const deepText = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
  const deep = JSON.parse(deepText) as unknown;

  test.each<[string, unknown, string, string]>([
    ['not an object', 'Rollout', 'rollouts.kruise.io/v1beta1', 'only an object can be converted'],
    [
      'another kind',
      { kind: 'BatchRelease' },
      'rollouts.kruise.io/v1beta1',
      'only the kind Rollout can be converted, not "BatchRelease"',
    ],
    [
      'another group',
      { kind: 'Rollout', apiVersion: 'argoproj.io/v1alpha1' },
      'rollouts.kruise.io/v1beta1',
      'a Rollout cannot be converted from "argoproj.io/v1alpha1" to rollouts.kruise.io/v1beta1',
    ],
    [
      'another target',
      alpha({}),
      'rollouts.kruise.io/v2',
      'a Rollout cannot be converted from "rollouts.kruise.io/v1alpha1" to rollouts.kruise.io/v2',
    ],
    [
      'no metadata',
      { kind: 'Rollout', apiVersion: 'rollouts.kruise.io/v1alpha1' },
      'rollouts.kruise.io/v1beta1',
      'a Rollout without metadata cannot be converted',
    ],
    [
      'annotations that are text',
      { ...alpha({}), metadata: { annotations: 'x' } },
      'rollouts.kruise.io/v1beta1',
      'the annotations of the Rollout are not a map',
    ],
    [
      'a bottomless spec',
      { ...alpha({}), spec: deep },
      'rollouts.kruise.io/v1beta1',
      'the spec of the Rollout is nested too deeply',
    ],
  ])('%s', (_, object, to, message) => {
    expect(convertRollout(object, to)).toStrictEqual({ ok: false, message });
  });

  test('the same version is no change', () => {
    const object = alpha({});
    expect(convertRollout(object, object.apiVersion)).toStrictEqual({ ok: true, object });
  });

  test('JSON of any shape under spec goes through and comes back', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ noNegativeZero: true } as object),
        fc.constantFrom(...VERSIONS),
        (spec, version) => {
          const object = { ...rollout(version, {}), spec: JSON.parse(JSON.stringify(spec)) as never };
          expect(converted(converted(object, OTHER[version]), version)).toStrictEqual(object);
        },
      ),
    );
  });

  test.each([
    ['no JSON', 'x'],
    ['not an object', '3'],
    ['a list', '{"v1alpha1":[]}'],
    ['annotations that are no text', '{"v1alpha1":{"rollingStyle":{},"spec":{}}}'],
    ['bottomless', `{"v1alpha1":{"spec":${deepText}}}`],
    [
      'a whole other Rollout',
      JSON.stringify({ v1alpha1: { spec: alpha({ steps: [{ weight: 99 }] }).spec } }),
    ],
  ])('an annotation that a person wrote counts for nothing: %s', (_, note) => {
    const stored = beta(
      { canary: { enableExtraWorkloadForCanary: true, steps: [{ traffic: '5%', replicas: '5%' }] } },
      { [CONVERSION_ANNOTATION]: note },
    );
    const shown = converted(stored, 'v1alpha1');
    expect(shown).toStrictEqual(alpha({ steps: [{ weight: 5, replicas: '5%' }] }));
  });
});
