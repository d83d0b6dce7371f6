import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ANALYSIS_PHASES, type AnalysisPhase, type AnalysisRun } from '../../src/api/analysis-run.ts';
import type { Approval, Rollout, RolloutStep } from '../../src/api/rollout.ts';
import type { HoldReason, ReleaseStage } from '../../src/api/rollout-record.ts';
import { HOLD_REASONS, RELEASE_STAGES } from '../../src/api/rollout-record.ts';
import { decide } from '../../src/rollout/decide.ts';
import { analysesOfMode, analysesOfStep, effectiveGuard, isGuarded } from '../../src/rollout/guard.ts';
import { analysisRun } from '../../src/rollout/runs.ts';
import type { GuardFacts, Snapshot } from '../../src/rollout/snapshot.ts';
import { deployment, NAME } from '../builders/deployment.ts';
import { analysis, guardFacts } from '../builders/guard.ts';
import { rollout } from '../builders/rollout.ts';
import { ownRun } from '../builders/run.ts';
import { ago, held, NOW, releasing } from '../builders/snapshot.ts';
import { atEffort } from '../effort.ts';

/** What can be known of a release at one moment, as far as it could make a step be left. */
interface Facts {
  stage: ReleaseStage;
  index: number;
  state: 'BeforeStepUpgrade' | 'StepUpgrade' | 'StepTrafficRouting' | 'StepMetricsAnalysis' | 'StepPaused';
  hold: HoldReason | undefined;
  /** Of the metric source: it lasts, or is over since a while; and whether the hold is one of it. */
  outage: 'none' | 'down' | 'back';
  ofOutage: boolean;
  failedBefore: boolean;
  pinned: GuardFacts[];
  present: GuardFacts[];
  phases: AnalysisPhase[];
  /** The Background run; undefined where there is none. */
  background: AnalysisPhase | undefined;
  /** Seconds since it measured something. */
  measuredAgo: number;
  forgery: string;
  approval: Approval | undefined;
  version: string;
  paused: boolean;
  disabled: boolean;
  deleted: boolean;
  replicas: RolloutStep['replicas'];
  pauseSeconds: number | null | undefined;
  held: boolean;
  rejected: boolean;
  samePlan: boolean;
  trafficAgo: number;
}

const BACKGROUND = analysis({ name: 'health', mode: 'Background' });

const GUARDS: GuardFacts[][] = [
  [],
  [guardFacts()],
  [guardFacts({ onSuccess: 'Hold' })],
  [guardFacts({ onFailure: 'Pause' })],
  [guardFacts({ suspend: true })],
  [{ ...guardFacts(), templates: [] }],
  [guardFacts({ analyses: [analysis({ steps: [2] })] })],
  [guardFacts({ analyses: [analysis(), analysis({ name: 'latency' })] })],
  [guardFacts({ name: 'one' }), guardFacts({ name: 'two', onFailure: 'Abort' })],
  [guardFacts({ analyses: [analysis(), BACKGROUND] })],
  [guardFacts({ analyses: [analysis(), BACKGROUND], onFailure: 'Pause', onError: 'Pause' })],
  [guardFacts({ analyses: [analysis({ steps: [2] }), BACKGROUND] })],
  [guardFacts({ analyses: [BACKGROUND] })],
];
const RESOLVED = GUARDS.filter((guards) =>
  guards.every(({ templates, guard }) => templates[0] && !guard.spec.suspend),
);

const FORGERIES = [...Array<string>(10).fill('none'), 'owner', 'label', 'spec', 'entry', 'release', 'health'];

const approvals = fc.option(
  fc.record({
    releaseId: fc.constantFrom(1, 1, 2),
    stepEntry: fc.constantFrom(4, 4, 3),
    step: fc.constantFrom(1, 1, 2),
    user: fc.constant('alice'),
    at: fc.constant(ago(1)),
  }),
  { nil: undefined },
);

