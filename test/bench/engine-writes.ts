import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { RolloutRecord } from '../../src/api/rollout-record.ts';
import type { App } from './engine-load.ts';

/** A request that changed something, or tried to, as the API server's audit log has it. */
export interface AuditedWrite {
  verb: string;
  /** With its subresource after a slash. */
  resource: string;
  namespace: string;
  name: string;
  /** When the API server received it, epoch ms with fractions. */
  at: number;
  code: number;
}

interface AuditLine {
  verb: string;
  requestReceivedTimestamp: string;
  user: { username: string };
  objectRef?: { resource?: string; subresource?: string; namespace?: string; name?: string };
  responseStatus?: { code?: number };
}

/** From now on; answers how to read what a user has written since, its leases left out. */
export async function watchWrites(logsDir: string, user: string): Promise<() => Promise<AuditedWrite[]>> {
  const file = join(logsDir, 'audit.log');
  const from = (await stat(file)).size;
  return async () =>
    (await readFile(file))
      .subarray(from)
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as AuditLine)
      .filter((line) => line.user.username.startsWith(user) && line.objectRef?.resource !== 'leases')
      .map(writeOf);
}

function writeOf({ verb, requestReceivedTimestamp, objectRef, responseStatus }: AuditLine): AuditedWrite {
  const { resource = '', subresource, namespace = '', name = '' } = objectRef ?? {};
  return {
    verb,
    resource: subresource ? `${resource}/${subresource}` : resource,
    namespace,
    name,
    at: instantOf(requestReceivedTimestamp),
    code: responseStatus?.code ?? 0,
  };
}

/** A time with microseconds, which Date cuts off: two requests of one millisecond keep their order. */
function instantOf(time: string): number {
  return Date.parse(time) + Number(`0.${/\.\d{3}(\d+)Z$/.exec(time)?.[1] ?? '0'}`);
}

/** Where in a release something was: before its first step, in one of its steps, or after the last. */
export type Place = 'begin' | 'end' | number;

/** What one release cost at each place, and how long it was there. */
export interface ReleaseCost {
  writes: Map<Place, AuditedWrite[]>;
  stepMs: Map<number, number>;
  promoted: boolean;
}

/**
 * Sorts the writes by the steps of the release that they belong to. The passes over one Rollout come one after the other,
 * and a decision has the time at which its pass began: so what was received from there on follows from it.
 */
export function costOfRelease(
  { metadata, status }: RolloutRecord,
  writes: readonly AuditedWrite[],
): ReleaseCost {
  const own = (status.decisions ?? []).filter(({ release }) => release === status.releaseId);
  const moves = own.filter(({ decision }) => decision === 'Enter' || decision === 'Advance');
  const finished = own.find(({ decision }) => decision === 'Finalise');
  const bounds = [...moves, ...(finished ? [finished] : [])].map(({ at }) => Date.parse(at));
  const sorted = new Map<Place, AuditedWrite[]>();
  const app = { namespace: metadata.namespace ?? '', name: metadata.name };
  for (const write of writes.filter((each) => isOf(each, app))) {
    const passed = bounds.filter((bound) => bound <= write.at).length;
    const place = passed === 0 ? 'begin' : passed > moves.length ? 'end' : passed;
    sorted.set(place, [...(sorted.get(place) ?? []), write]);
  }
  const stepMs = new Map(
    moves.map((_, index) => [index + 1, (bounds[index + 1] ?? Number.NaN) - (bounds[index] ?? Number.NaN)]),
  );
  return { writes: sorted, stepMs, promoted: status.release?.outcome === 'Promoted' };
}

/** Everything of a release begins with the name of its Rollout. */
function isOf({ namespace, name }: AuditedWrite, app: App): boolean {
  return namespace === app.namespace && name.startsWith(app.name);
}
