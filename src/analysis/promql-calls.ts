import type { SyntaxNode } from '@lezer/common';
import {
  AGGREGATION_PARAMETERS,
  PROMQL_FUNCTIONS,
  type PromqlSignature,
  type PromqlType,
  signatureText,
  withArticle,
} from './promql-functions.ts';
import { type CheckedQuery, excerpt, report, type TypedNode, textOf } from './promql-node.ts';

/** Reports wrong arguments of a function, and answers what the call comes to. */
export function checkCall(query: CheckedQuery, node: SyntaxNode, args: readonly TypedNode[]): PromqlType {
  // By its letters, because the grammar may know the function by another name.
  const name = /^\w+/.exec(textOf(query, node))?.[0] ?? '';
  const signature = PROMQL_FUNCTIONS.get(name);
  if (!signature) throw new Error(`the grammar of PromQL has a function that is not known here: ${name}`);
  const { args: takes, least = takes.length, more = 0, result } = signature;
  const most = takes.length + more;
  if (args.length < least || args.length > most) {
    const how = args.length < least ? 'too few' : 'too many';
    const shape = signatureText(name, signature);
    report(query, node.from, `${name}() has ${how} arguments (${args.length}): it is ${shape}`);
  }
  for (const [index, arg] of args.slice(0, most).entries()) {
    const wanted = takes[Math.min(index, takes.length - 1)];
    if (wanted === undefined || arg.type === wanted) continue;
    report(query, arg.node.from, wrongArgument(query, name, signature, arg, wanted));
  }
  return result;
}

function wrongArgument(
  query: CheckedQuery,
  name: string,
  signature: PromqlSignature,
  { node, type }: TypedNode,
  wanted: PromqlType,
): string {
  const words = excerpt(query, node);
  if (wanted === 'range vector' && type === 'instant vector') {
    const alone = signature.args.length === 1 && node.name === 'VectorSelector';
    return alone
      ? `${name}() needs a range: write ${name}(${words}[5m]) or use [{{window}}]`
      : node.name === 'VectorSelector'
        ? `${name}() needs a range: write ${words}[5m] or use [{{window}}]`
        : `${name}() needs a range, and ${words} has none: put [5m] behind the selector in it, or make it a subquery, (${words})[5m:]`;
  }
  if (wanted === 'instant vector' && type === 'range vector') {
    return `${name}() takes an instant vector, and ${words} is a range vector: leave the range out, or put a function such as rate() around it`;
  }
  const is = `${name}() takes ${withArticle(wanted)} here, and ${words} is ${withArticle(type)}`;
  if (wanted === 'instant vector' && type === 'scalar') return `${is}: write vector(${words})`;
  if (wanted === 'scalar' && type === 'instant vector') return `${is}: write scalar(${words})`;
  return `${is}: it is ${signatureText(name, signature)}`;
}

/** Reports wrong arguments of an aggregation such as sum or topk, and answers what it comes to. */
export function checkAggregation(
  query: CheckedQuery,
  node: SyntaxNode,
  args: readonly TypedNode[],
): PromqlType {
  const operator = node.getChild('AggregateOp') ?? node;
  const name = textOf(query, operator);
  const parameter = AGGREGATION_PARAMETERS.get(name.toLowerCase());
  const takes: PromqlType[] = parameter ? [parameter, 'instant vector'] : ['instant vector'];
  const shape = `${name}(${takes.join(', ')})`;
  if (args.length !== takes.length) {
    const how = args.length < takes.length ? 'too few' : 'too many';
    report(query, operator.from, `${name}() has ${how} arguments (${args.length}): it is ${shape}`);
    return 'instant vector';
  }
  for (const [index, { node: arg, type }] of args.entries()) {
    const wanted = takes[index];
    if (wanted === undefined || type === wanted) continue;
    const words = excerpt(query, arg);
    const fix =
      type === 'range vector' ? `put a function such as rate() around it, rate(${words})` : `it is ${shape}`;
    report(
      query,
      arg.from,
      `${name}() takes ${withArticle(wanted)} here, and ${words} is ${withArticle(type)}: ${fix}`,
    );
  }
  return 'instant vector';
}
