import type { KubeConfig } from '@kubernetes/client-node';
import type { KubeObject } from '../api/kubernetes.ts';
import { apiVersionOf, type Resource } from '../api/resource.ts';
import { faultOf, unreachable } from './fault.ts';
import { withPlainHttp } from './kubeconfig.ts';
import { collectionPath, creationPath, objectPath } from './path.ts';
import type { Cluster, ClusterFault, ClusterResult, ListOptions, Patch } from './port.ts';
import { type HttpAnswer, type HttpRequest, transport } from './transport.ts';

export type Verb = 'get' | 'list' | 'create' | 'update' | 'patch' | 'delete';

export type ClusterClientOptions = {
  /** Named as the manager of the fields that a write sets. */
  fieldManager: string;
  /** How long one request may take, 10 s unless told. */
  timeoutMs?: number;
} & (
  | { onRequest?: undefined }
  | {
      /** Told of each request: its verb, its resource, its duration, and the HTTP status or 0 for none. */
      onRequest(verb: Verb, resource: Resource, ms: number, code: number): void;
      monotonic(): number;
    }
);

type Asked = { ok: true; json: unknown } | { ok: false; code: number; fault: ClusterFault };

interface ListPage<T> {
  metadata?: { resourceVersion?: string; continue?: string };
  items?: T[] | null;
}

const TIMEOUT_MS = 10_000;
const PAGE_SIZE = '500';
/** HTTP status of a list or watch whose version the server no longer has. */
const GONE = 410;

const PATCH_TYPES = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
} as const satisfies Record<Patch['type'], string>;

/** The requests of Assay to the API server of `kubeConfig`, each with a deadline, over connections that are kept. */
export function clusterClient(kubeConfig: KubeConfig, options: ClusterClientOptions): Cluster {
  const reachable = withPlainHttp(kubeConfig);
  const server = reachable.getCurrentCluster()?.server ?? '';
  const send = transport(reachable, options.timeoutMs ?? TIMEOUT_MS);
  const byUs = { fieldManager: options.fieldManager };

  async function ask(verb: Verb, resource: Resource, request: HttpRequest, hasTests = false): Promise<Asked> {
    const what = `${request.method} ${request.path}`;
    const startedAt = options.onRequest ? options.monotonic() : 0;
    const told = (code: number) => options.onRequest?.(verb, resource, options.monotonic() - startedAt, code);
    let answer: HttpAnswer;
    try {
      answer = await send(request);
    } catch (error) {
      told(0);
      return { ok: false, code: 0, fault: unreachable(what, server, error) };
    }
    const code = answer.status;
    told(code);
    if (code < 200 || code > 299) return { ok: false, code, fault: faultOf(what, answer, hasTests) };
    const decoded = decode(answer.text);
    return decoded.ok ? decoded : { ok: false, code, fault: unreachable(what, server, decoded.error) };
  }

  async function askObject<T extends KubeObject>(
    verb: Verb,
    resource: Resource,
    request: HttpRequest,
    hasTests = false,
  ): Promise<ClusterResult<T>> {
    const asked = await ask(verb, resource, request, hasTests);
    return asked.ok ? { ok: true, object: asked.json as T } : { ok: false, fault: asked.fault };
  }

  async function list<T extends KubeObject>(
    resource: Resource,
    { namespace, labelSelector }: ListOptions = {},
  ): Promise<ClusterResult<{ items: T[]; resourceVersion: string }>> {
    const { kind } = resource;
    const apiVersion = apiVersionOf(resource);
    const path = collectionPath(resource, namespace);
    const selected = labelSelector === undefined ? {} : { labelSelector };
    let query: Record<string, string> = { ...selected, limit: PAGE_SIZE };
    let items: T[] = [];
    for (;;) {
      const asked = await ask('list', resource, { method: 'GET', path, query });
      if (!asked.ok) {
        if (asked.code !== GONE || !query['continue']) return { ok: false, fault: asked.fault };
        // The version that the pages came from is forgotten: one list of everything needs no second page.
        query = selected;
        items = [];
        continue;
      }
      const page = asked.json as ListPage<T>;
      // The items of a list carry neither.
      for (const item of page.items ?? []) items.push({ ...item, apiVersion, kind });
      const { continue: next, resourceVersion = '' } = page.metadata ?? {};
      if (!next) return { ok: true, object: { items, resourceVersion } };
      query = { ...query, continue: next };
    }
  }

  return {
    get: async (resource, ref) =>
      askObject('get', resource, { method: 'GET', path: objectPath(resource, ref) }),
    list,
    create: async (resource, object) =>
      askObject('create', resource, {
        method: 'POST',
        path: creationPath(resource, object),
        query: byUs,
        body: json(object),
      }),
    replace: async (resource, object, subresource) =>
      askObject('update', resource, {
        method: 'PUT',
        path: objectPath(resource, object.metadata, subresource),
        query: byUs,
        body: json(object),
      }),
    patch: async (resource, ref, patch, subresource) =>
      askObject(
        'patch',
        resource,
        {
          method: 'PATCH',
          path: objectPath(resource, ref, subresource),
          query: patch.type === 'apply' ? { ...byUs, force: 'true' } : byUs,
          body: { contentType: PATCH_TYPES[patch.type], text: JSON.stringify(patch.body) },
        },
        patch.type === 'json' && patch.body.some(({ op }) => op === 'test'),
      ),
    delete: async (resource, ref, preconditions) => {
      const asked = await ask('delete', resource, {
        method: 'DELETE',
        path: objectPath(resource, ref),
        ...(preconditions && {
          body: json({ apiVersion: 'v1', kind: 'DeleteOptions', preconditions }),
        }),
      });
      return asked.ok ? { ok: true, object: undefined } : { ok: false, fault: asked.fault };
    },
  };
}

function json(value: unknown): NonNullable<HttpRequest['body']> {
  return { contentType: 'application/json', text: JSON.stringify(value) };
}

function decode(text: string): { ok: true; json: unknown } | { ok: false; error: unknown } {
  try {
    return { ok: true, json: JSON.parse(text) };
  } catch (cause) {
    return { ok: false, error: new Error('the answer is not JSON', { cause }) };
  }
}
