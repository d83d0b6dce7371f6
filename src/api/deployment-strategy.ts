import { z } from 'zod';
import { DEPLOYMENT_STRATEGY_ANNOTATION } from './annotations.ts';
import { sameJson } from './canonical.ts';
import type { Deployment, IntOrString } from './kubernetes.ts';

const intOrString = z.union([z.int().min(0), z.string().regex(/^\d+%?$/)]);

const noteSchema = z.object({
  rollingStyle: z.string().regex(/^partition$/i),
  rollingUpdate: z
    .object({ maxSurge: intOrString.optional(), maxUnavailable: intOrString.optional() })
    .nullish()
    .transform((settings) => settings ?? undefined),
  paused: z.boolean().default(false),
  partition: intOrString.default(0),
  revision: z.string().optional(),
  keptPods: z.int().min(0).optional(),
});

/** How a Deployment is to be updated in place of Kubernetes, as its annotation says it. */
export interface StrategyNote {
  /** The settings of its author, to be put back at the end. */
  rollingUpdate?: RollingUpdate | undefined;
  /** Nothing but the scale is followed. */
  paused: boolean;
  /** How many of its pods, or which part of them, run the present template. */
  partition: IntOrString;
  /** Assay's own field: the revision that the partition was granted to; no other template gets pods by it. */
  revision?: string | undefined;
  /** Assay's own field: so many pods of a version that is to lose all of them stay for now. */
  keptPods?: number | undefined;
}

export type RollingUpdate = NonNullable<NonNullable<Deployment['spec']['strategy']>['rollingUpdate']>;

/** What the annotation says; undefined without one, for another style, and for what cannot be understood. */
export function strategyNote({ metadata }: Pick<Deployment, 'metadata'>): StrategyNote | undefined {
  const text = metadata.annotations?.[DEPLOYMENT_STRATEGY_ANNOTATION];
  if (text === undefined) return undefined;
  const parsed = noteSchema.safeParse(jsonOf(text));
  if (!parsed.success) return undefined;
  const { rollingStyle: _style, ...note } = parsed.data;
  return note as StrategyNote;
}

/** The Deployment with this annotation. The same object when it says so already. */
export function withStrategyNote(deployment: Deployment, note: StrategyNote): Deployment {
  if (sameJson(strategyNote(deployment), note)) return deployment;
  const { rollingUpdate, paused, partition, revision, keptPods } = note;
  const text = JSON.stringify({
    rollingStyle: 'Partition',
    rollingUpdate,
    paused,
    partition,
    revision,
    keptPods,
  });
  const annotations = { ...deployment.metadata.annotations, [DEPLOYMENT_STRATEGY_ANNOTATION]: text };
  return { ...deployment, metadata: { ...deployment.metadata, annotations } };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
