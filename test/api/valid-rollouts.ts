import fc from 'fast-check';
import type { AnyRollout } from './rollout-arbitraries.ts';

/** Rollouts with every field that there is, and such values as both webhook and schema let through. */

/** A value, or no field at all. */
function maybe<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(value, { nil: undefined, freq: 2 });
}

const name = fc.constantFrom('echoserver', 'shop', 'a-1.b');
const texts = fc.dictionary(fc.constantFrom('team', 'example.com/tier'), fc.constantFrom('', 'x', 'é"\\\n'), {
  maxKeys: 2,
});
const percents = (least: number, most: number, count: number) =>
  fc
    .array(fc.integer({ min: least, max: most }), { minLength: count, maxLength: count })
    .map((all) => all.toSorted((a, b) => a - b));

const named = fc.record({
  type: maybe(fc.constantFrom('Exact', 'RegularExpression')),
  name: fc.constantFrom('User', 'canary-by-cookie', 'x'),
  value: fc.constantFrom('me', '^a.*$', '"'),
});
const namedList = fc.uniqueArray(named, {
  minLength: 1,
  maxLength: 3,
  selector: ({ name: own }) => own.toLowerCase(),
});
const path = fc.record({
  type: maybe(fc.constantFrom('Exact', 'PathPrefix', 'RegularExpression')),
  value: maybe(fc.constantFrom('/', '/a')),
});
const headerMatch = fc.record({ headers: namedList });
const match = fc
  .record({ path: maybe(path), headers: maybe(namedList), queryParams: maybe(namedList) })
  .filter((one) => Object.values(one).some((field) => field !== undefined));
const headers = maybe(
  fc.uniqueArray(fc.record({ name: fc.constantFrom('X-A', 'X-B'), value: fc.constant('1') }), {
    maxLength: 2,
    selector: (one) => one.name,
  }),
);
const requestHeaderModifier = maybe(
  fc.record({ set: headers, add: headers, remove: maybe(fc.array(name, { maxLength: 2 })) }),
);
const pause = maybe(fc.record({ duration: fc.option(fc.integer({ min: 0, max: 99 }), { nil: undefined }) }));

const networkRefs = fc.constantFrom(
  [{ apiVersion: 'networking.istio.io/v1beta1', kind: 'VirtualService', name: 'vs' }],
  [
    { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', name: 'vs' },
    { apiVersion: 'networking.istio.io/v1', kind: 'DestinationRule', name: 'dr' },
  ],
);
const ingress = fc.record({ classType: maybe(fc.constantFrom('', 'nginx')), name });
const routing = (more: Record<string, fc.Arbitrary<unknown>>) =>
  fc
    .record({
      service: name,
      gracePeriodSeconds: maybe(fc.integer({ min: 0, max: 9 })),
      ingress: maybe(ingress),
      gateway: maybe(fc.record({ httpRouteName: name })),
      customNetworkRefs: maybe(networkRefs),
      ...more,
    })
    .filter((one) => Boolean(one.ingress ?? one.gateway ?? one.customNetworkRefs));

const threshold = maybe(fc.constantFrom<number | string>(0, 1, '10%'));
const metadataPatch = maybe(fc.record({ labels: maybe(texts), annotations: maybe(texts) }));
const disabled = maybe(fc.boolean());
const paused = maybe(fc.boolean());

/** disableGenerateCanaryService where every route can do without a canary Service. */
const strategyWith = (
  steps: fc.Arbitrary<unknown>,
  more: Record<string, fc.Arbitrary<unknown>>,
  type: object,
) =>
  fc
    .record({
      steps,
      trafficRoutings: maybe(fc.array(routing(type as never), { maxLength: 1 })),
      failureThreshold: threshold,
      disableGenerateCanaryService: maybe(fc.boolean()),
      ...more,
    })
    .filter(
      ({ disableGenerateCanaryService, trafficRoutings }) =>
        !disableGenerateCanaryService || (trafficRoutings ?? []).every((one) => !one.ingress && !one.gateway),
    );

const betaSteps = (least: number, most: number) =>
  fc.integer({ min: 1, max: 4 }).chain((count) =>
    fc
      .tuple(
        percents(1, most, count),
        fc.array(
          fc.record({
            traffic: maybe(fc.integer({ min: least, max: 100 }).map((share) => `${share}%`)),
            matches: maybe(fc.array(match, { maxLength: 2 })),
            requestHeaderModifier,
            pause,
          }),
          { minLength: count, maxLength: count },
        ),
        fc.boolean(),
      )
      .map(([amounts, steps, isNumber]) =>
        steps.map((step, index) => ({ ...step, replicas: isNumber ? amounts[index] : `${amounts[index]}%` })),
      ),
  );

const alphaSteps = fc.integer({ min: 1, max: 4 }).chain((count) =>
  fc
    .tuple(
      percents(1, 50, count),
      fc.array(
        fc.record({
          isWeight: fc.boolean(),
          isReplicas: fc.boolean(),
          matches: maybe(fc.array(headerMatch, { maxLength: 2 })),
          requestHeaderModifier,
          pause,
        }),
        { minLength: count, maxLength: count },
      ),
    )
    .map(([amounts, steps]) =>
      steps.map(({ isWeight, isReplicas, ...step }, index) => ({
        ...step,
        ...(isWeight ? { weight: amounts[index] } : {}),
        ...(isReplicas || !isWeight ? { replicas: `${amounts[index]}%` } : {}),
      })),
    ),
);

const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'echoserver' };
const workloads = fc.constantFrom(
  deployment,
  { apiVersion: 'apps.kruise.io/v1alpha1', kind: 'CloneSet', name: 'echoserver' },
  { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'echoserver' },
  { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'echoserver' },
);

