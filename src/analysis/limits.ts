import type { Metric } from '../api/analysis-template.ts';
import { type Lookup, lookupNumber } from './placeholders.ts';
import { splitFaultText, splitPlain } from './query-text.ts';

/**
 * The numbers by which the measurements of one metric are counted. A limit is breached when it is exceeded;
 * undefined is off, and for `count` it is endless.
 */
export interface Limits {
  count: number | undefined;
  failureLimit: number | undefined;
  consecutiveFailureLimit: number | undefined;
  inconclusiveLimit: number;
  consecutiveErrorLimit: number;
  consecutiveSuccessLimit: number | undefined;
}

export type LimitName = keyof Limits;

const LEAST = {
  count: 1,
  failureLimit: -1,
  consecutiveFailureLimit: 0,
  inconclusiveLimit: 0,
  consecutiveErrorLimit: 0,
  consecutiveSuccessLimit: 0,
} as const satisfies Record<LimitName, number>;

export interface LimitFault {
  field: LimitName | 'interval';
  message: string;
}

/** One number of a metric: unset, a whole number, or (`unknown`) an argument without a value yet. */
type Field = number | 'unset' | 'unknown';

/**
 * Reads the limits of a metric and finds what is wrong with them, the limits that nothing could ever breach
 * included: they look like protection and are none. Checks that need an unknown argument are left out.
 */
export function readLimits(metric: Metric, lookup: Lookup): { limits: Limits; faults: LimitFault[] } {
  const faults: LimitFault[] = [];
  const read = (field: LimitName): Field => {
    const result = readField(metric[field], LEAST[field], lookup);
    if (typeof result !== 'object') return result;
    faults.push({ field, message: result.fault });
    return 'unknown';
  };
  const fields: Record<LimitName, Field> = {
    count: read('count'),
    failureLimit: read('failureLimit'),
    consecutiveFailureLimit: read('consecutiveFailureLimit'),
    inconclusiveLimit: read('inconclusiveLimit'),
    consecutiveErrorLimit: read('consecutiveErrorLimit'),
    consecutiveSuccessLimit: read('consecutiveSuccessLimit'),
  };
  faults.push(...uselessLimits(fields, metric.interval !== undefined));
  return { limits: withDefaults(fields, metric.interval !== undefined), faults };
}

/**
 * A number that is written as one, as text, or as one placeholder; `unknown` while an argument has no value.
 * The message of a fault begins with `must be`.
 */
export function readNumber(field: number | string, lookup: Lookup): number | 'unknown' | { fault: string } {
  const read = readText(field, lookup);
  if (typeof read === 'object' || read === undefined) return read ?? 'unknown';
  const value = Number(read);
  if (read !== '' && Number.isFinite(value)) return value;
  return { fault: `must be a number or one placeholder such as {{args.x}}, and is ${JSON.stringify(read)}` };
}

function readField(
  field: number | string | undefined,
  least: number,
  lookup: Lookup,
): Field | { fault: string } {
  if (field === undefined) return 'unset';
  const text = readText(field, lookup);
  if (typeof text === 'object' || text === undefined) return text ?? 'unknown';
  const value = Number(text);
  if (text === '' || !Number.isSafeInteger(value)) {
    return {
      fault: `must be a whole number or one placeholder such as {{args.x}}, and is ${JSON.stringify(text)}`,
    };
  }
  return value < least ? { fault: `must be at least ${least}, and is ${value}` } : value;
}

/** The text of a number with its placeholder filled in; undefined while that has no value. */
function readText(field: number | string, lookup: Lookup): string | undefined | { fault: string } {
  const text = String(field).trim();
  const { pieces, faults } = splitPlain(text);
  if (faults[0]) return { fault: splitFaultText(faults[0]) };
  const [piece] = pieces;
  if (pieces.length !== 1 || piece?.kind !== 'placeholder') return text;
  const number = lookupNumber(piece.name, lookup);
  return 'fault' in number ? { fault: number.fault } : number.value;
}

function withDefaults(fields: Record<LimitName, Field>, repeats: boolean): Limits {
  const known = (field: Field) => (typeof field === 'number' ? field : undefined);
  const failureLimit = known(fields.failureLimit) ?? 0;
  return {
    count: known(fields.count) ?? (repeats ? undefined : 1),
    failureLimit: failureLimit < 0 ? undefined : failureLimit,
    consecutiveFailureLimit: known(fields.consecutiveFailureLimit),
    inconclusiveLimit: known(fields.inconclusiveLimit) ?? 0,
    consecutiveErrorLimit: known(fields.consecutiveErrorLimit) ?? 4,
    // As in Argo Rollouts, 0 is off.
    consecutiveSuccessLimit: known(fields.consecutiveSuccessLimit) || undefined,
  };
}

function uselessLimits(fields: Record<LimitName, Field>, repeats: boolean): LimitFault[] {
  const faults: LimitFault[] = [];
  const { consecutiveFailureLimit: failureStreak, inconclusiveLimit } = fields;
  const failureLimit = fields.failureLimit === 'unset' ? 0 : fields.failureLimit;
  const successStreak = fields.consecutiveSuccessLimit === 0 ? 'unset' : fields.consecutiveSuccessLimit;
  const count = fields.count === 'unset' ? (repeats ? 'unset' : 1) : fields.count;

  if (typeof count === 'number') {
    const measurements = `${count} measurement${count === 1 ? '' : 's'}`;
    const never = (field: LimitName, limit: Field, what: string) => {
      if (typeof limit !== 'number' || limit < count) return;
      const message = `${limit} can never be exceeded: count ends the metric after ${measurements}, all of them ${what} at worst; use at most ${count - 1}`;
      faults.push({ field, message });
    };
    never('failureLimit', failureLimit, 'Failed');
    never('consecutiveFailureLimit', failureStreak, 'Failed');
    never('inconclusiveLimit', inconclusiveLimit, 'Inconclusive');
    if (typeof successStreak === 'number' && successStreak > count) {
      faults.push({
        field: 'consecutiveSuccessLimit',
        message: `${successStreak} can never be reached: count ends the metric after ${measurements}`,
      });
    }
    if (count > 1 && !repeats) {
      faults.push({ field: 'interval', message: `count is ${count}, so an interval is needed` });
    }
  }
  if (typeof failureStreak === 'number' && typeof failureLimit === 'number' && failureLimit >= 0) {
    if (failureStreak >= failureLimit) {
      faults.push({
        field: 'consecutiveFailureLimit',
        message: `${failureStreak} in a row never decide, because failureLimit (${failureLimit} in all) is exceeded first; raise failureLimit, or turn it off with -1`,
      });
    }
  }
  if (failureLimit === -1 && failureStreak === 'unset' && successStreak === 'unset') {
    faults.push({
      field: 'failureLimit',
      message:
        'with -1 nothing could fail the metric; set consecutiveFailureLimit or consecutiveSuccessLimit',
    });
  }
  return faults;
}
