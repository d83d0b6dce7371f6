import { answeredAlerts, pendingAlerts } from '../alerting/compose.ts';
import { type HeldRollout, sourceAlerts } from '../alerting/source-alerts.ts';
import { decideOutage, isFailing, resultsOf, sourcesOf } from '../analysis/source-outage.ts';
import type { AnalysisRun } from '../api/analysis-run.ts';
import type { ClusterMetricSource } from '../api/metric-source.ts';
import { resources } from '../api/resource.ts';
import type { Rollout } from '../api/rollout.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../cluster/log.ts';
import type { AlertResult, JobQueue } from '../queue/port.ts';
import { alertOffers } from './alert-offers.ts';
import { writeStatus } from './apply.ts';
import type { Freshest } from './freshest.ts';
import { recordOf } from './observe-rollout.ts';
import type { Next } from './work-queue.ts';

export interface SourceLoopDeps {
  cache: Freshest;
  queue: JobQueue;
  clock: Clock;
  log: Log;
}

/** A pass over one metric source, and the place where the fate of its alerts is handed in. */
export interface SourceLoop {
  pass(key: string): Promise<Next>;
  alertAnswered(result: AlertResult): void;
  /** The sources of which a run may tell something new: that they are down, or no more. */
  concerned(run: AnalysisRun): string[];
}

/**
 * Sees from what the runs recorded whether a metric source is down for several Rollouts, and tells it once. The
 * source's status remembers it, so that a controller that is started again tells nothing twice.
 */
export function sourceLoop({ cache, queue, clock, log }: SourceLoopDeps): SourceLoop {
  const offers = alertOffers(queue);
  const answers = new Map<string, AlertResult[]>();
  const sourceOf = (name: string) => cache.get<ClusterMetricSource>(resources.clusterMetricSource, { name });

  async function pass(name: string): Promise<Next> {
    const source = sourceOf(name);
    if (!source || source.metadata.deletionTimestamp) {
      answers.delete(name);
      return { kind: 'on change' };
    }
    const now = clock.now();
    const before = source.status?.outage;
    const runs = cache.list<AnalysisRun>(resources.analysisRun);
    const { outage, wakeAt } = decideOutage(before, resultsOf(name, runs), now);
    const answered = answers.get(name) ?? [];
    const known = answered.reduce(
      (alerts, { job, delivered }) => answeredAlerts(alerts, job.alertId, delivered, now),
      [...(source.status?.alerts ?? [])],
    );
    const held = (outage?.rollouts ?? []).flatMap((key) => heldRollout(key));
    const alerts = sourceAlerts({ name, uid: source.metadata.uid }, outage, held, known, now);
    const status = { ...(outage && { outage }), ...(alerts.length > 0 && { alerts }) };
    const isNothing = Object.keys(status).length === 0;
    const written =
      isNothing && !source.status
        ? ({ ok: true } as const)
        : await writeStatus(cache, resources.clusterMetricSource, source, status);
    if (!written.ok) {
      log.debug({ source: name, fault: written.fault }, 'the status of a source could not be written');
      return { kind: 'retry' };
    }
    for (const { job } of answered) offers.forget(job);
    forget(name, answered);
    const offerAt = await offers.offer(source, pendingAlerts({ alerts }), 'source', now);
    const next = Math.min(wakeAt ?? Infinity, offerAt ?? Infinity);
    return next === Infinity ? { kind: 'on change' } : { kind: 'at', at: next };
  }

  function forget(name: string, answered: readonly AlertResult[]): void {
    const rest = (answers.get(name) ?? []).filter((answer) => !answered.includes(answer));
    if (rest.length === 0) answers.delete(name);
    else answers.set(name, rest);
  }

  /** Whoever wants to hear that a Rollout waits hears of the source that makes it wait. */
  function heldRollout(key: string): HeldRollout[] {
    const [namespace = '', name = ''] = key.split('/');
    const rollout = cache.get<Rollout>(resources.rollout, { namespace, name });
    const status = rollout && recordOf(cache, rollout)?.status;
    if (!status) return [];
    const receivers = (status.release?.guard?.alerts ?? [])
      .filter(({ on }) => on.includes('Waiting'))
      .map(({ receiver }) => receiver);
    const workload = rollout.spec.workloadRef.name;
    return [{ namespace, rollout: name, workload, release: status.releaseId, receivers }];
  }

  return {
    pass,
    alertAnswered: (result) => {
      const { record } = result.job;
      answers.set(record, [...(answers.get(record) ?? []), result]);
    },
    concerned: (run) =>
      sourcesOf(run).filter((name) => {
        const outage = sourceOf(name)?.status?.outage;
        if (outage && outage.endedAt === undefined) return true;
        return isFailing(name, run);
      }),
  };
}
