import { type ClientRequest, type IncomingMessage, STATUS_CODES } from 'node:http';
import { StringDecoder } from 'node:string_decoder';
import type { KubeObject } from '../api/kubernetes.ts';
import type { BeginRequest } from './connection.ts';

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
 * Opens one watch from `resourceVersion` on. Answers how to close it, after which nothing is called any more. Read from
 * the connection itself: client-node's Watch goes through a web stream and a readline, which take longer than the
 * parsing of what they bring.
 */
export function openWatch(
  begin: BeginRequest,
  path: string,
  { resourceVersion, labelSelector }: { resourceVersion: string; labelSelector?: string | undefined },
  { onEvent, onEnd }: WatchHandlers,
): () => void {
  let over = false;
  let connection: ClientRequest | undefined;
  let silence: NodeJS.Timeout | undefined;

  function end(how: WatchEnd): void {
    if (over) return;
    close();
    onEnd(how);
  }

  function close(): void {
    over = true;
    clearTimeout(silence);
    connection?.destroy();
  }

  const broken = (why: unknown) => end({ kind: 'broken', why: String(why) });

  function receive(line: string): void {
    if (over || line === '') return;
    const { type, object } = JSON.parse(line) as { type: string; object: RawObject };
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
        broken(`the server sent ${type}: ${object.message ?? object.code}`);
    }
  }

  function read(response: IncomingMessage): void {
    const { statusCode = 0, statusMessage } = response;
    if (statusCode !== 200) {
      broken(`HTTP ${statusCode} ${statusMessage || STATUS_CODES[statusCode]}`);
      return;
    }
    const lines = lineReader(receive);
    response.on('error', broken);
    response.on('data', (chunk: Buffer) => {
      silence?.refresh();
      try {
        lines(chunk);
      } catch (error) {
        broken(error);
      }
    });
    response.on('end', () => end({ kind: 'closed' }));
  }

  // Nothing came for so long: the watch goes on over a new connection, from where it was.
  silence = setTimeout(() => end({ kind: 'closed' }), SILENCE_MS);
  silence.unref();
  const query = { resourceVersion, ...(labelSelector !== undefined && { labelSelector }) };
  begin({ method: 'GET', path, query: { watch: 'true', allowWatchBookmarks: 'true', ...query } }).then(
    (request) => {
      connection = request;
      request.on('error', broken);
      request.on('response', read);
      request.end();
      if (over) request.destroy();
    },
    broken,
  );
  return close;
}

/** Takes the chunks of a stream of text and calls `onLine` for each line that is whole. */
function lineReader(onLine: (line: string) => void): (chunk: Buffer) => void {
  const decoder = new StringDecoder('utf8');
  let parts: string[] = [];
  return (chunk) => {
    const [first = '', ...rest] = decoder.write(chunk).split('\n');
    parts.push(first);
    for (const next of rest) {
      const line = parts.join('');
      parts = [next];
      onLine(line);
    }
  };
}
