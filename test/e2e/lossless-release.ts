import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { failedRequests, startTraffic, type Traffic, type TrafficCounts } from '../../playground/traffic.ts';
import { hasEnded, until } from '../../playground/walkthrough.ts';
import {
  approvalOf,
  hostOf,
  LABELS,
  manifestOf,
  NAME,
  openReleasePlayground,
  type ReleaseStyle,
  versionPatch,
  watchRelease,
} from './release-world.ts';

const RATE_PER_SECOND = 500;
const REQUESTS_AT_LEAST = 20_000;
/** How long a step is left as it is before it is approved, or given up: real requests reach it meanwhile. */
const STEP_MS = 2_000;
const LIMIT_MS = 600_000;

/** The small case; the large one as well in the long suite. */
const REPLICAS = inject('effort') === 'long' ? [3, 50] : [3];

/**
 * Releases a workload and takes a release back at its second step, again and again, until nginx has carried 20,000
 * requests: none of them may fail, and nothing but the version may have changed.
 */
export function losslessRelease(style: ReleaseStyle): void {
  describe.each(REPLICAS)(`${style.name} with %i replicas, under real requests`, (replicas) => {
    let world: ReleaseWorld;
    beforeAll(async () => {
      world = await openReleaseWorld(style, replicas);
    });
    afterAll(async () => {
      await world?.close();
    });

    it(
      'loses none of at least 20,000 requests over whole releases and whole rollbacks',
      async () => {
        const { traffic } = world;
        for (let round = 0; traffic.counts.sent < REQUESTS_AT_LEAST; round++) {
          await world.release(`v${2 * round + 2}`);
          await world.rollBack(`v${2 * round + 3}`);
        }
        const counts = await traffic.stop();
        console.log(`${style.name}, ${replicas} replicas: ${describeCounts(counts)}`);
        expect(failedRequests(counts)).toBe(0);
        expect(counts.sent).toBeGreaterThanOrEqual(REQUESTS_AT_LEAST);
        // The version at the start, the one that was promoted, and the one that was taken back all answered.
        for (const version of ['v1', 'v2', 'v3']) expect(counts.byVersion[version]).toBeGreaterThan(0);
      },
      LIMIT_MS,
    );
  });
}

interface ReleaseWorld {
  traffic: Traffic;
  /** Releases a version and approves every step, until it is promoted. */
  release(version: string): Promise<void>;
  /** Releases a version, approves its first step, and restores the former template at the second. */
  rollBack(version: string): Promise<void>;
  close(): Promise<void>;
}

async function openReleaseWorld(style: ReleaseStyle, replicas: number): Promise<ReleaseWorld> {
  const { playground, copies, closers, close } = await openReleasePlayground({
    nodes: style.nodes?.(replicas) ?? 1,
    prepare: (opened) => style.prepare?.(opened, replicas),
  });
  try {
    const namespace = `lossless-${style.name}`;
    await playground.createNamespace(namespace);
    await playground.kubectl(['apply', '-f', '-'], manifestOf(style, replicas, namespace));
    const watched = watchRelease(style, copies, namespace);
    await until('every pod is ready', () => watched.readyPods() === replicas);
    await until('the Rollout is Healthy', () => watched.rollout()?.status?.phase === 'Healthy');
    const traffic = startTraffic({
      url: playground.ingressUrl,
      host: hostOf(namespace),
      path: '/',
      ratePerSecond: RATE_PER_SECOND,
      maxSeconds: LIMIT_MS / 1_000,
    });
    closers.push(() => traffic.stop());
    let promoted = 'v1';
    const setVersion = (version: string) => playground.kubectl(versionPatch(style, namespace, version));
    const approve = () => playground.kubectl(approvalOf(watched.rollout(), namespace));
    const begin = async (version: string) => {
      const before = watched.record()?.status.releaseId ?? 0;
      await setVersion(version);
      await until(`the release of ${version} has begun`, () => watched.releaseId() > before);
      return before;
    };
    // A last step to every pod is left by itself, so that it is paused for an instant only.
    const approved = async (step: number, before: number) => {
      const arrived = () => watched.pausedStep() === step || hasEnded(watched, before);
      await until(`step ${step} is paused, or the release has ended`, arrived);
      if (!hasEnded(watched, before)) await sleep(STEP_MS);
      if (watched.pausedStep() === step) await approve();
    };
    return {
      traffic,
      release: async (version) => {
        const specBefore = watched.workload().spec;
        const before = await begin(version);
        for (let step = 1; !hasEnded(watched, before); step++) await approved(step, before);
        expect(watched.outcome()).toBe('Promoted');
        expect(watched.left()).toEqual({
          spec: { ...specBefore, template: watched.workload().spec.template },
          notes: [],
          selector: LABELS,
          routes: [NAME, NAME],
        });
        await until(`only ${version} runs`, () => watched.runs(version) && watched.readyPods() === replicas);
        promoted = version;
      },
      rollBack: async (version) => {
        const { spec } = watched.workload();
        const before = await begin(version);
        await approved(1, before);
        await until('the second step is paused', () => watched.pausedStep() === 2);
        await sleep(STEP_MS);
        await setVersion(promoted);
        await until(`the release of ${version} has ended`, () => hasEnded(watched, before));
        expect(watched.outcome()).toBe('RolledBack');
        expect(watched.left()).toEqual({ spec, notes: [], selector: LABELS, routes: [NAME, NAME] });
        await until(
          `only ${promoted} runs`,
          () => watched.runs(promoted) && watched.readyPods() === replicas,
        );
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function describeCounts(counts: TrafficCounts): string {
  const versions = Object.entries(counts.byVersion).map(([version, answers]) => `${version} ${answers}`);
  return `${failedRequests(counts)} of ${counts.sent} requests failed; answered by ${versions.join(', ')}`;
}
