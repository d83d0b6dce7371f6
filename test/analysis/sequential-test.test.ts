import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addEvidence,
  type IntervalCounts,
  rateEvidence,
  ratioEvidence,
} from '../../src/analysis/evidence.ts';
import {
  newSequentialState,
  readState,
  SEQUENTIAL_DEFAULTS,
  type SequentialParameters,
  type SequentialReading,
  type SequentialState,
  takeInterval,
} from '../../src/analysis/sequential-test.ts';
import { binomialProbabilities } from './enumeration.ts';

type Quick = [canaryEvents: number, canaryTotal: number, stableEvents: number, stableTotal: number];

const interval = ([events, total, stableEvents, stableTotal]: Quick): IntervalCounts => ({
  canary: { events, total },
  stable: { events: stableEvents, total: stableTotal },
});

function judge(intervals: Quick[], changes: Partial<SequentialParameters> = {}): SequentialReading {
  const parameters = { ...SEQUENTIAL_DEFAULTS, ...changes };
  const start = newSequentialState(parameters);
  const state = intervals.reduce(
    (state, counts) => takeInterval(state, interval(counts), parameters).state,
    start,
  );
  return readState(state, parameters);
}

const times = (count: number, counts: Quick): Quick[] => Array.from({ length: count }, () => counts);

describe('the decision', () => {
  test.each<
    [
      title: string,
      intervals: Quick[],
      changes: Partial<SequentialParameters>,
      expected: Pick<SequentialReading, 'decision' | 'reason'>,
    ]
  >([
    ['before any interval: undecided', [], {}, { decision: 'undecided', reason: 'LittleTraffic' }],
    [
      'ten times the errors: fail, at the first look',
      [[10, 100, 9, 900]],
      {},
      { decision: 'fail', reason: 'Regression' },
    ],
    [
      'twice the errors need more looks',
      [[2, 100, 9, 900]],
      {},
      { decision: 'undecided', reason: 'Unclear' },
    ],
    ['… and get them', times(60, [2, 100, 9, 900]), {}, { decision: 'fail', reason: 'Regression' }],
    [
      'the same rate: pass in the end',
      times(120, [1, 100, 9, 900]),
      {},
      { decision: 'pass', reason: 'Safe' },
    ],
    [
      'errors at once in the first requests of a canary: fail, below minRequests',
      [[6, 6, 0, 5_000]],
      {},
      { decision: 'fail', reason: 'Regression' },
    ],
    [
      'a few requests, all failed in both',
      [[2, 2, 2, 2]],
      {},
      { decision: 'undecided', reason: 'LittleTraffic' },
    ],
    [
      'no stable traffic tells nothing',
      times(50, [20, 100, 0, 0]),
      {},
      { decision: 'undecided', reason: 'Unclear' },
    ],
    [
      'no errors in either tell nothing by ratio',
      times(500, [0, 100, 0, 900]),
      {},
      { decision: 'undecided', reason: 'Unclear' },
    ],
    ['… but by rate', times(10, [0, 100, 0, 900]), { safeRate: 0.01 }, { decision: 'pass', reason: 'Safe' }],
    [
      '… after enough requests',
      times(2, [0, 100, 0, 900]),
      { safeRate: 0.01 },
      { decision: 'undecided', reason: 'Unclear' },
    ],
    [
      'rare errors that are far more than stable has: fail wins over pass',
      [[30, 100_000, 0, 900_000]],
      { safeRate: 0.01 },
      { decision: 'fail', reason: 'Regression' },
    ],
  ])('%s', (_title, intervals, changes, expected) => {
    expect(judge(intervals, changes)).toMatchObject(expected);
  });
});

