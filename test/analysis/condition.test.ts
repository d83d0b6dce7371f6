import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileCondition } from '../../src/analysis/condition.ts';

function evaluate(source: string, value: number, values: readonly number[] = [value]) {
  const compiled = compileCondition(source);
  if (!compiled.ok) throw new Error(`${source}: ${compiled.message}`);
  return compiled.evaluate({ value, values });
}

describe('a condition is evaluated with the numbers as they are', () => {
  test.each<[title: string, source: string, value: number, result: boolean]>([
    ['a comparison', 'value >= 0.95', 0.96, true],
    ['the boundary belongs to >=', 'value >= 0.95', 0.95, true],
    ['no tolerance: a hair below is below', 'value >= 0.9900000000001', 0.99, false],
    ['no tolerance for large numbers', 'value < 1000000000000', 999_999_999_999, true],
    ['no tolerance for tiny numbers', 'value > 0', 1e-300, true],
    ['equality is exact', 'value + 0.2 == 0.3', 0.1, false],
    ['inequality is exact', 'value != 0.3', 0.1 + 0.2, true],
    ['rounding asks for it', 'round(value, 2) == 0.81', 0.8125, true],
    ['floor does not round up', 'floor(value) == 2', 2.9999999999999, true],
    ['a chain of comparisons', '0.9 < value <= 1', 0.95, true],
    ['a chain that does not hold at its end', '0.9 < value <= 1', 1.1, false],
    ['and, or, not', 'not (value < 1) and (value < 3 or value > 9)', 2, true],
    ['a choice', 'value > 100 ? value < 200 : value < 10', 150, true],
    ['arithmetic binds as in mathematics', '2 + value * 3 ^ 2 == 38 and -value ^ 2 == -16', 4, true],
    ['a remainder', 'value % 3 == 2', 5, true],
    ['a negative number', 'value > -0.5', -0.4, true],
    ['several lines', 'value > 0.5\n  and value < 1\n', 0.7, true],
    ['+Inf is a number', 'value >= 0.95', Infinity, true],
    ['-Inf is a number', 'value >= 0.95', -Infinity, false],
    ['infinity can be asked for', 'isInf(value)', -Infinity, true],
    ['and stops at the first false', 'value != 0 and 0 / value > -1', 0, false],
    ['or stops at the first true', 'value == 0 or 0 / value > 1', 0, true],
    ['only the chosen part of a choice is computed', 'value == 0 ? value < 1 : 0 / value > 1', 0, true],
  ])('%s: %s', (_title, source, value, result) => {
    expect(evaluate(source, value)).toEqual({ ok: true, result });
  });

  test.each<[source: string, result: boolean]>([
    ['min(values) == 1 and max(values) == 10', true],
    ['mean(values) == 5 and median(values) == 4', true],
    ['sum(values) == 15 and count(values) == 3', true],
    ['first(values) == 4 and last(values) == 10', true],
    ['quantile(values, 0.5) == 4', true],
    ['max(value, 7) == 7 and abs(-value) == 4', true],
    ['ceil(sqrt(value) + 0.1) == 3 and log(exp(1)) == 1 and log(8, 2) == 3', true],
  ])('functions: %s', (source, result) => {
    const compiled = compileCondition(`${source} and count(values) > 0 and value > 0`);
    expect(compiled.ok && compiled.evaluate({ value: 4, values: [4, 1, 10] })).toEqual({ ok: true, result });
  });

  test('the values given in are not changed by sorting', () => {
    const values = Object.freeze([4, 1, 10]);
    expect(evaluate('median(values) == 4', 4, values)).toEqual({ ok: true, result: true });
  });

  test('it says which variables it reads', () => {
    const compiled = compileCondition('max(values) < 1');
    expect(compiled.ok && [...compiled.uses]).toEqual(['values']);
  });

  test('the same source is compiled once', () => {
    expect(compileCondition('value >= 0.123')).toBe(compileCondition('value >= 0.123'));
  });

  test('what was compiled is forgotten when there is too much of it', () => {
    const first = compileCondition('value >= 0.124');
    for (let count = 0; count <= 1_000; count += 1) compileCondition(`value >= ${count}`);
    expect(compileCondition('value >= 0.124')).not.toBe(first);
  });
});

