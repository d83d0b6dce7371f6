import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    effort: Effort;
  }
}

/**
 * How much is tried of what can be tried any number of times: a sample in the fast loop, enough to trust a change in
 * `npm test`, and what a night is for in `npm run test:long`.
 */
export type Effort = 'fast' | 'thorough' | 'long';

/** The number that belongs to the effort of the project that runs the test. */
export function atEffort(numbers: Readonly<Record<Effort, number>>): number {
  return numbers[inject('effort')];
}
