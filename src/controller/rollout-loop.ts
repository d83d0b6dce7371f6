import { pendingAlerts, withAlertResult, withAlerts } from '../alerting/compose.ts';
import { sameJson } from '../api/canonical.ts';
import { controllerReference, keyOf } from '../api/kubernetes.ts';
import { apiVersionOf, resources } from '../api/resource.ts';
import type { Rollout, RolloutStatus } from '../api/rollout.ts';
import type { RecordStatus, RolloutRecord } from '../api/rollout-record.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../cluster/log.ts';
import type { AlertResult, JobQueue } from '../queue/port.ts';
import type { Choice } from '../rollout/decision.ts';
import { isNews, isWarning, remember } from '../rollout/remember.ts';
import { EMPTY_RECORD } from '../rollout/snapshot.ts';
import { alertOffers } from './alert-offers.ts';
import { type Applied, applyActs, writeStatus } from './apply.ts';
import type { Engine } from './engine.ts';
import type { RecordEvent } from './event-recorder.ts';
import type { Freshest } from './freshest.ts';
import { recordOf } from './observe-rollout.ts';
import type { Next } from './work-queue.ts';

export interface RolloutLoopDeps {
  engine: Engine;
  cache: Freshest;
  queue: JobQueue;
  recordEvent: RecordEvent;
  clock: Clock;
  log: Log;
  onDecision(decision: Choice): void;
}

/** A pass over one Rollout, and the place where the fate of its alerts is handed in. */
export interface RolloutLoop {
  pass(key: string): Promise<Next>;
  alertAnswered(result: AlertResult): void;
}

