import { setImmediate as otherWork } from 'node:timers/promises';
import { z } from 'zod';
import type { QueryAnswer, SampleValue, Series } from '../analysis/query-answer.ts';
import { isRecord } from '../api/json.ts';
import { excerpt, type Fault, fault } from './fault.ts';

/** Between so many samples the event loop does other work. */
const SLICE = 5_000;
const SHOWN_WARNINGS = 10;

/** What kind of query an answer is to: of an instant query the values count, of the others the samples. */
export type Asked = 'instant' | 'range' | 'raw';

/** The head of an answer. Results are not parsed by a schema: zod takes ten times as long as a loop. */
const responseSchema = z.object({
  status: z.literal('success'),
  data: z.object({ resultType: z.string(), result: z.unknown() }),
  warnings: z.array(z.string()).nullish(),
  infos: z.array(z.string()).nullish(),
});

/**
 * Reads the body of a successful answer. To an instant query a vector gives a value a series and a scalar its
 * only value; to a range or raw query a matrix gives the samples of each series. With warnings the answer may
 * be incomplete; infos are advice about the query.
 *
 * @param maxSamples more than so many are refused
 */
export async function decodeAnswer(body: Uint8Array, asked: Asked, maxSamples: number): Promise<QueryAnswer> {
  const json = parseBody(body);
  if (!json.ok) return json.fault;
  const parsed = responseSchema.safeParse(json.value);
  if (!parsed.success) {
    return notPrometheus('it answered 200 with something that is not an answer to a query');
  }
  const { data } = parsed.data;
  const notes = notesOf(parsed.data.warnings ?? [], parsed.data.infos ?? []);
  if (asked === 'instant') {
    const values = await decodeValues(data.resultType, data.result, maxSamples);
    return Array.isArray(values) ? { kind: 'samples', values, ...notes } : values;
  }
  const series = await decodeMatrix(data.resultType, data.result, maxSamples);
  return Array.isArray(series) ? { kind: 'series', series, ...notes } : series;
}

/** The JSON of a body, or why it is none. What begins as JSON and does not end as such was cut on its way. */
function parseBody(body: Uint8Array): { ok: true; value: unknown } | { ok: false; fault: Fault } {
  const isObject = /^\s*\{/.test(new TextDecoder().decode(body.subarray(0, 64)));
  if (!isObject) {
    const message = 'it answered 200 with something that is not an answer to a query';
    return { ok: false, fault: notPrometheus(message) };
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return { ok: false, fault: fault('BrokenAnswer', 'the answer is not valid UTF-8') };
  }
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    const message = `the answer is no whole JSON; it was probably cut after ${body.length} bytes`;
    return { ok: false, fault: fault('BrokenAnswer', message) };
  }
}

/** Prometheus before 3.0 has no field for infos and puts them among the warnings, marked as such. */
function notesOf(warnings: string[], infos: string[]): { warnings: string[]; infos?: string[] } {
  const isInfo = (text: string) => text.startsWith('PromQL info:');
  const shown = (texts: string[]) => texts.slice(0, SHOWN_WARNINGS).map(excerpt);
  const advice = [...infos, ...warnings.filter(isInfo)];
  return {
    warnings: shown(warnings.filter((text) => !isInfo(text))),
    ...(advice.length > 0 && { infos: shown(advice) }),
  };
}

async function decodeValues(
  resultType: string,
  result: unknown,
  maxSamples: number,
): Promise<SampleValue[] | Fault> {
  switch (resultType) {
    case 'scalar': {
      const sample = sampleOf(result);
      return 'kind' in sample ? sample : [sample[1]];
    }
    case 'vector':
      return decodeVector(result, maxSamples);
    case 'matrix':
      return badQuery(
        'the query answers a range of samples for each series; put a function such as rate() or avg_over_time() around it',
      );
    case 'string':
      return badQuery('the query answers a text, not a number');
    default:
      return notPrometheus(`it answered a result of the unknown type "${excerpt(resultType)}"`);
  }
}

async function decodeVector(result: unknown, maxSamples: number): Promise<SampleValue[] | Fault> {
  if (!Array.isArray(result)) return notPrometheus('it answered a vector without values');
  if (result.length > maxSamples) return tooMany(maxSamples);
  const values: SampleValue[] = [];
  for (const series of result) {
    if (isRecord(series) && series['histogram'] !== undefined) return nativeHistogram();
    const sample = sampleOf(isRecord(series) ? series['value'] : undefined);
    if ('kind' in sample) return sample;
    values.push(sample[1]);
    if (values.length % SLICE === 0) await otherWork();
  }
  return values;
}

async function decodeMatrix(
  resultType: string,
  result: unknown,
  maxSamples: number,
): Promise<Series[] | Fault> {
  if (resultType === 'vector' || resultType === 'scalar' || resultType === 'string') {
    return badQuery(
      `the query answers a ${resultType} and the samples of a time are wanted; write a range selector such as up[5m]`,
    );
  }
  if (resultType !== 'matrix' || !Array.isArray(result)) {
    return notPrometheus(`it answered a result of the unknown type "${excerpt(resultType)}"`);
  }
  let count = 0;
  const decoded: Series[] = [];
  for (const series of result) {
    if (!isRecord(series) || !isLabels(series['metric'])) {
      return notPrometheus('it answered a series without labels');
    }
    if (series['histograms'] !== undefined) return nativeHistogram();
    if (!Array.isArray(series['values'])) return notPrometheus('it answered a series without samples');
    const samples: Series['samples'] = [];
    for (const entry of series['values']) {
      count += 1;
      if (count > maxSamples) return tooMany(maxSamples);
      const sample = sampleOf(entry);
      if ('kind' in sample) return sample;
      if (sample[0] <= (samples.at(-1)?.[0] ?? -Infinity)) {
        return notPrometheus('it answered samples that are not in the order of time');
      }
      samples.push(sample);
      if (count % SLICE === 0) await otherWork();
    }
    decoded.push({ labels: series['metric'], samples });
  }
  return decoded;
}

function isLabels(metric: unknown): metric is Record<string, string> {
  return isRecord(metric) && Object.values(metric).every((value) => typeof value === 'string');
}

/** `[1700000000.123, "0.5"]` as `[epoch ms, value]`; the number is text because JSON has no NaN and no infinity. */
function sampleOf(entry: unknown): [number, SampleValue] | Fault {
  const [time, text] = Array.isArray(entry) ? entry : [];
  if (typeof time !== 'number' || typeof text !== 'string') {
    return notPrometheus('it answered a sample that is not a time and a text');
  }
  const value = sampleValue(text);
  if (value === undefined) {
    return notPrometheus(`it answered the value "${excerpt(text)}", which is not a number`);
  }
  return [Math.round(time * 1_000), value];
}

function sampleValue(text: string): SampleValue | undefined {
  if (text === 'NaN') return 'NaN';
  if (text === '+Inf' || text === 'Inf') return '+Inf';
  if (text === '-Inf') return '-Inf';
  const value = Number(text);
  return text.trim() === '' || !Number.isFinite(value) ? undefined : value;
}

function nativeHistogram(): Fault {
  return badQuery(
    'the query answers native histograms; take a number of them with histogram_quantile(), histogram_count() or histogram_sum()',
  );
}

function tooMany(maxSamples: number): Fault {
  return fault(
    'TooLarge',
    `the answer has more than ${maxSamples} samples; aggregate in the query, or ask for a shorter time`,
  );
}

function badQuery(message: string): Fault {
  return fault('BadQuery', message);
}

function notPrometheus(message: string): Fault {
  return fault('NotPrometheus', message);
}
