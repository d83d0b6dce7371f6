import type { KubeObject } from '../api/kubernetes.ts';
import { apiVersionOf, resources } from '../api/resource.ts';
import { formatTime } from '../api/timestamp.ts';
import type { Log } from './log.ts';
import type { Cluster, ClusterFault, ClusterResult } from './port.ts';

export interface Lease extends KubeObject {
  spec?: {
    holderIdentity?: string;
    leaseDurationSeconds?: number;
    acquireTime?: string;
    renewTime?: string;
    leaseTransitions?: number;
  };
}

/** The lease is ours. It counts from when the request for it was sent: others count from a later moment. */
export interface Held {
  kind: 'held';
  claimedAt: number;
}

export type Renewal = Held | { kind: 'taken'; why: string } | { kind: 'unknown' };

/** The reads and writes of one candidate on one Lease. None of them rejects for trouble of the API server. */
export interface LeaseClaims {
  /** Looks whether the lease is free and takes it if so. */
  claim(): Promise<Held | undefined>;
  renew(): Promise<Renewal>;
  release(): Promise<void>;
}

export interface LeaseClaimsOptions {
  cluster: Cluster;
  namespace: string;
  name: string;
  identity: string;
  leaseMs: number;
  clock: { now(): number; monotonic(): number };
  log: Log;
}

/**
 * A lease is free when nobody holds it, or when it stayed the same for its whole duration while we looked: wall
 * clocks of two machines are never compared.
 */
export function leaseClaims(options: LeaseClaimsOptions): LeaseClaims {
  const { cluster, namespace, name, identity, clock, log } = options;
  const ref = { namespace, name };
  let seen: { version: string | undefined; at: number } | undefined;
  let mine: Lease | undefined;

  async function claim(): Promise<Held | undefined> {
    const found = await cluster.get<Lease>(resources.lease, ref);
    if (found.ok) return isFree(found.object) ? take(found.object) : undefined;
    if (found.fault.kind !== 'NotFound') return noteTrouble('read', found.fault);
    return take(undefined);
  }

  function isFree(lease: Lease): boolean {
    const { holderIdentity, leaseDurationSeconds } = lease.spec ?? {};
    const version = lease.metadata.resourceVersion;
    // The reading of the clock is later than the write that made this version: so we wait too long, never too short.
    if (seen?.version !== version || !seen) seen = { version, at: clock.monotonic() };
    const durationMs = leaseDurationSeconds === undefined ? options.leaseMs : leaseDurationSeconds * 1000;
    return !holderIdentity || clock.monotonic() - seen.at >= durationMs;
  }

  async function take(lease: Lease | undefined): Promise<Held | undefined> {
    const claimedAt = clock.monotonic();
    const acquireTime = microTime(clock.now());
    const transitions = lease?.spec?.leaseTransitions;
    const wanted: Lease = {
      ...(lease ?? { apiVersion: apiVersionOf(resources.lease), kind: resources.lease.kind, metadata: ref }),
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds: Math.ceil(options.leaseMs / 1000),
        acquireTime,
        renewTime: acquireTime,
        leaseTransitions: transitions === undefined ? 0 : transitions + 1,
      },
    };
    const written = lease
      ? await cluster.replace(resources.lease, wanted)
      : await cluster.create(resources.lease, wanted);
    // A claim that arrived though its answer did not is waited out like that of another.
    if (!written.ok) return noteTrouble('taken', written.fault);
    mine = written.object;
    return { kind: 'held', claimedAt };
  }

  async function renew(): Promise<Renewal> {
    if (!mine) throw new Error(`Lease ${namespace}/${name} is not held, so it cannot be renewed`);
    const claimedAt = clock.monotonic();
    const spec = { ...mine.spec, renewTime: microTime(clock.now()) };
    const written = await cluster.replace<Lease>(resources.lease, { ...mine, spec });
    if (written.ok) {
      mine = written.object;
      return { kind: 'held', claimedAt };
    }
    if (written.fault.kind !== 'Conflict') return notRenewed(written);
    // Someone changed it, or our last write arrived though its answer did not.
    const found = await cluster.get<Lease>(resources.lease, ref);
    if (!found.ok) return notRenewed(found);
    if (!isSameTerm(found.object, mine)) return { kind: 'taken', why: `${heldBy(found.object)} holds it` };
    mine = found.object;
    return { kind: 'unknown' };
  }

  function notRenewed({ fault }: { fault: ClusterFault }): Renewal {
    if (fault.kind === 'NotFound') return { kind: 'taken', why: 'it was deleted' };
    noteTrouble('renewed', fault);
    return { kind: 'unknown' };
  }

  async function release(): Promise<void> {
    if (!mine) return;
    const { holderIdentity: _us, ...spec } = mine.spec ?? {};
    const released = {
      ...mine,
      spec: { ...spec, leaseDurationSeconds: 1, renewTime: microTime(clock.now()) },
    };
    mine = undefined;
    const written: ClusterResult<Lease> = await cluster.replace<Lease>(resources.lease, released);
    if (!written.ok) noteTrouble('released', written.fault);
  }

  function noteTrouble(done: string, { kind, message }: ClusterFault): undefined {
    // Losing the race for a free lease is how it goes.
    const isRace = kind === 'Conflict' || kind === 'AlreadyExists';
    log[isRace ? 'debug' : 'warn'](
      { namespace, lease: name, why: message },
      `the lease could not be ${done}`,
    );
    return undefined;
  }

  return { claim, renew, release };
}

/** When it was acquired tells our term from that of another process of our name. */
function isSameTerm({ spec: found }: Lease, { spec: own }: Lease): boolean {
  return found?.holderIdentity === own?.holderIdentity && found?.acquireTime === own?.acquireTime;
}

function heldBy({ spec }: Lease): string {
  return spec?.holderIdentity || 'nobody';
}

/** Kubernetes takes the times of a Lease with microseconds only. */
function microTime(ms: number): string {
  return formatTime(ms).replace('Z', '000Z');
}
