import type { ReleaseRecord, StepRecord } from '../api/rollout-record.ts';
import { parseTime } from '../api/timestamp.ts';
import { watchBackground } from '../rollout/background.ts';
import { type Context, type StepContext, timestamp, wait, withRelease } from '../rollout/context.ts';
import type { Outcome } from '../rollout/decision.ts';
import { failStep } from '../rollout/failure.ts';
import { presentGuard } from '../rollout/guard.ts';
import { decideHeld } from '../rollout/holding.ts';
import { shareOf } from '../rollout/plan.ts';
import { type ForeignRelease, isAtRest, MOVER, nameStep } from './foreign-release.ts';
import { decidePause } from './pause.ts';
import { restoreStable } from './restore.ts';
import { standingOf } from './standing.ts';
import { versionOf } from './versions.ts';

/** A release that Kruise Rollouts moves and Assay judges; `revision` is what the workload's author wants now. */
export function decideRelease(context: Context, foreign: ForeignRelease, revision: string): Outcome {
  const { snapshot, workload, release } = context;
  const { rollout } = snapshot;
  if (revision !== release.revision) return wait('WaitingForEngine', besideNewer(context, foreign, revision));
  if (release.stage === 'Cancelling') return restoreStable(context);
  if (foreign.progress === 'Finalising') return decideLastUpdate(context);
  const beside =
    followBackground(context) ?? heldBeforeTraffic(context, foreign) ?? tooLate(context, foreign);
  const standing = standingOf(rollout, workload, foreign);
  if (standing.kind === 'busy') return beside ?? wait('WaitingForEngine', standing.why);
  const { step } = release;
  const isEntered =
    step?.index === foreign.index &&
    step.trafficSince === foreign.since &&
    release.planHash === foreign.planHash;
  if (!isEntered) return enter(context, foreign);
  if (standing.kind === 'unguarded') return beside ?? wait('NotGuarded', standing.why);
  return decidePause({ ...context, step, watch: watchBackground(context) }, foreign);
}

function besideNewer({ release }: Context, { progress }: ForeignRelease, revision: string): string {
  if (revision !== release.stable.revision) return `${MOVER} has not taken up the newest template yet`;
  return progress === 'Paused'
    ? `the stable template is back; ${MOVER} takes the release back once spec.strategy.paused is false`
    : `the stable template is back; waiting until ${MOVER} takes the release back`;
}

/**
 * A stay at a step that was not judged before: another step, another plan, or the same step after its traffic was
 * routed anew. Verdicts of an earlier stay do not count, and edits of the guard take effect.
 */
function enter(context: Context, foreign: ForeignRelease): Outcome {
  const { snapshot, workload, release } = context;
  const { record, rollout } = snapshot;
  const canary = versionOf(workload, foreign.podHash);
  const present = presentGuard(snapshot);
  const hasTraffic = shareOf(rollout, foreign.index)?.weight !== 0;
  const trafficSince = release.trafficSince ?? (hasTraffic ? foreign.since : undefined);
  const entered: ReleaseRecord = {
    ...release,
    planHash: foreign.planHash,
    canary: {
      name: workload.canary.deployment?.metadata.name ?? '',
      hash: canary.hash,
      ...(canary.replicaSet === undefined ? {} : { replicaSet: canary.replicaSet }),
    },
    ...(present.kind === 'guard' ? { guard: present.guard } : {}),
    ...(trafficSince === undefined ? {} : { trafficSince }),
    step: stepAt(context, foreign, 'StepMetricsAnalysis'),
  };
  return {
    decision: 'Enter',
    reason: 'StepEntered',
    message: `${nameStep(rollout, foreign.index)} has its traffic since ${foreign.since}`,
    record: { ...withRelease(record, entered), stepEntry: record.stepEntry + 1 },
  };
}

function stepAt(context: Context, { index, since }: ForeignRelease, state: StepRecord['state']): StepRecord {
  return {
    index,
    entry: context.snapshot.record.stepEntry + 1,
    state,
    enteredAt: timestamp(context),
    attempt: 1,
    ...(state === 'StepMetricsAnalysis' && since !== undefined ? { trafficSince: since } : {}),
  };
}

/** In every state Background analyses are begun, and one that fails is followed at once. */
function followBackground(context: Context): Outcome | undefined {
  const { step } = context.release;
  const watch = watchBackground(context);
  if (watch.kind === 'start') return watch.outcome;
  if (!step || watch.kind !== 'trouble' || watch.trouble.reason !== 'AnalysisFailed') return undefined;
  if (step.verdict?.phase === 'Failed') return undefined;
  const { message, evidence } = watch.trouble;
  return failStep({ ...context, step, watch }, 'AnalysisFailed', message, evidence, {
    state: 'StepPaused',
    mode: 'Background',
  });
}

/** Kruise waits for pods without an end: the guard's deadline counts from when it last said that something happened. */
function tooLate(context: Context, foreign: ForeignRelease): Outcome | undefined {
  const { snapshot, release, now } = context;
  const since = parseTime(foreign.since);
  if (foreign.state !== 'StepUpgrade' || !release.guard || since === undefined) return undefined;
  const deadline = since + release.guard.progressDeadlineMs;
  const name = nameStep(snapshot.rollout, foreign.index);
  if (now < deadline) return wait('WaitingForCanaryPods', `${name}: ${MOVER} brings up the pods`, deadline);
  const step = stepAt(context, foreign, 'StepUpgrade');
  const record = { ...snapshot.record, stepEntry: step.entry };
  const seconds = release.guard.progressDeadlineMs / 1_000;
  const late: StepContext = { ...context, snapshot: { ...snapshot, record }, step, watch: { kind: 'none' } };
  return failStep(
    late,
    'ProgressDeadlineExceeded',
    `the pods of ${name} were not ready within ${seconds} s`,
    [],
    {
      state: 'StepUpgrade',
    },
  );
}

/** That deadline was told and the guard says Pause: nothing more follows until the pods come or a person acts. */
function heldBeforeTraffic(context: Context, foreign: ForeignRelease): Outcome | undefined {
  const { step } = context.release;
  if (isAtRest(foreign) || step?.index !== foreign.index || step.state !== 'StepUpgrade' || !step.hold) {
    return undefined;
  }
  return decideHeld({ ...context, step, watch: { kind: 'none' } });
}

/** Every pod gets the new version: only the Background analyses still watch. */
function decideLastUpdate(context: Context): Outcome {
  const { snapshot, release } = context;
  const followed = followBackground(context);
  if (followed) return followed;
  const told = wait('WaitingForRollingUpdate', `${MOVER} brings the new version to every pod`);
  if (release.stage === 'Finalising') return told;
  return { ...told, record: withRelease(snapshot.record, { ...release, stage: 'Finalising' }) };
}
