import { describe, expect, test } from 'vitest';
import { POD_TEMPLATE_HASH_LABEL } from '../../src/api/annotations.ts';
import type { PodTemplate } from '../../src/api/kubernetes.ts';
import {
  activeReplicaSets,
  authoredTemplate,
  podHashOf,
  podNamePattern,
  replicaSetOf,
  revisionOf,
} from '../../src/workload/pod-template.ts';
import { replicaSet, template } from '../builders/deployment.ts';

describe('the revision of a template', () => {
  const v1 = template('v1');
  const labelled = (labels: Record<string, string>): PodTemplate => ({ ...v1, metadata: { labels } });
  const rows: [string, PodTemplate, boolean][] = [
    ['is the same for the same template', template('v1'), true],
    ['is the same in the ReplicaSet that runs it', replicaSet().spec.template, true],
    [
      'does not depend on the order of fields',
      { spec: v1.spec, metadata: { labels: { app: 'echoserver' } } },
      true,
    ],
    [
      'does not depend on what some writers leave in metadata',
      { ...v1, metadata: { ...v1.metadata, creationTimestamp: null } as never },
      true,
    ],
    ['changes with the image', template('v2'), false],
    ['changes with a label', labelled({ app: 'echoserver', team: 'shop' }), false],
    ['changes with an annotation', { ...v1, metadata: { ...v1.metadata, annotations: { a: 'b' } } }, false],
    [
      'changes with the order of containers',
      { ...v1, spec: { containers: [{}, { name: 'echoserver' }] } },
      false,
    ],
  ];
  for (const [title, other, isSame] of rows) {
    test(title, () => expect(revisionOf(other) === revisionOf(v1)).toBe(isSame));
  }

  test('is 10 hexadecimal digits, fit for names and labels', () => {
    expect(revisionOf(v1)).toMatch(/^[0-9a-f]{10}$/);
  });
});

test('a template as its author wrote it has no hash label, and is the same object where it had none', () => {
  const plain = template('v1');
  expect(authoredTemplate(plain)).toBe(plain);
  expect(authoredTemplate(replicaSet().spec.template)).toEqual(plain);
});

describe('ReplicaSets', () => {
  const old = replicaSet({ createdAt: '2025-12-01T00:00:00Z' });
  const young = {
    ...old,
    metadata: { ...old.metadata, name: 'young', creationTimestamp: '2025-12-02T00:00:00Z' },
  };
  const empty = replicaSet({ version: 'v0', replicas: 0, createdAt: '2025-11-01T00:00:00Z' });

  test('are found by the revision that they run, the oldest first', () => {
    expect(replicaSetOf(revisionOf(template('v1')), [young, empty, old])).toBe(old);
    expect(replicaSetOf(revisionOf(template('v9')), [young, old])).toBeUndefined();
  });

  test('are active while they are meant to have pods', () => {
    expect(activeReplicaSets([young, empty, old])).toEqual([old, young]);
  });

  test('say which hash their pods have', () => {
    expect(podHashOf(old)).toBe(old.metadata.labels?.[POD_TEMPLATE_HASH_LABEL]);
  });
});

describe('the pattern of pod names', () => {
  const matches = (replicaSetName: string, pod: string) =>
    new RegExp(`^(?:${podNamePattern(replicaSetName)})$`).test(pod);
  const rows: [string, string, string, boolean][] = [
    ['matches a pod of the ReplicaSet', 'web-5d4f', 'web-5d4f-x2x8q', true],
    ['not one of a ReplicaSet whose name goes on', 'web-5d4f', 'web-5d4f-aa-x2x8q', false],
    ['not one of a ReplicaSet whose name only ends like it', 'web-5d4f', 'my-web-5d4f-x2x8q', false],
    ['takes a dot for a dot', 'web.v1-5d4f', 'web-v1-5d4f-x2x8q', false],
    ['matches the name with the dot', 'web.v1-5d4f', 'web.v1-5d4f-x2x8q', true],
    ['matches a long name, which the API server cuts', 'a'.repeat(70), `${'a'.repeat(58)}x2x8q`, true],
  ];
  for (const [title, name, pod, wanted] of rows) {
    test(title, () => expect(matches(name, pod)).toBe(wanted));
  }
});