const facts: fc.Arbitrary<Facts> = fc.record({
  stage: fc.oneof(
    { weight: 9, arbitrary: fc.constant<ReleaseStage>('InRolling') },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        ...RELEASE_STAGES.filter((stage) => stage !== 'Initializing' && stage !== 'Completed'),
      ),
    },
  ),
  index: fc.constantFrom(1, 1, 2),
  state: fc.oneof(
    { weight: 6, arbitrary: fc.constant('StepMetricsAnalysis' as const) },
    { weight: 3, arbitrary: fc.constant('StepPaused' as const) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        'BeforeStepUpgrade' as const,
        'StepUpgrade' as const,
        'StepTrafficRouting' as const,
      ),
    },
  ),
  hold: fc.option(fc.constantFrom(...HOLD_REASONS), { nil: undefined, freq: 2 }),
  outage: fc.constantFrom('none' as const, 'none' as const, 'down' as const, 'back' as const),
  ofOutage: often(false),
  failedBefore: often(false),
  pinned: fc.constantFrom(...RESOLVED),
  present: fc.constantFrom(...GUARDS),
  phases: fc.array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constant<AnalysisPhase>('Successful') },
      { weight: 1, arbitrary: fc.constantFrom(...ANALYSIS_PHASES) },
    ),
    {
      minLength: 2,
      maxLength: 2,
    },
  ),
  background: fc.oneof(
    { weight: 6, arbitrary: fc.constant<AnalysisPhase>('Running') },
    { weight: 2, arbitrary: fc.constantFrom(undefined, ...ANALYSIS_PHASES) },
  ),
  measuredAgo: fc.constantFrom(0, 5, 20, 29, 30, 31, 400),
  forgery: fc.constantFrom(...FORGERIES),
  approval: approvals,
  version: fc.oneof(
    { weight: 9, arbitrary: fc.constant('v2') },
    { weight: 1, arbitrary: fc.constantFrom('v1', 'v3') },
  ),
  paused: often(false),
  disabled: often(false),
  deleted: often(false),
  replicas: fc.constantFrom(1, 5, '20%', '100%'),
  pauseSeconds: fc.constantFrom(undefined, null, 0, 30, 1_000),
  held: often(true),
  rejected: often(false),
  samePlan: often(true),
  trafficAgo: fc.constantFrom(0, 29, 30, 5_000),
});

function often(value: boolean): fc.Arbitrary<boolean> {
  return fc.oneof(
    { weight: 19, arbitrary: fc.constant(value) },
    { weight: 1, arbitrary: fc.constant(!value) },
  );
}

function snapshotOf(given: Facts): Snapshot {
  const object = planOf(given);
  const base = releasing({
    stage: given.stage,
    state: given.state,
    rollout: object,
    guards: given.present,
    pinnedGuards: given.pinned,
    step: {
      index: given.index,
      entry: 4,
      trafficSince: ago(given.trafficAgo),
      ...(given.hold
        ? {
            hold: {
              reason: given.hold,
              since: ago(9_999),
              message: 'it is held',
              ...(given.ofOutage ? { outage: 'default' } : {}),
            },
          }
        : {}),
      ...(given.failedBefore
        ? {
            verdict: { phase: 'Failed' as const, reason: 'AnalysisFailed', message: 'it failed', at: ago(9) },
          }
        : {}),
    },
    // The canary had traffic before this step, too.
    release: { trafficSince: ago(497), ...(given.samePlan ? {} : { planHash: 'another' }) },
    record: {
      stepEntry: 4,
      ...(given.rejected ? { rejected: [{ revision: 'another', at: ago(99), reason: 'it was slow' }] } : {}),
    },
    workload: {
      object: given.held
        ? held(given.version)
        : deployment({ version: given.version, markedFor: NAME, updated: 0 }),
    },
  });
  return { ...base, runs: runsOf(base, given), outages: outagesOf(given) };
}

function outagesOf({ outage }: Facts): Snapshot['outages'] {
  if (outage === 'none') return [];
  const down = { source: 'default', since: ago(9_999), reason: 'Timeout', message: 'late', rollouts: [] };
  return [outage === 'down' ? down : { ...down, endedAt: ago(60) }];
}

