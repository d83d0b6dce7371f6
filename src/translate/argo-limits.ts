import { type Meanings, withArguments, withDefaults } from './argo-arguments.ts';
import type { Ledger } from './ledger.ts';
import type { Located } from './source-document.ts';

const LIMITS = [
  'failureLimit',
  'inconclusiveLimit',
  'consecutiveErrorLimit',
  'consecutiveSuccessLimit',
] as const;

type Limit = number | string;

/**
 * `count` and the limits of a metric. Argo Rollouts takes a limit that equals `count`, which nothing can
 * exceed, so that a metric passes of which every measurement failed; here such a limit is one less.
 */
export function translateLimits(
  metric: Located,
  repeats: boolean,
  meanings: Meanings,
  ledger: Ledger,
): Record<string, Limit> {
  const result: Record<string, Limit> = {};
  const count = translateCount(metric.at('count'), repeats, meanings, ledger);
  if (count !== undefined) result['count'] = count.written;
  const measurements = count ? count.known : repeats ? undefined : 1;
  for (const name of LIMITS) {
    const field = metric.at(name);
    const limit = readLimit(field, meanings, ledger);
    if (limit === undefined) continue;
    const { known } = limit;
    if (name === 'consecutiveErrorLimit') {
      ledger.changed(
        field,
        'counts intervals that end in an Error, however often a query was retried in each',
      );
    } else if (known === 0 && (name === 'consecutiveSuccessLimit' || name === 'inconclusiveLimit')) {
      continue;
    } else if (name === 'consecutiveSuccessLimit' && tooHigh(known, measurements, 1)) {
      ledger.refused(field, `${known} successes in a row are more than there are measurements: raise count`);
      continue;
    } else if (name !== 'consecutiveSuccessLimit' && tooHigh(known, measurements, 0)) {
      const lower = (measurements ?? 1) - 1;
      const what = name === 'failureLimit' ? 'failed' : 'was inconclusive';
      if (typeof limit.written === 'string' && limit.written.includes('{{')) {
        ledger.refused(
          field,
          `with its default it can never be exceeded, since there are ${measurements} measurements: give the argument at most ${lower}`,
        );
        continue;
      }
      ledger.changed(
        field,
        `${known} becomes ${lower}: with count ${measurements} it could never be exceeded, so that a metric passed of which every measurement ${what}`,
      );
      if (lower > 0) result[name] = lower;
      continue;
    } else if (name === 'failureLimit' && known === -1 && !streakIsOn(metric)) {
      ledger.refused(
        field,
        'with -1 and no consecutiveSuccessLimit nothing could fail the metric, and Argo refuses it as well',
      );
      continue;
    }
    result[name] = limit.written;
  }
  return result;
}

function translateCount(field: Located, repeats: boolean, meanings: Meanings, ledger: Ledger) {
  const count = readLimit(field, meanings, ledger);
  if (count === undefined || count.known === 0) return undefined;
  if (count.known !== undefined && count.known < 0) {
    ledger.refused(field, 'must be at least 1');
    return undefined;
  }
  if (count.known !== 1 && !repeats) {
    ledger.refused(field, 'needs an interval, in Argo Rollouts as well; the metric is measured once');
    return undefined;
  }
  return count;
}

function readLimit(
  field: Located,
  meanings: Meanings,
  ledger: Ledger,
): { written: Limit; known: number | undefined } | undefined {
  const text = field.text()?.trim();
  if (text === undefined || text === '') return undefined;
  const { text: written, missing } = withArguments(text, meanings);
  const filled = withDefaults(text, meanings);
  const known = filled === undefined ? undefined : Number(filled);
  if (missing.length > 0) {
    ledger.refused(field, `{{${missing[0]}}} stands for nothing here`);
    return undefined;
  }
  if (known !== undefined && !Number.isSafeInteger(known)) {
    ledger.refused(field, `${JSON.stringify(filled)} is no whole number; Argo Rollouts took it for 0`);
    return undefined;
  }
  return { written: /^\d+$|^-1$/.test(written) ? Number(written) : written, known };
}

function tooHigh(limit: number | undefined, count: number | undefined, more: number): boolean {
  return limit !== undefined && count !== undefined && limit >= count + more;
}

function streakIsOn(metric: Located): boolean {
  const text = metric.at('consecutiveSuccessLimit').text();
  return text !== undefined && Number(text) !== 0;
}