describe('what cannot be computed is a message, never a result', () => {
  const NAN = 'a part of it is not a number (NaN), as 0/0, Infinity - Infinity and sqrt(-1) are';
  test.each<[source: string, value: number, values: number[], message: string]>([
    ['0 / value > 1', 0, [0], NAN],
    ['not (0 / value > 1)', 0, [0], NAN],
    ['value - value == 0', Infinity, [Infinity], NAN],
    ['sqrt(value) < 2', -1, [-1], NAN],
    ['mean(values) > 0', 0, [Infinity, -Infinity], NAN],
    ['isInf(0 / value)', 0, [0], NAN],
    ['max(0 / value, 1) > 0', 0, [0], NAN],
    ['min(1, 0 / value) < 2', 0, [0], NAN],
    ['first(values) < 1', 0, [], 'a list without samples has neither a first nor a last one'],
    ['last(values) < 1', 0, [], 'a list without samples has neither a first nor a last one'],
    [
      'quantile(values, value) > 0',
      2,
      [1, 2],
      'the second argument of quantile must be between 0 and 1, and is 2',
    ],
    [
      'round(value, 0.5) > 1',
      2,
      [2],
      'Number of decimals in function round must be an integer from 0 to 15 inclusive',
    ],
  ])('%s', (source, value, values, message) => {
    expect(evaluate(source, value, values)).toEqual({ ok: false, message });
  });
});

