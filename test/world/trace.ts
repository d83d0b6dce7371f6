import { type KubeObject, keyOf } from '../../src/api/kubernetes.ts';
import { worldNames } from './names.ts';
import { nameOf } from './objects.ts';
import type { Line } from './trace-line.ts';
import { linesOf } from './trace-lines.ts';
import { WORLD_START, type Write } from './world.ts';

export interface Trace {
  /** Keeps what is there, and tells nothing. */
  learn(write: Pick<Write, 'object' | 'resource'>): void;
  record(write: Write): void;
  /** A line about something that is not a write. */
  note(at: number, line: Line): void;
  lines(): string[];
}

/**
 * What happened, as far as it can be seen from outside: one line an act, `t+12.3s  subject  act  from → to  (reason)`.
 * Times count from `startAt` on, in the milliseconds of the writes.
 */
export function openTrace(startAt: number): Trace {
  const before = new Map<string, KubeObject>();
  const names = worldNames();
  const lines: { at: number; line: Line }[] = [];
  const keyFor = (resource: Write['resource'], object: KubeObject) => `${nameOf(resource)} ${keyOf(object)}`;

  return {
    learn: ({ object, resource }) => {
      names.learn(object);
      before.set(keyFor(resource, object), object);
    },
    record: ({ at, actor, verb, resource, object }) => {
      const key = keyFor(resource, object);
      names.learn(object);
      const after = verb === 'delete' ? deleted(object) : object;
      const told = linesOf({ before: before.get(key), after, actor }, names);
      if (after && !isLetGo(after)) before.set(key, after);
      else before.delete(key);
      lines.push(...told.map((line) => ({ at, line })));
    },
    note: (at, line) => lines.push({ at, line }),
    lines: () =>
      lines.map(({ at, line }) => names.plain(withoutTimes(formatLine(at - startAt, line), startAt))),
  };
}

/** What a deletion leaves: the object, marked, as long as finalizers keep it. */
function deleted(object: KubeObject): KubeObject | undefined {
  if (!object.metadata.finalizers?.length) return undefined;
  return { ...object, metadata: { ...object.metadata, deletionTimestamp: 'now' } };
}

function isLetGo({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined && !metadata.finalizers?.length;
}

/** Instants in messages as the lines have them. */
function withoutTimes(text: string, startAt: number): string {
  return text.replaceAll(/\d{4}-\d{2}-\d{2}T[\d:.]+Z/g, (instant) =>
    formatSince(Date.parse(instant) - WORLD_START - startAt),
  );
}

function formatSince(ms: number): string {
  return `t+${(ms / 1_000).toFixed(1)}s`;
}

function formatLine(at: number, { subject, act, from, to, reason, message }: Line): string {
  const change = to === undefined ? (from ?? '') : `${from ?? 'none'} → ${to}`;
  return [
    formatSince(at).padEnd(8),
    subject.padEnd(26),
    act.padEnd(10),
    ...(change ? [change] : []),
    ...(reason ? [`(${reason})`] : []),
    ...(message ? [message] : []),
  ]
    .join('  ')
    .trimEnd();
}
