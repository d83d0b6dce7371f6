import type { MathNode } from 'mathjs/number';
import { math } from './condition-math.ts';
import { findOffence, SINGLE_QUERY, type SyntaxNode, type Variables } from './condition-rules.ts';
import { type Token, tokenize } from './condition-tokens.ts';

/** What a condition sees of one measurement. Infinities are numbers; NaN is no data and never comes here. */
export type ConditionVariables = Readonly<Record<string, number | readonly number[]>>;

export interface CompiledCondition {
  ok: true;
  source: string;
  /** Which variables it reads. */
  uses: ReadonlySet<string>;
  /** Never throws: what cannot be computed (0/0, say) is a message. */
  evaluate(variables: ConditionVariables): { ok: true; result: boolean } | { ok: false; message: string };
}

export interface ConditionFault {
  ok: false;
  /** 0-based position of the offence in the source. */
  offset: number;
  message: string;
}

const CACHE_SIZE = 1_000;
const cache = new Map<string, CompiledCondition | ConditionFault>();

/**
 * Compiles a condition such as `value >= 0.95`, or says where and why it is none. Compiling the same source
 * with the same variables again costs nothing.
 */
export function compileCondition(
  source: string,
  variables: Variables = SINGLE_QUERY,
): CompiledCondition | ConditionFault {
  const key = `${JSON.stringify(variables)} ${source}`;
  const known = cache.get(key);
  if (known) return known;
  const made = compile(source, variables);
  if (cache.size >= CACHE_SIZE) cache.clear();
  cache.set(key, made);
  return made;
}

function compile(source: string, variables: Variables): CompiledCondition | ConditionFault {
  const scanned = tokenize(source, variables);
  if (!scanned.ok) return scanned;
  const { tokens } = scanned;
  let tree: MathNode;
  try {
    // A line break would begin a new statement; conditions are written over several lines in YAML.
    tree = math.parse(source.replace(/\s/g, ' '));
  } catch (error) {
    return syntaxFault(error, source);
  }
  const offence = findOffence(tree as unknown as SyntaxNode, tokens, variables);
  if (offence) return { ok: false, ...offence };
  return { ok: true, source, uses: variablesIn(tokens, variables), evaluate: evaluator(tree) };
}

function evaluator(tree: MathNode): CompiledCondition['evaluate'] {
  const code = tree.transform(lazily).compile();
  return (variables) => {
    try {
      // Lists are copied: mathjs sorts in place.
      const scope = Object.entries(variables).map(([name, value]): [string, unknown] => [
        name,
        typeof value === 'number' ? value : [...value],
      ]);
      const result: unknown = code.evaluate(new Map(scope));
      if (typeof result === 'boolean') return { ok: true, result };
      return { ok: false, message: `it came to ${String(result)}, not to true or false` };
    } catch (error) {
      return { ok: false, message: error instanceof Error ? error.message : String(error) };
    }
  };
}

/** mathjs evaluates both sides of `and` and `or`; `value != 0 and 1 / value < 9` means to stop at the first. */
function lazily(node: MathNode): MathNode {
  const { fn, args } = node as unknown as { fn?: unknown; args: MathNode[] };
  if (fn !== 'and' && fn !== 'or') return node;
  const [left, right] = args.map((operand) => operand.transform(lazily));
  if (!left || !right) return node;
  return fn === 'and'
    ? new math.ConditionalNode(left, right, new math.ConstantNode(false as never))
    : new math.ConditionalNode(left, new math.ConstantNode(true as never), right);
}

function variablesIn(tokens: readonly Token[], variables: Variables): ReadonlySet<string> {
  return new Set(Object.keys(variables).filter((name) => tokens.some((token) => token.text === name)));
}

function syntaxFault(error: unknown, source: string): ConditionFault {
  const { message, char } = error as { message: string; char?: number };
  const offset = Math.min(Math.max((char ?? 1) - 1, 0), source.length);
  return { ok: false, offset, message: `${message.replace(/ \(char \d+\)$/, '')}; e.g. \`value >= 0.95\`` };
}
