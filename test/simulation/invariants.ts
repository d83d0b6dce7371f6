import type { AnalysisRun } from '../../src/api/analysis-run.ts';
import { durationMs } from '../../src/api/duration.ts';
import { type KubeObject, keyOf } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import type { Rollout } from '../../src/api/rollout.ts';
import type { RecordStatus, RolloutRecord } from '../../src/api/rollout-record.ts';
import { analysesOfMode, analysesOfStep } from '../../src/rollout/guard.ts';
import { analysisRun, isOwnRun } from '../../src/rollout/runs.ts';
import type { World, Write } from '../world/world.ts';
import { settledMarks, unmarkedCanary } from './shared-rules.ts';
import { ROUTES, recordOf, type Stage } from './stage.ts';
import { type Broken, canaryShare, risingWeight, routesIn, settledTraffic } from './traffic-rules.ts';
import { movedBack, wayBackWatch } from './way-back-rules.ts';

/** What must hold whatever happens, watched at every write and, as far as it takes time to settle, at every second. */
export interface Watchman {
  onWrite(stage: Stage, write: Write): void;
  atRest(stage: Stage): void;
  /** What was broken, in plain words, with the time. */
  broken: string[];
}

export function watchman(): Watchman {
  const before = new Map<string, KubeObject>();
  const broken: string[] = [];
  const takenBack = wayBackWatch();
  let at = 0;

  function must(holds: boolean, rule: string, detail: string): void {
    if (!holds) broken.push(`t+${(at / 1_000).toFixed(1)}s  ${rule}: ${detail}`);
  }

  function onRecord(stage: Stage, was: RecordStatus | undefined, is: RolloutRecord): void {
    const { world } = stage;
    must(is.status.releaseId >= (was?.releaseId ?? 0), 'a release id only rises', `${is.status.releaseId}`);
    must(is.status.stepEntry >= (was?.stepEntry ?? 0), 'a step entry only rises', `${is.status.stepEntry}`);
    if (was) tell(movedBack(stage, was, is.status, isApproved(world, is, was)));
    if (!was || !leavesUpwards(was, is.status)) return;
    const { release } = was;
    if (isApproved(world, is, was)) return;
    const left = `release ${was.releaseId}, step ${release?.step?.index}`;
    must(
      isJudgedGood(world, is, was),
      'a guarded step is left upwards only with a Successful verdict for exactly its key, or an approval of it',
      left,
    );
    for (const trouble of backgroundTroubles(world, is, was)) {
      must(
        false,
        'no step is left upwards past a Background analysis that is not at ease',
        `${left}: ${trouble}`,
      );
    }
  }

  function onRoute(stage: Stage, was: KubeObject | undefined, is: KubeObject): void {
    const share = canaryShare(is);
    if (share === undefined) return;
    tell(risingWeight(stage, was ? (canaryShare(was) ?? 0) : 0, share));
  }

  function tell(troubles: readonly Broken[]): void {
    for (const [rule, detail] of troubles) must(false, rule, detail);
  }

  /** Sequence numbers of a metric are recorded one after the other, and what was recorded stays. */
  function onRun(was: AnalysisRun | undefined, is: AnalysisRun): void {
    for (const result of is.status?.metricResults ?? []) {
      const former = was?.status?.metricResults.find(({ name }) => name === result.name);
      const sequences = result.measurements.map(({ sequence }) => sequence);
      const last = sequences.at(-1) ?? -1;
      const contiguous = sequences.every(
        (sequence, index) => sequence === last - sequences.length + 1 + index,
      );
      const counted = result.nextSequence === last + 1 && result.nextSequence >= (former?.nextSequence ?? 0);
      const kept = (former?.measurements ?? []).every((old) => {
        const now = result.measurements.find(({ sequence }) => sequence === old.sequence);
        return !now || (now.outcome === old.outcome && now.finishedAt === old.finishedAt);
      });
      must(
        contiguous && counted && kept,
        'each measurement is recorded once',
        `${is.metadata.name} ${result.name} ${sequences.join(',')}`,
      );
    }
  }

  return {
    broken,
    onWrite: (stage, write) => {
      at = write.at;
      const { object, verb } = write;
      const key = `${object.kind} ${keyOf(object)} ${object.metadata.uid}`;
      const was = before.get(key);
      if (verb === 'delete') before.delete(key);
      else before.set(key, object);
      if (write.actor !== 'assay' || verb === 'delete') return;
      tell(unmarkedCanary(stage, write));
      if (object.kind === 'RolloutRecord') {
        onRecord(stage, (was as RolloutRecord | undefined)?.status, object as RolloutRecord);
      } else if (ROUTES.includes(object.kind)) {
        onRoute(stage, was, object);
      } else if (object.kind === 'AnalysisRun') {
        onRun(was as AnalysisRun | undefined, object as AnalysisRun);
      }
    },
    atRest: (stage) => {
      at = stage.world.clock.monotonic();
      tell(settledTraffic(stage));
      tell(settledMarks(stage));
      tell(takenBack(stage));
      const { release } = recordOf(stage)?.status ?? {};
      const isBack = release?.outcome === 'RolledBack' || release?.outcome === 'Aborted';
      const shares = isBack ? routesIn(stage).map((route) => canaryShare(route) ?? 0) : [];
      must(
        shares.every((share) => share === 0),
        'after a rollback or an abort canary weight is 0 and stays 0',
        `${shares.join()} %`,
      );
    },
  };
}

