import { formatDuration } from '../api/duration.ts';
import type { Evidence, HoldReason, PinnedAnalysis, ReleaseRecord, Tries } from '../api/rollout-record.ts';
import { formatTime, parseTime } from '../api/timestamp.ts';
import { combineRuns } from './combine-runs.ts';
import { type Context, wait, withRelease } from './context.ts';
import type { Outcome } from './decision.ts';
import { freshnessOf } from './freshness.ts';
import { analysesOfMode, presentGuard } from './guard.ts';
import { type Judged, judgingOf } from './judging.ts';
import { blindedBy } from './outage.ts';
import { tryAgain } from './retry.ts';
import { triesOf } from './runs.ts';

/** Why the Background analyses let no step be left, in a word that a hold can have. */
export interface Trouble {
  reason: HoldReason &
    ('AnalysisFailed' | 'AnalysisInconclusive' | 'AnalysisError' | 'AnalysisStale' | 'ForeignRun');
  message: string;
  evidence: Evidence[];
  /** The metric source whose outage is the cause, which is told elsewhere. */
  outage?: string;
}

/** What the Background analyses say at this moment. */
export type Watch =
  | { kind: 'none' }
  /** Runs are to be made, or made anew: this comes before anything else. */
  | { kind: 'start'; outcome: Outcome }
  /** It came to no verdict and will be judged anew at `at`. */
  | { kind: 'later'; at: number; message: string }
  | { kind: 'trouble'; trouble: Trouble }
  /** Nothing is against going on; `runs` are looked at again at `staleAt` at the latest. */
  | { kind: 'well'; runs: readonly Judged[]; staleAt: number };

/**
 * Looks at the Background analyses of a release: from the first traffic of its canary until every pod is updated.
 * They block nothing by being unfinished. One that fails, comes to no verdict, or has a metric that measured nothing
 * for three of its intervals is trouble; a guard that was taken away is not their affair.
 */
export function watchBackground(context: Context): Watch {
  const { snapshot, release, now } = context;
  const analyses = analysesOfMode(release.guard, 'Background');
  if (analyses.length === 0 || release.trafficSince === undefined || release.updatedAt !== undefined) {
    return { kind: 'none' };
  }
  if (presentGuard(snapshot).kind === 'none') return { kind: 'none' };
  const judging = judgingOf(snapshot, analyses);
  if (judging.kind === 'start') return judging;
  if (judging.kind === 'foreign') return trouble('ForeignRun', judging.message, []);
  const { runs } = judging;
  const ended = runs.filter(({ run }) => isEnded(run.status?.phase));
  const { phase, message, evidence } = combineRuns(ended);
  if (phase === 'Failed') return trouble('AnalysisFailed', message, evidence);
  for (const judged of ended) {
    const followed = followEnded(context, judged);
    if (followed) return followed;
  }
  const staleAt = Math.min(...runs.map(({ run }) => freshnessOf(run).staleAt));
  const stale = runs.find(({ run }) => freshnessOf(run).staleAt <= now);
  if (!stale) return { kind: 'well', runs, staleAt };
  const outage = blindedBy(stale.run, freshnessOf(stale.run).first.metric, snapshot.outages, now);
  return trouble('AnalysisStale', staleMessage(stale, now), [], outage);
}

function trouble(reason: Trouble['reason'], message: string, evidence: Evidence[], outage?: string): Watch {
  return {
    kind: 'trouble',
    trouble: { reason, message, evidence, ...(outage !== undefined && { outage }) },
  };
}

function isEnded(phase: string | undefined): boolean {
  return phase === 'Failed' || phase === 'Error' || phase === 'Inconclusive' || phase === 'Cancelled';
}

/** An analysis that ended without a verdict is judged anew as the guard says, else it is trouble. */
function followEnded(context: Context, judged: Judged): Watch | undefined {
  const { snapshot, release, now } = context;
  const { phase, message, evidence } = combineRuns([judged]);
  if (!release.guard || (phase !== 'Error' && phase !== 'Inconclusive')) return undefined;
  const again = tryAgain(
    release.guard,
    triesOf(release, judged.analysis),
    phase,
    [judged],
    now,
    snapshot.outages,
  );
  switch (again.kind) {
    case 'never':
      return trouble(phase === 'Error' ? 'AnalysisError' : 'AnalysisInconclusive', message, evidence);
    case 'later':
      return {
        kind: 'later',
        at: again.at,
        message: `${judged.label} is judged anew at ${formatTime(again.at)}: ${message}`,
      };
    case 'again':
      return {
        kind: 'start',
        outcome: {
          decision: 'Analyse',
          reason: 'AnalysisRetried',
          message: `${judged.label} is judged anew, attempt ${again.tries.attempt}: ${message}`,
          record: withRelease(snapshot.record, withTries(release, judged.analysis, again.tries)),
        },
      };
  }
}

function withTries(release: ReleaseRecord, { guard, name }: PinnedAnalysis, tries: Tries): ReleaseRecord {
  const others = (release.background ?? []).filter(
    (each) => each.guardUid !== guard.uid || each.analysis !== name,
  );
  return { ...release, background: [...others, { ...tries, guardUid: guard.uid, analysis: name }] };
}

/** The release with a new attempt of every Background analysis, as a person asked. */
export function withFreshAttempts(release: ReleaseRecord): ReleaseRecord {
  return analysesOfMode(release.guard, 'Background').reduce(
    (raised, analysis) => withTries(raised, analysis, { attempt: triesOf(release, analysis).attempt + 1 }),
    release,
  );
}

function staleMessage({ label, run }: Judged, now: number): string {
  const { staleAt, first } = freshnessOf(run);
  const who = run.spec.metrics.length === 1 ? label : `metric ${first.metric} of ${label}`;
  if (first.measuredAt === undefined) {
    return `${who} has measured nothing yet and was to have done so ${formatDuration(now - staleAt)} ago at the latest; see why in AnalysisRun ${run.metadata.name}`;
  }
  return `${who} has measured nothing since ${formatTime(first.measuredAt)}; see why in AnalysisRun ${run.metadata.name}`;
}

/**
 * What a step waits for before it is left upwards: nothing, or a measurement of the analyses that watch it. One
 * that was begun anew must have seen something first. `since` is the traffic of a step that nothing else judges:
 * there each must have seen something of that.
 */
export function awaitWatch(watch: Watch, release: ReleaseRecord, since?: string): Outcome | undefined {
  if (watch.kind === 'none') return undefined;
  if (watch.kind !== 'well') return wait('WaitingForAnalysis', 'the Background analyses are not at ease');
  const blind = watch.runs.find(({ analysis, run }) => {
    const { measuredAt } = freshnessOf(run);
    if (measuredAt === undefined) return since !== undefined || triesOf(release, analysis).attempt > 1;
    return measuredAt < (parseTime(since) ?? 0);
  });
  if (!blind) return undefined;
  const what = since === undefined ? 'was begun anew' : 'watches this step alone';
  return wait('WaitingForAnalysis', `${blind.label} ${what} and has not measured yet`, watch.staleAt);
}
