import type { SampleValue } from './query-answer.ts';

/** A sample as a number; its infinities are numbers, its NaN is NaN. */
export function sampleNumber(sample: SampleValue): number {
  if (sample === '+Inf') return Infinity;
  if (sample === '-Inf') return -Infinity;
  return typeof sample === 'number' ? sample : Number.NaN;
}
