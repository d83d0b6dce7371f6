import { type Act, replaceActs } from '../api/act.ts';
import { PROGRESSING_FINALIZER_PREFIX, TRAFFIC_ROUTING_FINALIZER } from '../api/annotations.ts';
import { resources } from '../api/resource.ts';
import { formatTime, parseTime } from '../api/timestamp.ts';
import {
  participantsOf,
  SHARING_PHASES,
  type SharedRouting,
  type SharedRoutingStatus,
  type SharingPhase,
  sharedGraceMs,
} from '../api/traffic-routing.ts';
import { type SharedFacts, type SharedWork, sharedRouteWork, takeBackActs } from './shared-routes.ts';

/** What a pass over a TrafficRouting decided, written in this order. */
export interface SharingDecision {
  /** Where there are any, the status is decided about what they leave. */
  acts: readonly Act[];
  status: SharedRoutingStatus;
  /** Epoch milliseconds; undefined means on change. */
  wakeAt?: number;
  /** What a person may want to hear of. */
  note?: { type: 'Normal' | 'Warning'; reason: string; message: string };
}

/** Phases that a Rollout may join in. */
export const JOINABLE: readonly SharingPhase[] = ['Healthy', 'Progressing'];

/**
 * Decides about one TrafficRouting. Its routes are there from the first Rollout that puts its finalizer on it until the
 * last one has taken that away. The status says what is about to be done before the routes are taken back: a Rollout
 * that joins at that moment finds either another version of the object, or a phase that it has to wait in.
 */
export function decideSharing(facts: SharedFacts, now: number): SharingDecision {
  const { routing } = facts;
  const cared = caredFor(facts);
  if (cared !== routing) {
    const acts = replaceActs(resources.trafficRouting, routing, cared, 'keep the finalizers of who is there');
    return { acts, status: routing.status ?? {} };
  }
  if (routing.metadata.deletionTimestamp) return terminating(facts, now);
  switch (phaseOf(routing)) {
    case 'Initial':
      return resting(facts);
    case 'Healthy':
      return participantsOf(routing).length > 0 ? beginning(facts, now) : resting(facts);
    case 'Progressing':
      return participantsOf(routing).length > 0 ? routed(facts, 'Progressing', now) : finalizing(facts, now);
    case 'Finalizing':
    case 'Terminating':
      return finalizing(facts, now);
  }
}

export function phaseOf({ status }: Pick<SharedRouting, 'status'>): SharingPhase {
  return SHARING_PHASES.find((phase) => phase === status?.phase) ?? 'Initial';
}

/** With our finalizer, and without those of Rollouts that are gone or follow it no more: nobody would take these away. */
function caredFor({ routing, rollouts }: SharedFacts): SharedRouting {
  const { finalizers = [], deletionTimestamp } = routing.metadata;
  const left = finalizers.filter(
    (finalizer) =>
      !finalizer.startsWith(PROGRESSING_FINALIZER_PREFIX) ||
      rollouts.includes(finalizer.slice(PROGRESSING_FINALIZER_PREFIX.length)),
  );
  const isOurs = left.includes(TRAFFIC_ROUTING_FINALIZER);
  if (left.length === finalizers.length && (isOurs || deletionTimestamp)) return routing;
  const wanted = isOurs || deletionTimestamp ? left : [...left, TRAFFIC_ROUTING_FINALIZER];
  return { ...routing, metadata: { ...routing.metadata, finalizers: wanted } };
}

/** No release needs the routes: they are as their owners wrote them. */
function resting(facts: SharedFacts): SharingDecision {
  const acts = takeBackActs(facts);
  if (acts.length > 0) return { acts, status: facts.routing.status ?? {} };
  const { fault } = sharedRouteWork(facts);
  return fault ? faulty(facts, 'Initial', fault) : standing(facts, 'Healthy', 'no release needs the routes');
}

/** The first release has come: the routes are set, and only then said to be. */
function beginning(facts: SharedFacts, now: number): SharingDecision {
  const { fault } = sharedRouteWork(facts);
  return fault ? faulty(facts, 'Initial', fault) : routed(facts, 'Progressing', now);
}

