import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { QueryAnswer } from '../../src/analysis/query-answer.ts';
import { observeSource, type SourceState } from '../../src/analysis/source-state.ts';

const answered: QueryAnswer = { kind: 'samples', values: [1], warnings: [] };
const fault = (reason: string): QueryAnswer => ({ kind: 'fault', reason, message: 'why', retryable: true });
const down = (since: number, at: number, reason: string): SourceState => ({
  at,
  down: { since, reason, message: 'why' },
});

test.each<[string, SourceState | undefined, QueryAnswer, number, SourceState | undefined]>([
  ['an answer: up', undefined, answered, 5, { at: 5 }],
  ['a fault: down since then', { at: 1 }, fault('Timeout'), 5, down(5, 5, 'Timeout')],
  [
    'another fault: down as long as before',
    down(5, 5, 'Timeout'),
    fault('Unreachable'),
    9,
    down(5, 9, 'Unreachable'),
  ],
  ['an answer after faults: up', down(5, 5, 'Timeout'), answered, 9, { at: 9 }],
  ['a bad query: the source answers', down(5, 5, 'Timeout'), fault('BadQuery'), 9, { at: 9 }],
  [
    'a namespace that may not ask: nothing new',
    down(5, 5, 'Timeout'),
    fault('Forbidden'),
    9,
    down(5, 5, 'Timeout'),
  ],
  ['an older answer: nothing new', down(5, 5, 'Timeout'), answered, 4, down(5, 5, 'Timeout')],
  ['an older fault: nothing new', { at: 5 }, fault('Timeout'), 4, { at: 5 }],
  ['a cancelled query first of all: nothing known', undefined, fault('Cancelled'), 1, undefined],
])('after %s', (_title, before, answer, finishedAt, after) => {
  expect(observeSource(before, { answer, finishedAt })).toEqual(after);
});

test('in whichever order results come, the newest decides whether it is down', () => {
  const results = fc.uniqueArray(fc.record({ finishedAt: fc.nat(1_000), isFault: fc.boolean() }), {
    minLength: 1,
    selector: ({ finishedAt }) => finishedAt,
  });
  fc.assert(
    fc.property(results, (list) => {
      const end = list.reduce<SourceState | undefined>(
        (state, { finishedAt, isFault }) =>
          observeSource(state, { finishedAt, answer: isFault ? fault('Timeout') : answered }),
        undefined,
      );
      const newest = list.toSorted((a, b) => b.finishedAt - a.finishedAt)[0];
      expect(end?.down !== undefined).toBe(newest?.isFault);
    }),
  );
});
