import type { MetricQuery, QueryAnswer } from '../analysis/query-answer.ts';
import type { PlannedSeries } from './series.ts';

/** A part of the samples of one query, asked for with one range query. Both ends are included. */
export interface Chunk {
  first: number;
  last: number;
}

/** Prometheus answers at most 11,000 points a series. */
const MOST_POINTS = 11_000;
/** A query of fewer points costs more in coming and going than in computing. */
const FEWEST_POINTS = 500;
/** So many parts are quick to ask for one after the other, show progress, and stay below the limits of a server. */
const USUAL_PARTS = 10;

/** So many range queries for all of a template, as long as one may have the points that each then has. */
const MOST_QUERIES = 60;

/** Into how many range queries the samples of each query are parted where there are so many queries. */
export function usualParts(queries: number): number {
  return Math.min(USUAL_PARTS, Math.max(1, Math.floor(MOST_QUERIES / queries)));
}

/** The range queries for the samples of one query until `to` (excluded), oldest first; `usual` of them as a rule. */
export function chunksOf(
  { first: from, resolutionMs }: Pick<PlannedSeries, 'first' | 'resolutionMs'>,
  to: number,
  usual = USUAL_PARTS,
): Chunk[] {
  const points = Math.ceil((to - from) / resolutionMs);
  const parts = Math.max(Math.ceil(points / MOST_POINTS), Math.min(usual, Math.ceil(points / FEWEST_POINTS)));
  const size = Math.ceil(points / parts);
  const chunks: Chunk[] = [];
  for (let index = 0; index < points; index += size) {
    const end = Math.min(index + size, points) - 1;
    chunks.push({ first: from + index * resolutionMs, last: from + end * resolutionMs });
  }
  return chunks;
}

/** The query for a chunk. */
export function chunkQuery({ query, resolutionMs }: PlannedSeries, { first, last }: Chunk): MetricQuery {
  return { query, evaluateAt: last, range: { windowMs: last - first, stepMs: resolutionMs } };
}

/** The same in two halves; undefined for a chunk of one sample. */
export function halves({ first, last }: Chunk, resolutionMs: number): [Chunk, Chunk] | undefined {
  if (last <= first) return undefined;
  const middle = first + Math.floor((last - first) / resolutionMs / 2) * resolutionMs;
  return [
    { first, last: middle },
    { first: middle + resolutionMs, last },
  ];
}

/** Whether a server that gave this fault may manage half of what it was asked. */
export function asksTooMuch({ reason, message }: Extract<QueryAnswer, { kind: 'fault' }>): boolean {
  if (reason === 'Timeout' || reason === 'TooLarge') return true;
  return reason === 'BadQuery' && /too many samples|maximum resolution/i.test(message);
}
