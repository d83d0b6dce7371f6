import type { KubeObject } from '../../src/api/kubernetes.ts';

/** One act: what happened to whom, from what to what, and why. */
export interface Line {
  subject: string;
  act: string;
  from?: string | undefined;
  to?: string | undefined;
  reason?: string | undefined;
  message?: string | undefined;
}

/** A write with the object before it; neither where it was not there before or is no more. */
export interface Seen<T extends KubeObject = KubeObject> {
  before: T | undefined;
  after: T | undefined;
  actor: string;
}

/** A line where a fact about an object changed, or came with it. */
export function changed<T extends KubeObject>(
  { before, after }: Seen<T>,
  subject: string,
  act: string,
  fact: (object: T) => string | undefined,
): Line[] {
  const [from, to] = [before && fact(before), after && fact(after)];
  return from === to || !after ? [] : [{ subject, act, from: from ?? 'none', to: to ?? 'none' }];
}
