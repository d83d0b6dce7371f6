import { expect, test } from 'vitest';
import { fromGoDuration } from '../../src/translate/go-duration.ts';

test.each([
  ['30s', '30s'],
  ['1m30s', '1m30s'],
  ['1.5h', '1.5h'],
  ['.5s', '500ms'],
  ['1s500us', '1001ms'],
  ['10ns', '1ms'],
  ['+5m', '300000ms'],
  ['-5m', undefined],
  ['1d', undefined],
  ['90', undefined],
  ['', undefined],
])('the duration %j of Go is %j', (text, wanted) => {
  expect(fromGoDuration(text)).toBe(wanted);
});
