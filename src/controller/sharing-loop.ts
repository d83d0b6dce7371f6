import { type KubeObject, keyOf, type Service } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import type { Rollout } from '../api/rollout.ts';
import { type SharedRouting, sharedRoutingOf } from '../api/traffic-routing.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../cluster/log.ts';
import { routingOf } from '../rollout/plan.ts';
import { decideSharing } from '../traffic/decide-sharing.ts';
import { providersOf } from '../traffic/providers.ts';
import { routeKey, type SharedFacts } from '../traffic/shared-routes.ts';
import { applyActs, writeStatus } from './apply.ts';
import type { RecordEvent } from './event-recorder.ts';
import type { Freshest } from './freshest.ts';
import type { Next } from './work-queue.ts';

export interface SharingPassDeps {
  cache: Freshest;
  recordEvent: RecordEvent;
  clock: Clock;
  log: Log;
}

/** A pass over one TrafficRouting: its routes, then its status, then what is told of it. */
export function sharingPass({ cache, recordEvent, clock, log }: SharingPassDeps) {
  return async (key: string): Promise<Next> => {
    const [namespace = '', name = ''] = key.split('/');
    const routing = cache.get<SharedRouting>(resources.trafficRouting, { namespace, name });
    if (!routing) return { kind: 'on change' };
    const now = clock.now();
    const { acts, status, wakeAt, note } = decideSharing(observeSharing(cache, routing), now);
    const applied = await applyActs(cache, acts);
    if (applied.ok && acts.length > 0) return { kind: 'at', at: now };
    const written = applied.ok
      ? await writeStatus(cache, resources.trafficRouting, routing, status)
      : applied;
    if (!written.ok) {
      const { fault, what } = written;
      const isStale = fault.kind === 'Conflict' || fault.kind === 'NotFound';
      log[isStale ? 'debug' : 'warn']({ trafficRouting: key, fault, what }, 'a write did not succeed');
      return { kind: 'retry' };
    }
    if (note) {
      log.info({ trafficRouting: key, reason: note.reason }, note.message);
      // Told once by what the status said before: the same trouble may come again.
      await recordEvent(routing, note, now, now);
    }
    return wakeAt === undefined ? { kind: 'on change' } : { kind: 'at', at: wakeAt };
  };
}

function observeSharing(cache: Freshest, routing: SharedRouting): SharedFacts {
  const { namespace, name } = routing.metadata;
  const rollouts = cache.list<Rollout>(resources.rollout, namespace);
  return {
    routing,
    refs: routing.spec.objectRef.map((ref) => ({
      ref,
      service: cache.get<Service>(resources.service, { name: ref.service, namespace }),
      routes: providersOf(ref).map((provider) => ({
        provider,
        own: cache.get(provider.own.resource, { name: provider.own.name, namespace }),
        made: provider.made && cache.get(provider.made.resource, { name: provider.made.name, namespace }),
      })),
    })),
    rollouts: rollouts
      .filter((rollout) => sharedRoutingOf(rollout) === name)
      .map(({ metadata }) => metadata.name),
    claims: claimsOf(routing, rollouts, cache.list<SharedRouting>(resources.trafficRouting, namespace)),
  };
}

/** A Rollout's own routes come first, then those of the older TrafficRouting: who was there is not disturbed. */
function claimsOf(
  routing: SharedRouting,
  rollouts: readonly Rollout[],
  others: readonly SharedRouting[],
): Map<string, string> {
  const order = ({ metadata }: SharedRouting) => `${metadata.creationTimestamp ?? ''} ${metadata.uid ?? ''}`;
  const older = others.filter((other) => order(other) < order(routing));
  const claims = older.flatMap((other) =>
    other.spec.objectRef.flatMap((ref) => claimed(ref, `TrafficRouting ${other.metadata.name}`)),
  );
  const own = rollouts.flatMap((rollout) => {
    const routing = routingOf(rollout);
    return routing ? claimed(routing, `Rollout ${rollout.metadata.name}`) : [];
  });
  return new Map([...claims, ...own]);
}

function claimed(ref: Parameters<typeof providersOf>[0], by: string): [string, string][] {
  return providersOf(ref).map(({ own }) => [routeKey(own), by]);
}

/** The keys of the TrafficRoutings that a changed object may concern. */
export function concernedRoutings(object: KubeObject, cache: Pick<Freshest, 'list'>): string[] {
  const routings = cache.list<SharedRouting>(resources.trafficRouting, object.metadata.namespace);
  return routings.filter((routing) => concerns(object, routing)).map(keyOf);
}

function concerns({ kind, metadata }: KubeObject, { spec }: SharedRouting): boolean {
  // Those of a namespace are few, and which of them may change a route follows from all of them, and from the Rollouts.
  if (kind === resources.trafficRouting.kind || kind === resources.rollout.kind) return true;
  if (kind === resources.service.kind) return spec.objectRef.some(({ service }) => service === metadata.name);
  return spec.objectRef
    .flatMap(providersOf)
    .flatMap(({ own, made }) => (made ? [own, made] : [own]))
    .some(({ resource, name }) => resource.kind === kind && name === metadata.name);
}

/** Whether a change of a Rollout is one of what its TrafficRouting goes by. */
export function concernsSharing(before: KubeObject | undefined, after: KubeObject | undefined): boolean {
  if (!before || !after || before.metadata.generation !== after.metadata.generation) return true;
  return sharedRoutingOf(before as Rollout) !== sharedRoutingOf(after as Rollout);
}
