import { beforeEach, expect, test } from 'vitest';
import { resources } from '../../src/api/resource.ts';
import type { Lease } from '../../src/cluster/lease-claims.ts';
import type { Cluster } from '../../src/cluster/port.ts';
import { must } from '../conformance/open-cluster.ts';
import { virtualClock } from '../world/clock.ts';
import { type MemoryCluster, memoryCluster } from '../world/cluster.ts';
import { type Course, candidate, presentLease } from './candidate.ts';

const START = Date.parse('2026-05-04T10:20:30.400Z');

let course: Course;
let world: MemoryCluster;
let cluster: Cluster;
let writes: string[];

beforeEach(() => {
  const clock = virtualClock(START);
  course = { clock, lines: [] };
  writes = [];
  world = memoryCluster({ now: clock.now, onWrite: (verb, { plural }) => writes.push(`${verb} ${plural}`) });
  ({ cluster } = world);
});

const advance = (ms: number) => course.clock.advance(ms);
const never = new Promise<never>(() => undefined);

test('the first candidate makes the lease, leads, and writes nothing but its renewals', async () => {
  const a = candidate(course, cluster, 'a');
  await advance(60_000);
  expect(course.lines).toEqual(['+0 a leads']);
  expect(writes).toEqual(['create leases', ...Array(60).fill('update leases')]);
  expect((await presentLease(cluster)).spec).toEqual({
    holderIdentity: 'a',
    leaseDurationSeconds: 6,
    acquireTime: '2026-05-04T10:20:30.400000Z',
    renewTime: '2026-05-04T10:21:30.400000Z',
    leaseTransitions: 0,
  });
  a.stop();
  await a.done;
});

