import { parseObject } from '../api/kind.ts';
import { customKinds, kindOf } from '../api/kinds.ts';
import { keyOf, type ObjectMeta } from '../api/kubernetes.ts';
import { type Resource, resources } from '../api/resource.ts';
import type { Log } from '../cluster/log.ts';
import type { EngineName } from './engine.ts';
import type { Parse } from './parse-once.ts';

/** A kind of which every replica keeps a local copy. */
export interface WatchedKind {
  resource: Resource;
  labelSelector?: string;
  /** A cluster need not have this kind: where it has not, there are none of it. */
  optional?: true;
  /** Only who moves pods and requests looks at it. */
  moved?: true;
}

export const watchedKinds: readonly WatchedKind[] = [
  ...customKinds
    .flatMap((versions) => versions.slice(-1))
    .map(({ resource }) => ({
      resource,
      ...(resource === resources.trafficRouting && { moved: true as const }),
    })),
  { resource: resources.deployment },
  { resource: resources.replicaSet },
  { resource: resources.statefulSet },
  { resource: resources.daemonSet },
  { resource: resources.cloneSet, optional: true },
  { resource: resources.controllerRevision },
  { resource: resources.pod, moved: true },
  { resource: resources.autoscaler, moved: true },
  { resource: resources.service, moved: true },
  { resource: resources.ingress, moved: true },
  { resource: resources.httpRoute, optional: true, moved: true },
  { resource: resources.virtualService, optional: true, moved: true },
  { resource: resources.destinationRule, optional: true, moved: true },
];

/** Those of which this engine decides anything. */
export function watchedKindsOf(engine: EngineName): readonly WatchedKind[] {
  return engine === 'kruise' ? watchedKinds.filter(({ moved }) => !moved) : watchedKinds;
}

/**
 * Makes of an object as the API server sends it what the rest of the code is given: parsed where the kind is
 * ours, without the bookkeeping of field managers. undefined for an object of ours that is not valid.
 */
export function watchedParser(log: Log): Parse {
  return (resource, raw) => {
    const { managedFields: _managed, ...metadata } = raw.metadata as ObjectMeta & { managedFields?: unknown };
    const object = { ...raw, metadata };
    const kind = kindOf(resource);
    if (!kind) return object;
    const parsed = parseObject(kind, object);
    if (parsed.ok) return parsed.object;
    log.error(
      { kind: raw.kind, object: keyOf(raw), faults: parsed.faults },
      'an object is not valid and is left out of account; correct it',
    );
    return undefined;
  };
}