function planOf(given: Facts): Rollout {
  const { pauseSeconds, replicas } = given;
  const pause = pauseSeconds === undefined ? {} : { pause: { duration: pauseSeconds } };
  return rollout({
    paused: given.paused,
    disabled: given.disabled,
    deleted: given.deleted,
    steps: [
      { replicas, traffic: '5%', ...pause },
      { replicas, traffic: '50%', ...pause },
    ],
    status: {
      currentStepIndex: given.index,
      currentStepState: given.state,
      approvals: given.approval ? [given.approval] : [],
    },
  });
}

function runsOf(base: Snapshot, { phases, forgery, index, background, measuredAgo }: Facts): AnalysisRun[] {
  const judging = analysesOfStep(base.record.release?.guard, index);
  const watching = analysesOfMode(base.record.release?.guard, 'Background');
  return [
    ...judging.map((pinned, position) => {
      const phase = phases[position % phases.length] ?? 'Running';
      const run = withStatus(base, pinned, phase);
      return position === 0 ? forge(run, forgery) : run;
    }),
    ...(background === undefined ? [] : watching).map((pinned) => {
      const run = withMeasurement(withStatus(base, pinned, background ?? 'Running'), measuredAgo);
      return forgery === 'health' ? { ...run, metadata: { ...run.metadata, ownerReferences: [] } } : run;
    }),
  ];
}

function withMeasurement(run: AnalysisRun, seconds: number): AnalysisRun {
  const { status } = run;
  if (!status) throw new Error('a run of these facts has a status');
  const at = ago(seconds);
  const measurement = {
    sequence: 0,
    outcome: 'Successful' as const,
    value: '1',
    evaluatedAt: at,
    startedAt: at,
    finishedAt: at,
    reason: 'SuccessConditionMet',
    message: 'measured 1',
  };
  const metricResults = status.metricResults.map((result) => ({ ...result, measurements: [measurement] }));
  return { ...run, status: { ...status, metricResults } };
}

function withStatus(
  base: Snapshot,
  pinned: Parameters<typeof analysisRun>[1],
  phase: AnalysisPhase,
): AnalysisRun {
  const { rollout: object, record } = base;
  const run = analysisRun({ rollout: object, record }, pinned);
  const { status } = ownRun(releasing({ guards: [guardFacts()] }), phase);
  return { ...run, metadata: { ...run.metadata, uid: run.metadata.name }, ...(status ? { status } : {}) };
}

function forge(run: AnalysisRun, forgery: string): AnalysisRun {
  const { metadata, spec } = run;
  switch (forgery) {
    case 'owner':
      return { ...run, metadata: { ...metadata, ownerReferences: [] } };
    case 'label':
      return { ...run, metadata: { ...metadata, labels: {} } };
    case 'spec':
      return { ...run, spec: { ...spec, maxDuration: '1s' } };
    case 'entry':
      return spec.key ? { ...run, spec: { ...spec, key: { ...spec.key, stepEntry: 3 } } } : run;
    case 'release':
      return spec.key ? { ...run, spec: { ...spec, key: { ...spec.key, releaseId: 9 } } } : run;
    default:
      return run;
  }
}

/** Whether the decision leaves the present step upwards: to the next one, or to the end of the release. */
function leavesUpwards(before: Snapshot, after: Snapshot['record']): boolean {
  const [was, is] = [before.record.release, after.release];
  if (was?.stage !== 'InRolling' || after.releaseId !== before.record.releaseId) return false;
  return is?.stage === 'Finalising' || (is?.step?.index ?? 0) > (was.step?.index ?? 0);
}

/**
 * Written again from the invariant, and not from the code: every analysis of exactly this step is Successful, and
 * no Background analysis is failed, undecided or stale. One that watches alone has seen the traffic of the step.
 */
function isJudgedGood(given: Facts, snapshot: Snapshot): boolean {
  const { guard } = snapshot.record.release ?? {};
  const judging = analysesOfStep(guard, given.index);
  const isWatched = analysesOfMode(guard, 'Background').length > 0;
  const forged = judging.length > 0 && given.forgery !== 'none' && given.forgery !== 'health';
  return (
    !forged &&
    (judging.length > 0 || (isWatched && given.measuredAgo <= given.trafficAgo)) &&
    judging.every((_, position) => given.phases[position % given.phases.length] === 'Successful') &&
    (!isWatched || isAtEase(given))
  );
}