describe('what is read', () => {
  test('rates and exposure are those of all intervals', () => {
    expect(
      judge([
        [2, 100, 9, 900],
        [1, 100, 0, 100],
      ]),
    ).toMatchObject({
      rates: { canary: 0.015, stable: 0.009 },
      exposure: { canaryRequests: 200, stableRequests: 1_000, events: 12 },
    });
  });

  test('without requests there is no rate', () => {
    expect(judge([]).rates).toEqual({ canary: undefined, stable: undefined });
  });

  test('evidence is 1 before any data', () => {
    expect(judge([], { safeRate: 0.01 })).toMatchObject({ eFail: 1, ePass: 1 });
  });

  test('one event of the canary, half of the traffic: the mean of the likelihood ratios', () => {
    // 2r/(1+r) at r = 1.1 … 20 against 2/2 at 1: with ratio 1 the chance of the canary is r/(1+r) against 1/2.
    const ratios = [1.1, 1.25, 1.5, 2, 3, 4, 6, 8, 12, 20];
    const mean = ratios.reduce((sum, ratio) => sum + (2 * ratio) / (1 + ratio), 0) / ratios.length;
    expect(judge([[1, 50, 0, 50]], { ratio: 1 }).eFail).toBeCloseTo(mean, 4);
  });

  test('a request adds the steps of Wald (1945) for 1 % against 2 %: −ln 2 and 0.010152', () => {
    expect(rateEvidence({ events: 1, total: 1 }, 0.02, [0.01])[0]).toBeCloseTo(-Math.LN2, 5);
    expect(rateEvidence({ events: 0, total: 1 }, 0.02, [0.01])[0]).toBeCloseTo(0.010152, 5);
  });

  test('by rate alone, evidence for passing is half of what the rate test has: the ratio test has 1', () => {
    // After 200 requests without an error: the mean over the rates p of ((1 − p) / (1 − 0.01))^200.
    const byRate = [0.005, 0.002, 0.0005, 0].map((rate) => ((1 - rate) / 0.99) ** 200);
    const mean = byRate.reduce((sum, evidence) => sum + evidence, 0) / byRate.length;
    expect(judge([[0, 200, 0, 900]], { safeRate: 0.01 }).ePass).toBeCloseTo((mean + 1) / 2, 4);
  });

  test('huge counts stay numbers', () => {
    const reading = judge(times(10, [1e12, 1e13, 1e9, 1e13]), { safeRate: 0.01 });
    expect(reading).toMatchObject({ decision: 'fail', eFail: 1e300, ePass: 0 });
    expect(JSON.parse(JSON.stringify(reading))).toEqual(reading);
  });
});

const chance = fc.double({ min: 0.001, max: 0.999, noNaN: true });
const count = fc
  .tuple(fc.integer({ min: 0, max: 10_000 }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([total, share]) => ({ events: Math.floor(total * share), total }));
const counts = fc.record({ canary: count, stable: count });

/** The expectation of the evidence after one interval with this many events and this share, by summing it all up. */
function expectedRatioEvidence(facts: {
  events: number;
  share: number;
  ratio: number;
  hypothesis: number;
  alternative: number;
}): number {
  const { share, ratio, events } = facts;
  const canaryChance = (share * ratio) / (share * ratio + 1 - share);
  return binomialProbabilities(events, canaryChance).reduce((sum, probability, canaryEvents) => {
    const counts = interval([canaryEvents, share * 1e6, events - canaryEvents, (1 - share) * 1e6]);
    const [logEvidence = 0] = addEvidence([0], ratioEvidence(counts, facts.hypothesis, [facts.alternative]));
    return sum + probability * Math.exp(logEvidence);
  }, 0);
}

describe('the evidence while the hypothesis is true', () => {
  const events = fc.integer({ min: 0, max: 12 });
  const factor = fc.double({ min: 1.01, max: 20, noNaN: true });

  test('property: expects 1 at the edge of the hypothesis, for alternatives above and below', () => {
    fc.assert(
      fc.property(events, chance, factor, fc.boolean(), (events, share, factor, above) => {
        const alternative = above ? 1.25 * factor : 1.25 / factor;
        const facts = { events, share, ratio: 1.25, hypothesis: 1.25, alternative };
        expect(expectedRatioEvidence(facts)).toBeCloseTo(1, 5);
      }),
    );
  });

  test('property: expects at most 1 inside the hypothesis', () => {
    fc.assert(
      fc.property(events, chance, factor, factor, (events, share, factor, inside) => {
        const facts = { events, share, hypothesis: 1.25 };
        const low = expectedRatioEvidence({ ...facts, ratio: 1.25 / inside, alternative: 1.25 * factor });
        const high = expectedRatioEvidence({ ...facts, ratio: 1.25 * inside, alternative: 1.25 / factor });
        expect(Math.max(low, high)).toBeLessThanOrEqual(1 + 1e-9);
      }),
    );
  });

  test('property: expects more than 1 where the alternative is true', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), chance, factor, (events, share, factor) => {
        const alternative = 1.25 * factor;
        const facts = { events, share, ratio: alternative, hypothesis: 1.25, alternative };
        expect(expectedRatioEvidence(facts)).toBeGreaterThan(1 - 1e-5);
      }),
    );
  });

  test('property: for an absolute rate it expects 1 at the rate and at most 1 above', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 12 }),
        chance,
        chance,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (total, hypothesis, lower, more) => {
          const rate = hypothesis + (1 - hypothesis) * more;
          const expected = (rate: number) =>
            binomialProbabilities(total, rate).reduce((sum, probability, events) => {
              const more = rateEvidence({ events, total }, hypothesis, [hypothesis * lower]);
              const [logEvidence = 0] = addEvidence([0], more);
              return sum + probability * Math.exp(logEvidence);
            }, 0);
          expect(expected(hypothesis)).toBeCloseTo(1, 4);
          expect(expected(rate)).toBeLessThanOrEqual(1 + 1e-9);
        },
      ),
    );
  });
});

