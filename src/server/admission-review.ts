import { z } from 'zod';
import type { KubeObject } from '../api/kubernetes.ts';

/** An object as a webhook gets it: one that is being created may have `generateName` in place of a name. */
const kubeObject = z.custom<KubeObject>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    typeof (value as KubeObject).kind === 'string' &&
    typeof (value as KubeObject).metadata === 'object' &&
    (value as KubeObject).metadata !== null,
  'must be an object with a kind and metadata',
);

const kindSchema = z.object({ group: z.string(), version: z.string(), kind: z.string() });

const requestSchema = z.object({
  uid: z.string().min(1),
  kind: kindSchema,
  requestKind: kindSchema.nullish(),
  subResource: z.string().default(''),
  name: z.string().default(''),
  namespace: z.string().default(''),
  operation: z.enum(['CREATE', 'UPDATE', 'DELETE', 'CONNECT']),
  userInfo: z.object({ username: z.string().default('') }),
  object: kubeObject.nullish(),
  oldObject: kubeObject.nullish(),
  options: z.looseObject({ fieldManager: z.string().optional() }).nullish(),
});

const reviewSchema = z.object({
  apiVersion: z.literal('admission.k8s.io/v1'),
  kind: z.literal('AdmissionReview'),
  request: requestSchema,
});

/** What somebody asks of the API server, as far as the webhooks need it. */
export type AdmissionRequest = z.output<typeof requestSchema>;

/** One operation of a JSON patch (RFC 6902). */
export interface PatchOperation {
  op: 'add' | 'remove' | 'replace';
  path: string;
  value?: unknown;
}

/**
 * Why a request is denied.
 * - 403: this user must not do this.
 * - 409: not at this moment; asking again soon may help.
 * - 422: the object is wrong.
 * - 503: it could not be checked.
 */
export type DenialCode = 403 | 409 | 422 | 503;

/** What a webhook answers. */
export type AdmissionAnswer =
  | { allowed: true; patch: readonly PatchOperation[]; warnings: readonly string[] }
  | { allowed: false; code: DenialCode; message: string };

const REASONS = {
  403: 'Forbidden',
  409: 'Conflict',
  422: 'Invalid',
  503: 'ServiceUnavailable',
} as const satisfies Record<DenialCode, string>;

export function allow(
  changes: { patch?: readonly PatchOperation[]; warnings?: readonly string[] } = {},
): AdmissionAnswer {
  return { allowed: true, patch: changes.patch ?? [], warnings: changes.warnings ?? [] };
}

export function deny(code: DenialCode, message: string): AdmissionAnswer {
  return { allowed: false, code, message };
}

/** Reads the body of an AdmissionReview v1; the message says what is wrong with one that is none. */
export function decodeAdmission(
  body: unknown,
): { ok: true; request: AdmissionRequest } | { ok: false; message: string } {
  const parsed = reviewSchema.safeParse(body);
  if (parsed.success) return { ok: true, request: parsed.data.request };
  return { ok: false, message: `not an AdmissionReview v1: ${z.prettifyError(parsed.error)}` };
}

/** The AdmissionReview v1 that answers the request with this uid. */
export function encodeAdmission(uid: string, answer: AdmissionAnswer): Record<string, unknown> {
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: answer.allowed
      ? {
          uid,
          allowed: true,
          ...(answer.patch.length === 0
            ? {}
            : { patchType: 'JSONPatch', patch: toBase64(JSON.stringify(answer.patch)) }),
          ...(answer.warnings.length === 0 ? {} : { warnings: answer.warnings }),
        }
      : {
          uid,
          allowed: false,
          status: {
            status: 'Failure',
            code: answer.code,
            reason: REASONS[answer.code],
            message: answer.message,
          },
        },
  };
}

/** The version that the author of the request wrote: the API server may have converted the object for us. */
export function versionWritten({ kind, requestKind }: AdmissionRequest): string {
  return (requestKind ?? kind).version;
}

function toBase64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** How messages name the object of a request: `Rollout default/demo`. */
export function subjectOf(request: AdmissionRequest): string {
  const name = request.name || request.object?.metadata.name || '(unnamed)';
  return `${request.kind.kind} ${request.namespace ? `${request.namespace}/` : ''}${name}`;
}
