import { z } from 'zod';
import { DURATION_PATTERN } from './duration.ts';
import type { KubeObject } from './kubernetes.ts';
import type { Resource } from './resource.ts';
import { schemaMessage } from './schema-message.ts';

/** A column of `kubectl get`. */
export interface PrinterColumn {
  name: string;
  type: 'string' | 'integer' | 'number' | 'date' | 'boolean';
  jsonPath: string;
  description?: string;
  priority?: number;
}

/** One version of one custom kind: the single source of its types, its CRD, its validation and its docs. */
export interface KindDefinition {
  readonly resource: Resource;
  readonly description: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** Top-level fields beside apiVersion, kind and metadata. */
  readonly schema: z.ZodObject;
  /** Whether `status` is written through its own endpoint. */
  readonly statusSubresource: boolean;
  readonly columns: readonly PrinterColumn[];
  /** Rules of the Common Expression Language on the whole object, for what a schema cannot say. */
  readonly rules?: readonly { rule: string; message: string }[];
}

/** A custom object: its metadata and the parsed fields of its schema. */
export type CustomObject<Schema extends z.ZodObject> = KubeObject & z.output<Schema>;

/** A DNS-1123 name, as most Kubernetes objects have. */
export const nameSchema = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'must be a lower-case DNS name');

/**
 * A field that the API server fills in where it is left out, as it does for people who have Kruise's CRDs. The
 * type stays optional: objects that were written before, and those of files, come without it.
 */
export function serverDefault<Schema extends z.ZodType>(
  schema: Schema,
  value: string | number | boolean,
): z.ZodOptional<Schema> {
  return schema.optional().meta({ serverDefault: value });
}

/** A list whose entries are told apart by their name: two appliers can each own some of them. */
export const LIST_BY_NAME = {
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['name'],
};

/** A duration such as `30s`, `5m` or `1h30m`. */
export const durationSchema = z
  .string()
  .regex(new RegExp(DURATION_PATTERN), 'must be a duration such as 30s, 5m or 1h30m');

/** A whole number, or text: `{{args.x}}` in limits, `20%` in steps. */
export const intOrStringSchema = z.union([z.int(), z.string()]);

/** A number, or text: `{{args.x}}`, or a number in quotes. */
export const numberOrStringSchema = z.union([z.number(), z.string()]);

export const timestampSchema = z.iso.datetime({ offset: true });

export const conditionSchema = z.object({
  type: z.string(),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string().optional(),
  message: z.string().optional(),
  lastTransitionTime: timestampSchema.optional(),
  lastUpdateTime: timestampSchema.optional(),
});

/** One violation of a schema, in words: `spec.metrics[0].query: …`. */
export interface SchemaFault {
  path: string;
  message: string;
  /** Where within the text at `path`, 0-based, when the fault is in one place of it. */
  offset?: number;
}

/** One fault, as a list of faults. */
export function faultAt(path: string, message: string): SchemaFault[] {
  return [{ path, message }];
}

export type ParseResult<T> = { ok: true; object: T } | { ok: false; faults: SchemaFault[] };

/**
 * Parses an object as it came from the API server into a value that the rest of the code trusts.
 * Unknown fields are dropped, defaults are filled in, metadata is passed through.
 */
export function parseObject<Schema extends z.ZodObject>(
  kind: { schema: Schema },
  raw: KubeObject,
): ParseResult<CustomObject<Schema>> {
  const { apiVersion, kind: kindName, metadata } = raw;
  const parsed = kind.schema.safeParse(raw, { error: schemaMessage });
  if (parsed.success) {
    return {
      ok: true,
      object: { ...parsed.data, apiVersion, kind: kindName, metadata } as CustomObject<Schema>,
    };
  }
  const faults = parsed.error.issues.map((issue) => ({
    path: fieldPath(issue.path),
    message: issue.message,
  }));
  return { ok: false, faults };
}

/** `['spec', 'metrics', 0, 'query']` as people write it: `spec.metrics[0].query`. */
export function fieldPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text ? `${text}.${String(part)}` : String(part),
    '',
  );
}