describe('what a condition may not be is refused at its position', () => {
  test.each<[title: string, source: string, offset: number, message: RegExp]>([
    ['nothing', '', 0, /^the condition is empty$/],
    ['only spaces', ' \n ', 0, /^the condition is empty$/],
    ['no comparison', 'value', 0, /comes to a number, not to true or false/],
    ['no variable', '2 > 1', 0, /uses neither `value` nor `values`/],
    ['an unfinished one', 'value >=', 8, /^Unexpected end of expression/],
    ['an open parenthesis', '(value > 1', 10, /^Parenthesis \) expected/],
    ['the constant e', 'value > e', 8, /^"e" is not known: a condition may use numbers, value, values, /],
    ['the constant pi', 'value > pi', 8, /^"pi" is not known/],
    ['the imaginary unit', 'value > i', 8, /^"i" is not known/],
    ['Infinity', 'value < Infinity', 8, /^"Infinity" is not known/],
    ['true', 'value > 1 or true', 13, /^"true" is not known/],
    ['a string', 'value > "1"', 8, /^"\\"" is not allowed/],
    ['an assignment', 'value = 3', 6, /^"=" is not allowed \(equality is written `==`\)/],
    ['an assignment to a new name', 'x = value > 3', 0, /^"x" is not known/],
    ['a function definition', 'value(x) = x > 1', 6, /^"x" is not known/],
    ['a second statement', 'value > 1; value > 2', 9, /^";" is not allowed/],
    ['a range', 'sum(1:3) > value', 4, /^a range such as 1:3 is not allowed/],
    ['a matrix', 'sum([1, 2]) > value', 4, /^"\[" is not allowed/],
    ['an index', 'values[1] > 2', 6, /^"\[" is not allowed/],
    ['an object', '{a: value} > 1', 0, /^"{" is not allowed/],
    ['a property', 'value.constructor > 1', 5, /^"\." is not allowed/],
    ['a percentage', 'value > 5%', 8, /^a percentage such as 5% is not allowed/],
    ['a factorial', 'value! > 5', 5, /^"!" is not allowed \(write `not`\)/],
    ['a transposition', "values' > 5", 6, /^"'" is not allowed/],
    ['implicit multiplication', '2 value > 1', 2, /^an operator is missing here/],
    ['implicit multiplication with parentheses', '(2)(value) > 1', 4, /^an operator is missing here/],
    ['a unit', 'value > 5 ms', 10, /^"ms" is not known/],
    ['a hexadecimal number', 'value > 0x1F', 9, /^"x1F" is not known/],
    ['an elementwise operator', 'values .* 2 > 1', 7, /^"\." is not allowed/],
    ['a bitwise operator', 'value & 1 > 0', 6, /^"&" is not allowed/],
    ['a null operator', 'value ?? 1 > 0', 0, /^the operator \?\? is not allowed/],
    ['xor', 'value > 1 xor value > 2', 10, /^"xor" is not known/],
    ['a comment', 'value > 1 # fine', 10, /^"#" is not allowed/],
    ['a number beyond all numbers', 'value > 1e999', 8, /^"Infinity" is not allowed/],
    ['a function of mathjs that is not chosen', 'gamma(value) > 1', 0, /^"gamma" is not known/],
    ['a function that would change mathjs', 'config(value) > 1', 0, /^"config" is not known/],
    ['import', 'import(value) > 1', 0, /^"import" is not known/],
    ['evaluate', 'evaluate(value) > 1', 0, /^"evaluate" is not known/],
    ['a name of Object.prototype', 'toString(value) > 1', 0, /^"toString" is not known/],
    ['a function without arguments', 'value > max', 8, /^"max" is a function and needs arguments/],
    ['a variable that is called', 'value(2) > 1', 0, /^"value" cannot be called/],
    [
      'a list that is compared',
      'values > 0.5',
      0,
      /needs a number and not a list; make one number of it, as `max\(values\)` does$/,
    ],
    ['lists that are compared', 'values == values', 0, /^`==` needs a number and not a list; make one/],
    ['a list in arithmetic', 'values * 2 > 1', 0, /^`\*` needs a number and not a list; make one/],
    ['a list of lists', 'max(values, values) > 1', 0, /^max takes `values`, or numbers$/],
    ['a list among numbers', 'max(1, values) > 1', 0, /^max takes `values`, or numbers$/],
    ['a list that a choice answers', '(value > 1 ? values : values) > 1', 1, /needs a number and not a list/],
    ['a list where one number is needed', 'abs(values) > 0.5', 0, /^abs takes one number/],
    ['a number where a list is needed', 'count(value) > 0.5', 0, /^count takes `values`/],
    ['too few arguments', 'quantile(values) > 1', 0, /^quantile takes `values` and a number between/],
    ['numbers taken for truths', 'value and value > 1', 0, /^`and` needs a boolean and not a number/],
    ['not before its parentheses', 'not value > 1', 4, /^`not` needs a boolean and not a number/],
    ['truths that are compared', '(value > 1) == (value > 2)', 1, /^`==` needs a number and not a boolean/],
    ['a choice of two kinds', 'value > 1 ? value > 2 : 3', 24, /^the part after `:` needs a boolean/],
    ['Argo: &&', 'value > 1 && value < 2', 10, /^"&&" is not allowed \(write `and`\)/],
    [
      'Argo: result',
      'result[0] >= 0.95',
      0,
      /^"result" is not known \(the value of the query is called `value`\)/,
    ],
    ['Argo: len', 'len(values) > 0', 0, /^"len" is not known \(the number of samples is `count\(values\)`\)/],
    ['one that is very long', `value > 1${' '.repeat(1_000)}`, 1_000, /longer than 1000 characters/],
    ['one of very many parts', `value${'+1'.repeat(400)} > 1`, 304, /more than 300 parts/],
    ['one that nests deep', `${'('.repeat(400)}value > 1`, 30, /nests deeper than 30 parentheses/],
  ])('%s: %s', (_title, source, offset, message) => {
    const compiled = compileCondition(source);
    expect(compiled).toMatchObject({ ok: false, offset });
    expect(!compiled.ok && compiled.message).toMatch(message);
  });

  test('the message says what is allowed', () => {
    const compiled = compileCondition('e < value');
    expect(!compiled.ok && compiled.message).toBe(
      '"e" is not known: a condition may use numbers, value, values, + - * / ^ %, comparisons, and, or, not, ' +
        '? :, parentheses and the functions abs, ceil, floor, round, sqrt, log, exp, min, max, mean, median, ' +
        'sum, quantile, count, last, first, isInf',
    );
  });
});

