import type { Token } from './condition-tokens.ts';

/** The nodes of mathjs' syntax tree that are looked into; any other type of node is refused. */
export type SyntaxNode =
  | { type: 'ParenthesisNode'; content: SyntaxNode }
  | { type: 'ConstantNode'; value: unknown }
  | { type: 'SymbolNode'; name: string }
  | {
      type: 'OperatorNode';
      fn: string;
      op: string;
      args: SyntaxNode[];
      implicit: boolean;
      isPercentage: boolean;
    }
  | { type: 'RelationalNode'; params: SyntaxNode[] }
  | { type: 'ConditionalNode'; condition: SyntaxNode; trueExpr: SyntaxNode; falseExpr: SyntaxNode }
  | { type: 'FunctionNode'; fn: { name: string }; args: SyntaxNode[] };

/** What a part of a condition is. A whole condition is a boolean. */
export type ValueKind = 'number' | 'boolean' | 'list';

/** The variables of a metric and what each is: one number, or a list of samples. */
export type Variables = Readonly<Record<string, 'number' | 'list'>>;

/** Those of a metric with one instant query. */
export const SINGLE_QUERY: Variables = { value: 'number', values: 'list' };

const numbers = { operands: 'number', result: 'number' } as const;
const comparison = { operands: 'number', result: 'boolean' } as const;
const logic = { operands: 'boolean', result: 'boolean' } as const;

/** Operators by mathjs' name for them. */
const OPERATORS = {
  add: numbers,
  subtract: numbers,
  multiply: numbers,
  divide: numbers,
  mod: numbers,
  pow: numbers,
  unaryMinus: numbers,
  unaryPlus: numbers,
  equal: comparison,
  unequal: comparison,
  smaller: comparison,
  smallerEq: comparison,
  larger: comparison,
  largerEq: comparison,
  and: logic,
  or: logic,
  not: logic,
} as const satisfies Record<string, { operands: ValueKind; result: ValueKind }>;

const oneNumber = { takes: 'one number', fits: (kinds: ValueKind[]) => same(kinds, 'number', 1, 1) };
const oneOrTwoNumbers = {
  takes: 'one or two numbers',
  fits: (kinds: ValueKind[]) => same(kinds, 'number', 1, 2),
};
const oneList = { takes: 'LIST', fits: (kinds: ValueKind[]) => same(kinds, 'list', 1, 1) };
const listOrNumbers = {
  takes: 'LIST, or numbers',
  fits: (kinds: ValueKind[]) => same(kinds, 'list', 1, 1) || same(kinds, 'number', 1, Infinity),
};
const listAndNumber = {
  takes: 'LIST and a number between 0 and 1',
  fits: (kinds: ValueKind[]) => kinds.length === 2 && kinds[0] === 'list' && kinds[1] === 'number',
};

const FUNCTIONS: Record<
  string,
  { takes: string; fits: (kinds: ValueKind[]) => boolean; result?: ValueKind }
> = {
  abs: oneNumber,
  ceil: oneNumber,
  floor: oneNumber,
  round: oneOrTwoNumbers,
  sqrt: oneNumber,
  log: oneOrTwoNumbers,
  exp: oneNumber,
  min: listOrNumbers,
  max: listOrNumbers,
  mean: listOrNumbers,
  median: listOrNumbers,
  sum: listOrNumbers,
  quantile: listAndNumber,
  count: oneList,
  last: oneList,
  first: oneList,
  isInf: { ...oneNumber, result: 'boolean' },
};
export const FUNCTION_NAMES = Object.keys(FUNCTIONS);

/** Whether a query of this name would be something else in a condition. mathjs has the words at the end. */
export function isReservedName(name: string): boolean {
  return RESERVED.has(name);
}

const RESERVED = new Set([
  ...Object.keys(SINGLE_QUERY),
  ...FUNCTION_NAMES,
  ...['and', 'or', 'not', 'xor', 'mod', 'to', 'in', 'end'],
  ...['true', 'false', 'null', 'undefined', 'NaN', 'Infinity'],
]);

/** What a condition may contain, for the messages that refuse something else. */
export function allowedInConditions(variables: Variables): string {
  return `a condition may use numbers, ${Object.keys(variables).join(', ')}, + - * / ^ %, comparisons, and, or, not, ? :, parentheses and the functions ${FUNCTION_NAMES.join(', ')}`;
}

export interface Offence {
  offset: number;
  message: string;
}

/**
 * Walks a syntax tree against the allow-list: every node, operator, function and variable must be in the
 * tables above, and everything must be of the kind that it is used as. The first offence is answered.
 */
export function findOffence(
  root: SyntaxNode,
  tokens: readonly Token[],
  variables: Variables,
): Offence | undefined {
  const walk = new Walk(tokens, variables);
  const kind = kindOf(root, walk);
  if (walk.offence || !kind) return walk.offence;
  if (kind !== 'boolean') {
    return {
      offset: 0,
      message: `the condition comes to a ${kind}, not to true or false: compare it, as in \`value >= 0.95\``,
    };
  }
  if (walk.used === 0) {
    const names = Object.keys(variables).map((name) => `\`${name}\``);
    const none = names.length === 2 ? `neither ${names.join(' nor ')}` : `none of ${names.join(', ')}`;
    return { offset: 0, message: `the condition uses ${none}, so no measurement could change it` };
  }
  return undefined;
}