function leavesUpwards(was: RecordStatus, is: RecordStatus): boolean {
  if (was.release?.stage !== 'InRolling' || was.releaseId !== is.releaseId) return false;
  return (
    is.release?.stage === 'Finalising' || (is.release?.step?.index ?? 0) > (was.release.step?.index ?? 0)
  );
}

function isJudgedGood(world: World, { metadata }: RolloutRecord, was: RecordStatus): boolean {
  const { release } = was;
  const rollout = world.memory.stores.of<Rollout>(resources.rollout).get(metadata);
  const runs = world.memory.stores.of<AnalysisRun>(resources.analysisRun).list();
  if (!rollout || !release?.step) return false;
  return analysesOfStep(release.guard, release.step.index).every((analysis) => {
    const expected = analysisRun({ rollout, record: was }, analysis);
    const present = runs.find((run) => run.metadata.name === expected.metadata.name);
    return (
      present !== undefined &&
      isOwnRun(present, expected, rollout.metadata.uid) &&
      present.status?.phase === 'Successful'
    );
  });
}

/** Background runs that are missing, not ours, ended, or have a metric that measured nothing for three intervals. */
function backgroundTroubles(world: World, { metadata }: RolloutRecord, was: RecordStatus): string[] {
  const rollout = world.memory.stores.of<Rollout>(resources.rollout).get(metadata);
  const runs = world.memory.stores.of<AnalysisRun>(resources.analysisRun).list();
  if (!rollout || was.release?.trafficSince === undefined) return [];
  // The decision fell a moment before it is written, and a run may have ended in between.
  const decidedAt = world.clock.now() - 1_000;
  return analysesOfMode(was.release.guard, 'Background').flatMap((analysis) => {
    const expected = analysisRun({ rollout, record: was }, analysis);
    const present = runs.find((run) => run.metadata.name === expected.metadata.name);
    if (!present || !isOwnRun(present, expected, rollout.metadata.uid))
      return [`${analysis.name} has no run`];
    const { phase, completedAt, startedAt } = present.status ?? {};
    if (completedAt && Date.parse(completedAt) < decidedAt) return [`${analysis.name} is ${phase}`];
    const begunAt = startedAt ? Date.parse(startedAt) : decidedAt;
    return (present.status?.metricResults ?? []).flatMap(({ name, measurements }) => {
      const last = measurements.findLast(({ outcome, value }) => outcome !== 'Error' && value !== undefined);
      const ageMs = decidedAt - Math.max(begunAt, Date.parse(last?.evaluatedAt ?? startedAt ?? ''));
      const interval = analysis.metrics.find((metric) => metric.name === name)?.interval ?? '10s';
      const isStale = ageMs > 3 * durationMs(interval);
      return isStale ? [`${name} of ${analysis.name} has measured nothing for ${ageMs} ms`] : [];
    });
  });
}

function isApproved(
  world: World,
  { metadata }: RolloutRecord,
  { release, releaseId }: RecordStatus,
): boolean {
  const rollout = world.memory.stores.of<Rollout>(resources.rollout).get(metadata);
  return (
    release?.step?.verdict?.phase !== 'Failed' &&
    (rollout?.status?.approvals ?? []).some(
      (approval) =>
        approval.releaseId === releaseId &&
        approval.stepEntry === release?.step?.entry &&
        approval.step === release?.step?.index,
    )
  );
}
