import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileCondition } from '../../src/analysis/condition.ts';
import type { Variables } from '../../src/analysis/condition-rules.ts';
import { atEffort } from '../effort.ts';

/** `ASSAY_SEED=7` tries other expressions; a failure names the expression and the seed. */
const SEED = Number(process.env['ASSAY_SEED'] ?? 1);
const LONGEST_MS = 50;

const VARIABLES: Variables = { value: 'number', errors: 'number', values: 'list', latencies: 'list' };
/** Other numbers for each evaluation, the awkward ones too. */
const NUMBERS = [0, -0, 1, -1, 0.1, 1.05, 5e-324, 1.7976931348623157e308, 2 ** 53, Infinity, -Infinity];
const LISTS = [
  [1],
  [3, 1, 2],
  [0, 0],
  [Infinity, -Infinity],
  [1e308, 1e308],
  Array.from({ length: 500 }, (_each, i) => i % 7),
];

const name = fc.constantFrom('value', 'errors');
const list = fc.constantFrom('values', 'latencies');
const literal = fc.constantFrom('0', '1', '0.95', '.5', '1e9', '1e308', '1e-320', '100');

/** Conditions as the rules have them, nesting as deep as it comes. */
const allowed = fc.letrec<{ number: string; boolean: string }>((tie) => {
  const number = tie('number');
  const boolean = tie('boolean');
  return {
    number: fc.oneof(
      { depthSize: 'medium' },
      { weight: 3, arbitrary: name },
      { weight: 2, arbitrary: literal },
      fc
        .tuple(number, fc.constantFrom('+', '-', '*', '/', '^', '%'), number)
        .map(([left, sign, right]) => `(${left} ${sign} ${right})`),
      number.map((text) => `-${text}`),
      fc
        .tuple(fc.constantFrom('abs', 'ceil', 'floor', 'round', 'sqrt', 'log', 'exp'), number)
        .map(([word, text]) => `${word}(${text})`),
      fc
        .tuple(fc.constantFrom('round', 'log', 'min', 'max', 'mean', 'median', 'sum'), number, number)
        .map(([word, left, right]) => `${word}(${left}, ${right})`),
      fc
        .tuple(fc.constantFrom('min', 'max', 'mean', 'median', 'sum', 'count', 'last', 'first'), list)
        .map(([word, text]) => `${word}(${text})`),
      fc.tuple(list, number).map(([text, at]) => `quantile(${text}, ${at})`),
      fc
        .tuple(boolean, number, number)
        .map(([when, then, otherwise]) => `(${when} ? ${then} : ${otherwise})`),
    ),
    boolean: fc.oneof(
      { depthSize: 'medium' },
      fc
        .tuple(number, fc.constantFrom('<', '<=', '>', '>=', '==', '!='), number)
        .map((parts) => parts.join(' ')),
      fc.tuple(number, number, number).map((parts) => parts.join(' < ')),
      number.map((text) => `isInf(${text})`),
      fc.tuple(boolean, fc.constantFrom('and', 'or'), boolean).map((parts) => `(${parts.join(' ')})`),
      boolean.map((text) => `not (${text})`),
    ),
  };
}).boolean;

/** Pieces of the language, of mathjs, and of what people have attacked evaluators with. */
const piece = fc.constantFrom(
  ...[
    'value',
    'values',
    'errors',
    '(',
    ')',
    ',',
    '+',
    '-',
    '*',
    '/',
    '^',
    '%',
    '<',
    '>=',
    '==',
    '!=',
    '?',
    ':',
  ],
  ...[
    'and',
    'or',
    'not',
    'max(',
    'quantile(',
    'round(',
    '1',
    '0',
    '1e308',
    '1e999',
    '9'.repeat(400),
    '=',
    '!',
    ';',
  ],
  ...[
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    '`',
    '.',
    '..',
    '$',
    '#',
    '\\',
    '\n',
    '\u2028',
    '\0',
    'é',
    '😀',
    '&',
    '|',
    '~',
    '??',
  ],
  ...[
    'e',
    'i',
    'pi',
    'NaN',
    'Infinity',
    'true',
    'null',
    'undefined',
    'this',
    'xor',
    'mod',
    'to',
    'in',
    'ms',
    'end',
  ],
  ...[
    'constructor',
    '__proto__',
    'prototype',
    'toString',
    'valueOf',
    'hasOwnProperty',
    'globalThis',
    'process',
  ],
  ...[
    'config(',
    'import(',
    'evaluate(',
    'parse(',
    'createUnit(',
    'chain(',
    'typed(',
    'factorial(',
    'gamma(',
    'ones(',
  ],
  ...[
    'combinations(',
    'map(',
    'filter(',
    'forEach(',
    'random(',
    'zeros(',
    'range(',
    'f(x) = ',
    'import("fs")',
  ],
);
const soup = fc.array(piece, { maxLength: 25 }).map((pieces) => pieces.join(' '));
const glued = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));

const repeated = fc
  .tuple(
    fc.constantFrom('(', 'not ', '-', '(value ? ', 'max(', '2^', 'value^', 'abs(', '[', '{', 'value,'),
    fc.nat(2_000),
  )
  .map(([text, count]) => `${text.repeat(count)}value > 1`);
