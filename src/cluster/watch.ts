import { type KubeConfig, Watch } from '@kubernetes/client-node';
import type { KubeObject } from '../api/kubernetes.ts';

/** What a watch tells: an object's new state, the end of one, or only how far the watch has come. */
export type WatchEvent =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: KubeObject }
  | { type: 'BOOKMARK'; resourceVersion: string };

/** How a watch ended: closed by the server in good order, or by something after which only a new list helps. */
export type WatchEnd = { kind: 'closed' } | { kind: 'broken'; why: string };

export interface WatchHandlers {
  onEvent(event: WatchEvent): void;
  /** Called once, and nothing after it. */
  onEnd(end: WatchEnd): void;
}

/** Silence after which a connection counts as dead. Quiet kinds get no bookmark for minutes, so it is no sign of trouble. */
const SILENCE_MS = 75_000;

interface RawObject extends KubeObject {
  code?: number;
  message?: string;
}

/**
 * Opens one watch from `resourceVersion` on. Answers how to close it, after which nothing is called any more.
 * client-node drops what a handler throws, so the handlers must not throw.
 */
export function openWatch(
  kubeConfig: KubeConfig,
  path: string,
  query: { resourceVersion: string; labelSelector?: string | undefined },
  { onEvent, onEnd }: WatchHandlers,
): () => void {
  let over = false;
  let connection: AbortController | undefined;

  function end(how: WatchEnd): void {
    if (over) return;
    close();
    onEnd(how);
  }

  function close(): void {
    over = true;
    connection?.abort();
  }

  function receive(type: string, object: RawObject): void {
    if (over) return;
    switch (type) {
      case 'ADDED':
      case 'MODIFIED':
      case 'DELETED':
        onEvent({ type, object });
        break;
      case 'BOOKMARK':
        onEvent({ type, resourceVersion: object.metadata.resourceVersion ?? '' });
        break;
      default:
        end({ kind: 'broken', why: `the server sent ${type}: ${object.message ?? object.code}` });
    }
  }

  const watch = new Watch(kubeConfig);
  // Typed as private, though there is no other way: its 30 s are less than the time between two bookmarks.
  Reflect.set(watch, 'requestTimeoutMs', SILENCE_MS);
  watch
    .watch(path, { ...query, allowWatchBookmarks: true }, receive, (error: unknown) =>
      end(error && !isSilence(error) ? { kind: 'broken', why: String(error) } : { kind: 'closed' }),
    )
    .then(
      (opened) => {
        connection = opened;
        if (over) opened.abort();
      },
      (error: unknown) => end({ kind: 'broken', why: String(error) }),
    );
  return close;
}

/** Nothing came for SILENCE_MS: the watch goes on over a new connection, from where it was. */
function isSilence(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError';
}