/** The routes are kept as they are to be, whoever changes them; a grace period counts from when they were seen so. */
function routed(facts: SharedFacts, phase: SharingPhase, now: number): SharingDecision {
  const { metadata, status = {} } = facts.routing;
  const { acts, fault } = sharedRouteWork(facts);
  if (acts.length > 0) return { acts, status };
  if (fault) return faulty(facts, phase, fault);
  const isGoing = metadata.deletionTimestamp !== undefined;
  // To be deleted raises the generation, too, and changes no route.
  const isSeen = isGoing || status.observedGeneration === metadata.generation;
  const routedAt = (isSeen && status.routedAt) || formatTime(now);
  const whose = `the releases of ${participantsOf(facts.routing).toSorted().join(', ')}`;
  const message = isGoing ? `it goes when ${whose} are over` : `requests are marked for ${whose}`;
  const stays = standing(facts, phase, message, { routedAt });
  if (status.routedAt !== undefined) return stays;
  return { ...stays, note: { type: 'Normal', reason: 'TrafficRouted', message } };
}

/** The last release is over: the routes are taken back, and one grace period passes. */
function finalizing(facts: SharedFacts, now: number): SharingDecision {
  const open = takingBack(facts, 'Finalizing', now);
  if (open) return open;
  const rested = standing(facts, 'Healthy', 'no release needs the routes');
  if (facts.routing.status?.routesRemovedAt === undefined) return rested;
  const message = 'the routes are as their owners wrote them';
  return { ...rested, note: { type: 'Normal', reason: 'CanaryRoutesRemoved', message } };
}

/** Deleted: it stays while a release needs its routes, as a volume does that a pod uses, and until they are taken back. */
function terminating(facts: SharedFacts, now: number): SharingDecision {
  const { routing } = facts;
  if (participantsOf(routing).length > 0) return routed(facts, 'Terminating', now);
  const open = takingBack(facts, 'Terminating', now);
  if (open) return open;
  const { finalizers = [] } = routing.metadata;
  const left = finalizers.filter((finalizer) => finalizer !== TRAFFIC_ROUTING_FINALIZER);
  const status = routing.status ?? {};
  if (left.length === finalizers.length) return { acts: [], status };
  const released = { ...routing, metadata: { ...routing.metadata, finalizers: left } };
  return { acts: replaceActs(resources.trafficRouting, routing, released, 'let it go'), status };
}

/** undefined once nothing is routed any more and that is felt everywhere. */
function takingBack(facts: SharedFacts, phase: SharingPhase, now: number): SharingDecision | undefined {
  const { routing } = facts;
  const { routedAt, routesRemovedAt, ...before } = routing.status ?? {};
  const acts = takeBackActs(facts);
  if (routedAt === undefined && routesRemovedAt === undefined && acts.length === 0) return undefined;
  const times = { ...(routedAt && { routedAt }), ...(routesRemovedAt && { routesRemovedAt }) };
  const message = 'the routes are taken back';
  if (before.phase !== phase) {
    // Before anything is taken back, so that who is started again in the middle knows that it was there.
    return standing(facts, phase, message, { ...times, routedAt: routedAt ?? formatTime(now) });
  }
  if (acts.length > 0) return { acts, status: routing.status ?? {} };
  const removedAt = parseTime(routesRemovedAt) ?? now;
  const feltAt = removedAt + sharedGraceMs(routing);
  if (routesRemovedAt !== undefined && now >= feltAt) return undefined;
  const felt = 'waiting until the routes that were taken back are felt everywhere';
  return {
    ...standing(facts, phase, felt, { ...times, routesRemovedAt: formatTime(removedAt) }),
    wakeAt: feltAt,
  };
}

type Times = Pick<SharedRoutingStatus, 'routedAt' | 'routesRemovedAt'>;

function standing(
  { routing }: SharedFacts,
  phase: SharingPhase,
  message: string,
  times: Times = {},
): SharingDecision {
  const { generation } = routing.metadata;
  return {
    acts: [],
    status: {
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      phase,
      message,
      ...times,
    },
  };
}

/** Told when it turns up; while it lasts the status has it. */
function faulty(
  facts: SharedFacts,
  phase: SharingPhase,
  { reason, message }: NonNullable<SharedWork['fault']>,
  times: Times = {},
): SharingDecision {
  const { status: before = {} } = facts.routing;
  const { status } = standing(facts, phase, message, times);
  const isKnown = before.reason === reason && before.message === message;
  return {
    acts: [],
    status: { ...status, reason },
    ...(!isKnown && { note: { type: 'Warning', reason, message } }),
  };
}
