import type { QueryAnswer, SampleValue } from '../analysis/query-answer.ts';
import type { Chunk } from './chunks.ts';
import type { PlannedSeries } from './series.ts';

/** A part of the samples of a query, or why they could not be had. */
export interface AnsweredChunk {
  chunk: Chunk;
  answer: Extract<QueryAnswer, { kind: 'series' | 'fault' }>;
}

/** What a query would have answered at an instant of the past. */
export type Recall = (at: number) => QueryAnswer;

/**
 * Reads the answers to the range queries of one query as if it had been asked at each moment by itself. `chunks` cover
 * its samples without gaps, in any order; an answer that needs one with a fault is that fault.
 */
export function recallOf(series: PlannedSeries, chunks: readonly AnsweredChunk[]): Recall {
  const { inOrder, chunkOf } = byIndex(series, chunks);
  return series.range
    ? recallRange(series, series.range, inOrder, chunkOf)
    : recallInstant(series, inOrder, chunkOf);
}

/** The chunks in order of time, and for the number of each sample the one that has it. */
function byIndex(
  series: PlannedSeries,
  chunks: readonly AnsweredChunk[],
): { inOrder: AnsweredChunk[]; chunkOf: AnsweredChunk[] } {
  const inOrder = chunks.toSorted((left, right) => left.chunk.first - right.chunk.first);
  const chunkOf: AnsweredChunk[] = [];
  for (const answered of inOrder) {
    const last = indexOf(series, answered.chunk.last);
    for (let index = indexOf(series, answered.chunk.first); index <= last; index++) chunkOf[index] = answered;
  }
  return { inOrder, chunkOf };
}

/** Servers round instants to milliseconds, and some to less. */
function indexOf({ first, resolutionMs }: PlannedSeries, at: number): number {
  return Math.round((at - first) / resolutionMs);
}

function recallInstant(
  series: PlannedSeries,
  chunks: readonly AnsweredChunk[],
  chunkOf: readonly AnsweredChunk[],
): Recall {
  const valuesAt: SampleValue[][] = [];
  for (const { answer } of chunks) {
    if (answer.kind === 'fault') continue;
    for (const { samples } of answer.series) {
      for (const [at, value] of samples) {
        const index = indexOf(series, at);
        const values = valuesAt[index];
        if (values) values.push(value);
        else valuesAt[index] = [value];
      }
    }
  }
  return (at) => {
    const index = indexOf(series, at);
    const answer = chunkOf[index]?.answer;
    if (!answer || answer.kind === 'fault') return answer ?? notAsked(at);
    return { kind: 'samples', values: valuesAt[index] ?? [], warnings: answer.warnings };
  };
}

/** The samples of a query between two moments, both included, by the numbers of the samples; or the fault of a part. */
export type RecallSeries = (fromIndex: number, toIndex: number) => QueryAnswer;

/** Reads the answers to the range queries of one selector as the samples of each of its series. */
export function recallSeriesOf(series: PlannedSeries, chunks: readonly AnsweredChunk[]): RecallSeries {
  const { inOrder, chunkOf } = byIndex(series, chunks);
  const joined = joinSeries(series, inOrder);
  return (fromIndex, toIndex) => {
    const indices = Array.from({ length: toIndex - fromIndex + 1 }, (_, number) => fromIndex + number);
    return cutSeries(joined, indices, chunkOf, series.first + toIndex * series.resolutionMs);
  };
}

type Labelled = { labels: Readonly<Record<string, string>>; samples: [number, SampleValue][] };

function recallRange(
  series: PlannedSeries,
  { windowMs, stepMs }: NonNullable<PlannedSeries['range']>,
  chunks: readonly AnsweredChunk[],
  chunkOf: readonly AnsweredChunk[],
): Recall {
  const joined = joinSeries(series, chunks);
  // The sample of an instant that has none of its own is the newest before it.
  const sampleIndex = (at: number) => Math.floor((at - series.first) / series.resolutionMs + 1e-9);
  return (at) => {
    const indices: number[] = [];
    for (let time = at - windowMs; time <= at; time += stepMs) indices.push(sampleIndex(time));
    return cutSeries(joined, indices, chunkOf, at);
  };
}

/** The samples of these numbers; a fault of any part that has one of them is the answer. */
function cutSeries(
  joined: readonly Labelled[],
  indices: readonly number[],
  chunkOf: readonly AnsweredChunk[],
  at: number,
): QueryAnswer {
  const warnings = new Set<string>();
  for (const answered of new Set(indices.map((index) => chunkOf[index]))) {
    const answer = answered?.answer ?? notAsked(at);
    if (answer.kind === 'fault') return answer;
    for (const warning of answer.warnings) warnings.add(warning);
  }
  const cut = joined.map(({ labels, samples }) => ({
    labels,
    samples: indices.flatMap((index) => {
      const sample = samples[index];
      return sample ? [sample] : [];
    }),
  }));
  // A series without a sample in its window is none of the answer.
  return { kind: 'series', series: cut.filter(({ samples }) => samples.length > 0), warnings: [...warnings] };
}

/** Each series over all chunks, its samples by their number; those that are not there are holes. */
function joinSeries(planned: PlannedSeries, chunks: readonly AnsweredChunk[]): Labelled[] {
  const joined = new Map<string, Labelled>();
  for (const { answer } of chunks) {
    if (answer.kind === 'fault') continue;
    for (const { labels, samples } of answer.series) {
      const key = JSON.stringify(Object.entries(labels).toSorted());
      const known = joined.get(key) ?? { labels, samples: [] };
      joined.set(key, known);
      for (const sample of samples) known.samples[indexOf(planned, sample[0])] = sample;
    }
  }
  return [...joined.values()];
}

function notAsked(at: number): never {
  throw new Error(`the samples of ${at} were not asked for`);
}
