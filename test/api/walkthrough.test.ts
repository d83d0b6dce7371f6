import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { parseObject } from '../../src/api/kind.ts';
import type { KubeObject } from '../../src/api/kubernetes.ts';
import { rolloutKind } from '../../src/api/rollout.ts';
import { convertRollout } from '../../src/api/rollout-conversion.ts';
import { rolloutV1alpha1Kind } from '../../src/api/rollout-v1alpha1.ts';
import { checkRollout } from '../../src/api/rollout-validation.ts';

function manifest(name: string): KubeObject[] {
  const text = readFileSync(new URL(`../../examples/walkthrough/${name}`, import.meta.url), 'utf8');
  return parseAllDocuments(text).map((document) => {
    expect(document.errors).toStrictEqual([]);
    return document.toJS() as KubeObject;
  });
}

describe('examples/walkthrough', () => {
  test('echoserver.yaml is a Deployment, its Service and its Ingress', () => {
    expect(manifest('echoserver.yaml').map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toStrictEqual(
      ['Deployment echoserver', 'Service echoserver', 'Ingress echoserver'],
    );
  });

  test('rollout.yaml is valid, is driven, and comes back from the stored version as it was', () => {
    const [written] = manifest('rollout.yaml');
    if (!written) throw new Error('rollout.yaml is empty');
    const alpha = parseObject(rolloutV1alpha1Kind, written);
    expect(alpha).toStrictEqual({ ok: true, object: written });

    const stored = convertRollout(written, 'rollouts.kruise.io/v1beta1');
    if (!stored.ok) throw new Error(stored.message);
    const beta = parseObject(rolloutKind, stored.object);
    if (!beta.ok) throw new Error(JSON.stringify(beta.faults));
    expect(beta.object.spec).toStrictEqual({
      workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'echoserver' },
      strategy: {
        canary: {
          enableExtraWorkloadForCanary: true,
          steps: [{ traffic: '5%', replicas: '20%', pause: {} }],
          trafficRoutings: [{ service: 'echoserver', ingress: { name: 'echoserver', classType: 'nginx' } }],
        },
      },
    });
    expect(checkRollout(beta.object)).toStrictEqual([]);
    expect(convertRollout(stored.object, 'rollouts.kruise.io/v1alpha1')).toStrictEqual({
      ok: true,
      object: written,
    });
  });
});