const word = fc.constantFrom(
  ...['value', 'values', 'and', 'or', 'not', 'max(', 'mean(', 'quantile(', 'count(', 'isInf(', '(', ')', ','],
  ...[
    '?',
    ':',
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
    '0',
    '1',
    '0.5',
    '1e9',
    '1e999',
    'e',
    'i',
  ],
  ...['=', '[', ']', '"', '.', ';', '!', "'", '\n', '{', '}', 'constructor', '__proto__', 'import('],
);
const sample = fc.double({ noNaN: true });

test('property: no text makes compiling or evaluating throw, and a result is always a boolean', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(word, { maxLength: 12 }).map((words) => words.join(' ')),
        fc.string({ unit: 'binary' }),
      ),
      sample,
      fc.array(sample, { minLength: 1, maxLength: 5 }),
      (source, value, values) => {
        const compiled = compileCondition(source);
        if (!compiled.ok) {
          expect(compiled.offset).toBeGreaterThanOrEqual(0);
          expect(compiled.offset).toBeLessThanOrEqual(source.length);
          expect(compiled.message).not.toBe('');
          return;
        }
        const evaluated = compiled.evaluate({ value, values });
        expect(evaluated.ok ? typeof evaluated.result : typeof evaluated.message).toBe(
          evaluated.ok ? 'boolean' : 'string',
        );
      },
    ),
    { numRuns: 2_000 },
  );
});

interface Arithmetic {
  text: string;
  compute(value: number): number;
}
const variable: Arithmetic = { text: 'value', compute: (value) => value };
const maximum: Arithmetic = { text: 'max(values)', compute: (value) => value };
const literal = fc
  .double({ noNaN: true, noDefaultInfinity: true, min: 0 })
  .map((number): Arithmetic => ({ text: String(number), compute: () => number }));
const OPERATIONS = {
  '+': (left: number, right: number) => left + right,
  '-': (left: number, right: number) => left - right,
  '*': (left: number, right: number) => left * right,
  '/': (left: number, right: number) => left / right,
};
const operator = fc.constantFrom(...(Object.keys(OPERATIONS) as (keyof typeof OPERATIONS)[]));
const arithmetic = fc.letrec<{ node: Arithmetic }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(variable, maximum),
    literal,
    fc.tuple(tie('node'), operator, tie('node')).map(
      ([left, sign, right]): Arithmetic => ({
        text: `(${left.text} ${sign} ${right.text})`,
        compute: (value) => OPERATIONS[sign](left.compute(value), right.compute(value)),
      }),
    ),
    tie('node').map(
      ({ text, compute }): Arithmetic => ({
        text: `abs(${text})`,
        compute: (value) => Math.abs(compute(value)),
      }),
    ),
  ),
})).node;

test('property: what follows the grammar compiles, and means what JavaScript means by the comparison', () => {
  fc.assert(
    fc.property(arithmetic, fc.double({ noNaN: true }), ({ text, compute }, value) => {
      const compiled = compileCondition(`${text} >= value`);
      if (!compiled.ok) {
        expect(compiled.message).toMatch(/^the condition (is longer|has more|nests deeper)/);
        return;
      }
      const expected = compute(value);
      const evaluated = compiled.evaluate({ value, values: [value] });
      if (Number.isNaN(expected)) expect(evaluated.ok).toBe(false);
      else expect(evaluated).toEqual({ ok: true, result: expected >= value });
    }),
    { numRuns: 500 },
  );
});
