import { expect, test } from 'vitest';
import { parseSeriesLabels } from '../../src/scenario/series-labels.ts';

const HOW = 'write the name of a metric and its labels, as in up{job="web"}';

test.each([
  ['up', { __name__: 'up' }],
  ['job:rate:sum', { __name__: 'job:rate:sum' }],
  ['up{}', { __name__: 'up' }],
  ['up{job="web",pod="web-1",}', { __name__: 'up', job: 'web', pod: 'web-1' }],
  ["{__name__='up', job=`a\\b`}", { __name__: 'up', job: 'a\\b' }],
  ['b_bucket{le="+Inf"}', { __name__: 'b_bucket', le: '+Inf' }],
  ['a{b="\\"q\\" \\\\ \\n \\x41 \\u00e9 \\101"}', { __name__: 'a', b: '"q" \\ \n A é A' }],
  ['a{b="é日"}', { __name__: 'a', b: 'é日' }],
  ['{"http.requests", "service.name"="web"}', { __name__: 'http.requests', 'service.name': 'web' }],
  ['a{b=""}', { __name__: 'a' }],
])('%s', (text, labels) => {
  expect(parseSeriesLabels(text)).toEqual({ ok: true, labels });
});

test.each([
  ['', HOW, 0],
  ['up{', HOW, 3],
  ['up{job=web}', HOW, 7],
  ['up[5m]', HOW, 0],
  ['sum(up)', HOW, 0],
  ['up up', HOW, 3],
  ['up{job=~"w.*"}', 'a series has a value for each label: write = and not =~', 3],
  ['up{a="1",a="2"}', 'the label a is given twice', 9],
  ['up{__name__="down"}', 'the label __name__ is given twice', 3],
  ['{job="web"}', 'the series has no name: write it before the {', 0],
  ['up{a="\\q"}', 'this text has an escape that Prometheus does not know', 5],
])('%j is refused', (text, message, offset) => {
  expect(parseSeriesLabels(text)).toEqual({ ok: false, message, offset });
});
