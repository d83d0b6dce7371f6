import { isRecord, type JsonRecord, withoutUndefined } from './json.ts';

/** What differs between the versions of a Rollout: its spec, and two annotations that v1alpha1 has in place of fields. */
export interface VersionedPart {
  spec?: unknown;
  /** The annotation rollouts.kruise.io/rolling-style. */
  rollingStyle?: unknown;
  /** The annotation rollouts.kruise.io/trafficrouting. */
  trafficRouting?: unknown;
}

/**
 * Translates from one version into the other, and leaves out what the other cannot say. Takes any JSON; what
 * is not of the expected shape goes through as it is.
 *
 * Both directions leave out so much that translating forth, back and forth again says the same as forth alone.
 * `put-back.ts` depends on it.
 */
export interface Translation {
  part(part: VersionedPart): VersionedPart;
  strategy(strategy: unknown): unknown;
  step(step: unknown): unknown;
  trafficRouting(routing: unknown): unknown;
}

export const toV1beta1: Translation = {
  part: ({ spec, rollingStyle, trafficRouting }) => ({
    spec: betaSpec(spec, {
      enableExtraWorkloadForCanary: !isPartition(rollingStyle),
      trafficRoutingRef: textOf(trafficRouting),
    }),
    rollingStyle,
    trafficRouting,
  }),
  strategy: (strategy) => betaStrategy(strategy, {}),
  step: betaStep,
  trafficRouting: betaRouting,
};

export const toV1alpha1: Translation = {
  part: ({ spec, rollingStyle, trafficRouting }) => {
    const canary = canaryOf(spec);
    return {
      spec: alphaSpec(spec),
      rollingStyle: canary ? alphaStyle(canary, rollingStyle) : rollingStyle,
      trafficRouting: textOf(canary?.['trafficRoutingRef']) ?? trafficRouting,
    };
  },
  strategy: alphaStrategy,
  step: alphaStep,
  trafficRouting: alphaRouting,
};

function betaSpec(spec: unknown, fromAnnotations: JsonRecord): unknown {
  if (!isRecord(spec)) return spec;
  const { objectRef, workloadRef: _, rolloutID: _ignored, strategy, ...rest } = spec;
  return withoutUndefined({
    ...rest,
    workloadRef: isRecord(objectRef) ? objectRef['workloadRef'] : undefined,
    strategy: betaStrategy(strategy, fromAnnotations),
  });
}

function alphaSpec(spec: unknown): unknown {
  if (!isRecord(spec)) return spec;
  const { workloadRef, objectRef: _, rolloutID: _ignored, strategy, ...rest } = spec;
  return withoutUndefined({
    ...rest,
    objectRef: workloadRef === undefined ? undefined : { workloadRef },
    strategy: alphaStrategy(strategy),
  });
}

function betaStrategy(strategy: unknown, fromAnnotations: JsonRecord): unknown {
  if (!isRecord(strategy)) return strategy;
  const { canary, blueGreen: _, ...rest } = strategy;
  return withoutUndefined({ ...rest, canary: convertCanary(canary, betaStep, betaRouting, fromAnnotations) });
}

/** v1alpha1 has no blue-green strategy: such a Rollout has none at all there. */
function alphaStrategy(strategy: unknown): unknown {
  if (!isRecord(strategy)) return strategy;
  const { canary, blueGreen, ...rest } = strategy;
  return withoutUndefined({
    ...rest,
    canary: isRecord(blueGreen) ? undefined : convertCanary(canary, alphaStep, alphaRouting),
  });
}

/** A canary strategy without what v1beta1 has no field for, its steps and routings converted. */
function convertCanary(
  canary: unknown,
  convertStep: (step: unknown) => unknown,
  convertRouting: (routing: unknown) => unknown,
  added: JsonRecord = {},
): unknown {
  if (!isRecord(canary)) return canary;
  const {
    enableExtraWorkloadForCanary: _,
    trafficRoutingRef: _ref,
    steps,
    trafficRoutings,
    ...rest
  } = canary;
  return withoutUndefined({
    ...rest,
    ...added,
    steps: each(steps, convertStep),
    trafficRoutings: each(trafficRoutings, convertRouting),
  });
}

function canaryOf(spec: unknown): JsonRecord | undefined {
  const strategy = isRecord(spec) ? alphaStrategy(spec['strategy']) : undefined;
  if (!isRecord(strategy) || !isRecord(strategy['canary'])) return undefined;
  return (spec as { strategy: { canary: JsonRecord } }).strategy.canary;
}

/** An annotation that says the same as the field stays as it was written; none is needed for canary style. */
function alphaStyle({ enableExtraWorkloadForCanary }: JsonRecord, written: unknown): unknown {
  const partition = enableExtraWorkloadForCanary !== true;
  if (isPartition(written) === partition) return written;
  return partition ? 'partition' : 'canary';
}

function isPartition(rollingStyle: unknown): boolean {
  return typeof rollingStyle === 'string' && rollingStyle.toLowerCase() === 'partition';
}

/** Without replicas of its own a step has as many percent of the pods as of the traffic. */
function betaStep(step: unknown): unknown {
  if (!isRecord(step)) return step;
  const { weight, traffic: _, replicas, matches, ...rest } = step;
  const traffic = Number.isSafeInteger(weight) && Number(weight) >= 0 ? `${weight}%` : undefined;
  return withoutUndefined({
    ...rest,
    traffic,
    replicas: replicas ?? traffic,
    matches: each(matches, headersOnly),
  });
}

function alphaStep(step: unknown): unknown {
  if (!isRecord(step)) return step;
  const { traffic, weight: _, replicas, matches, ...rest } = step;
  const weight = weightOf(traffic);
  return withoutUndefined({
    ...rest,
    weight,
    replicas: replicas ?? (weight === undefined ? undefined : `${weight}%`),
    matches: each(matches, headersOnly),
  });
}

function weightOf(traffic: unknown): number | undefined {
  if (typeof traffic !== 'string' || !/^\d{1,15}%$/.test(traffic)) return undefined;
  return Number(traffic.slice(0, -1));
}

function headersOnly(match: unknown): unknown {
  return isRecord(match) ? withoutUndefined({ headers: match['headers'] }) : match;
}

function betaRouting(routing: unknown): unknown {
  if (!isRecord(routing)) return routing;
  const { type, ingress, ...rest } = routing;
  const classType = textOf(type);
  const classed = isRecord(ingress) && classType !== undefined ? { ...ingress, classType } : ingress;
  return withoutUndefined({ ...rest, ingress: classed });
}

function alphaRouting(routing: unknown): unknown {
  if (!isRecord(routing)) return routing;
  const { type: _, ...rest } = routing;
  return rest;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function each(list: unknown, translate: (element: unknown) => unknown): unknown {
  return Array.isArray(list) ? list.map(translate) : list;
}
