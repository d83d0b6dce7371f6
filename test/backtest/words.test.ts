import { expect, test } from 'vitest';
import type { MetricReport } from '../../src/backtest/report.ts';
import { outcomesText } from '../../src/backtest/words.ts';

const NOTHING = { Successful: 0, Failed: 0, Inconclusive: 0, NoData: 0, Error: 0 };

test.each([
  ['nothing', NOTHING, /^0 moments: none$/],
  ['some of each', { ...NOTHING, Successful: 3, NoData: 2 }, /^5 moments: 3 good, 2 without data$/],
  ['no data at any moment', { ...NOTHING, NoData: 2 }, /^2 moments: 2 without data\. .*--canary-pods$/],
])('the outcomes of a metric: %s', (_, outcomes, expected) => {
  expect(outcomesText({ outcomes } as MetricReport)).toMatch(expected);
});
