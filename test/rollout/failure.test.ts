import { describe, expect, test } from 'vitest';
import type { FailureAction } from '../../src/api/rollout-guard.ts';
import { guardFacts } from '../builders/guard.ts';
import { judged } from '../builders/run.ts';
import { held, releasing } from '../builders/snapshot.ts';
import { decided, table } from './decided.ts';

function failed(...actions: (FailureAction | undefined)[]) {
  const guards = actions.map((onFailure, index) =>
    guardFacts({ name: `guard-${index}`, ...(onFailure ? { onFailure } : {}) }),
  );
  const [first] = guards;
  const snapshot = releasing({ guards: first ? [first] : [], pinnedGuards: guards });
  return { ...judged(snapshot, { 'success-rate': 'Failed' }), guards };
}

table('a failed step', [
  {
    title: 'is rolled back unless told otherwise',
    given: failed(undefined),
    is: 'RollBack AnalysisFailed',
    to: 'release 1 Cancelling',
  },
  {
    title: 'is rolled back',
    given: failed('Rollback'),
    is: 'RollBack AnalysisFailed',
    to: 'release 1 Cancelling',
  },
  { title: 'is aborted', given: failed('Abort'), is: 'Abort AnalysisFailed', to: 'release 1 Aborting' },
  {
    title: 'is held',
    given: failed('Pause'),
    is: 'Hold AnalysisFailed',
    to: 'release 1 InRolling 1 StepPaused',
  },
]);

/** A failed step whose workload has these marks, under a guard that says Rollback. */
function owned(
  marks: { labels?: Record<string, string>; annotations?: Record<string, string> },
  gitOps?: 'Yes' | 'No',
) {
  const guards = [guardFacts({ onFailure: 'Rollback', ...(gitOps ? { rollback: { gitOps } } : {}) })];
  const object = held();
  const { metadata } = object;
  const marked = {
    ...object,
    metadata: {
      ...metadata,
      labels: { ...metadata.labels, ...marks.labels },
      annotations: { ...metadata.annotations, ...marks.annotations },
    },
  };
  return judged(releasing({ guards, workload: { object: marked } }), { 'success-rate': 'Failed' });
}

const ARGO = { annotations: { 'argocd.argoproj.io/tracking-id': 'shop:apps/Deployment:shop/echoserver' } };

table('a failed step of a workload that is synced from a repository', [
  {
    title: 'by Argo CD is aborted: a restored template would be undone and released again',
    given: owned(ARGO),
    is: 'Abort AnalysisFailed',
    to: 'release 1 Aborting',
    says: 'Argo CD owns Deployment echoserver and would undo a restored template; Rollback acts as Abort',
  },
  {
    title: 'by Flux is aborted',
    given: owned({ labels: { 'kustomize.toolkit.fluxcd.io/name': 'apps' } }),
    is: 'Abort AnalysisFailed',
    says: 'Flux owns',
  },
  {
    title: 'by a tool that only the guard knows of is aborted',
    given: owned({}, 'Yes'),
    is: 'Abort AnalysisFailed',
    says: 'a GitOps tool owns',
  },
  {
    title: 'is rolled back where the guard says that nobody undoes it',
    given: owned(ARGO, 'No'),
    is: 'RollBack AnalysisFailed',
    to: 'release 1 Cancelling',
  },
  {
    title: 'is rolled back where there is only a label that Helm writes too',
    given: owned({ labels: { 'app.kubernetes.io/instance': 'shop' } }),
    is: 'RollBack AnalysisFailed',
  },
]);

describe('what a person is told', () => {
  const told = (action: FailureAction) => decided(failed(action)).full.notice;

  test('of a rollback', () => {
    expect(told('Rollback')).toMatchObject({
      event: 'RolledBack',
      summary: 'The canary of echoserver, step 1/2 at 5 % of the traffic, failed: it is Failed',
      action: expect.stringContaining('all traffic goes to the stable pods'),
      next: expect.stringContaining('Mend the new version'),
    });
  });

  test('of an abort', () => {
    expect(told('Abort')).toMatchObject({
      event: 'Aborted',
      action: expect.stringContaining('stays paused on its stable pods'),
      next: expect.stringContaining('Release another version'),
    });
  });

  test('of a pause: a failed step is not to be approved', () => {
    expect(told('Pause')).toMatchObject({
      event: 'Failed',
      next: 'restore the former template in echoserver to roll back, or release another version',
    });
  });

  test('only what was judged and taken back is rejected', () => {
    expect(decided(failed('Rollback')).full.record.rejected).toHaveLength(1);
    expect(decided(failed('Abort')).full.record.rejected).toHaveLength(1);
    expect(decided(failed('Pause')).full.record.rejected).toBeUndefined();
  });

  test('of many rejected templates the newest twenty are kept', () => {
    const snapshot = failed('Rollback');
    const rejected = Array.from({ length: 20 }, (_, index) => ({
      revision: `revision-${index}`,
      at: '2026-01-01T00:00:00Z',
      reason: 'it was slow',
    }));
    const { record } = decided({ ...snapshot, record: { ...snapshot.record, rejected } }).full;
    expect(record.rejected).toHaveLength(20);
    expect(record.rejected?.at(-1)?.revision).toBe(snapshot.record.release?.revision);
  });
});
