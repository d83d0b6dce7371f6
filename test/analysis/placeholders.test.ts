import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  fillCondition,
  fillQuery,
  type PlaceholderContext,
  placeholdersIn,
  resolveQuery,
  runLookup,
  templateLookup,
} from '../../src/analysis/placeholders.ts';

const context: PlaceholderContext = {
  args: [
    { name: 'service', value: 'shop', type: 'string' },
    { name: 'threshold', value: '0.95', type: 'number' },
    { name: 'range', value: '5m', type: 'duration' },
    { name: 'metric', value: 'http_requests_total', type: 'identifier' },
  ],
  namespace: 'prod',
  target: {
    rollout: 'echo',
    workload: 'echoserver',
    step: { index: 2, weight: 20 },
    canary: { hash: 'abc', pods: '^echo-x\\.1-[a-z0-9]+$' },
    stable: { hash: 'def', pods: '^echoserver-def-[a-z0-9]+$' },
  },
  windowMs: 37_900,
};

function resolve(query: string, changes: Partial<PlaceholderContext> = {}) {
  return resolveQuery(query, { ...context, ...changes });
}

describe('a query is sent with its placeholders filled in', () => {
  test.each<[title: string, query: string, text: string]>([
    ['without any it is sent as it is', 'sum(up{a=~"x{2}"}) # {}', 'sum(up{a=~"x{2}"}) # {}'],
    ['an argument in a literal', 'up{job="{{args.service}}"}', 'up{job="shop"}'],
    ['spaces are allowed', 'up{job="{{  args.service }}"}', 'up{job="shop"}'],
    [
      'numbers, durations and identifiers stand anywhere',
      'rate({{args.metric}}[{{args.range}}]) > {{args.threshold}}',
      'rate(http_requests_total[5m]) > 0.95',
    ],
    ['directly after the brace of a selector', 'up{{{args.metric}}="1"}', 'up{http_requests_total="1"}'],
    [
      'the release',
      'a{r="{{rollout.name}}",n="{{namespace}}",w="{{workload.name}}",c="{{canary.hash}}",s="{{stable.hash}}"}',
      'a{r="echo",n="prod",w="echoserver",c="abc",s="def"}',
    ],
    ['the step', 'x > {{step.weight}} + {{step.index}}', 'x > 20 + 2'],
    ['the window in whole seconds, rounded down', 'rate(x[{{window}}])', 'rate(x[37s])'],
    [
      'the pods, their backslashes escaped',
      'x{pod=~"{{canary.pods}}"}',
      'x{pod=~"^echo-x\\\\.1-[a-z0-9]+$"}',
    ],
    ['the pods in single quotes', "x{pod=~'{{canary.pods}}'}", "x{pod=~'^echo-x\\\\.1-[a-z0-9]+$'}"],
    ['the pods in backticks, as they are', 'x{pod=~`{{canary.pods}}`}', 'x{pod=~`^echo-x\\.1-[a-z0-9]+$`}'],
    ['several in one literal', 'x{a="{{namespace}}/{{args.service}}-{{step.index}}"}', 'x{a="prod/shop-2"}'],
    ['an escaped quote does not end the literal', 'x{a="\\"{{args.service}}"}', 'x{a="\\"shop"}'],
    [
      'a quote in a comment begins no literal',
      '# it\'s "so\nx{a="{{namespace}}"}',
      '# it\'s "so\nx{a="prod"}',
    ],
    ['a # in a literal begins no comment', 'x{a="#"} + {{args.threshold}}', 'x{a="#"} + 0.95'],
  ])('%s', (_title, query, text) => {
    expect(resolve(query)).toEqual({ ok: true, text });
  });
});

