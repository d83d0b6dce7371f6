import { describe, expect, test } from 'vitest';
import { STABLE_REVISION_LABEL } from '../../src/api/annotations.ts';
import type { Deployment } from '../../src/api/kubernetes.ts';
import { handedBack, isTakenOver, keptSettings, takenOver } from '../../src/workload/blue-green-settings.ts';
import { deployment } from '../builders/deployment.ts';

const KEY = 'rollouts.kruise.io/original-deployment-strategy';
type Settings = Partial<
  Pick<Deployment['spec'], 'strategy' | 'minReadySeconds' | 'progressDeadlineSeconds' | 'paused'>
>;

function having(settings: Settings): Deployment {
  const plain = deployment();
  return { ...plain, spec: { ...plain.spec, ...settings } };
}

const STABLE = '5d8f7c9b6d';

const HELD = {
  strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 3, maxUnavailable: 0 } },
  minReadySeconds: 2_147_483_646,
  progressDeadlineSeconds: 2_147_483_647,
};

const AUTHORED: [string, Settings, object][] = [
  ['nothing', {}, {}],
  [
    'what the API server fills in',
    {
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      progressDeadlineSeconds: 600,
    },
    { type: 'RollingUpdate', maxSurge: '25%', maxUnavailable: '25%', progressDeadlineSeconds: 600 },
  ],
  [
    'every field',
    {
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
      minReadySeconds: 0,
      progressDeadlineSeconds: 30,
    },
    {
      type: 'RollingUpdate',
      maxSurge: 0,
      maxUnavailable: 1,
      minReadySeconds: 0,
      progressDeadlineSeconds: 30,
    },
  ],
  ['Recreate', { strategy: { type: 'Recreate' } }, { type: 'Recreate' }],
];

describe('the settings of an author who wrote', () => {
  for (const [what, settings, note] of AUTHORED) {
    test(`${what} are noted as Kruise notes them, and given back exactly`, () => {
      const before = having(settings);
      const held = takenOver(before, 3, STABLE);
      expect(held.spec).toEqual({ ...before.spec, ...HELD });
      expect(JSON.parse(held.metadata.annotations?.[KEY] ?? '')).toEqual(note);
      expect(isTakenOver(held)).toBe(true);
      expect(held.metadata.labels).toEqual({ ...before.metadata.labels, [STABLE_REVISION_LABEL]: STABLE });
      expect(handedBack(held)).toEqual(before);
    });
  }

  test('anything are noted once: what a release has set is nobody’s wish', () => {
    const before = having({ minReadySeconds: 5 });
    expect(handedBack(takenOver(takenOver(before, 1, STABLE), 4, STABLE))).toEqual(before);
    expect(takenOver(takenOver(before, 4, STABLE), 4, STABLE)).toStrictEqual(takenOver(before, 4, STABLE));
  });

  test('nothing that anybody can read give way to what Kubernetes takes', () => {
    const held = takenOver(having({ minReadySeconds: 5 }), 3, STABLE);
    const damaged = { ...held, metadata: { ...held.metadata, annotations: { [KEY]: '{' } } };
    expect(handedBack(damaged).spec).toEqual(having({}).spec);
  });

  test('a Deployment that was never taken over stay as they are', () => {
    const before = having({ minReadySeconds: 5 });
    expect(handedBack(before)).toBe(before);
  });
});

describe('an author’s write in the middle of a release', () => {
  const held = takenOver(having({ minReadySeconds: 5 }), 3, STABLE);
  const writing = (settings: Settings) =>
    keptSettings(held, { ...held, spec: { ...held.spec, ...settings } });

  test('of other fields changes nothing of the settings', () => {
    const scaled = keptSettings(held, { ...held, spec: { ...held.spec, replicas: 9 } });
    expect(scaled).toEqual({ ...held, spec: { ...held.spec, replicas: 9 } });
  });

  const rows: [string, Settings, Settings][] = [
    ['of minReadySeconds', { minReadySeconds: 9 }, { minReadySeconds: 9 }],
    [
      'of one number of the strategy',
      { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '50%', maxUnavailable: 0 } } },
      { minReadySeconds: 5, strategy: { rollingUpdate: { maxSurge: '50%' } } },
    ],
    [
      'to Recreate',
      { strategy: { type: 'Recreate' } },
      { minReadySeconds: 5, strategy: { type: 'Recreate' } },
    ],
  ];
  for (const [what, written, after] of rows) {
    test(`${what} comes into force at its end`, () => {
      const kept = writing(written);
      expect(kept.spec).toEqual({ ...having({}).spec, ...HELD });
      expect(handedBack(kept).spec).toEqual({ ...having({}).spec, ...after });
    });
  }

  test('without the note, as a whole manifest has none, loses nothing', () => {
    const plain = having({ minReadySeconds: 5 });
    const kept = keptSettings(held, plain);
    expect(kept.spec).toEqual(held.spec);
    expect(handedBack(kept).spec).toEqual(plain.spec);
  });
});