/** Three intervals of 10 s, and the phases that say nothing against going on. */
function isAtEase({ background, measuredAgo, forgery }: Facts): boolean {
  const phases: (AnalysisPhase | undefined)[] = ['Pending', 'Running', 'Successful'];
  return phases.includes(background) && measuredAgo < 30 && forgery !== 'health';
}

function isApproved({ approval, index, failedBefore }: Facts): boolean {
  return approval?.releaseId === 1 && approval.stepEntry === 4 && approval.step === index && !failedBefore;
}

const STEPS = atEffort({ fast: 1_000, thorough: 3_000, long: 100_000 });
const FAILURES = atEffort({ fast: 500, thorough: 1_000, long: 50_000 });

test('a guarded step is left upwards only with a verdict Successful for exactly its key past Background analyses at ease, or an approval', () => {
  let left = 0;
  let watched = 0;
  fc.assert(
    fc.property(facts, (given) => {
      const snapshot = snapshotOf(given);
      const decision = decide(snapshot, NOW);
      const { guard } = snapshot.record.release ?? {};
      const guarded = isGuarded(guard, given.index);
      if (!leavesUpwards(snapshot, decision.record)) return;
      if (guarded) left += 1;
      if (analysesOfMode(guard, 'Background').length > 0) watched += 1;
      // What would end or restart the release, or stop it, comes before what moves it.
      expect(given).toMatchObject({
        version: 'v2',
        paused: false,
        disabled: false,
        deleted: false,
        samePlan: true,
      });
      if (guarded) expect(isJudgedGood(given, snapshot) || isApproved(given)).toBe(true);
      if (guarded && given.state !== 'StepPaused') expect(given.state).toBe('StepMetricsAnalysis');
    }),
    { numRuns: STEPS },
  );
  // Facts that never let a step go on would prove nothing.
  expect(left).toBeGreaterThan(STEPS / 60);
  expect(watched).toBeGreaterThan(STEPS / 150);
});

test('traffic and pods of a canary never grow while its step is failed, held or not wanted', () => {
  fc.assert(
    fc.property(facts, (given) => {
      const snapshot = snapshotOf(given);
      const { acts, record } = decide(snapshot, NOW);
      const grows = acts.filter(
        ({ verb, object }) =>
          verb !== 'delete' && object.kind === 'Deployment' && object.metadata.name !== NAME,
      );
      const ending = record.release?.stage !== 'InRolling';
      if (ending || given.version !== 'v2' || given.paused || given.disabled || given.deleted) {
        expect(grows).toEqual([]);
      }
    }),
    { numRuns: atEffort({ fast: 200, thorough: 500, long: 20_000 }) },
  );
});

test('a failed Background analysis is followed at once, in whatever state the step is', () => {
  let followed = 0;
  fc.assert(
    fc.property(facts, (given) => {
      const failing: Facts = { ...given, background: 'Failed', forgery: 'none', version: 'v2' };
      const snapshot = snapshotOf({ ...failing, stage: 'InRolling', disabled: false, deleted: false });
      const { release } = snapshot.record;
      const isWatched = analysesOfMode(release?.guard, 'Background').length > 0;
      const isThere = effectiveGuard(failing.present, undefined).kind !== 'none';
      if (!isWatched || !isThere || !failing.held || !failing.samePlan) return;
      followed += 1;
      const { record, acts } = decide(snapshot, NOW);
      const isTakenBack = record.release?.stage === 'Cancelling' || record.release?.stage === 'Aborting';
      const isHeld =
        record.release?.step?.hold !== undefined && record.release.step.verdict?.phase === 'Failed';
      expect(isTakenBack || isHeld).toBe(true);
      expect(acts.filter(({ verb }) => verb === 'create')).toEqual([]);
    }),
    { numRuns: FAILURES },
  );
  expect(followed).toBeGreaterThan(FAILURES / 20);
});

test('the same facts at the same time give the same decision', () => {
  fc.assert(
    fc.property(facts, (given) => {
      expect(decide(snapshotOf(given), NOW)).toEqual(decide(snapshotOf(given), NOW));
    }),
    { numRuns: 100 },
  );
});