describe('text from outside cannot leave its literal', () => {
  const evil = '"} or vector(1) # \\ \' ` \n\r{{namespace}}';
  test.each<[quote: string, text: string]>([
    ['"', 'x{a="\\"} or vector(1) # \\\\ \' ` \\n\\r{{namespace}}"}'],
    ["'", "x{a='\"} or vector(1) # \\\\ \\' ` \\n\\r{{namespace}}'}"],
  ])('inside %s', (quote, text) => {
    const args = [{ name: 'evil', value: evil, type: 'string' as const }];
    expect(resolve(`x{a=${quote}{{args.evil}}${quote}}`, { args })).toEqual({ ok: true, text });
  });

  test('inside backticks nothing can be escaped, so a backtick is refused', () => {
    const args = [{ name: 'evil', value: evil }];
    expect(resolve('x{a=`{{args.evil}}`}', { args })).toMatchObject({
      ok: false,
      reason: 'Unresolved',
      faults: [
        {
          path: 'query',
          message:
            'the value of {{args.evil}} has a backtick, and a literal in backticks cannot contain one (position 5)',
        },
      ],
    });
  });

  test('property: the literal that is sent reads back as the value that was given', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('"', "'"), (value, quote) => {
        const args = [{ name: 'x', value }];
        const answer = resolve(`{a=${quote}{{args.x}}${quote}}`, { args });
        const text = answer.ok ? answer.text : '';
        const literal = text.slice(3, -1);
        // As Prometheus reads it: to the first quote that no backslash stands before, on one line.
        const shape = quote === '"' ? /^"((?:\\.|[^"\\\n])*)"$/ : /^'((?:\\.|[^'\\\n])*)'$/;
        const inner = shape.exec(literal)?.[1];
        const read = inner?.replace(/\\(.)/g, (_all, letter: string) =>
          letter === 'n' ? '\n' : letter === 'r' ? '\r' : letter,
        );
        expect(read).toBe(value);
      }),
    );
  });
});

describe('a placeholder in the wrong place is a fault', () => {
  const OUTSIDE = 'is text and may stand only inside a string literal, as in';
  test.each<[title: string, query: string, message: RegExp]>([
    ['text outside of a literal', 'up + {{args.service}}', new RegExp(`^{{args.service}} ${OUTSIDE}`)],
    ['it says how an argument gets out', 'up + {{args.service}}', /declare it with type number, duration/],
    ['it says where', 'up + {{args.service}}', /\(position 5\)$/],
    ['a built-in text outside of a literal', 'up + {{namespace}}', new RegExp(`^{{namespace}} ${OUTSIDE}`)],
    ['pods outside of a literal', 'up{pod=~{{canary.pods}}}', new RegExp(`^{{canary.pods}} ${OUTSIDE}`)],
    ['text in a comment', 'up # "{{args.service}}"', new RegExp(`^{{args.service}} ${OUTSIDE}`)],
    ['text after a literal has ended', 'x{a="\\\\"} {{namespace}}', new RegExp(`^{{namespace}} ${OUTSIDE}`)],
    [
      'an unknown one',
      'up{{{foo}}}',
      /^{{foo}} is not known; the placeholders are args.NAME, rollout.name, /,
    ],
    ['an empty one', 'up{a="{{}}"}', /^{{}} is not known/],
    ['a name of Object.prototype', 'up{a="{{constructor}}"}', /^{{constructor}} is not known/],
    ['an argument that is not given', 'up{a="{{args.x}}"}', /^{{args.x}}: no such argument is given/],
    ['one without an end', 'up{a="{{args.service"}', /^the {{ at position 6 has no }}$/],
    ['one over two lines', 'up{a="{{args.\nservice}}"}', /^the {{ at position 6 has no }}$/],
    [
      'a literal without an end',
      'up{a="{{namespace}}}',
      /^the string literal that begins at position 5 is not/,
    ],
    [
      'a literal over two lines',
      'up{a="x\n"}',
      /^the string literal that begins at position 5 is not closed/,
    ],
    ['a backslash before one', 'up{a="\\{{args.service}}"}', /^the backslash at position 6 must not stand/],
  ])('%s: %s', (_title, query, message) => {
    const answer = resolve(query);
    expect(answer).toMatchObject({ ok: false, reason: 'Unresolved' });
    expect(!answer.ok && answer.faults[0]?.message).toMatch(message);
  });

  test.each<[name: string, field: string]>([
    ['rollout.name', 'rollout'],
    ['workload.name', 'workload'],
    ['step.index', 'step'],
    ['step.weight', 'step.weight'],
    ['canary.hash', 'canary'],
    ['canary.pods', 'canary'],
    ['stable.hash', 'stable'],
    ['stable.pods', 'stable'],
  ])('{{%s}} without a target says to set spec.target.%s', (name, field) => {
    expect(resolve(`x{a="{{${name}}}"}`, { target: undefined })).toEqual({
      ok: false,
      reason: 'Unresolved',
      faults: [
        {
          path: 'query',
          message: `{{${name}}} stands for nothing in this run: set spec.target.${field} (position 5)`,
        },
      ],
    });
  });

  test('no pods is told apart: nothing is wrong, and nothing can be measured', () => {
    const target = { canary: { hash: 'abc', pods: '' } };
    expect(resolve('x{pod=~"{{canary.pods}}"}', { target })).toEqual({
      ok: false,
      reason: 'NoPods',
      faults: [{ path: 'query', message: 'there are no pods' }],
    });
  });
});