const hostile = fc.oneof(
  repeated,
  fc.constantFrom(
    'value.constructor.constructor("return process")()',
    'config({relTol: 0.1}).relTol > value',
    'value["constructor"] > 1',
    'import({abs: 1}, {override: true}) > value',
    'ones(1e9) > value',
    'sum(1:1e9) > value',
    'f(x) = f(x); f(value) > 1',
    'value = 3',
    'values[1] = 99',
    'quantile(values, 5) > value',
    'round(value, 99999) > 1',
    '2^2^2^2^2^2^2^2 > value',
    'exp(exp(exp(exp(value)))) > 1',
    'values == values',
    'max(values, values) > 1',
    'max(value, values) > 1',
  ),
);

/** One character left out, doubled, or put in the place of another. */
const damaged = fc
  .tuple(allowed, fc.nat(), fc.nat(), fc.constantFrom('', '(', '=', '.', '"', 'e', '\n'))
  .map(([text, at, to, character]) => {
    const index = at % text.length;
    const end = Math.max(index, Math.min(text.length, index + (to % 3)));
    return text.slice(0, index) + character + text.slice(end);
  });

const OUTSIDE: Record<string, object> = {
  globalThis,
  Object,
  'Object.prototype': Object.prototype,
  'Function.prototype': Function.prototype,
  'Array.prototype': Array.prototype,
  'Number.prototype': Number.prototype,
  'String.prototype': String.prototype,
  'Map.prototype': Map.prototype,
  Math,
};

/** What an expression could have reached, by name. Symbols are left out: Node adds some to globalThis when it likes. */
function outside(): Map<string, unknown> {
  return new Map(
    Object.entries(OUTSIDE).flatMap(([owner, object]) =>
      Object.entries(Object.getOwnPropertyDescriptors(object)).map(([key, { value, get }]) => [
        `${owner}.${key}`,
        get ?? value,
      ]),
    ),
  );
}

function changes(before: Map<string, unknown>, after: Map<string, unknown>): string[] {
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names.filter(
    (key) => before.has(key) !== after.has(key) || !Object.is(before.get(key), after.get(key)),
  );
}

/** How long the processor worked on it in this thread: what other processes do meanwhile does not count. */
function processorMs(work: () => void): number {
  const start = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(start);
  return (user + system) / 1_000;
}

function tryOut(source: string, index: number): { compiled: boolean; decided: boolean } {
  const value = NUMBERS[index % NUMBERS.length] ?? 0;
  const values = [...(LISTS[index % LISTS.length] ?? [])];
  const given = { value, errors: -value, values, latencies: values };
  const compiled = compileCondition(source, VARIABLES);
  if (!compiled.ok) {
    const inside = compiled.offset >= 0 && compiled.offset <= source.length;
    if (!inside || compiled.message === '')
      throw new Error(`no place and message: ${JSON.stringify(compiled)}`);
    return { compiled: false, decided: false };
  }
  const answer = compiled.evaluate(given);
  if (
    answer.ok
      ? typeof answer.result !== 'boolean'
      : typeof answer.message !== 'string' || answer.message === ''
  ) {
    throw new Error(`no answer: ${JSON.stringify(answer)}`);
  }
  const untouched = LISTS[index % LISTS.length] ?? [];
  const isSame =
    given.value === value &&
    values.length === untouched.length &&
    values.every((each, i) => each === untouched[i]);
  if (!isSame) throw new Error('the variables were changed');
  return { compiled: true, decided: answer.ok };
}

/** 100,000 conditions in all where it is thorough. */
const SHARE = atEffort({ fast: 0.05, thorough: 1, long: 10 });

describe('random and hostile conditions', () => {
  test.each([
    ['by the rules', allowed, 20_000, { compiled: 0.8, decided: 0.3 }],
    ['by the rules, one character damaged', damaged, 20_000, { compiled: 0.05, decided: 0.02 }],
    ['of pieces', soup, 25_000, { compiled: 0, decided: 0 }],
    ['of pieces without spaces', glued, 25_000, { compiled: 0, decided: 0 }],
    ['made to break out or to hang', hostile, 10_000, { compiled: 0, decided: 0 }],
  ])('%s', (_title, arbitrary, inAll, least) => {
    const numRuns = inAll * SHARE;
    const before = outside();
    const shares = { compiled: 0, decided: 0 };
    for (const [index, source] of fc.sample(arbitrary, { seed: SEED, numRuns }).entries()) {
      let outcome = { compiled: false, decided: false };
      try {
        const slow = () =>
          processorMs(() => {
            outcome = tryOut(source, index);
          }) > LONGEST_MS;
        // Once may be the garbage of others; a condition that is slow is slow again.
        if (slow() && slow() && slow()) throw new Error(`it took longer than ${LONGEST_MS} ms`);
      } catch (error) {
        throw new Error(`seed ${SEED}: ${JSON.stringify(source)}`, { cause: error });
      }
      if (outcome.compiled) shares.compiled += 1 / numRuns;
      if (outcome.decided) shares.decided += 1 / numRuns;
    }
    expect(changes(before, outside())).toEqual([]);
    expect(shares.compiled).toBeGreaterThanOrEqual(least.compiled);
    expect(shares.decided).toBeGreaterThanOrEqual(least.decided);

    const check = (source: string, value: number) =>
      compileCondition(`${source} `).ok && evaluate(source, value);
    expect(check('value == 1', 1.05)).toEqual({ ok: true, result: false });
    expect(check('value + 0.2 == 0.3', 0.1)).toEqual({ ok: true, result: false });
    expect(check('abs(value) == 2 and round(2.5) == 3 and max(value, 1) == 1', -2)).toEqual({
      ok: true,
      result: true,
    });
  });
});

function evaluate(source: string, value: number) {
  const compiled = compileCondition(source);
  return compiled.ok && compiled.evaluate({ value, values: [value] });
}
