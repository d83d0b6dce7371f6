import type { AnalysisRun } from '../../src/api/analysis-run.ts';
import { RETRY_ANNOTATION } from '../../src/api/annotations.ts';
import { sameJson } from '../../src/api/canonical.ts';
import type { Condition } from '../../src/api/kubernetes.ts';
import type { ClusterMetricSource } from '../../src/api/metric-source.ts';
import type { Rollout } from '../../src/api/rollout.ts';
import type { RolloutGuard } from '../../src/api/rollout-guard.ts';
import type { Alert, RolloutRecord } from '../../src/api/rollout-record.ts';
import { namedStrategy } from '../../src/api/rollout-style.ts';
import { subStatusOf } from '../../src/api/rollout-sub-status.ts';
import { isWarning } from '../../src/rollout/remember.ts';
import { changed, type Line, type Seen } from './trace-line.ts';

/** The Rollout as Kruise's tools see it: phase, conditions, step and state. */
export function rolloutLines(seen: Seen<Rollout>): Line[] {
  const { before, after } = seen;
  const { metadata } = (after ?? before) as Rollout;
  const subject = `Rollout ${metadata.name}`;
  if (!before) return [{ subject, act: 'create' }];
  if (!after) return [{ subject, act: 'gone' }];
  const condition = (type: string) => (object: Rollout) => {
    const found = object.status?.conditions?.find((each) => each.type === type);
    return found && (found.reason ?? found.status);
  };
  const isDeleted = after.metadata.deletionTimestamp !== undefined;
  return [
    ...changed(seen, subject, 'deleted', (object) => (object.metadata.deletionTimestamp ? 'yes' : 'no')),
    ...(isDeleted && !metadata.finalizers?.length ? [{ subject, act: 'gone' }] : []),
    ...changed(seen, subject, 'disabled', (object) => String(object.spec.disabled ?? false)),
    ...changed(seen, subject, 'paused', (object) => String(object.spec.strategy.paused ?? false)),
    ...changed(seen, subject, 'retry', (object) => object.metadata.annotations?.[RETRY_ANNOTATION]),
    ...(sameJson(namedStrategy(before), namedStrategy(after))
      ? []
      : [{ subject, act: 'plan', from: 'changed' }]),
    ...changed(seen, subject, 'phase', (object) => object.status?.phase),
    ...changed(seen, subject, 'progress', condition('Progressing')),
    ...changed(seen, subject, 'Stalled', condition('Stalled')),
    ...changed(seen, subject, 'Guarded', condition('Guarded')),
    ...changed(seen, subject, 'judged', condition('PostPromotion')),
    ...changed(seen, subject, 'step', stepOf),
  ];
}

function stepOf(rollout: Rollout): string | undefined {
  const { status } = rollout;
  const steps = status && subStatusOf(status);
  if (!steps) return undefined;
  const { currentStepIndex, currentStepState } = steps;
  return `${currentStepIndex}/${namedStrategy(rollout)?.strategy.steps?.length} ${currentStepState}`;
}

/** New decisions, with their message where a person should look at them, and new alerts. */
export function recordLines(seen: Seen<RolloutRecord>): Line[] {
  const { before, after } = seen;
  if (!after) return [];
  const subject = `Rollout ${after.metadata.name}`;
  const told = before?.status.decisions?.at(-1)?.sequence ?? 0;
  const decisions = (after.status.decisions ?? [])
    .filter(({ sequence }) => sequence > told)
    .map(({ decision, reason, message }): Line => {
      const warns = isWarning({ decision, reason } as Parameters<typeof isWarning>[0]);
      return { subject, act: decision, reason, message: warns ? message : undefined };
    });
  return [
    ...changed(seen, subject, 'guarded', ({ status }) => guardedOf(status.conditions)),
    ...decisions,
    ...alertLines(before?.status.alerts, after.status.alerts),
  ];
}

