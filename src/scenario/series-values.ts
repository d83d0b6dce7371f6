/** What one scrape of a series brought: a sample, nothing, or the mark that the series has ended. */
export type ScrapedValue = number | 'missing' | 'stale';

export type ParsedValues =
  | { ok: true; values: ScrapedValue[] }
  /** `offset` is the 0-based position of the item that is at fault. */
  | { ok: false; message: string; offset: number };

/** So that a slip such as `0x999999999` is told instead of filling the memory. */
const MOST_SAMPLES = 100_000;

const NUMBER = String.raw`(?:\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|[Ii]nf|NaN)`;
const GAP = /^_(?:x(?<times>\d+))?$/;
const ITEM = new RegExp(`^(?<first>[-+]?${NUMBER})(?:(?<change>[-+]${NUMBER})?x(?<times>\\d+))?$`);

/**
 * The samples of a series in the notation of promtool's unit tests: items separated by blanks, each one
 * sample or several. `0+10x3` is 0 10 20 30, `_x2` two scrapes without a sample, `stale` the end of a series.
 * Source: the documentation of Prometheus, "Unit testing for rules", section on series.
 */
export function parseSeriesValues(text: string): ParsedValues {
  const values: ScrapedValue[] = [];
  for (const { 0: item, index: offset } of text.matchAll(/\S+/g)) {
    const scraped = parseItem(item);
    if (scraped === undefined) return { ok: false, message: adviceFor(item), offset };
    const { count, first, change } = scraped;
    if (values.length + count > MOST_SAMPLES) {
      return { ok: false, message: `a series can have ${MOST_SAMPLES} samples at most`, offset };
    }
    // Added up one by one, as Prometheus does it, so that the last digits are the same as there.
    let value = first;
    for (let index = 0; index < count; index++) {
      values.push(value);
      if (typeof value === 'number') value += change;
    }
  }
  return { ok: true, values };
}

function parseItem(item: string): { count: number; first: ScrapedValue; change: number } | undefined {
  if (item === 'stale') return { count: 1, first: 'stale', change: 0 };
  const gap = GAP.exec(item);
  if (gap) return { count: Number(gap.groups?.['times'] ?? 1), first: 'missing', change: 0 };
  const groups = ITEM.exec(item)?.groups;
  if (!groups) return undefined;
  return {
    // Unlike a gap's, the number after x does not count the first sample.
    count: 1 + Number(groups['times'] ?? 0),
    first: numberOf(groups['first'] ?? ''),
    change: numberOf(groups['change'] ?? '0'),
  };
}

function numberOf(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1;
  const digits = text.replace(/^[-+]/, '');
  return sign * (/^inf$/i.test(digits) ? Infinity : Number(digits));
}

function adviceFor(item: string): string {
  if (item.startsWith('{{')) {
    return 'native histograms cannot be written; write a classic histogram, one series for each bucket';
  }
  if (/^[-+]?[\d.]+[-+][\d.]+$/.test(item)) {
    return `${JSON.stringify(item)} does not say how often: write ${item}x10 for the first sample and 10 more`;
  }
  return `${JSON.stringify(item)} is not a sample; write 1, 0+10x20 (rising), 7x3 (repeated), _ (missing) or stale`;
}