/** Observe, decide, apply; what was decided is written before it is told. */
export function rolloutLoop(deps: RolloutLoopDeps): RolloutLoop {
  const { cache, clock, log } = deps;
  const answers = new Map<string, AlertResult[]>();
  const offers = alertOffers(deps.queue);

  async function pass(key: string): Promise<Next> {
    const [namespace = '', name = ''] = key.split('/');
    const rollout = cache.get<Rollout>(resources.rollout, { namespace, name });
    if (!rollout) {
      answers.delete(key);
      return { kind: 'on change' };
    }
    const now = clock.now();
    const present = recordOf(cache, rollout);
    const before = present?.status ?? EMPTY_RECORD;
    const answered = answers.get(key) ?? [];
    const known = answered.reduce(
      (record, { job, delivered }) => withAlertResult(record, job.alertId, delivered, now),
      before,
    );
    const decision = deps.engine(cache, rollout, known, now);
    const news = isNews(decision, known);
    const alerted = decision.notice
      ? withAlerts(decision.record, rollout, decision.notice, now)
      : decision.record;
    const record = news ? remember(known, alerted, decision, now) : alerted;
    const applied = await apply(rollout, present, before, record, decision);
    if (!applied.ok) return retryAfter(rollout, applied, now);
    forget(key, answered);
    deps.onDecision(decision);
    if (news) await tell(rollout, record, decision, now);
    const moved = hasMoved(decision, before, record);
    return nextPass(decision, moved, await offers.offer(rollout, pendingAlerts(record), undefined, now), now);
  }

  async function apply(
    rollout: Rollout,
    present: RolloutRecord | undefined,
    before: RecordStatus,
    record: RecordStatus,
    decision: ReturnType<Engine>,
  ): Promise<Applied> {
    const acted = await applyActs(cache, decision.acts);
    if (!acted.ok) return acted;
    // Its finalizer is gone, and with it the Rollout and its record: there is nothing left to write.
    if (decision.decision === 'Complete' && decision.reason === 'RolloutDeleted') return { ok: true };
    if (!sameJson(before, record)) {
      const written = await writeRecord(rollout, present, record);
      if (!written.ok) return written;
    }
    // Where another controller moves the pods it writes this status, too.
    if (!decision.status) return { ok: true };
    // The Rollout itself may have been one of the acts: its newest version carries the status.
    const fresh = cache.get<Rollout>(resources.rollout, rollout.metadata) ?? rollout;
    if (fresh.metadata.resourceVersion !== rollout.metadata.resourceVersion) return { ok: true };
    // The next pass follows at once, and says what is waited for then.
    if (hasMoved(decision, before, record) && saysTheSame(rollout.status, decision.status))
      return { ok: true };
    return writeStatus(cache, resources.rollout, rollout, decision.status);
  }

  async function writeRecord(
    rollout: Rollout,
    present: RolloutRecord | undefined,
    status: RecordStatus,
  ): Promise<Applied> {
    const result = present
      ? await cache.replace(resources.rolloutRecord, { ...present, status })
      : await cache.create(resources.rolloutRecord, newRecord(rollout, status));
    return result.ok
      ? { ok: true }
      : { ok: false, fault: result.fault, what: `record of Rollout ${rollout.metadata.name}` };
  }

  function forget(key: string, answered: readonly AlertResult[]): void {
    // Only now: a pass that began before the answer came would offer the alert once more.
    for (const { job } of answered) offers.forget(job);
    const rest = (answers.get(key) ?? []).filter((answer) => !answered.includes(answer));
    if (rest.length === 0) answers.delete(key);
    else answers.set(key, rest);
  }

  async function tell(rollout: Rollout, record: RecordStatus, decision: Choice, now: number): Promise<void> {
    const { decision: word, reason, message } = decision;
    const sequence = record.decisions?.at(-1)?.sequence;
    log.info(
      {
        rollout: keyOf(rollout),
        release: record.releaseId,
        decision: word,
        reason,
      },
      message,
    );
    const type = isWarning(decision) ? 'Warning' : 'Normal';
    await deps.recordEvent(
      rollout,
      { type, reason, message: `${word}: ${message}` },
      [record.releaseId, sequence],
      now,
    );
  }

  /** A refused write does not mend itself: the person who looks at the Rollout is told what the API server said. */
  async function retryAfter(
    rollout: Rollout,
    { fault, what }: Extract<Applied, { ok: false }>,
    now: number,
  ): Promise<Next> {
    const fields = { rollout: keyOf(rollout), fault, what };
    if (fault.kind === 'Conflict' || fault.kind === 'NotFound') {
      log.debug(fields, 'something changed meanwhile; observing again');
      return { kind: 'retry' };
    }
    log.warn(fields, 'a write did not succeed');
    if (fault.kind === 'Refused') {
      const message = `${what} was refused: ${fault.message}`;
      await deps.recordEvent(rollout, { type: 'Warning', reason: 'WriteRefused', message }, message, now);
    }
    return { kind: 'retry' };
  }

  return {
    pass,
    alertAnswered: (result) => {
      const key = `${result.job.namespace}/${result.job.record}`;
      answers.set(key, [...(answers.get(key) ?? []), result]);
    },
  };
}

/** Whether the pass changed something, so that the state that it decided about is not the present one any more. */
function hasMoved({ acts }: Choice, before: RecordStatus, record: RecordStatus): boolean {
  return acts.length > 0 || !sameJson(before, record);
}

/** Whether two statuses differ in the words for people alone. */
function saysTheSame(before: RolloutStatus | undefined, after: RolloutStatus): boolean {
  const wordless = ({ message: _message, canaryStatus, ...status }: RolloutStatus) => ({
    ...status,
    canaryStatus: canaryStatus && { ...canaryStatus, message: undefined, lastUpdateTime: undefined },
  });
  return before !== undefined && sameJson(wordless(before), wordless(after));
}

function newRecord(rollout: Rollout, status: RecordStatus): RolloutRecord {
  const { name, namespace } = rollout.metadata;
  return {
    apiVersion: apiVersionOf(resources.rolloutRecord),
    kind: resources.rolloutRecord.kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ownerReferences: [controllerReference(rollout)],
    },
    status,
  };
}

/** After a pass that changed something the next state is at hand: look at once instead of waiting for the watch. */
function nextPass(decision: Choice, moved: boolean, alertsAt: number | undefined, now: number): Next {
  if (moved) return { kind: 'at', at: now };
  const wishes = [decision.wakeAt, alertsAt].filter((at) => at !== undefined);
  return wishes.length > 0 ? { kind: 'at', at: Math.min(...wishes) } : { kind: 'on change' };
}