describe('where the type of an argument is not known, its value tells where it may stand', () => {
  test.each<[value: string, outside: boolean]>([
    ['5', true],
    ['5m', true],
    ['http_requests_total', true],
    ['up) or vector(1', false],
    ['a b', false],
    ['', false],
  ])('%j outside of a literal: %s', (value, outside) => {
    expect(resolve('f({{args.x}})', { args: [{ name: 'x', value }] }).ok).toBe(outside);
    expect(resolve('f("{{args.x}}")', { args: [{ name: 'x', value }] }).ok).toBe(true);
  });
});

describe('a template is checked before any value is known', () => {
  const lookup = templateLookup([{ name: 'service' }, { name: 'threshold', type: 'number' }]);
  test('arguments are strings unless they say otherwise', () => {
    expect(fillQuery('x{a="{{args.service}}"} > {{args.threshold}}', lookup).faults).toEqual([]);
    expect(fillQuery('x > {{args.service}}', lookup).faults).toHaveLength(1);
  });
  test('an undeclared argument is a fault', () => {
    expect(fillQuery('x{a="{{args.servise}}"}', lookup).faults).toEqual([
      {
        offset: 5,
        message: '{{args.servise}}: the template declares no such argument',
        text: '{{args.servise}}: the template declares no such argument (position 5)',
      },
    ]);
  });
});

describe('placeholders in conditions stand for numbers', () => {
  test.each<[source: string, text: string]>([
    ['value >= {{args.threshold}}', 'value >= 0.95'],
    ['value >= {{ step.weight }} / 100', 'value >= 20 / 100'],
    ['value >= 2 ^ {{args.below}}', 'value >= 2 ^ (-5)'],
  ])('%s', (source, text) => {
    const args = [...context.args, { name: 'below', value: '-5' }];
    expect(fillCondition(source, runLookup({ ...context, args }))).toEqual({ text, faults: [] });
  });

  test('one that is not known yet has a stand-in of the same width, so that positions stay', () => {
    const lookup = templateLookup([{ name: 'threshold', type: 'number' }]);
    expect(fillCondition('value >= {{args.threshold}} + e', lookup)).toEqual({
      text: 'value >= 1                  + e',
      faults: [],
    });
  });

  test.each<[source: string, message: string]>([
    [
      'value >= {{args.service}}',
      '{{args.service}} is a string and must be a number here: declare it with type number (position 9)',
    ],
    [
      'value >= {{canary.hash}}',
      '{{canary.hash}} is a string and must be a number here: declare it with type number (position 9)',
    ],
    ['value >= {{args.text}}', '{{args.text}} must be a number such as 0.95, and is "high" (position 9)'],
  ])('%s is a fault', (source, message) => {
    const args = [...context.args, { name: 'text', value: 'high' }];
    expect(fillCondition(source, runLookup({ ...context, args })).faults).toEqual([message]);
  });
});

test('the placeholders of a text are found', () => {
  expect(placeholdersIn('rate(x{a="{{ args.a }}"}[{{window}}])')).toEqual(['args.a', 'window']);
});