test('who waits only reads, and leads within a second of a lease that is given up', async () => {
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const a = candidate(course, cluster, 'a', { onLost: () => finished });
  await advance(10);
  const b = candidate(course, cluster, 'b');
  await advance(10_000);
  a.stop();
  await advance(20_000);
  // Until what was under way has ended, the lease is renewed and nobody else leads.
  expect(course.lines).toEqual(['+0 a leads', '+10.01 a lost: the process stops']);
  finish();
  await advance(1_000);
  await a.done;
  expect(course.lines.slice(2)).toEqual(['+31.01 b leads']);
  expect((await presentLease(cluster)).spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
  b.stop();
  await b.done;
  expect((await presentLease(cluster)).spec?.holderIdentity).toBeUndefined();
});

test('the lease of a process that was killed is taken when it stayed the same for its duration', async () => {
  const killed = candidate(
    course,
    cut(() => course.clock.monotonic() > 9_000),
    'killed',
    {
      onLost: () => never,
    },
  );
  await advance(7_500);
  course.clock.jumpWall(3_600_000);
  const b = candidate(course, cluster, 'b');
  await advance(7_900);
  // Renewed for the last time at +9; b saw that at +9.5 and looks each second.
  expect(course.lines).toEqual(['+0 killed leads', '+13 killed lost: it could not be renewed for 4 s']);
  await advance(200);
  expect(course.lines.slice(2)).toEqual(['+15.5 b leads']);
  b.stop();
  killed.stop();
  await b.done;
});

/** The cluster as one sees it whose network is cut while `isCut` says so: writes get lost, nothing is answered. */
function cut(isCut: () => boolean): Cluster {
  const replace: Cluster['replace'] = async (resource, object, subresource) =>
    isCut() ? never : cluster.replace(resource, object, subresource);
  return { ...cluster, replace };
}

test('a holder that cannot renew stops before another may lead, and a short trouble ends nothing', async () => {
  const a = candidate(course, cluster, 'a');
  await advance(5_000);
  world.failNext('Unavailable', 2);
  await advance(5_000);
  expect(course.lines).toEqual(['+0 a leads']);
  world.failNext('Unavailable', 10);
  await advance(5_000);
  await a.done;
  expect(course.lines.slice(1)).toEqual(['+14 a lost: it could not be renewed for 4 s']);
});

test('a holder whose lease another took is told at the next renewal', async () => {
  const a = candidate(course, cluster, 'a');
  await advance(3_500);
  const lease = await presentLease(cluster);
  const taken = { ...lease, spec: { ...lease.spec, holderIdentity: 'thief' } };
  await must(cluster.replace<Lease>(resources.lease, taken));
  await advance(1_000);
  await a.done;
  expect(course.lines).toEqual(['+0 a leads', '+4 a lost: thief holds it']);
  expect((await presentLease(cluster)).spec?.holderIdentity).toBe('thief');
});

test('a holder whose lease is deleted is told at the next renewal', async () => {
  const a = candidate(course, cluster, 'a');
  await advance(3_500);
  await must(cluster.delete(resources.lease, (await presentLease(cluster)).metadata));
  await advance(1_000);
  await a.done;
  expect(course.lines).toEqual(['+0 a leads', '+4 a lost: it was deleted']);
});

test('a conflict with somebody who changed something else ends nothing', async () => {
  const a = candidate(course, cluster, 'a');
  await advance(3_000);
  const body = { metadata: { labels: { seen: 'yes' } } };
  await must(
    cluster.patch(
      resources.lease,
      { namespace: 'assay-system', name: 'assay-controller' },
      { type: 'merge', body },
    ),
  );
  await advance(30_000);
  expect(course.lines).toEqual(['+0 a leads']);
  expect(await presentLease(cluster)).toMatchObject({
    metadata: { labels: { seen: 'yes' } },
    spec: { holderIdentity: 'a' },
  });
  a.stop();
  await a.done;
});

test('a claim whose answer was lost is waited out, as it might be that of another', async () => {
  let lost = 1;
  const create: Cluster['create'] = async (resource, object) => {
    const answer = await cluster.create(resource, object);
    lost -= 1;
    return lost < 0 ? answer : { ok: false, fault: { kind: 'Unavailable', message: 'lost' } };
  };
  const a = candidate(course, { ...cluster, create }, 'a');
  await advance(7_000);
  expect(course.lines).toEqual(['+7 a leads']);
  a.stop();
  await a.done;
});

test('of two processes of one name that start at once, one leads', async () => {
  const first = candidate(course, cluster, 'same');
  const second = candidate(course, cluster, 'same');
  await advance(20_000);
  expect(course.lines).toEqual(['+0 same leads']);
  first.stop();
  second.stop();
  await Promise.all([first.done, second.done]);
});

test('a lease without a duration is waited for like our own', async () => {
  const metadata = { namespace: 'assay-system', name: 'assay-controller' };
  const spec = { holderIdentity: 'other' };
  await must(
    cluster.create<Lease>(resources.lease, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata,
      spec,
    }),
  );
  const a = candidate(course, cluster, 'a');
  await advance(5_900);
  expect(course.lines).toEqual([]);
  await advance(100);
  expect(course.lines).toEqual(['+6 a leads']);
  a.stop();
  await a.done;
});

test('where starting to lead fails, the lease is given up and the failure passed on', async () => {
  const bug = new Error('a bug');
  const a = candidate(course, cluster, 'a', { onElected: () => Promise.reject(bug) });
  await expect(a.done).rejects.toBe(bug);
  expect(course.lines).toEqual(['+0 a leads', '+0 a lost: starting to lead failed: Error: a bug']);
  expect((await presentLease(cluster)).spec?.holderIdentity).toBeUndefined();
});

test('one that is stopped before it leads is told nothing and leaves nothing behind', async () => {
  const a = candidate(course, cluster, 'a');
  await advance(0);
  const b = candidate(course, cluster, 'b');
  await advance(3_500);
  b.stop();
  await b.done;
  expect(course.lines).toEqual(['+0 a leads']);
  a.stop();
  await a.done;
  const c = candidate(course, cluster, 'c');
  c.stop();
  await c.done;
  expect((await presentLease(cluster)).spec?.holderIdentity).toBeUndefined();
  expect(course.clock.sleepers()).toEqual([]);
});