/** Keeps the position in the source: numbers and names come in the same order in the tree and in the text. */
class Walk {
  offence: Offence | undefined;
  /** How often a variable stands in it. */
  used = 0;
  readonly variables: Variables;
  private readonly leaves: readonly Token[];
  private next = 0;

  constructor(tokens: readonly Token[], variables: Variables) {
    this.variables = variables;
    this.leaves = tokens.filter((token) => token.kind === 'number' || token.kind === 'name');
  }

  here(): number {
    return (this.leaves[this.next] ?? this.leaves.at(-1))?.offset ?? 0;
  }

  take(): number {
    const offset = this.here();
    this.next += 1;
    return offset;
  }

  reject(offset: number, message: string): undefined {
    this.offence ??= { offset, message };
  }
}

/** The kind that a node comes to; undefined once an offence was found. */
function kindOf(node: SyntaxNode, walk: Walk): ValueKind | undefined {
  const start = walk.here();
  switch (node.type) {
    case 'ParenthesisNode':
      return kindOf(node.content, walk);
    case 'ConstantNode':
      walk.take();
      // What is not a finite number here is `true`, text, or a literal like 1e999.
      if (Number.isFinite(node.value)) return 'number';
      return walk.reject(
        start,
        `${JSON.stringify(String(node.value))} is not allowed: ${allowedInConditions(walk.variables)}`,
      );
    case 'SymbolNode':
      walk.take();
      if (Object.hasOwn(walk.variables, node.name)) {
        walk.used += 1;
        return walk.variables[node.name];
      }
      return walk.reject(start, `${JSON.stringify(node.name)} is a function and needs arguments`);
    case 'OperatorNode': {
      const { fn, op } = node;
      const rule = Object.hasOwn(OPERATORS, fn) ? OPERATORS[fn as keyof typeof OPERATORS] : undefined;
      if (!rule)
        return walk.reject(
          start,
          `the operator ${op} is not allowed: ${allowedInConditions(walk.variables)}`,
        );
      if (node.isPercentage) {
        return walk.reject(
          start,
          'a percentage such as 5% is not allowed: write 0.05; `a % b` is a remainder',
        );
      }
      for (const [index, operand] of node.args.entries()) {
        if (node.implicit && index > 0) {
          return walk.reject(walk.here(), 'an operator is missing here: multiplication is written with *');
        }
        if (!expectKind(operand, rule.operands, `\`${op}\``, walk)) return undefined;
      }
      return rule.result;
    }
    case 'RelationalNode': {
      const fit = node.params.every((operand) => expectKind(operand, 'number', 'a comparison', walk));
      return fit ? 'boolean' : undefined;
    }
    case 'ConditionalNode': {
      if (!expectKind(node.condition, 'boolean', 'the part before `?`', walk)) return undefined;
      const kind = kindOf(node.trueExpr, walk);
      return kind && expectKind(node.falseExpr, kind, 'the part after `:`', walk);
    }
    case 'FunctionNode': {
      const { name } = node.fn;
      walk.take();
      const rule = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
      if (!rule) {
        return walk.reject(
          start,
          `${JSON.stringify(name)} cannot be called; the functions are ${FUNCTION_NAMES.join(', ')}`,
        );
      }
      const kinds: ValueKind[] = [];
      for (const argument of node.args) {
        const kind = kindOf(argument, walk);
        if (!kind) return undefined;
        kinds.push(kind);
      }
      if (rule.fits(kinds)) return rule.result ?? 'number';
      return walk.reject(start, `${name} takes ${rule.takes.replace('LIST', listIn(walk.variables))}`);
    }
    default:
      return walk.reject(start, `${describe(node)} is not allowed: ${allowedInConditions(walk.variables)}`);
  }
}

function describe(node: { type: string }): string {
  return node.type === 'RangeNode' ? 'a range such as 1:3' : `a part of type ${node.type}`;
}

function expectKind(node: SyntaxNode, wanted: ValueKind, where: string, walk: Walk): ValueKind | undefined {
  const start = walk.here();
  const kind = kindOf(node, walk);
  if (!kind || kind === wanted) return kind;
  const list = node.type === 'SymbolNode' ? node.name : '…';
  const advice = kind === 'list' ? `; make one number of it, as \`max(${list})\` does` : '';
  return walk.reject(start, `${where} needs a ${wanted} and not a ${kind}${advice}`);
}

/** `values`: the list that a message can name; without one, what would make one. */
function listIn(variables: Variables): string {
  const lists = Object.keys(variables).filter((name) => variables[name] === 'list');
  return lists.length > 0 ? `\`${lists.at(-1)}\`` : 'a list, which these queries only have with `range`';
}

function same(kinds: ValueKind[], kind: ValueKind, least: number, most: number): boolean {
  return kinds.length >= least && kinds.length <= most && kinds.every((each) => each === kind);
}
