import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Cluster, ClusterResult } from '../../src/cluster/port.ts';
import { type VirtualClock, virtualClock } from '../world/clock.ts';
import { memoryCluster } from '../world/cluster.ts';
import { type Candidate, type Course, candidate } from './candidate.ts';

/** What becomes of one request: how long it travels each way, and whether it or its answer is lost. */
interface Fate {
  thereMs: number;
  backMs: number;
  lost: 'nothing' | 'request' | 'answer';
}

const latencyMs = fc.oneof({ weight: 6, arbitrary: fc.nat(20) }, { weight: 1, arbitrary: fc.nat(7_000) });
const fate: fc.Arbitrary<Fate> = fc.record({
  thereMs: latencyMs,
  backMs: latencyMs,
  lost: fc.oneof(
    { weight: 8, arbitrary: fc.constant('nothing' as const) },
    { weight: 1, arbitrary: fc.constantFrom('request' as const, 'answer' as const) },
  ),
});
/** What happens to the candidates: each starts at some time, under a name, with the network of its own luck. */
const life = fc.record({
  startMs: fc.nat(5_000),
  identity: fc.constantFrom('a', 'b'),
  fates: fc.array(fate, { maxLength: 25 }),
  stopMs: fc.option(fc.integer({ min: 5_000, max: 40_000 }), { nil: undefined }),
});

const TIMEOUT_MS = 10_000;

/** The cluster over a network on which the requests meet these fates, one after the other, and then none. */
function over(cluster: Cluster, clock: VirtualClock, fates: readonly Fate[]): Cluster {
  const left = [...fates];
  const pass = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve));

  async function travel<T>(send: () => Promise<ClusterResult<T>>): Promise<ClusterResult<T>> {
    const { thereMs, backMs, lost } = left.shift() ?? { thereMs: 1, backMs: 1, lost: 'nothing' };
    const unanswered: ClusterResult<T> = { ok: false, fault: { kind: 'Unavailable', message: 'no answer' } };
    const timeout = pass(TIMEOUT_MS).then(() => unanswered);
    const trip = async () => {
      await pass(thereMs);
      const answer = lost === 'request' ? unanswered : await send();
      await pass(backMs);
      return lost === 'answer' ? unanswered : answer;
    };
    return Promise.race([trip(), timeout]);
  }

  return {
    ...cluster,
    get: (...request) => travel(() => cluster.get(...request)),
    create: (resource, object) => travel(() => cluster.create(resource, object)),
    replace: (...request) => travel(() => cluster.replace(...request)),
  };
}

test('whatever the network does, no two lead at once, and in the end somebody leads', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(life, { minLength: 2, maxLength: 4 }), async (lives) => {
      const clock = virtualClock(1_800_000_000_000);
      const course: Course = { clock, lines: [] };
      const { cluster } = memoryCluster({ now: clock.now });
      const candidates: Candidate[] = [];
      const check = () => {
        const leaders = candidates.filter(({ leads }) => leads()).length;
        if (leaders > 1) course.lines.push('two lead');
      };
      const start = (identity: string, fates: readonly Fate[], stopMs?: number) => {
        const one = candidate(course, over(cluster, clock, fates), identity, { onElected: check });
        candidates.push(one);
        if (stopMs !== undefined) clock.after(stopMs - clock.monotonic(), one.stop);
      };
      for (const { startMs, identity, fates, stopMs } of lives) {
        clock.after(startMs, () => start(identity, fates, stopMs));
      }
      await clock.advance(120_000);
      start('last', []);
      await clock.advance(20_000);
      expect(course.lines.filter((line) => line === 'two lead')).toEqual([]);
      expect(candidates.filter(({ leads }) => leads())).toHaveLength(1);
      for (const one of candidates) one.stop();
      await clock.advance(30_000);
      await Promise.all(candidates.map(({ done }) => done));
    }),
    { numRuns: 60 },
  );
});
