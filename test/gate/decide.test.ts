import { expect, test } from 'vitest';
import type { Rollout } from '../../src/api/rollout.ts';
import type { RecordStatus } from '../../src/api/rollout-record.ts';
import { decideBeside } from '../../src/gate/decide.ts';
import { analysisRun } from '../../src/rollout/runs.ts';
import type { Snapshot } from '../../src/rollout/snapshot.ts';
import { analysis, guardFacts } from '../builders/guard.ts';
import { NOW } from '../builders/snapshot.ts';
import { sight, waiting, workload } from './sights.ts';

/** What a pass decides, and what it writes. */
function told(snapshot: Snapshot): string {
  const { decision, reason, acts } = decideBeside(snapshot, NOW);
  const writes = acts.map(({ verb, object }) => `${verb} ${object.kind}`).join(', ');
  return `${decision} ${reason}${writes ? `: ${writes}` : ''}`;
}

/** The record after as many passes over what is in the cluster; acts are not carried out. */
function after(passes: number, snapshot: Snapshot = sight()): Snapshot {
  return Array.from({ length: passes }).reduce<Snapshot>(
    (seen) => ({ ...seen, record: decideBeside(seen, NOW).record }),
    snapshot,
  );
}

/** …in the step, with a run of this phase. */
function judged(phase: 'Running' | 'Successful' | 'Failed', part: Partial<Snapshot> = {}): Snapshot {
  const entered = after(2, sight(part));
  const [pinned] = entered.record.release?.guard?.analyses ?? [];
  if (!pinned) throw new Error('the release is guarded');
  const run = analysisRun(entered, pinned);
  const status = { phase, message: 'as measured', metricResults: [] };
  return { ...entered, runs: [{ ...run, status }] };
}

const changed = (snapshot: Snapshot, change: (rollout: Rollout) => void): Snapshot => ({
  ...snapshot,
  rollout: waiting(change),
});
const inStatus = (change: object) => (rollout: Rollout) => {
  Object.assign(rollout.status?.canaryStatus ?? {}, change);
};
const owned = (snapshot: Snapshot): Snapshot => {
  if (!snapshot.workload) throw new Error('there is a workload');
  const { object } = snapshot.workload;
  const labels = { ...object.metadata.labels, 'kustomize.toolkit.fluxcd.io/name': 'shop' };
  return {
    ...snapshot,
    workload: { ...snapshot.workload, object: { ...object, metadata: { ...object.metadata, labels } } },
  };
};

const rows: [string, () => Snapshot, string][] = [
  ['a Rollout that nobody guards', () => sight({ guards: [] }), 'Wait NotGuarded'],
  ['a release that is seen first', () => sight(), 'Start NewRevision'],
  ['a step that is seen first', () => after(1), 'Enter StepEntered'],
  ['a step without runs', () => after(2), 'Analyse AnalysisStarted: create AnalysisRun'],
  ['a run under way', () => judged('Running'), 'Wait WaitingForAnalysis'],
  ['a verdict that is good', () => judged('Successful'), 'Advance AnalysisSuccessful: patch Rollout'],
  ['a verdict that is bad', () => judged('Failed'), 'RollBack AnalysisFailed'],
  ['the pass after that', () => after(1, judged('Failed')), 'Wait WaitingForWorkload: patch Deployment'],
  ['a bad verdict of a workload that Flux owns', () => owned(judged('Failed')), 'Hold AnalysisFailed'],
  [
    'a bad verdict under Abort',
    () => judged('Failed', { guards: [guardFacts({ onFailure: 'Abort' })] }),
    'Hold AnalysisFailed',
  ],
  [
    'a good verdict under Hold',
    () => judged('Successful', { guards: [guardFacts({ onSuccess: 'Hold' })] }),
    'Hold HoldOnSuccess',
  ],
  [
    'a good verdict whose guard is gone',
    () => ({ ...judged('Successful'), guards: [] }),
    'Hold GuardRemoved',
  ],
  [
    'a good verdict of a run that somebody else made',
    () => {
      const snapshot = judged('Successful');
      return {
        ...snapshot,
        runs: snapshot.runs.map((run) => ({ ...run, metadata: { name: run.metadata.name } })),
      };
    },
    'Hold ForeignRun',
  ],
  [
    'a good verdict, and a template that Kruise has not seen',
    () => ({ ...judged('Successful'), workload: workload('v3') }),
    'Wait WaitingForEngine',
  ],
  [
    'a good verdict, and another revision',
    () => changed(judged('Successful'), inStatus({ canaryRevision: 'kruise-v3' })),
    'Start ContinuousRelease',
  ],
  [
    'a good verdict, and another step',
    () => changed(judged('Successful'), inStatus({ currentStepIndex: 2 })),
    'Enter StepEntered',
  ],
  [
    'a good verdict, and the same step after new traffic',
    () => changed(judged('Successful'), inStatus({ lastUpdateTime: '2026-01-01T11:59:30Z' })),
    'Enter StepEntered',
  ],
  [
    'a good verdict, and an edited plan',
    () =>
      changed(judged('Successful'), (rollout) => {
        rollout.metadata.annotations = { 'rollouts.kruise.io/hash': 'plan-2' };
        inStatus({ rolloutHash: 'plan-2' })(rollout);
      }),
    'Enter StepEntered',
  ],
  [
    'a good verdict, and a Rollout that rests',
    () => changed(judged('Successful'), ({ spec }) => Object.assign(spec.strategy, { paused: true })),
    'Wait WaitingForEngine',
  ],
  [
    'a good verdict of the step beside a Background analysis that has not measured',
    () => after(3, sight({ guards: [guardFacts({ analyses: [analysis({ mode: 'Background' })] })] })),
    'Analyse AnalysisStarted: create AnalysisRun',
  ],
];

test.each(rows)('%s', (_, given, wanted) => {
  expect(told(given())).toBe(wanted);
});

test('a template that was put back once and is brought back is not overwritten again', () => {
  const restored = after(2, judged('Failed'));
  expect(restored.record.release?.restoredAt).toBeDefined();
  expect(told(restored)).toBe('Hold ForeignWriter');
  expect(told(after(1, restored))).toBe('Wait WaitingForApproval');
});

test('a retry annotation is taken away by a patch that tests it', () => {
  const record: RecordStatus = { ...after(2).record, retried: 1 };
  const rollout = waiting(({ metadata }) => {
    metadata.annotations = { ...metadata.annotations, 'assay.dev/retry': '1' };
  });
  const path = '/metadata/annotations/assay.dev~1retry';
  expect(decideBeside(sight({ record, rollout }), NOW).acts).toMatchObject([
    {
      verb: 'patch',
      operations: [
        { op: 'test', path, value: '1' },
        { op: 'remove', path },
      ],
    },
  ]);
});
