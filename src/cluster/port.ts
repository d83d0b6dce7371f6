import type { JsonOperation } from '../api/act.ts';
import type { KubeObject } from '../api/kubernetes.ts';
import type { Resource } from '../api/resource.ts';

/** Names one object of a known kind. */
export interface ObjectRef {
  name: string;
  namespace?: string | undefined;
}

/**
 * Why a request to the API server did not do what was asked.
 * - Conflict: the object changed since it was read; observe again.
 * - AlreadyExists, NotFound: as they say; often what the caller wanted.
 * - Refused: the request is wrong or not allowed; asking again does not help.
 * - Unavailable: the server could not answer; ask again later.
 */
export interface ClusterFault {
  kind: 'Conflict' | 'AlreadyExists' | 'NotFound' | 'Refused' | 'Unavailable';
  message: string;
  retryAfterMs?: number;
}

export type ClusterResult<T> = { ok: true; object: T } | { ok: false; fault: ClusterFault };

/** A merge patch (RFC 7386), JSON patch (RFC 6902) or server-side apply. */
export type Patch =
  | { type: 'merge'; body: Record<string, unknown> }
  | { type: 'json'; body: readonly JsonOperation[] }
  | { type: 'apply'; body: KubeObject };

export interface ListOptions {
  namespace?: string | undefined;
  labelSelector?: string;
}

/** The requests to the API server that Assay makes. Failure is a value; only a bug throws. */
export interface Cluster {
  get<T extends KubeObject>(resource: Resource, ref: ObjectRef): Promise<ClusterResult<T>>;
  list<T extends KubeObject>(
    resource: Resource,
    options?: ListOptions,
  ): Promise<ClusterResult<{ items: T[]; resourceVersion: string }>>;
  create<T extends KubeObject>(resource: Resource, object: T): Promise<ClusterResult<T>>;
  /** Replaces the object, or only its status; `object.metadata.resourceVersion` is the precondition. */
  replace<T extends KubeObject>(
    resource: Resource,
    object: T,
    subresource?: 'status',
  ): Promise<ClusterResult<T>>;
  patch<T extends KubeObject>(
    resource: Resource,
    ref: ObjectRef,
    patch: Patch,
    subresource?: 'status',
  ): Promise<ClusterResult<T>>;
  delete(
    resource: Resource,
    ref: ObjectRef,
    preconditions?: { uid?: string; resourceVersion?: string },
  ): Promise<ClusterResult<undefined>>;
}

/** What changed in a store: an object came, changed or went. `before` is undefined when it came, `after` when it went. */
export interface Change<T> {
  before: T | undefined;
  after: T | undefined;
}

/** A local copy of all objects of one kind, kept current by a watch. Its objects must not be changed. */
export interface Store<T extends KubeObject> {
  get(ref: ObjectRef): T | undefined;
  list(namespace?: string): readonly T[];
  /** Whether the first complete list has arrived. */
  readonly synced: boolean;
  /**
   * Calls back after each change, and for every present object when the first list arrives; or at once, before
   * this returns, where it already has. Returns how to stop.
   */
  subscribe(listener: (change: Change<T>) => void): () => void;
}
