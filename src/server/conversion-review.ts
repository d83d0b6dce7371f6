import { z } from 'zod';
import type { KubeObject } from '../api/kubernetes.ts';

const reviewSchema = z.object({
  apiVersion: z.literal('apiextensions.k8s.io/v1'),
  kind: z.literal('ConversionReview'),
  request: z.object({
    uid: z.string().min(1),
    desiredAPIVersion: z.string().min(1),
    objects: z.array(
      z.custom<KubeObject>(
        (value) =>
          typeof value === 'object' && value !== null && typeof (value as KubeObject).kind === 'string',
        'must be an object with a kind',
      ),
    ),
  }),
});

/** Objects of one kind that the API server wants in another version. */
export type ConversionRequest = z.output<typeof reviewSchema>['request'];

/** All of them in their order, or why it cannot be done: the API server takes no partial answer. */
export type ConversionAnswer = { ok: true; objects: KubeObject[] } | { ok: false; message: string };

/** Reads the body of a ConversionReview v1; the message says what is wrong with one that is none. */
export function decodeConversion(
  body: unknown,
): { ok: true; request: ConversionRequest } | { ok: false; message: string } {
  const parsed = reviewSchema.safeParse(body);
  if (parsed.success) return { ok: true, request: parsed.data.request };
  return { ok: false, message: `not a ConversionReview v1: ${z.prettifyError(parsed.error)}` };
}

/** The ConversionReview v1 that answers the request with this uid. */
export function encodeConversion(uid: string, answer: ConversionAnswer): Record<string, unknown> {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'ConversionReview',
    response: answer.ok
      ? { uid, result: { status: 'Success' }, convertedObjects: answer.objects }
      : { uid, result: { status: 'Failure', message: answer.message } },
  };
}
