import type { SampleValue, Series } from '../../src/analysis/query-answer.ts';

const SCRAPE_MS = 10_000;

/** A series of a counter that is scraped every 10 s from `firstMs` on; `undefined` is a scrape that failed. */
export function counter(
  labels: Record<string, string>,
  values: (SampleValue | undefined)[],
  firstMs = 0,
): Series {
  return {
    labels,
    samples: values.flatMap((value, index): [number, SampleValue][] =>
      value === undefined ? [] : [[firstMs + index * SCRAPE_MS, value]],
    ),
  };
}
