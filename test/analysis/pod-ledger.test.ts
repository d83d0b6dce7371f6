import { expect, test } from 'vitest';
import { allSeen, type SeenPods, sidesToSee, withSeenPods } from '../../src/analysis/pod-ledger.ts';
import type { AnalysisRun } from '../../src/api/analysis-run.ts';

function run(pods?: SeenPods): AnalysisRun {
  return {
    apiVersion: 'assay.dev/v1alpha1',
    kind: 'AnalysisRun',
    metadata: { name: 'a' },
    spec: { metrics: [], target: { canary: { hash: 'c' }, stable: { hash: 's' } } },
    ...(pods && { status: { phase: 'Running', metricResults: [], pods } }),
  };
}

test.each<[title: string, before: SeenPods | undefined, now: SeenPods, seen: SeenPods]>([
  ['nothing was seen', undefined, {}, { canary: [], stable: [] }],
  ['pods that are there', undefined, { canary: ['b', 'a'] }, { canary: ['a', 'b'], stable: [] }],
  ['a pod that is gone stays', { canary: ['a'] }, { canary: ['b'] }, { canary: ['a', 'b'], stable: [] }],
  [
    'a name that went to the other version is that one’s',
    { canary: ['web-2'], stable: ['web-0', 'web-1'] },
    { canary: ['web-1', 'web-2'], stable: ['web-0'] },
    { canary: ['web-1', 'web-2'], stable: ['web-0'] },
  ],
])('%s', (_title, before, now, seen) => {
  expect(allSeen(run(before), now)).toEqual(seen);
});

test('only versions without a pattern are known by their pods', () => {
  const target = { canary: { hash: 'c', pods: 'web-.*' }, stable: { hash: 's' } };
  expect(sidesToSee({ target })).toEqual(['stable']);
  expect(sidesToSee({})).toEqual([]);
  const filled = withSeenPods({ ...run(), spec: { metrics: [], target } }, { stable: ['a.b', 'c'] });
  expect(filled.spec.target).toEqual({ canary: target.canary, stable: { hash: 's', pods: 'a\\.b|c' } });
});

test('a version of which no pod was seen has none, so that nothing is asked', () => {
  expect(withSeenPods(run(), {}).spec.target?.canary?.pods).toBe('');
});
