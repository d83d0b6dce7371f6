import { expect, test } from 'vitest';
import { formatDuration, parseDurationMs } from '../../src/api/duration.ts';

test.each([
  ['30s', 30_000],
  ['1m30s', 90_000],
  ['1.5h', 5_400_000],
  ['250ms', 250],
  ['0s', 0],
  ['', undefined],
  ['30', undefined],
  ['-5s', undefined],
  ['1d', undefined],
  ['5 m', undefined],
])('%s is %s milliseconds', (text, ms) => {
  expect(parseDurationMs(text)).toBe(ms);
});

test.each([
  [850, '850ms'],
  [999.7, '1s'],
  [12_340, '12.3s'],
  [59_960, '1m'],
  [119_700, '2m'],
  [90_000, '1m30s'],
  [3_599_700, '1h'],
  [3_900_000, '1h5m'],
])('%s milliseconds are told as %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
