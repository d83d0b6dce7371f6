import { z } from 'zod';
import type { QueryAnswer, SampleValue } from '../analysis/query-answer.ts';

type Fault = Extract<QueryAnswer, { kind: 'fault' }>;

const responseSchema = z.object({
  status: z.literal('success'),
  data: z.object({ resultType: z.string(), result: z.unknown() }),
  warnings: z.array(z.string()).nullish(),
  infos: z.array(z.string()).nullish(),
});

/** `[1700000000.123, "0.5"]`; the number is text because JSON has no NaN and no infinity. */
const sampleSchema = z.tuple([z.number(), z.string()]);

const vectorSchema = z.array(z.object({ value: sampleSchema.optional(), histogram: z.unknown().optional() }));

/**
 * Reads the body of a successful answer to an instant query. A vector gives a value a series, a scalar its
 * only value. Warnings and infos are kept: with them the result may be incomplete.
 */
export function decodeAnswer(body: unknown): QueryAnswer {
  const parsed = responseSchema.safeParse(body);
  if (!parsed.success) {
    return notPrometheus('it answered 200 with something that is not an answer to a query');
  }
  const { data, warnings, infos } = parsed.data;
  const texts = decodeResult(data.resultType, data.result);
  if (!Array.isArray(texts)) return texts;

  const values: SampleValue[] = [];
  for (const text of texts) {
    const value = sampleValue(text);
    if (value === undefined) return notPrometheus(`it answered the value "${text}", which is not a number`);
    values.push(value);
  }
  return { kind: 'samples', values, warnings: [...(warnings ?? []), ...(infos ?? [])] };
}

/** The values as text, or why this type of result cannot be judged. */
function decodeResult(resultType: string, result: unknown): string[] | Fault {
  switch (resultType) {
    case 'scalar': {
      const sample = sampleSchema.safeParse(result);
      return sample.success ? [sample.data[1]] : notPrometheus('it answered a scalar without a value');
    }
    case 'vector': {
      const vector = vectorSchema.safeParse(result);
      if (!vector.success) return notPrometheus('it answered a vector without values');
      const texts: string[] = [];
      for (const series of vector.data) {
        if (series.histogram !== undefined) {
          return badQuery(
            'the query answers native histograms; take a number of them with histogram_quantile(), histogram_count() or histogram_sum()',
          );
        }
        if (!series.value) return notPrometheus('it answered a vector without values');
        texts.push(series.value[1]);
      }
      return texts;
    }
    case 'matrix':
      return badQuery(
        'the query answers a range of samples for each series; put a function such as rate() or avg_over_time() around it',
      );
    case 'string':
      return badQuery('the query answers a text, not a number');
    default:
      return notPrometheus(`it answered a result of the unknown type "${resultType}"`);
  }
}

function sampleValue(text: string): SampleValue | undefined {
  if (text === 'NaN') return 'NaN';
  if (/^\+?Inf$/.test(text)) return '+Inf';
  if (text === '-Inf') return '-Inf';
  const value = Number(text);
  return text.trim() === '' || !Number.isFinite(value) ? undefined : value;
}

function badQuery(message: string): Fault {
  return { kind: 'fault', reason: 'BadQuery', message, retryable: false };
}

function notPrometheus(message: string): Fault {
  return { kind: 'fault', reason: 'NotPrometheus', message, retryable: false };
}
