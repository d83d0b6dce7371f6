/**
 * A reference for the part of expr-lang that conditions of Argo Rollouts use: trees, how they are written,
 * and what they come to. It shares nothing with the translation that it is the yardstick of.
 */
export type Tree =
  | { is: 'number'; value: number }
  | { is: 'result' }
  | { is: 'first' }
  | { is: 'element' }
  | { is: 'call'; name: string; args: Tree[] }
  | { is: 'predicate'; name: string; over: Tree; holds: Tree }
  | { is: 'operator'; text: string; left: Tree; right: Tree }
  | { is: 'not'; operand: Tree }
  | { is: 'choice'; test: Tree; yes: Tree; no: Tree };

type Value = number | boolean | Value[] | null;

/** What expr-lang stops with. */
class EvaluationError extends Error {}

const LEVEL: Record<string, number> = {
  '||': 1,
  '&&': 2,
  '<': 3,
  '<=': 3,
  '>': 3,
  '>=': 3,
  '==': 3,
  '!=': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
};

/** The text of a tree, with the parentheses that expr-lang needs and no others. */
export function write(tree: Tree): string {
  return level(tree).text;
}

function level(tree: Tree): { text: string; binds: number } {
  const atom = (text: string) => ({ text, binds: 9 });
  switch (tree.is) {
    case 'number':
      return atom(String(tree.value));
    case 'result':
      return atom('result');
    case 'first':
      return atom('result[0]');
    case 'element':
      return atom('#');
    case 'call':
      return atom(`${tree.name}(${tree.args.map(write).join(', ')})`);
    case 'predicate':
      return atom(`${tree.name}(${write(tree.over)}, ${write(tree.holds)})`);
    case 'not':
      return { text: `!${wrap(tree.operand, 9)}`, binds: 9 };
    case 'choice':
      return { text: `${wrap(tree.test, 1)} ? ${wrap(tree.yes, 1)} : ${wrap(tree.no, 1)}`, binds: 0 };
    case 'operator': {
      const binds = LEVEL[tree.text] ?? 0;
      // Comparisons in a row would be a chain.
      const left = wrap(tree.left, binds === 3 ? 4 : binds);
      return { text: `${left} ${tree.text} ${wrap(tree.right, binds + 1)}`, binds };
    }
  }
}

function wrap(tree: Tree, least: number): string {
  const { text, binds } = level(tree);
  return binds < least ? `(${text})` : text;
}

/** The outcome of a measurement with these conditions, as the table of Argo Rollouts has it. */
export function outcomeOf(
  success: Tree | undefined,
  failure: Tree | undefined,
  result: number[],
): 'Successful' | 'Failed' | 'Inconclusive' | 'Error' {
  try {
    const succeeds = success && truth(success, result);
    const fails = failure && truth(failure, result);
    if (fails) return 'Failed';
    if (succeeds) return 'Successful';
    if (failure && success) return 'Inconclusive';
    return failure || !success ? 'Successful' : 'Failed';
  } catch (error) {
    if (error instanceof EvaluationError) return 'Error';
    throw error;
  }
}

function truth(tree: Tree, result: number[]): boolean {
  const value = evaluate(tree, result, undefined);
  if (typeof value !== 'boolean') throw new EvaluationError('not a boolean');
  return value;
}

function evaluate(tree: Tree, result: number[], element: number | undefined): Value {
  const of = (child: Tree) => evaluate(child, result, element);
  switch (tree.is) {
    case 'number':
      return tree.value;
    case 'result':
      return result;
    case 'first':
      if (result[0] === undefined) throw new EvaluationError('index out of range');
      return result[0];
    case 'element':
      return element ?? null;
    case 'not':
      return !bool(of(tree.operand));
    case 'choice':
      return bool(of(tree.test)) ? of(tree.yes) : of(tree.no);
    case 'operator':
      if (tree.text === '&&') return bool(of(tree.left)) && bool(of(tree.right));
      if (tree.text === '||') return bool(of(tree.left)) || bool(of(tree.right));
      // Anything may be compared for equality; of different types it is unequal.
      if (tree.text === '==') return of(tree.left) === of(tree.right);
      if (tree.text === '!=') return of(tree.left) !== of(tree.right);
      return compute(tree.text, num(of(tree.left)), num(of(tree.right)));
    case 'predicate': {
      const items = list(of(tree.over));
      const kept = items.filter((item) => bool(evaluate(tree.holds, result, num(item))));
      if (tree.name === 'all') return kept.length === items.length;
      if (tree.name === 'any') return kept.length > 0;
      if (tree.name === 'none') return kept.length === 0;
      return tree.name === 'count' ? kept.length : kept;
    }
    case 'call':
      return called(tree.name, tree.args.map(of));
  }
}

function compute(operator: string, left: number, right: number): Value {
  const results: Record<string, Value> = {
    '<': left < right,
    '<=': left <= right,
    '>': left > right,
    '>=': left >= right,
    '+': left + right,
    '-': left - right,
    '*': left * right,
    '/': left / right,
  };
  return results[operator] ?? null;
}

function called(name: string, args: Value[]): Value {
  const given = args[0] ?? null;
  if (name === 'isNaN') return Number.isNaN(num(given));
  if (name === 'isInf') return Math.abs(num(given)) === Infinity;
  if (name === 'abs') return Math.abs(num(given));
  if (name === 'asFloat') return num(given);
  const items = list(given).map(num);
  if (name === 'len') return items.length;
  if (name === 'sum') return items.reduce((total, item) => total + item, 0);
  if (name === 'mean')
    return items.length === 0 ? 0 : items.reduce((total, item) => total + item, 0) / items.length;
  if (items.length === 0) return null;
  // The first stays unless a later one is ordered before it, which NaN never is.
  return items.reduce((kept, item) => ((name === 'max' ? kept < item : kept > item) ? item : kept));
}

function bool(value: Value): boolean {
  if (typeof value !== 'boolean') throw new EvaluationError('not a boolean');
  return value;
}

function num(value: Value): number {
  if (typeof value !== 'number') throw new EvaluationError('not a number');
  return value;
}

function list(value: Value): Value[] {
  if (!Array.isArray(value)) throw new EvaluationError('not a list');
  return value;
}
