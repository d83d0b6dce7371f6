import { resources } from '../../src/api/resource.ts';
import { type LeaseOptions, runWithLease } from '../../src/cluster/lease.ts';
import type { Lease } from '../../src/cluster/lease-claims.ts';
import type { Cluster } from '../../src/cluster/port.ts';
import type { VirtualClock } from '../world/clock.ts';

export interface Candidate {
  /** Whether it was elected and not told that this is over. */
  leads(): boolean;
  stop(): void;
  /** Settles when its term has ended, or it was stopped before. */
  done: Promise<void>;
}

/** Where the candidates of one election write what happens to them: `+seconds name what`. */
export interface Course {
  clock: VirtualClock;
  lines: string[];
}

const quiet = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

export function candidate(
  { clock, lines }: Course,
  cluster: Cluster,
  identity: string,
  hooks: Partial<Pick<LeaseOptions, 'onElected' | 'onLost'>> = {},
): Candidate {
  const stopping = new AbortController();
  const note = (what: string) => lines.push(`+${clock.monotonic() / 1000} ${identity} ${what}`);
  let leads = false;
  const done = runWithLease({
    cluster,
    namespace: 'assay-system',
    name: 'assay-controller',
    identity,
    clock: clock.named(identity),
    log: quiet,
    onElected: () => {
      leads = true;
      note('leads');
      return hooks.onElected?.();
    },
    onLost: (reason) => {
      leads = false;
      note(`lost: ${reason}`);
      return hooks.onLost?.(reason);
    },
    signal: stopping.signal,
  });
  return { leads: () => leads, stop: () => stopping.abort(), done };
}

const ref = { namespace: 'assay-system', name: 'assay-controller' };

export async function presentLease(cluster: Cluster): Promise<Lease> {
  const answer = await cluster.get<Lease>(resources.lease, ref);
  if (!answer.ok) throw new Error(answer.fault.message);
  return answer.object;
}
