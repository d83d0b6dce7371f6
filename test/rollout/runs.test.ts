import { describe, expect, test } from 'vitest';
import type { AnalysisPhase } from '../../src/api/analysis-run.ts';
import { combineRuns } from '../../src/rollout/combine-runs.ts';
import { runUpkeep } from '../../src/rollout/run-upkeep.ts';
import type { Snapshot } from '../../src/rollout/snapshot.ts';
import { guardFacts } from '../builders/guard.ts';
import { judged, ownRun } from '../builders/run.ts';
import { ago, releasing } from '../builders/snapshot.ts';

const snapshot = releasing({ guards: [guardFacts()] });

describe('the verdict of several runs', () => {
  const rows: [AnalysisPhase[], string][] = [
    [['Successful'], 'Successful'],
    [['Successful', 'Successful'], 'Successful'],
    [['Successful', 'Pending'], 'Running'],
    [['Successful', 'Running'], 'Running'],
    [['Running', 'Failed'], 'Failed'],
    [['Pending', 'Failed', 'Error'], 'Failed'],
    [['Error', 'Failed'], 'Failed'],
    [['Error', 'Running'], 'Running'],
    [['Inconclusive', 'Running'], 'Running'],
    [['Cancelled', 'Running'], 'Running'],
    [['Inconclusive', 'Error'], 'Error'],
    [['Error', 'Successful'], 'Error'],
    [['Inconclusive', 'Successful'], 'Inconclusive'],
    [['Cancelled', 'Successful'], 'Inconclusive'],
    [['Cancelled', 'Error'], 'Error'],
    [['Cancelled'], 'Inconclusive'],
  ];
  for (const [phases, verdict] of rows) {
    test(`of ${phases.join(' and ')} is ${verdict}`, () => {
      const runs = phases.map((phase, index) => ({ label: `a${index}`, run: ownRun(snapshot, phase) }));
      expect(combineRuns(runs).phase).toBe(verdict);
    });
  }

  test('says what each decisive run says, and of several whose word it is', () => {
    const run = (phase: AnalysisPhase) => ownRun(snapshot, phase);
    const message = (...phases: AnalysisPhase[]) =>
      combineRuns(phases.map((phase, index) => ({ label: `a${index}`, run: run(phase) }))).message;
    expect(message('Failed')).toBe('it is Failed');
    expect(message('Failed', 'Running', 'Failed')).toBe('a0: it is Failed; a2: it is Failed');
    expect(message('Successful', 'Inconclusive')).toBe('a1: it is Inconclusive');
  });

  test('takes a run without a status for one that has not begun', () => {
    const { status: _status, ...run } = ownRun(snapshot, 'Successful');
    expect(combineRuns([{ label: 'a', run }]).phase).toBe('Running');
  });
});

describe('the upkeep of runs', () => {
  const acts = (of: Snapshot) => runUpkeep(of, of.record).map(({ verb, why }) => `${verb}: ${why}`);

  test('leaves the runs of the present step alone', () => {
    expect(acts(judged(snapshot, { 'success-rate': 'Running' }))).toEqual([]);
  });

  test('ends a run whose step was left', () => {
    const later = releasing({
      guards: [guardFacts()],
      step: { index: 2, entry: 2 },
      runs: [ownRun(snapshot, 'Running')],
    });
    const [act] = runUpkeep(later, later.record);
    expect(act).toMatchObject({
      verb: 'replace',
      why: 'what it judges is over',
      object: { spec: { terminate: true } },
    });
  });

  test('ends a run whose release is over', () => {
    const over = releasing({
      stage: 'Cancelling',
      guards: [guardFacts()],
      runs: [ownRun(snapshot, 'Running')],
    });
    expect(acts(over)).toEqual(['replace: what it judges is over']);
  });

  test('ends a run once', () => {
    const run = ownRun(snapshot, 'Running');
    const over = releasing({
      stage: 'Cancelling',
      guards: [guardFacts()],
      runs: [{ ...run, spec: { ...run.spec, terminate: true } }],
    });
    expect(acts(over)).toEqual([]);
  });

  test('never touches a run that is not its own', () => {
    const run = ownRun(snapshot, 'Running');
    const foreign = { ...run, metadata: { ...run.metadata, ownerReferences: [] } };
    expect(acts(releasing({ stage: 'Cancelling', guards: [guardFacts()], runs: [foreign] }))).toEqual([]);
  });

  test('keeps the ten newest finished runs and those of the present step', () => {
    const old = Array.from({ length: 12 }, (_, index) => {
      const run = ownRun(releasing({ guards: [guardFacts()], step: { entry: index + 10 } }), 'Successful');
      const status = run.status && { ...run.status, completedAt: ago(1_000 - index) };
      return { ...run, ...(status ? { status } : {}) };
    });
    const present = ownRun(snapshot, 'Successful');
    const of = { ...snapshot, runs: [...old, present] };
    const deleted = runUpkeep(of, of.record);
    expect(deleted.map(({ verb, why }) => `${verb}: ${why}`)).toEqual([
      'delete: older than the newest 10',
      'delete: older than the newest 10',
    ]);
    expect(deleted.map(({ object }) => object.metadata.name)).toEqual(
      [old[1], old[0]].map((run) => run?.metadata.name),
    );
  });

  test('deletes nothing that is being deleted', () => {
    const run = ownRun(snapshot, 'Running');
    const going = { ...run, metadata: { ...run.metadata, deletionTimestamp: ago(1) } };
    expect(acts(releasing({ stage: 'Cancelling', guards: [guardFacts()], runs: [going] }))).toEqual([]);
  });
});
