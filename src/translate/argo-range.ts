import { formatDuration, parseDurationMs } from '../api/duration.ts';
import { fromGoDuration } from './go-duration.ts';
import type { Ledger } from './ledger.ts';
import type { Located } from './source-document.ts';

const NOW = /^\s*now\(\)\s*$/;
const BEFORE_NOW = /^\s*now\(\)\s*-\s*duration\(\s*(?:"([^"]+)"|'([^']+)')\s*\)\s*$/;

/**
 * `rangeQuery` as `range`: from a time before now up to now. `undefined` where there is none, `refused` where it
 * looks at another time.
 */
export function translateRange(
  rangeQuery: Located,
  ledger: Ledger,
): { window: string; step: string } | 'refused' | undefined {
  if (!rangeQuery.isSet) return undefined;
  const [start, end, step] = (['start', 'end', 'step'] as const).map((key) => rangeQuery.at(key));
  if (!start || !end || !step) return undefined;
  const refuse = (field: Located, why: string) => {
    ledger.refused(field, why);
    return 'refused' as const;
  };
  if (end.isSet && !NOW.test(end.text() ?? '')) {
    return refuse(end, 'a range ends now: shift the query by `offset`, or set evaluationDelay of the source');
  }
  const [, double, single] = BEFORE_NOW.exec(start.text() ?? '') ?? [];
  const window = fromGoDuration(double ?? single ?? '');
  const windowMs = parseDurationMs(window ?? '');
  if (window === undefined || windowMs === undefined) {
    return refuse(start, 'a range begins a duration before now: write now() - duration("5m")');
  }
  const stepText = fromGoDuration(step.text() ?? '');
  if (stepText === undefined) return refuse(step, 'is no duration such as 1m');
  ledger.translated(
    rangeQuery,
    `range: the last ${formatDuration(windowMs)} in steps of ${stepText}; the samples of all series are one list`,
  );
  return { window, step: stepText };
}
