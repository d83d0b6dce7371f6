import type { ExprNode } from './expr-tree.ts';

/** What a source answered when there is nothing to judge: no series, one NaN in a list, or NaN by itself. */
export type NoDataCase = 'empty' | 'listOfNaN' | 'NaN';

/** What Argo Rollouts makes of a measurement; undefined where it depends on an argument. */
export type ArgoOutcome = 'Successful' | 'Failed' | 'Inconclusive' | 'Error' | undefined;

/** A number or a truth that depends on an argument is undefined. */
type Known =
  | { kind: 'boolean'; value: boolean | undefined }
  | { kind: 'number'; value: number | undefined }
  | { kind: 'list'; items: number[] }
  | { kind: 'text'; value: string }
  | { kind: 'nil' }
  /** expr-lang would stop with an error here. */
  | { kind: 'error' }
  /** It may be an error or a value. */
  | { kind: 'unknown' };

const ERROR: Known = { kind: 'error' };
const UNKNOWN: Known = { kind: 'unknown' };

/**
 * The outcome that Argo Rollouts reaches by these conditions when there is nothing to judge. This is how the
 * author's intent for missing data, which Argo has no field for, is read out of the expressions.
 */
export function outcomeWithoutData(
  { success, failure }: { success: ExprNode | undefined; failure: ExprNode | undefined },
  answer: NoDataCase,
): ArgoOutcome {
  const [succeeds, fails] = [success, failure].map((node) => node && truth(node, answer));
  if (succeeds === 'error' || fails === 'error') return 'Error';
  if (succeeds === 'unknown' || fails === 'unknown') return undefined;
  if (fails === true) return 'Failed';
  if (succeeds === true) return 'Successful';
  if (fails === undefined) return succeeds === undefined ? 'Successful' : 'Failed';
  return succeeds === undefined ? 'Successful' : 'Inconclusive';
}

function truth(node: ExprNode, answer: NoDataCase): boolean | 'error' | 'unknown' {
  const known = evaluate(node, answer, undefined);
  if (known.kind === 'unknown') return 'unknown';
  if (known.kind !== 'boolean') return 'error';
  return known.value ?? 'unknown';
}

function evaluate(node: ExprNode, answer: NoDataCase, element: number | undefined): Known {
  const of = (child: ExprNode) => evaluate(child, answer, element);
  switch (node.kind) {
    case 'number':
    case 'boolean':
      return node;
    case 'string':
      return { kind: 'text', value: node.value };
    case 'nil':
      return { kind: 'nil' };
    case 'placeholder':
      return { kind: 'number', value: undefined };
    case 'element':
      return element === undefined ? ERROR : { kind: 'number', value: element };
    case 'name':
      if (node.name !== 'result') return ERROR;
      if (answer === 'NaN') return { kind: 'number', value: Number.NaN };
      return { kind: 'list', items: answer === 'empty' ? [] : [Number.NaN] };
    case 'index':
      return itemAt(of(node.object), of(node.index));
    case 'unary':
      return unary(node.operator, of(node.operand));
    case 'ternary': {
      const test = of(node.test);
      if (test.kind !== 'boolean') return test.kind === 'unknown' ? UNKNOWN : ERROR;
      if (test.value === undefined) return UNKNOWN;
      return of(test.value ? node.yes : node.no);
    }
    case 'binary':
      if (node.operator === '&&' || node.operator === '||') {
        return logic(node.operator, of(node.left), () => of(node.right));
      }
      if (node.operator === '??') {
        const left = of(node.left);
        return left.kind === 'nil' ? of(node.right) : left;
      }
      return arithmetic(node.operator, of(node.left), of(node.right));
    case 'call':
      return call(node.name, node.args, answer, element);
  }
}

function itemAt(list: Known, index: Known): Known {
  if (list.kind === 'unknown' || index.kind === 'unknown') return UNKNOWN;
  if (list.kind !== 'list' || index.kind !== 'number') return ERROR;
  if (index.value === undefined) return list.items.length === 0 ? ERROR : UNKNOWN;
  const item = list.items.at(index.value);
  return item === undefined ? ERROR : { kind: 'number', value: item };
}