describe('the state', () => {
  const parameters: SequentialParameters = { ...SEQUENTIAL_DEFAULTS, safeRate: 0.01 };
  const stateAfter = (intervals: IntervalCounts[]): SequentialState =>
    intervals.reduce<SequentialState>(
      (state, counts) => takeInterval(state, counts, parameters).state,
      newSequentialState(parameters),
    );

  test('property: survives JSON, and is short whatever it saw', () => {
    fc.assert(
      fc.property(fc.array(counts, { maxLength: 30 }), (intervals) => {
        const state = stateAfter(intervals);
        const text = JSON.stringify(state);
        expect(JSON.parse(text)).toEqual(state);
        expect(text.length).toBeLessThan(700);
      }),
    );
  });

  test('property: the order of the intervals does not matter', () => {
    fc.assert(
      fc.property(fc.array(counts, { maxLength: 10 }), (intervals) => {
        const forward = stateAfter(intervals);
        const backward = stateAfter(intervals.toReversed());
        for (const [index, value] of forward.worse.entries()) {
          expect(Math.abs(value - (backward.worse[index] ?? 0))).toBeLessThan(1e-4);
        }
        expect(forward.canary).toEqual(backward.canary);
      }),
    );
  });

  test('property: an interval without events, or with one version only, is no evidence by ratio', () => {
    fc.assert(
      fc.property(counts, fc.boolean(), ({ canary, stable }, quiet) => {
        const empty = quiet
          ? { canary: { ...canary, events: 0 }, stable: { ...stable, events: 0 } }
          : { canary, stable: { events: 0, total: 0 } };
        const { worse, safe } = stateAfter([empty]);
        expect(new Set([...worse, ...safe])).toEqual(new Set([0]));
      }),
    );
  });

  test('property: more events of the canary never lower the evidence that it is worse', () => {
    fc.assert(
      fc.property(counts, ({ canary, stable }) => {
        const more = { events: Math.min(canary.events + 1, canary.total), total: canary.total };
        const { eFail } = readState(stateAfter([{ canary, stable }]), parameters);
        const worse = readState(stateAfter([{ canary: more, stable }]), parameters);
        // Stored evidence is rounded, at the sixth digit of its logarithm.
        expect(worse.eFail).toBeGreaterThanOrEqual(eFail * (1 - 1e-5));
      }),
    );
  });
});
