import { describe, expect, test } from 'vitest';
import { boundariesIn, boundariesOf, namesBoundary } from '../../src/analysis/bucket-boundaries.ts';
import type { QueryAnswer } from '../../src/analysis/query-answer.ts';

test.each([
  ['a_bucket{le="0.5"}', true],
  ['a_bucket{pod=~"x", le =~ "0.5|1"}', true],
  ['a_bucket{le="{{args.le}}"}', true],
  ['a_bucket{pod="x"}', false],
  ['a_bucket{file="le=1"}', false],
  ['a_bucket{handle="0.5"}', false],
  ['a_total{le_x="0.5"}', false],
])('%s chooses by the boundary: %s', (selector, expected) => {
  expect(namesBoundary(selector)).toBe(expected);
});

describe('the query for the boundaries', () => {
  test.each([
    ['a_bucket{le="0.5"}', 'count by (le) (a_bucket{})'],
    ['a_bucket{le="0.5",pod="x"}', 'count by (le) (a_bucket{pod="x"})'],
    ['a_bucket{pod="x",le=~"0.5|1"}', 'count by (le) (a_bucket{pod="x",})'],
    [
      'a_bucket{pod="le=\\"1\\"", le="1"} offset 1m',
      'count by (le) (a_bucket{pod="le=\\"1\\"", } offset 1m)',
    ],
    ['{__name__="a_bucket",le="0.5"}', 'count by (le) ({__name__="a_bucket",})'],
  ])('of %s is %s', (selector, query) => {
    expect(boundariesOf([selector])).toBe(query);
  });
});

test.each<[string, QueryAnswer, string | undefined]>([
  [
    'in their order',
    {
      kind: 'series',
      warnings: [],
      series: ['10', '+Inf', '0.5', '2.5', '10'].map((le) => ({ labels: { le }, samples: [] })),
    },
    '0.5, 2.5, 10, +Inf',
  ],
  ['none', { kind: 'series', warnings: [], series: [{ labels: {}, samples: [] }] }, undefined],
  ['not known', { kind: 'fault', reason: 'Timeout', message: '', retryable: true }, undefined],
])('the boundaries are told %s', (_, answer, expected) => {
  expect(boundariesIn([{ name: 'boundaries', answer }])).toBe(expected);
});
