import { isAllSamples, wholeNumber } from './expr-shapes.ts';
import type { ExprNode } from './expr-tree.ts';
import {
  aggregate,
  atom,
  chooseNumber,
  compare,
  functionOf,
  type NumberPart,
  numberOf,
} from './mathjs-text.ts';
import type { Translator } from './translator.ts';

type Call = Extract<ExprNode, { kind: 'call' }>;

const AGGREGATES = new Set(['sum', 'mean', 'median', 'min', 'max']);

/** A call that gives a number. */
export function numberCall(node: Call, to: Translator): NumberPart | undefined {
  const { name, args } = node;
  const [argument, second] = args;
  if (!argument) return to.refuseCall(node, 'a number');
  if (AGGREGATES.has(name)) return aggregateCall(node, to);
  if (name === 'asFloat' || name === 'float' || name === 'asInt' || name === 'int') {
    return cast(node, argument, to);
  }
  if ((name === 'abs' || name === 'ceil' || name === 'floor') && args.length === 1) {
    const number = to.number(argument);
    return number && functionOf(name, [number]);
  }
  if (name === 'round' && args.length === 1) {
    // Halves are rounded away from zero there.
    const number = to.number(argument);
    return number && functionOf('round', [number]);
  }
  if (name === 'len' && isAllSamples(argument)) {
    to.list(argument);
    to.findings.usesList = true;
    return aggregate('count', to.names.list);
  }
  if ((name === 'first' || name === 'last') && isAllSamples(argument)) {
    to.list(argument);
    if (name === 'first') return atom(to.names.first);
    to.findings.usesList = true;
    return aggregate('last', to.names.list);
  }
  if (name === 'default' && second) return fallback(argument, second, to);
  return to.refuseCall(node, 'a number');
}

function aggregateCall(node: Call, to: Translator): NumberPart | undefined {
  const { name, args } = node;
  const [argument] = args;
  if (name !== 'min' && name !== 'max') to.findings.computes = true;
  if (argument && args.length === 1 && isAllSamples(argument)) {
    to.list(argument);
    to.findings.usesList = true;
    return aggregate(name, to.names.list);
  }
  if (args.some(isAllSamples)) {
    return to.refuse(
      node,
      `${name} takes either the whole of \`result\` or numbers here, and not both at once`,
    );
  }
  const numbers = args.map((each) => to.number(each));
  return numbers.every((each) => each !== undefined) ? functionOf(name, numbers) : undefined;
}

function cast(node: Call, argument: ExprNode, to: Translator): NumberPart | undefined {
  const whole = node.name === 'asInt' || node.name === 'int';
  if (argument.kind === 'string') {
    const text = argument.value.trim();
    if (/^\{\{args\.[^}]+\}\}$/.test(text) && !whole) return atom(text);
    if (text !== '' && Number.isFinite(Number(text))) return numberOf(Number(text));
    return to.refuse(argument, `${JSON.stringify(argument.value)} is not a number`);
  }
  const number = to.number(argument);
  if (!number || !whole) return number;
  to.findings.truncates = true;
  const isPositive = compare('>=', number, numberOf(0));
  return chooseNumber(isPositive, functionOf('floor', [number]), functionOf('ceil', [number]));
}

function fallback(argument: ExprNode, second: ExprNode, to: Translator): NumberPart | undefined {
  const number = wholeNumber(second) ?? (second.kind === 'number' ? second.value : undefined);
  const isItem = argument.kind === 'index' && wholeNumber(argument.index) === 0;
  if (number === undefined || !(argument.kind === 'name' || isItem)) {
    return to.refuse(second, '`default` has a counterpart (`whenEmpty`) for result and a number only');
  }
  const { whenEmpty } = to.findings;
  if (whenEmpty !== undefined && whenEmpty !== number) {
    return to.refuse(second, `an empty result stands for ${whenEmpty} already`);
  }
  to.findings.whenEmpty = number;
  return atom(to.names.first);
}
