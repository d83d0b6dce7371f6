import lognormal from '@stdlib/random-base-lognormal';
import { describe, expect, test } from 'vitest';
import {
  type BoundaryCounts,
  type HistogramState,
  takeHistogram,
} from '../../src/analysis/histogram-test.ts';
import { assess } from '../../src/analysis/measure.ts';
import type { QueryAnswer } from '../../src/analysis/query-answer.ts';
import { SEQUENTIAL_DEFAULTS } from '../../src/analysis/sequential-test.ts';
import { mannWhitney, sequential, type Watcher, zTest } from '../bench/judges-rivals.ts';
import { releases } from '../bench/judges-traffic.ts';
import { binomialProbabilities } from './enumeration.ts';
import { resolvedBare } from './examples.ts';
import { recordAll } from './recorded.ts';

/** 100 canary and 900 stable requests a look, of which 1 % of the stable ones fail. */
const HEALTHY = { rate: 0.01, ratio: 1, podNoise: 0 };

/** For each run, the look of the alarm; infinite without one. Sorted. */
function alarms(plan: typeof HEALTHY, watch: () => Watcher, looks: number, runs: number): number[] {
  const draw = releases(plan, 7);
  return Array.from({ length: runs }, () => {
    const next = draw();
    const isAlarm = watch();
    for (let look = 1; look <= looks; look += 1) if (isAlarm(next())) return look;
    return Number.POSITIVE_INFINITY;
  }).toSorted((one, other) => one - other);
}

const partUpTo = (looks: readonly number[], limit: number) =>
  looks.filter((look) => look <= limit).length / looks.length;
/** Four standard errors of a part that is simulated with so many runs. */
const margin = (part: number, runs: number) => 4 * Math.sqrt((part * (1 - part)) / runs) + 1 / runs;

const answerOf = (value: number): QueryAnswer => ({ kind: 'samples', values: [value], warnings: [] });

const at = (ratio: number) => () => sequential({ ...SEQUENTIAL_DEFAULTS, ratio, alpha: 0.05 });

describe('the sequential judge on simulated releases, alpha 5 %', () => {
  test('fails a healthy canary as seldom as published, and far below alpha', () => {
    const runs = 500;
    const looks = alarms(HEALTHY, at(1), 300, runs);
    for (const [limit, published] of [
      [10, 0.008],
      [60, 0.0115],
      [300, 0.0165],
    ] as const) {
      expect(Math.abs(partUpTo(looks, limit) - published)).toBeLessThan(margin(published, runs));
    }
    expect(partUpTo(looks, 300)).toBeLessThan(0.05);
  });

  test.each<[worse: number, ratio: number, power: number, medianLook: number]>([
    [1.5, 1, 0.69, 43],
    [2, 1, 0.9997, 13],
    [3, 1, 1, 4],
    [5, 1, 1, 2],
    [2, 1.25, 0.93, 25],
    [3, 1.25, 1, 6],
  ])(
    '%f times the errors against a ratio of %f: fails %f within 60 looks, half by look %i',
    (worse, ratio, power, medianLook) => {
      const runs = 600;
      const looks = alarms({ ...HEALTHY, ratio: worse }, at(ratio), 60, runs);
      expect(Math.abs(partUpTo(looks, 60) - power)).toBeLessThan(margin(power, runs) + 0.01);
      expect(Math.abs((looks[runs / 2] ?? 0) - medianLook)).toBeLessThanOrEqual(1 + medianLook / 10);
    },
  );

  test('a ratio above 1 is why pods that differ do not fail healthy canaries', () => {
    // The pods of one version share a difference of about 14 % / √2 = 10 % here.
    const plan = { ...HEALTHY, rate: 0.05, podNoise: 0.14 };
    const strict = alarms(plan, at(1), 100, 300);
    const tolerant = alarms(plan, at(1.25), 100, 300);
    expect(partUpTo(strict, 100)).toBeGreaterThan(0.05);
    expect(partUpTo(tolerant, 100)).toBeLessThan(0.02);
  });
});

