import { createColors } from 'picocolors';
import { describe, expect, test } from 'vitest';
import type { QueryAnswer, QuerySource } from '../../src/analysis/query-answer.ts';
import type { AnalysisRun } from '../../src/api/analysis-run.ts';
import type { Metric } from '../../src/api/analysis-template.ts';
import { plainLines } from '../../src/cli/analysis-progress.ts';
import { analysisTable } from '../../src/cli/analysis-table.ts';
import { analyzeNow } from '../../src/cli/analyze-now.ts';
import type { Screen } from '../../src/cli/terminal.ts';
import { virtualClock } from '../world/clock.ts';

const START = Date.parse('2026-03-01T00:00:00Z');

function runOf(...metrics: Metric[]): AnalysisRun {
  return {
    apiVersion: 'assay.dev/v1alpha1',
    kind: 'AnalysisRun',
    metadata: { name: 'shop', namespace: 'default', uid: 'uid-1' },
    spec: { metrics, args: [] },
  };
}

const minutely: Metric = {
  name: 'rate',
  query: 'rate',
  interval: '1m',
  count: 3,
  successCondition: 'value > 0.5',
};

function screen(width = 100): Screen & { written: string[] } {
  const written: string[] = [];
  return {
    isTerminal: false,
    width,
    colors: createColors(false),
    written,
    write: (text) => written.push(text),
  };
}

/** Runs it with a clock that passes as fast as it is waited for; `abortAfterMs` is when Ctrl-C comes. */
async function analyze(run: AnalysisRun, source: QuerySource, abortAfterMs = Infinity) {
  const clock = virtualClock(START);
  const controller = new AbortController();
  const to = screen();
  const progress = plainLines(to);
  const states: AnalysisRun[] = [];
  let ended: AnalysisRun | undefined;
  const over = analyzeNow(run, {
    clock,
    source,
    signal: controller.signal,
    onProgress: (state) => {
      states.push(state);
      progress.show(state);
    },
  }).then((final) => {
    ended = final;
  });
  while (!ended) {
    if (clock.now() - START >= abortAfterMs) controller.abort('SIGINT');
    await clock.advance(1_000);
  }
  await over;
  return { ended, tookMs: clock.now() - START, lines: to.written, states };
}

const value = (number: number): QueryAnswer => ({ kind: 'samples', values: [number], warnings: [] });

describe('an analysis now', () => {
  test('measures each metric at its interval, of whichever source', async () => {
    const asked: [string, number][] = [];
    const { ended, lines } = await analyze(
      runOf(minutely, { name: 'once', query: 'once', source: 'elsewhere', successCondition: 'value > 0.5' }),
      async ({ query, evaluateAt }) => {
        asked.push([query, Math.round((evaluateAt - START) / 60_000)]);
        return value(1);
      },
    );
    expect(ended.status?.phase).toBe('Successful');
    expect(asked).toEqual([
      ['rate', 0],
      ['once', 0],
      ['rate', 1],
      ['rate', 2],
    ]);
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(
      /^2026-03-01T00:00:0\d\.\d{3}Z rate \(1 of 3\) Successful: rate 1 satisfies value > 0.5\n$/,
    );
  });

  test('asks again when a query may be answered later', async () => {
    let count = 0;
    const { ended } = await analyze(runOf(minutely), async () => {
      count += 1;
      return count === 1
        ? { kind: 'fault', reason: 'ServerError', message: 'busy', retryable: true }
        : value(1);
    });
    expect([ended.status?.phase, count]).toEqual(['Successful', 4]);
  });

  test('is ended by Ctrl-C, and with it the query that is under way', async () => {
    let cancelled = false;
    const { ended, tookMs } = await analyze(
      runOf(minutely),
      (_, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            cancelled = true;
            resolve({ kind: 'fault', reason: 'Cancelled', message: 'cancelled', retryable: true });
          });
        }),
      30_000,
    );
    expect([ended.status?.phase, cancelled]).toEqual(['Cancelled', true]);
    expect(tookMs).toBeLessThan(35_000);
  });
});

describe('the table', () => {
  test('is as wide as the screen and says what is next', async () => {
    const { states } = await analyze(runOf(minutely), async () => value(0.9871));
    const measured = states.find((state) => state.status?.metricResults[0]?.count === 1);
    if (!measured) throw new Error('a first measurement is shown');
    for (const width of [80, 100, 160]) {
      const lines = analysisTable(measured, START + 20_000, screen(width)).split('\n');
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(width);
      const cells = lines[3]?.split('│').map((cell) => cell.trim());
      expect(cells).toEqual([
        '',
        'rate',
        '1 of 3',
        '0.9871',
        expect.stringMatching(/^value > /),
        'Successful',
        expect.stringMatching(/^4\d(\.\d)?s$/),
        '',
      ]);
    }
  });

  test('does not break a word because it has a colour', async () => {
    const { states } = await analyze(runOf(minutely), async () => value(1));
    const measured = states.find((state) => state.status?.metricResults[0]?.count === 1);
    if (!measured) throw new Error('a first measurement is shown');
    const colored = { ...screen(), colors: createColors(true) };
    expect(analysisTable(measured, START, colored)).toContain(createColors(true).green('Successful'));
  });

  test('shows a metric that nothing was measured of', () => {
    const row = analysisTable(runOf(minutely), START, screen()).split('\n')[3];
    expect(row).toMatch(/│ rate +│ 0 of 3 +│ +│ value > 0\.5 +│ Pending +│ +│/);
  });
});