function unary(operator: '!' | '-' | '+', operand: Known): Known {
  if (operand.kind === 'unknown') return UNKNOWN;
  if (operator === '!') {
    if (operand.kind !== 'boolean') return ERROR;
    return { kind: 'boolean', value: operand.value === undefined ? undefined : !operand.value };
  }
  if (operand.kind !== 'number') return ERROR;
  return {
    kind: 'number',
    value: operand.value === undefined || operator === '+' ? operand.value : -operand.value,
  };
}

/** The right side is looked at only where expr-lang would. */
function logic(operator: '&&' | '||', left: Known, rightSide: () => Known): Known {
  const decides = operator === '||';
  if (left.kind !== 'boolean') return left.kind === 'unknown' ? UNKNOWN : ERROR;
  if (left.value === decides) return left;
  const right = rightSide();
  if (left.value !== undefined) return right.kind === 'boolean' || right.kind === 'unknown' ? right : ERROR;
  return right.kind === 'boolean' && right.value === decides ? right : UNKNOWN;
}

function arithmetic(operator: string, left: Known, right: Known): Known {
  if (left.kind === 'error' || right.kind === 'error') return ERROR;
  if (left.kind === 'unknown' || right.kind === 'unknown') return UNKNOWN;
  const equality = operator === '==' || operator === '!=';
  if (left.kind !== right.kind) {
    return equality ? { kind: 'boolean', value: operator === '!=' } : ERROR;
  }
  if (left.kind === 'boolean' && right.kind === 'boolean' && equality) {
    if (left.value === undefined || right.value === undefined) return { kind: 'boolean', value: undefined };
    return { kind: 'boolean', value: (left.value === right.value) === (operator === '==') };
  }
  if (left.kind === 'nil' && equality) return { kind: 'boolean', value: operator === '==' };
  if (left.kind !== 'number' || right.kind !== 'number') return left.kind === 'text' ? UNKNOWN : ERROR;
  return numbers(operator, left.value, right.value);
}

/** What has NaN in it is NaN, and unequal to anything, whatever the other number is. */
function numbers(operator: string, left: number | undefined, right: number | undefined): Known {
  const undefinedResult = [left, right].some((number) => number !== undefined && Number.isNaN(number));
  const a = undefinedResult ? Number.NaN : left;
  const b = undefinedResult ? Number.NaN : right;
  const known = a !== undefined && b !== undefined;
  const compared = (value: boolean): Known => ({ kind: 'boolean', value: known ? value : undefined });
  const computed = (value: number): Known => ({ kind: 'number', value: known ? value : undefined });
  const [x, y] = [a ?? 0, b ?? 0];
  switch (operator) {
    case '==':
      return compared(x === y);
    case '!=':
      return compared(x !== y);
    case '<':
      return compared(x < y);
    case '<=':
      return compared(x <= y);
    case '>':
      return compared(x > y);
    case '>=':
      return compared(x >= y);
    case '+':
      return computed(x + y);
    case '-':
      return computed(x - y);
    case '*':
      return computed(x * y);
    case '/':
      return computed(x / y);
    case '^':
      // Unlike the other operators, 1 ^ NaN and NaN ^ 0 are 1.
      return undefinedResult ? UNKNOWN : computed(x ** y);
    default:
      // The remainder is of whole numbers only, which a sample never is.
      return ERROR;
  }
}