/** A metric source that keeps several Rollouts waiting, and who is told of it. */
export function sourceLines(seen: Seen<ClusterMetricSource>): Line[] {
  const { before, after } = seen;
  if (!before || !after) return [];
  const subject = `Source ${after.metadata.name}`;
  const told = ({ status }: ClusterMetricSource) =>
    status?.outage && (status.outage.endedAt ? 'over' : `down for ${status.outage.rollouts.join(', ')}`);
  return [
    ...changed(seen, subject, 'outage', told),
    ...alertLines(before.status?.alerts, after.status?.alerts),
  ];
}

function alertLines(before: readonly Alert[] = [], after: readonly Alert[] = []): Line[] {
  const known = new Map(before.map((alert) => [alert.id, alert]));
  return after.flatMap((alert): Line[] => {
    const told = { subject: `Alert ${alert.receiver}`, from: alert.event, reason: alert.reason };
    const former = known.get(alert.id);
    if (!former) return [{ ...told, act: 'send' }];
    if (alert.deliveredAt && !former.deliveredAt) return [{ ...told, act: 'delivered' }];
    return [];
  });
}

/** A run, each measurement that was recorded in it, and what it came to. */
export function runLines(seen: Seen<AnalysisRun>): Line[] {
  const { before, after } = seen;
  const { spec, metadata } = (after ?? before) as AnalysisRun;
  const subject = `AnalysisRun ${spec.key?.analysis ?? metadata.name}`;
  const judged = spec.key && `release ${spec.key.releaseId}, ${placeOf(spec.key)}`;
  if (!after) return [{ subject, act: 'delete', from: judged }];
  if (!before) return [{ subject, act: 'create', from: judged }];
  const edited = !sameJson({ ...before.spec, terminate: false }, { ...after.spec, terminate: false });
  return [
    ...(edited ? [{ subject, act: 'spec', from: 'changed' }] : []),
    ...changed(seen, subject, 'terminate', (object) => String(object.spec.terminate ?? false)),
    ...measurementLines(subject, before, after),
    ...changed(seen, subject, 'phase', (object) => object.status?.phase),
  ];
}

/** `step 2`, or `background`, with the attempt where it is not the first. */
function placeOf({ mode, step, attempt }: NonNullable<AnalysisRun['spec']['key']>): string {
  const place = mode === 'Step' ? `step ${step}` : mode.toLowerCase();
  return attempt === 1 ? place : `${place}, attempt ${attempt}`;
}

function measurementLines(subject: string, before: AnalysisRun, after: AnalysisRun): Line[] {
  return (after.status?.metricResults ?? []).flatMap((result) => {
    const former = before.status?.metricResults.find(({ name }) => name === result.name);
    return result.measurements
      .filter(({ sequence }) => sequence >= (former?.nextSequence ?? 0))
      .map(({ outcome, reason, value }) => ({
        subject,
        act: 'measure',
        from: `${result.name} ${value ?? 'no value'}`,
        to: outcome,
        reason,
      }));
  });
}

export function guardLines(seen: Seen<RolloutGuard>): Line[] {
  const { before, after } = seen;
  const subject = `RolloutGuard ${(after ?? before)?.metadata.name}`;
  if (!after) return [{ subject, act: 'delete' }];
  if (!before) return [{ subject, act: 'create' }];
  const ready = ({ status }: RolloutGuard) =>
    status?.conditions?.find((condition: Condition) => condition.type === 'Ready')?.reason;
  return [
    ...changed(seen, subject, 'suspend', (object) => String(object.spec.suspend ?? false)),
    ...changed(seen, subject, 'ready', ready),
    ...changed(seen, subject, 'guarded', ({ status }) => guardedOf(status?.conditions)),
  ];
}

/** Told where another engine goes through the steps. */
function guardedOf(conditions: readonly Condition[] = []): string | undefined {
  const found = conditions.find(({ type }) => type === 'Guarded');
  return found && (found.status === 'True' ? 'True' : `${found.status}: ${found.message}`);
}
