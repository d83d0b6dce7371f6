import { describe, expect, test } from 'vitest';
import {
  allow,
  decodeAdmission,
  deny,
  encodeAdmission,
  subjectOf,
} from '../../src/server/admission-review.ts';
import { decodeConversion, encodeConversion } from '../../src/server/conversion-review.ts';
import { deployment, requestOf, reviewOf } from './requests.ts';

describe('AdmissionReview', () => {
  test('what the API server sends becomes a request', () => {
    const decoded = decodeAdmission(
      reviewOf({ object: deployment(), oldObject: deployment(), fieldManager: 'kubectl-patch' }),
    );
    expect(decoded).toEqual({
      ok: true,
      request: {
        uid: 'review-1',
        kind: { group: 'apps', version: 'v1', kind: 'Deployment' },
        requestKind: { group: 'apps', version: 'v1', kind: 'Deployment' },
        subResource: '',
        name: 'echoserver',
        namespace: 'shop',
        operation: 'UPDATE',
        userInfo: { username: 'alice' },
        object: deployment(),
        oldObject: deployment(),
        options: { kind: 'PatchOptions', apiVersion: 'meta.k8s.io/v1', fieldManager: 'kubectl-patch' },
      },
    });
  });

  const notReviews: [string, unknown, string][] = [
    ['nothing', undefined, 'expected object'],
    ['a list', [], 'expected object'],
    [
      'another version',
      { ...reviewOf({ object: deployment() }), apiVersion: 'admission.k8s.io/v1beta1' },
      '"admission.k8s.io/v1"',
    ],
    ['no request', { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' }, 'request'],
    [
      'an object without metadata',
      withObject({ kind: 'Deployment' }),
      'must be an object with a kind and metadata',
    ],
    ['an object that is text', withObject('Deployment'), 'must be an object with a kind and metadata'],
  ];
  test.each(notReviews)('%s is no AdmissionReview', (_title, body, message) => {
    const decoded = decodeAdmission(body);
    expect(decoded.ok).toBe(false);
    expect(!decoded.ok && decoded.message).toContain('not an AdmissionReview v1');
    expect(!decoded.ok && decoded.message).toContain(message);
  });

  test('a plain yes has neither patch nor warnings', () => {
    expect(encodeAdmission('u', allow())).toEqual({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: { uid: 'u', allowed: true },
    });
  });

  test('changes go as a JSON patch in base64, beside the warnings', () => {
    const patch = [{ op: 'add' as const, path: '/spec/paused', value: true }];
    const { response } = encodeAdmission('u', allow({ patch, warnings: ['look out'] })) as {
      response: { patch: string };
    };
    expect(response).toMatchObject({
      uid: 'u',
      allowed: true,
      patchType: 'JSONPatch',
      warnings: ['look out'],
    });
    expect(JSON.parse(Buffer.from(response.patch, 'base64').toString())).toEqual(patch);
  });

  test.each([
    [403, 'Forbidden'],
    [409, 'Conflict'],
    [422, 'Invalid'],
    [503, 'ServiceUnavailable'],
  ] as const)('a denial with %i says %s', (code, reason) => {
    expect(encodeAdmission('u', deny(code, 'no: because'))).toEqual({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: {
        uid: 'u',
        allowed: false,
        status: { status: 'Failure', code, reason, message: 'no: because' },
      },
    });
  });

  test('messages name an object by kind, namespace and name', () => {
    expect(subjectOf(requestOf({ object: deployment() }))).toBe('Deployment shop/echoserver');
    const source = {
      apiVersion: 'assay.dev/v1alpha1',
      kind: 'ClusterMetricSource',
      metadata: { name: 'default' },
    };
    expect(subjectOf(requestOf({ object: source }))).toBe('ClusterMetricSource default');
    const generated = {
      apiVersion: 'assay.dev/v1alpha1',
      kind: 'AnalysisRun',
      metadata: { name: '', namespace: 'a' },
    };
    expect(subjectOf(requestOf({ object: generated }))).toBe('AnalysisRun a/(unnamed)');
  });
});

describe('ConversionReview', () => {
  const review = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'ConversionReview',
    request: { uid: 'c', desiredAPIVersion: 'rollouts.kruise.io/v1beta1', objects: [deployment()] },
  };

  test('what the API server sends becomes a request', () => {
    expect(decodeConversion(review)).toEqual({ ok: true, request: review.request });
  });

  test.each([
    ['nothing', null],
    ['an object that is text', { ...review, request: { ...review.request, objects: ['x'] } }],
    ['no version', { ...review, request: { ...review.request, desiredAPIVersion: '' } }],
  ])('%s is no ConversionReview', (_title, body) => {
    const decoded = decodeConversion(body);
    expect(!decoded.ok && decoded.message).toContain('not a ConversionReview v1');
  });

  test('the answer holds all objects, or says why there are none', () => {
    expect(encodeConversion('c', { ok: true, objects: [deployment()] })).toEqual({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'ConversionReview',
      response: { uid: 'c', result: { status: 'Success' }, convertedObjects: [deployment()] },
    });
    expect(encodeConversion('c', { ok: false, message: 'no such version' })).toEqual({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'ConversionReview',
      response: { uid: 'c', result: { status: 'Failure', message: 'no such version' } },
    });
  });
});

function withObject(object: unknown): unknown {
  const review = reviewOf({ object: deployment() }) as { request: Record<string, unknown> };
  return { ...review, request: { ...review.request, object } };
}