const betaSpec = fc.oneof(
  fc.record({
    workloadRef: fc.constant(deployment),
    disabled,
    strategy: fc.record({
      paused,
      canary: strategyWith(
        betaSteps(1, 100),
        { enableExtraWorkloadForCanary: fc.constant(true), patchPodTemplateMetadata: metadataPatch },
        {},
      ),
    }),
  }),
  fc.record({
    workloadRef: workloads,
    disabled,
    strategy: fc.record({
      paused,
      canary: strategyWith(betaSteps(1, 50), { enableExtraWorkloadForCanary: maybe(fc.boolean()) }, {}),
    }),
  }),
  fc.record({
    workloadRef: fc.constantFrom(deployment, {
      ...deployment,
      apiVersion: 'apps.kruise.io/v1alpha1',
      kind: 'CloneSet',
    }),
    disabled,
    strategy: fc.record({ paused, blueGreen: strategyWith(betaSteps(0, 100), {}, {}) }),
  }),
);

const alphaSpec = fc.record({
  objectRef: workloads.map((workloadRef) => ({ workloadRef })),
  rolloutID: maybe(name),
  disabled,
  strategy: fc.record({
    paused,
    canary: strategyWith(
      alphaSteps,
      { patchPodTemplateMetadata: metadataPatch },
      { type: maybe(fc.constantFrom('', 'nginx')) },
    ),
  }),
});

const time = fc.constantFrom('2026-01-02T03:04:05Z', '2026-01-02T03:04:05.678Z');
const number = fc.integer({ min: -1, max: 9 });
const word = fc.constantFrom('', 'StepPaused', '7d9c');
const shared = {
  observedWorkloadGeneration: maybe(number),
  observedRolloutID: maybe(word),
  rolloutHash: maybe(word),
  stableRevision: maybe(word),
  podTemplateHash: word,
  currentStepIndex: number,
  nextStepIndex: number,
  currentStepState: word,
  finalisingStep: word,
  message: maybe(word),
  lastUpdateTime: maybe(time),
};
const condition = fc.record({
  type: fc.constantFrom('Progressing', 'Succeeded', 'Terminating'),
  status: fc.constantFrom('True', 'False', 'Unknown'),
  reason: word,
  message: word,
  lastTransitionTime: maybe(time),
  lastUpdateTime: maybe(time),
});
const status = fc.record({
  observedGeneration: maybe(number),
  phase: maybe(fc.constantFrom('Healthy', 'Progressing')),
  message: maybe(word),
  conditions: maybe(fc.array(condition, { maxLength: 2 })),
  currentStepIndex: number,
  currentStepState: word,
  canaryStatus: maybe(
    fc.record({ ...shared, canaryRevision: word, canaryReplicas: number, canaryReadyReplicas: number }),
  ),
  blueGreenStatus: maybe(
    fc.record({ ...shared, updatedRevision: word, updatedReplicas: number, updatedReadyReplicas: number }),
  ),
  approvals: maybe(
    fc.array(
      fc.record({
        releaseId: number,
        stepEntry: number,
        step: number,
        to: maybe(number),
        user: name,
        at: time,
      }),
      {
        maxLength: 2,
      },
    ),
  ),
});

const styles = { v1alpha1: fc.constantFrom('canary', 'Partition', 'partition'), v1beta1: name };

function valid(version: 'v1alpha1' | 'v1beta1', spec: fc.Arbitrary<unknown>): fc.Arbitrary<AnyRollout> {
  const annotations = fc.record({
    'rollouts.kruise.io/rolling-style': maybe(styles[version]),
    'rollouts.kruise.io/hash': fc.constant('5f'),
  });
  return fc
    .record({
      apiVersion: fc.constant(`rollouts.kruise.io/${version}`),
      kind: fc.constant('Rollout'),
      metadata: fc.record({
        name,
        namespace: name,
        uid: fc.constant('7a7e'),
        generation: number,
        labels: maybe(texts),
        annotations,
        finalizers: maybe(fc.constant(['rollouts.kruise.io/rollout'])),
      }),
      spec,
      status: maybe(status),
    })
    .map((object) => JSON.parse(JSON.stringify(object)) as AnyRollout);
}

export const validRollouts = { v1alpha1: valid('v1alpha1', alphaSpec), v1beta1: valid('v1beta1', betaSpec) };