function call(name: string, args: ExprNode[], answer: NoDataCase, element: number | undefined): Known {
  const [first, second] = args;
  if (!first) return ERROR;
  const given = evaluate(first, answer, element);
  if (given.kind === 'error' || given.kind === 'unknown') return given;
  if (second && ['all', 'any', 'none', 'one', 'filter', 'count'].includes(name)) {
    return predicated(name, given, (item) => evaluate(second, answer, item));
  }
  switch (name) {
    case 'len':
      return given.kind === 'list' ? { kind: 'number', value: given.items.length } : ERROR;
    case 'isNaN':
    case 'isInf': {
      if (given.kind !== 'number') return ERROR;
      if (given.value === undefined) return { kind: 'boolean', value: undefined };
      const { value } = given;
      return {
        kind: 'boolean',
        value: name === 'isNaN' ? Number.isNaN(value) : Math.abs(value) === Infinity,
      };
    }
    case 'isNil':
      return { kind: 'boolean', value: given.kind === 'nil' };
    case 'default':
      if (!second) return ERROR;
      return given.kind === 'nil' ? evaluate(second, answer, element) : given;
    case 'asFloat':
    case 'float':
    case 'abs':
    case 'ceil':
    case 'floor':
    case 'round':
      return changed(name, given);
    case 'asInt':
    case 'int':
      // What Go makes of NaN as a whole number depends on the machine.
      return given.kind === 'number' && Number.isNaN(given.value) ? UNKNOWN : changed(name, given);
    case 'first':
    case 'last':
      if (given.kind !== 'list') return ERROR;
      return given.items.length === 0 ? { kind: 'nil' } : { kind: 'number', value: given.items.at(-1) };
    case 'sum':
    case 'mean':
    case 'median':
    case 'min':
    case 'max':
      return aggregated(
        name,
        args.map((argument) => evaluate(argument, answer, element)),
      );
    default:
      return ERROR;
  }
}

function changed(name: string, given: Known): Known {
  const value =
    given.kind === 'number'
      ? given.value
      : given.kind === 'text'
        ? given.value.startsWith('{{')
          ? undefined
          : Number(given.value)
        : 'none';
  if (value === 'none') return ERROR;
  if (value === undefined) return { kind: 'number', value };
  if (name === 'abs') return { kind: 'number', value: Math.abs(value) };
  if (name === 'ceil') return { kind: 'number', value: Math.ceil(value) };
  if (name === 'floor') return { kind: 'number', value: Math.floor(value) };
  if (name === 'round')
    return { kind: 'number', value: Math.sign(value) * Math.floor(Math.abs(value) + 0.5) };
  return { kind: 'number', value: name === 'asInt' || name === 'int' ? Math.trunc(value) : value };
}

function predicated(name: string, list: Known, holds: (item: number) => Known): Known {
  if (list.kind !== 'list') return ERROR;
  const results = list.items.map(holds);
  if (results.some(({ kind }) => kind !== 'boolean' && kind !== 'unknown')) return ERROR;
  if (
    results.some((result) => result.kind === 'unknown' || !('value' in result) || result.value === undefined)
  )
    return UNKNOWN;
  const kept = list.items.filter((_, index) => {
    const result = results[index];
    return result?.kind === 'boolean' && result.value === true;
  });
  if (name === 'filter') return { kind: 'list', items: kept };
  if (name === 'count') return { kind: 'number', value: kept.length };
  const values = { all: kept.length === list.items.length, any: kept.length > 0, none: kept.length === 0 };
  return { kind: 'boolean', value: name === 'one' ? kept.length === 1 : values[name as keyof typeof values] };
}

/** Of nothing, expr-lang's sum, mean and median are 0, and min and max are nil. */
function aggregated(name: string, given: Known[]): Known {
  if (given.some(({ kind }) => kind === 'unknown')) return UNKNOWN;
  if (given.some(({ kind }) => kind !== 'list' && kind !== 'number')) return ERROR;
  const items = given.flatMap((each) =>
    each.kind === 'list' ? each.items : each.kind === 'number' ? [each.value] : [],
  );
  if (items.length === 0) {
    return name === 'min' || name === 'max' ? { kind: 'nil' } : { kind: 'number', value: 0 };
  }
  const allNaN = items.every((item) => item !== undefined && Number.isNaN(item));
  if (allNaN) return { kind: 'number', value: Number.NaN };
  // Beside other numbers, where NaN comes out of min, max or median depends on the order.
  return UNKNOWN;
}
