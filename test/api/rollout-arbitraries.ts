import fc from 'fast-check';
import { CONVERSION_ANNOTATION } from '../../src/api/annotations.ts';

/** A value, or no field at all, or (where the API allows it) null. */
function optional<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(value, { nil: undefined, freq: 2 });
}

function nullable<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null | undefined> {
  return fc.oneof({ weight: 4, arbitrary: value }, fc.constantFrom(null, undefined));
}

/** Objects as JSON has them: without fields that are undefined. */
function json<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return arbitrary.map((value) => JSON.parse(JSON.stringify(value)) as T);
}

const name = fc.constantFrom('echoserver', 'shop', 'a');
const percent = fc.integer({ min: 0, max: 100 }).map((value) => `${value}%`);
const replicas = fc.oneof(fc.integer({ min: 0, max: 9 }), percent, fc.constantFrom('5', 'many'));
const headers = fc.array(
  fc.record({ type: optional(fc.constantFrom('Exact', 'RegularExpression')), name, value: name }),
  { maxLength: 2 },
);
const pause = fc.record({ duration: nullable(fc.integer({ min: 0, max: 99 })) });
const requestHeaderModifier = fc.record({ remove: optional(fc.array(name, { maxLength: 2 })) });
const workloadRef = fc.record({
  apiVersion: fc.constant('apps/v1'),
  kind: fc.constantFrom('Deployment', 'StatefulSet'),
  name,
});
const labels = fc.dictionary(name, name, { maxKeys: 2 });

const alphaStep = fc.record({
  weight: nullable(fc.integer({ min: 0, max: 100 })),
  replicas: nullable(replicas),
  matches: optional(fc.array(fc.record({ headers: optional(headers) }), { maxLength: 2 })),
  requestHeaderModifier: optional(requestHeaderModifier),
  pause: optional(pause),
});

const betaStep = fc.record({
  replicas: nullable(replicas),
  traffic: nullable(fc.oneof(percent, fc.constantFrom('05%', '007%', '5'))),
  matches: optional(
    fc.array(
      fc.record({
        path: optional(fc.record({ value: name })),
        headers: optional(headers),
        queryParams: optional(headers),
      }),
      { maxLength: 2 },
    ),
  ),
  requestHeaderModifier: optional(requestHeaderModifier),
  pause: optional(pause),
});

const betaRouting = {
  service: name,
  gracePeriodSeconds: optional(fc.integer({ min: 0, max: 9 })),
  ingress: optional(fc.record({ classType: optional(fc.constantFrom('', 'nginx', 'mse')), name })),
  gateway: optional(fc.record({ httpRouteName: nullable(name) })),
};
const alphaRouting = { ...betaRouting, type: optional(fc.constantFrom('', 'nginx', 'mse')) };

const shared = {
  failureThreshold: nullable(replicas),
  disableGenerateCanaryService: optional(fc.boolean()),
};
const patchPodTemplateMetadata = optional(fc.record({ labels: optional(labels) }));

const alphaSpec = fc.record({
  objectRef: fc.record({ workloadRef }),
  rolloutID: optional(name),
  disabled: optional(fc.boolean()),
  strategy: fc.record({
    paused: optional(fc.boolean()),
    canary: nullable(
      fc.record({
        ...shared,
        steps: optional(fc.array(alphaStep, { maxLength: 3 })),
        trafficRoutings: optional(fc.array(fc.record(alphaRouting), { maxLength: 2 })),
        patchPodTemplateMetadata,
      }),
    ),
  }),
});

const betaStrategy = {
  ...shared,
  steps: optional(fc.array(betaStep, { maxLength: 3 })),
  trafficRoutings: optional(fc.array(fc.record(betaRouting), { maxLength: 2 })),
  trafficRoutingRef: optional(fc.constantFrom('', 'route')),
};

const betaSpec = fc.record({
  workloadRef,
  disabled: optional(fc.boolean()),
  strategy: fc.record({
    paused: optional(fc.boolean()),
    canary: nullable(
      fc.record({
        ...betaStrategy,
        patchPodTemplateMetadata,
        enableExtraWorkloadForCanary: optional(fc.boolean()),
      }),
    ),
    blueGreen: fc.option(fc.record(betaStrategy), { nil: undefined, freq: 5 }),
  }),
});

const status = fc.record({
  observedGeneration: optional(fc.integer({ min: 0, max: 9 })),
  currentStepIndex: optional(fc.integer({ min: 0, max: 9 })),
  canaryStatus: nullable(fc.record({ currentStepState: fc.constantFrom('StepPaused', 'StepReady') })),
  blueGreenStatus: nullable(fc.record({ updatedReplicas: fc.integer({ min: 0, max: 9 }) })),
});

