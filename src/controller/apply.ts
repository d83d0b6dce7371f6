import type { Act } from '../api/act.ts';
import { sameJson } from '../api/canonical.ts';
import type { KubeObject } from '../api/kubernetes.ts';
import type { ClusterFault, ClusterResult } from '../cluster/port.ts';
import type { Freshest } from './freshest.ts';

export type Applied = { ok: true } | { ok: false; fault: ClusterFault; what: string };

/**
 * Carries out the acts of a decision in their order and stops at the first that fails: what follows rests on it.
 * To find a thing made or gone already is no failure, since the pass may be the second after a crash.
 */
export async function applyActs(cluster: Freshest, acts: readonly Act[]): Promise<Applied> {
  for (const act of acts) {
    const result = await applyAct(cluster, act);
    if (result.ok || isAlreadyDone(act, result.fault)) continue;
    const { kind, metadata } = act.object;
    return { ok: false, fault: result.fault, what: `${act.verb} ${kind} ${metadata.name} (${act.why})` };
  }
  return { ok: true };
}

function applyAct(cluster: Freshest, act: Act): Promise<ClusterResult<unknown>> {
  switch (act.verb) {
    case 'create':
      return cluster.create(act.resource, act.object);
    case 'replace':
      return cluster.replace(act.resource, act.object);
    case 'patch':
      return cluster.patch(act.resource, act.object, act.operations, act.subresource);
    case 'delete':
      return cluster.delete(act.resource, act.object);
  }
}

function isAlreadyDone(act: Act, fault: ClusterFault): boolean {
  // An object that exists but is not in the caches yet is seen, and compared, in the next pass.
  if (act.verb === 'create') return fault.kind === 'AlreadyExists';
  return act.verb === 'delete' && fault.kind === 'NotFound';
}

/** As applied, with the version that the object has by it. */
export type Written = (Applied & { ok: false }) | { ok: true; version: string | undefined };

/** Writes the status of an object if it differs from what stands there. */
export async function writeStatus<T extends KubeObject & { status?: unknown }>(
  cluster: Freshest,
  resource: Act['resource'],
  object: T,
  status: unknown,
): Promise<Written> {
  if (sameJson(object.status, status)) return { ok: true, version: object.metadata.resourceVersion };
  const result = await cluster.replace(resource, { ...object, status }, 'status');
  return result.ok
    ? { ok: true, version: result.object.metadata.resourceVersion }
    : { ok: false, fault: result.fault, what: `status of ${object.kind} ${object.metadata.name}` };
}
