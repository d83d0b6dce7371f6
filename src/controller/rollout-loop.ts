import { pendingAlerts, withAlertResult } from '../alerting/compose.ts';
import { sameJson } from '../api/canonical.ts';
import { controllerReference, keyOf } from '../api/kubernetes.ts';
import { apiVersionOf, resources } from '../api/resource.ts';
import type { Rollout } from '../api/rollout.ts';
import type { RecordStatus, RolloutRecord } from '../api/rollout-record.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../cluster/log.ts';
import type { AlertResult, JobQueue } from '../queue/port.ts';
import type { Choice } from '../rollout/decision.ts';
import { isForPeople, isWarning } from '../rollout/remember.ts';
import { EMPTY_RECORD } from '../rollout/snapshot.ts';
import { alertOffers } from './alert-offers.ts';
import { type Applied, applyActs } from './apply.ts';
import { deliberate, type Thought } from './deliberate.ts';
import type { Engine } from './engine.ts';
import type { RecordEvent } from './event-recorder.ts';
import type { Freshest } from './freshest.ts';
import { recordOf } from './observe-rollout.ts';
import { rolloutStatuses, type StatusWritten } from './rollout-statuses.ts';
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
  const statuses = rolloutStatuses(cache);

  async function pass(key: string): Promise<Next> {
    const [namespace = '', name = ''] = key.split('/');
    const rollout = cache.get<Rollout>(resources.rollout, { namespace, name });
    if (!rollout) {
      answers.delete(key);
      statuses.forget(key);
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
    const thoughts = deliberate((record) => deps.engine(cache, rollout, record, now), rollout, known, now);
    const { decision, record } = thoughts.at(-1) ?? thoughts[0];
    const earlier = thoughts.at(-2)?.record ?? known;
    // It is not the present state any more that this was decided about: the next pass follows at once.
    const moved = decision.acts.length > 0 || !sameJson(earlier, record);
    const applied = await apply(rollout, present, before, record, decision);
    if (!applied.ok) return retryAfter(rollout, applied, now);
    const told = await writeStatus(rollout, decision, moved, now);
    // Whatever becomes of the status: what the record has is not decided again.
    forget(key, answered);
    for (const thought of thoughts) {
      deps.onDecision(thought.decision);
      if (thought.isNews) await tell(rollout, thought, now);
    }
    if (!told.ok) return retryAfter(rollout, told, now);
    const alertsAt = await offers.offer(rollout, pendingAlerts(record), undefined, now);
    return nextPass(moved, [decision.wakeAt, alertsAt, told.wordsAt], now);
  }

  async function apply(
    rollout: Rollout,
    present: RolloutRecord | undefined,
    before: RecordStatus,
    record: RecordStatus,
    decision: Choice,
  ): Promise<Applied> {
    const acted = await applyActs(cache, decision.acts);
    if (!acted.ok) return acted;
    if (isLetGo(decision) || sameJson(before, record)) return { ok: true };
    return writeRecord(rollout, present, record);
  }

  async function writeStatus(
    rollout: Rollout,
    decision: ReturnType<Engine>,
    moved: boolean,
    now: number,
  ): Promise<StatusWritten> {
    // Where another controller moves the pods it writes this status, too.
    if (!decision.status || isLetGo(decision)) return { ok: true };
    return statuses.write(rollout, decision.status, moved, now);
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

  async function tell(rollout: Rollout, { decision, record }: Thought, now: number): Promise<void> {
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
    if (!isForPeople(decision)) return;
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

/** Its finalizer is gone, and with it the Rollout and its record: there is nothing left to write. */
function isLetGo({ decision, reason }: Choice): boolean {
  return decision === 'Complete' && reason === 'RolloutDeleted';
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
function nextPass(moved: boolean, wishes: readonly (number | undefined)[], now: number): Next {
  if (moved) return { kind: 'at', at: now };
  const instants = wishes.filter((at) => at !== undefined);
  return instants.length > 0 ? { kind: 'at', at: Math.min(...instants) } : { kind: 'on change' };
}