/** The API server leaves out a map without entries. */
const annotations = fc
  .record({
    'rollouts.kruise.io/rolling-style': optional(
      fc.constantFrom('canary', 'partition', 'Partition', 'Canary', '', 'bluegreen'),
    ),
    'rollouts.kruise.io/trafficrouting': optional(fc.constantFrom('', 'route', 'other')),
    'kubectl.kubernetes.io/last-applied-configuration': optional(fc.constant('{"kind":"Rollout"}\n')),
    owner: optional(name),
  })
  .map((all) => {
    const present = Object.entries(all).filter(([, text]) => text !== undefined);
    return present.length > 0 ? Object.fromEntries(present) : undefined;
  });

export type Version = 'v1alpha1' | 'v1beta1';

export interface AnyRollout {
  apiVersion: string;
  kind: string;
  metadata: { name: string; annotations?: Record<string, string>; [field: string]: unknown };
  spec: Record<string, unknown>;
}

function rollout(version: string, spec: fc.Arbitrary<unknown>): fc.Arbitrary<AnyRollout> {
  return json(
    fc.record({
      apiVersion: fc.constant(`rollouts.kruise.io/${version}`),
      kind: fc.constant('Rollout'),
      metadata: fc.record({
        name,
        uid: fc.constant('7a7e'),
        labels: optional(labels),
        annotations,
        managedFields: fc.constant([{ manager: 'kubectl' }]),
      }),
      spec,
      status: optional(status),
    }),
  ) as fc.Arbitrary<unknown> as fc.Arbitrary<AnyRollout>;
}

/** Rollouts of each version, odd ones included: everything that the schemas let through, and some that they do not. */
export const rollouts = {
  v1alpha1: rollout('v1alpha1', alphaSpec),
  v1beta1: rollout('v1beta1', betaSpec),
};

const steps: Record<Version, fc.Arbitrary<object>> = { v1alpha1: alphaStep, v1beta1: betaStep };
const routings: Record<Version, fc.Arbitrary<object>> = {
  v1alpha1: fc.record(alphaRouting),
  v1beta1: fc.record(betaRouting),
};
const specs: Record<Version, fc.Arbitrary<object>> = { v1alpha1: alphaSpec, v1beta1: betaSpec };

export type Edit = (rollout: AnyRollout) => AnyRollout;

interface Parts {
  strategy?: { canary?: { steps?: unknown[]; trafficRoutings?: unknown[] } | null; [field: string]: unknown };
}

/** Something that a person may do to a Rollout of this version. */
export function edits(version: Version): fc.Arbitrary<Edit> {
  const position = fc.nat({ max: 2 });
  const ofList = (list: 'steps' | 'trafficRoutings', change: (elements: unknown[]) => unknown) => {
    return (object: AnyRollout) => {
      const { strategy } = object.spec as Parts;
      const elements = strategy?.canary?.[list];
      if (!elements) return object;
      const canary = { ...strategy?.canary, [list]: change(elements) };
      return { ...object, spec: { ...object.spec, strategy: { ...strategy, canary } } };
    };
  };
  const field = (element: unknown, changed: object, key: string) =>
    JSON.parse(
      JSON.stringify({ ...(element as object), [key]: (changed as Record<string, unknown>)[key] }),
    ) as unknown;
  const within = (list: 'steps' | 'trafficRoutings', elements: fc.Arbitrary<object>, keys: string[]) =>
    fc
      .tuple(position, json(elements), fc.constantFrom(...keys))
      .map(([at, changed, key]) =>
        ofList(list, (all) => all.map((one, index) => (index === at ? field(one, changed, key) : one))),
      );
  const traffic = version === 'v1alpha1' ? 'weight' : 'traffic';
  return fc.oneof(
    within('steps', steps[version], [traffic, 'replicas', 'matches', 'pause']),
    within('trafficRoutings', routings[version], ['service', 'ingress', 'gateway']),
    fc
      .tuple(position, json(steps[version]))
      .map(([at, step]) => ofList('steps', (all) => all.toSpliced(at, 0, step))),
    position.map((at) => ofList('steps', (all) => all.toSpliced(at, 1))),
    fc.constant(ofList('steps', (all) => all.toReversed())),
    annotations.map((changed) => (object: AnyRollout) => {
      const note = object.metadata.annotations?.[CONVERSION_ANNOTATION];
      const all = { ...changed, ...(note === undefined ? {} : { [CONVERSION_ANNOTATION]: note }) };
      const { annotations: _, ...metadata } = object.metadata;
      return {
        ...object,
        metadata: {
          ...metadata,
          ...(Object.keys(all).length > 0 ? { annotations: all } : {}),
        } as AnyRollout['metadata'],
      };
    }),
    json(specs[version]).map((spec) => (object: AnyRollout) => ({
      ...object,
      spec: spec as AnyRollout['spec'],
    })),
  );
}
