import { type Act, replaceActs } from '../api/act.ts';
import { PROGRESSING_FINALIZER_PREFIX } from '../api/annotations.ts';
import { resources } from '../api/resource.ts';
import { parseTime } from '../api/timestamp.ts';
import { type SharedRouting, sharedGraceMs, sharedRoutingOf } from '../api/traffic-routing.ts';
import { JOINABLE, phaseOf } from '../traffic/decide-sharing.ts';
import { type Context, stall, timestamp, wait, withRelease } from './context.ts';
import type { Outcome } from './decision.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * The release takes part in the TrafficRouting that its Rollout names, whose routes are set and felt. undefined once
 * they are: no step begins before.
 */
export function joinRouting(context: Context): Outcome | undefined {
  const { snapshot, release, now } = context;
  const { rollout, shared, record } = snapshot;
  const name = sharedRoutingOf(rollout);
  if (name === undefined) return undefined;
  if (!shared) {
    return stall(
      'TrafficRoutingNotFound',
      `TrafficRouting ${name} does not exist in this namespace; create it, or take it out of the Rollout`,
    );
  }
  if (!takesPart(snapshot, shared)) return joinWhenReady(snapshot, shared);
  if (shared.status?.reason) return faulty(shared);
  const routedAt = parseTime(shared.status?.routedAt);
  const isSeen =
    shared.metadata.deletionTimestamp !== undefined ||
    shared.status?.observedGeneration === shared.metadata.generation;
  if (routedAt === undefined || !isSeen) return notReady(shared);
  const feltAt = routedAt + sharedGraceMs(shared);
  if (now < feltAt)
    return wait(
      'GracePeriod',
      `waiting until the routes of TrafficRouting ${name} are felt everywhere`,
      feltAt,
    );
  if (release.sharedAt !== undefined) return undefined;
  return {
    ...wait('TrafficRoutingNotReady', `the routes of TrafficRouting ${name} are set`),
    record: withRelease(record, { ...release, sharedAt: timestamp(context) }),
  };
}

/** What takes the Rollout out of its TrafficRouting; nothing where it takes no part. */
export function leaveActs(snapshot: Snapshot): Act[] {
  const { rollout, shared } = snapshot;
  if (!shared || !takesPart(snapshot, shared)) return [];
  const finalizers = (shared.metadata.finalizers ?? []).filter((each) => each !== finalizerOf(snapshot));
  const left = { ...shared, metadata: { ...shared.metadata, finalizers } };
  const why = `${rollout.metadata.name} needs no routes any more`;
  return replaceActs(resources.trafficRouting, shared, left, why);
}

function joinWhenReady(snapshot: Snapshot, shared: SharedRouting): Outcome {
  const { name, deletionTimestamp, finalizers = [] } = shared.metadata;
  if (deletionTimestamp) {
    return stall(
      'TrafficRoutingNotReady',
      `TrafficRouting ${name} is being deleted; create it again once it is gone, or take it out of the Rollout`,
    );
  }
  if (shared.status?.reason) return faulty(shared);
  if (!JOINABLE.includes(phaseOf(shared))) return notReady(shared);
  const joined = {
    ...shared,
    metadata: { ...shared.metadata, finalizers: [...finalizers, finalizerOf(snapshot)] },
  };
  return {
    ...wait('TrafficRoutingNotReady', `asking TrafficRouting ${name} for its routes`),
    acts: replaceActs(resources.trafficRouting, shared, joined, 'ask for the routes'),
  };
}

function faulty({ metadata, status }: SharedRouting): Outcome {
  const message = `TrafficRouting ${metadata.name} cannot be followed: ${status?.message ?? ''}`;
  return stall('TrafficRoutingNotReady', message);
}

function notReady(shared: SharedRouting): Outcome {
  const { metadata, status } = shared;
  const said = status?.message === undefined ? '' : `: ${status.message}`;
  return wait('TrafficRoutingNotReady', `TrafficRouting ${metadata.name} is ${phaseOf(shared)}${said}`);
}

function takesPart(snapshot: Snapshot, { metadata }: SharedRouting): boolean {
  return metadata.finalizers?.includes(finalizerOf(snapshot)) ?? false;
}

function finalizerOf({ rollout }: Snapshot): string {
  return `${PROGRESSING_FINALIZER_PREFIX}${rollout.metadata.name}`;
}
