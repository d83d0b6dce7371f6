import { expect, test } from 'vitest';
import { formatWindow, windowAt, windowBounds, windowReadyAt } from '../../src/analysis/window.ts';
import { START } from './examples.ts';

const SECOND = 1_000;

test.each<[title: string, agoMs: number, fields: { minWindow?: string; maxWindow?: string }, text: string]>([
  ['the time since the start', 37 * SECOND, {}, '37s'],
  ['whole seconds, never looking back before the start', 37_999, {}, '37s'],
  ['at most ten minutes', 3_600 * SECOND, {}, '600s'],
  ['at most what the metric says', 3_600 * SECOND, { maxWindow: '2m' }, '120s'],
  ['never an empty range', 0, { minWindow: '0s' }, '1s'],
  ['never a negative range', -5_000, {}, '1s'],
])('{{window}} is %s', (_title, agoMs, fields, text) => {
  expect(formatWindow(windowAt(START + agoMs, START, windowBounds(fields)))).toBe(text);
});

test.each<[title: string, fields: { minWindow?: string; maxWindow?: string }, afterMs: number]>([
  ['15 s', {}, 15_000],
  ['minWindow', { minWindow: '40s' }, 40_000],
  ['a second at least, since PromQL has no range of 0s', { minWindow: '0s' }, 1_000],
])('a measurement waits until the window is %s long', (_title, fields, afterMs) => {
  expect(windowReadyAt(START, windowBounds(fields))).toBe(START + afterMs);
});