describe('what it is better than', () => {
  /** The table gives two digits, some of them cut and not rounded. */
  const LAST_DIGIT = 0.01;

  /** Of a service that succeeds at 99.5 %, by "at least 99 %" among so many requests a measurement. */
  test.each<[requests: number, of10: number[], of25: number[]]>([
    [20, [0.63, 0.25, 0.06, 0.001], [0.92, 0.43, 0.08, 0]],
    [50, [0.92, 0.69, 0.39, 0.05], [0.998, 0.94, 0.68, 0.03]],
    [100, [0.61, 0.23, 0.05, 0.001], [0.91, 0.39, 0.07, 0]],
    [300, [0.49, 0.14, 0.02, 0], [0.82, 0.22, 0.02, 0]],
    [1_000, [0.13, 0.008, 0, 0], [0.28, 0.005, 0, 0]],
  ])(
    'a limit on a success rate takes back healthy canaries as often as published: %i requests a measurement',
    (requests, of10, of25) => {
      const limits = { interval: '10s', successCondition: 'value >= 0.99' };
      const one = resolvedBare(limits);
      const failing = binomialProbabilities(requests, 0.005).reduce((sum, chance, bad) => {
        const { outcome } = assess(one, answerOf((requests - bad) / requests));
        return outcome === 'Failed' ? sum + chance : sum;
      }, 0);
      const takenBack = (count: number, failures: number) => {
        const metric = resolvedBare({ ...limits, count, failureLimit: failures - 1 });
        return binomialProbabilities(count, failing).reduce((sum, chance, failed) => {
          const letters = 'F'.repeat(failed) + 'S'.repeat(count - failed);
          return recordAll(metric, letters).phase === 'Failed' ? sum + chance : sum;
        }, 0);
      };
      const found = (count: number, failures: number[]) => failures.map((each) => takenBack(count, each));
      for (const [index, chance] of found(10, [1, 2, 3, 5]).entries()) {
        expect(Math.abs(chance - (of10[index] ?? 1))).toBeLessThan(LAST_DIGIT);
      }
      for (const [index, chance] of found(25, [1, 3, 5, 10]).entries()) {
        expect(Math.abs(chance - (of25[index] ?? 1))).toBeLessThan(LAST_DIGIT);
      }
    },
  );

  test('the same test of proportions at every look fails far more healthy canaries than its 5 %', () => {
    const looks = alarms(HEALTHY, () => zTest(0.05), 60, 600);
    expect(Math.abs(partUpTo(looks, 10) - 0.21)).toBeLessThan(margin(0.21, 600));
    expect(Math.abs(partUpTo(looks, 60) - 0.31)).toBeLessThan(margin(0.31, 600));
  });

  test("Kayenta's rule seldom fails a healthy canary, and misses more of the bad ones at first", () => {
    expect(partUpTo(alarms(HEALTHY, mannWhitney, 60, 200), 60)).toBeLessThan(0.05);
    const [kayenta, ours] = [mannWhitney, at(1.25)].map((watch) =>
      alarms({ ...HEALTHY, ratio: 5 }, watch, 60, 200),
    );
    expect(kayenta?.[100]).toBe(8);
    expect(ours?.[100]).toBeLessThan(4);
  });
});

describe('the sequential judge on whole histograms, alpha 5 %, ratio 1', () => {
  const BOUNDARIES_MS = [50, 75, 100, 150, 200, 300, 400, 500, 750, 1_000];

  /** The looks until it fails, of releases whose latency is lognormal (median 100 ms, σ 0.6) times `factor`. */
  function looksToFail(slower: (latencyMs: number, index: number) => number, looks: number): number[] {
    const latency = lognormal.factory(Math.log(100), 0.6, { seed: 11 });
    const parameters = { ...SEQUENTIAL_DEFAULTS, ratio: 1, alpha: 0.05 };
    const observe = (): BoundaryCounts[] => {
      const canary = Array.from({ length: 100 }, (_, index) => slower(latency(), index));
      const stable = Array.from({ length: 900 }, () => latency());
      const over = (values: number[], limit: number) => values.filter((value) => value > limit).length;
      return BOUNDARIES_MS.map((limit) => ({
        le: String(limit / 1_000),
        canary: { events: over(canary, limit), total: 100 },
        stable: { events: over(stable, limit), total: 900 },
      }));
    };
    return Array.from({ length: 40 }, () => {
      let state: HistogramState = [];
      for (let look = 1; look <= looks; look += 1) {
        const taken = takeHistogram(state, observe(), parameters);
        if (taken.reading.decision === 'fail') return look;
        state = taken.state;
      }
      return Number.POSITIVE_INFINITY;
    }).toSorted((one, other) => one - other);
  }

  test.each<[title: string, slower: (latencyMs: number, index: number) => number, medianLook: number]>([
    ['everything 20 % slower', (latencyMs) => latencyMs * 1.2, 4],
    ['everything 50 % slower', (latencyMs) => latencyMs * 1.5, 1],
    ['3 % of the requests 600 ms slower', (latencyMs, index) => latencyMs + (index < 3 ? 600 : 0), 2],
  ])('%s: half fail by the published look', (_title, slower, medianLook) => {
    expect(Math.abs((looksToFail(slower, 15)[20] ?? 0) - medianLook)).toBeLessThanOrEqual(1);
  });

  test('equal ones do not fail', () => {
    expect(looksToFail((latencyMs) => latencyMs, 10)[0]).toBe(Number.POSITIVE_INFINITY);
  });
});
