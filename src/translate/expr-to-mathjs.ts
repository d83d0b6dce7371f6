import { numberCall } from './expr-calls.ts';
import {
  describe,
  isAllSamples,
  MIRRORED,
  settledForOneOrMore,
  whatCountAsks,
  wholeNumber,
} from './expr-shapes.ts';
import { type Comparison, type ExprNode, isComparison } from './expr-tree.ts';
import {
  aggregate,
  arithmetic,
  atom,
  both,
  choose,
  chooseNumber,
  compare,
  constant,
  either,
  isInfinite,
  type NumberPart,
  negative,
  not,
  numberOf,
  type TruthPart,
} from './mathjs-text.ts';
import { everySample, readPredicate, someSample } from './predicate.ts';
import type { Findings, Translator, VariableNames } from './translator.ts';

const OTHER_LANGUAGE: Record<string, string> = {
  map: '`map` has no counterpart: compute in the query',
  one: '`one` has no counterpart: count in the query, as `count(x > 5)` does',
  find: '`find` has no counterpart',
  date: 'times have no counterpart',
  now: 'times have no counterpart',
  duration: 'times have no counterpart',
};

/**
 * Translates one condition of Argo Rollouts, for measurements that have data: there `result` has an item and
 * no item is NaN, because anything else is no data and never reaches a condition of ours.
 */
export function toMathjs(root: ExprNode, names: VariableNames, findings: Findings): string | undefined {
  const truth = new Translation(names, findings).truth(root);
  if (!truth || findings.refusals.length > 0) return undefined;
  if (truth.kind === 'boolean') return truth.text;
  // It asks only whether there is anything; ours must look at the measurement.
  findings.usesList = true;
  return `count(${names.list}) ${truth.value ? '>' : '=='} 0`;
}

class Translation implements Translator {
  readonly names: VariableNames;
  readonly findings: Findings;

  constructor(names: VariableNames, findings: Findings) {
    this.names = names;
    this.findings = findings;
  }

  /** A part that is true or false; undefined once it was refused. */
  truth(node: ExprNode): TruthPart | undefined {
    switch (node.kind) {
      case 'boolean':
        return constant(node.value);
      case 'unary': {
        if (node.operator !== '!') break;
        const operand = this.truth(node.operand);
        return operand && not(operand);
      }
      case 'ternary': {
        const [test, yes, no] = [this.truth(node.test), this.truth(node.yes), this.truth(node.no)];
        return test && yes && no && choose(test, yes, no);
      }
      case 'binary':
        return this.binaryTruth(node);
      case 'call':
        return this.truthCall(node);
      default:
        break;
    }
    return this.refuse(
      node,
      `${describe(node)} is neither true nor false, and Argo Rollouts refuses it as well`,
    );
  }

  private binaryTruth(node: Extract<ExprNode, { kind: 'binary' }>): TruthPart | undefined {
    const { operator, left, right } = node;
    if (operator === '&&' || operator === '||') {
      const [before, after] = [this.truth(left), this.truth(right)];
      return before && after && (operator === '&&' ? both : either)(before, after);
    }
    if (!isComparison(operator)) {
      return this.refuse(node, `\`${operator}\` gives a number where true or false is needed`);
    }
    if (operator === '==' || operator === '!=') {
      const settled = this.equality(operator, left, right) ?? this.equality(operator, right, left);
      if (settled) return settled;
    }
    const refused = this.findings.refusals.length;
    const counted =
      this.countComparison(operator, left, right) ?? this.countComparison(MIRRORED[operator], right, left);
    if (counted || this.findings.refusals.length > refused) return counted;
    return this.plainComparison(operator, left, right);
  }

  private plainComparison(operator: Comparison, left: ExprNode, right: ExprNode): TruthPart | undefined {
    const [a, b] = [this.number(left), this.number(right)];
    return a && b && compare(operator, a, b);
  }

  /** Against `nil`, which no result of Prometheus is, and against `true` and `false`. */
  private equality(operator: '==' | '!=', left: ExprNode, right: ExprNode): TruthPart | undefined {
    if (right.kind === 'nil') return constant(operator === '!=');
    if (right.kind !== 'boolean') return undefined;
    const truth = this.truth(left);
    return truth && (right.value === (operator === '==') ? truth : not(truth));
  }

  /** How many there are against a whole number: settled where it only asks whether there is anything. */
  private countComparison(operator: Comparison, left: ExprNode, right: ExprNode): TruthPart | undefined {
    if (left.kind !== 'call') return undefined;
    const [list, predicate] = left.args;
    if (left.name === 'len' && list && isAllSamples(list) && right.kind === 'number') {
      this.list(list);
      const settled = settledForOneOrMore(operator, right.value);
      if (settled !== undefined) return constant(settled);
      this.findings.usesList = true;
      return compare(operator, aggregate('count', this.names.list), numberOf(right.value));
    }
    const filtered = left.name === 'len' && list?.kind === 'call' && list.name === 'filter';
    const counted = filtered ? list.args : left.name === 'count' && predicate ? left.args : undefined;
    const [source, condition] = counted ?? [];
    if (!source || !condition) return undefined;
    const asks = whatCountAsks(operator, right);
    if (!asks) {
      return this.refuse(
        left,
        'how many samples fulfil a predicate has no counterpart, beside none, any and all of them: count in the query',
      );
    }
    return this.quantified(asks, source, condition);
  }

  private truthCall(node: Extract<ExprNode, { kind: 'call' }>): TruthPart | undefined {
    const { name, args } = node;
    const [argument, predicate] = args;
    if ((name === 'all' || name === 'any' || name === 'none') && argument && predicate) {
      return this.quantified(name, argument, predicate);
    }
    if (name === 'isNil' && argument) return constant(false);
    if (name === 'isNaN' && argument) {
      // A sample that is NaN is no data; what is left can only come to NaN by computing with infinities.
      return this.number(argument) && constant(false);
    }
    if (name === 'isInf' && argument) {
      const number = this.number(argument);
      return number && isInfinite(number);
    }
    return this.refuseCall(node, 'true or false');
  }

  private quantified(asks: 'all' | 'any' | 'none', list: ExprNode, node: ExprNode): TruthPart | undefined {
    if (!this.list(list)) return undefined;
    this.findings.usesList = true;
    const predicate = readPredicate(
      node,
      { number: (each) => this.number(each), refuse: (each, why) => this.refuse(each, why) },
      asks === 'none',
    );
    if (!predicate) return undefined;
    const truth =
      asks === 'any' ? someSample(predicate, this.names.list) : everySample(predicate, this.names.list);
    if (truth) return truth;
    return this.refuse(
      node,
      'no minimum and maximum can tell whether this holds: filter in the query, or split it into several metrics',
    );
  }

  /** A part that is a number; undefined once it was refused. */
  number(node: ExprNode): NumberPart | undefined {
    switch (node.kind) {
      case 'number':
        return numberOf(node.value);
      case 'placeholder':
        return atom(`{{args.${node.argument}}}`);
      case 'name':
        if (node.name === 'result') {
          this.findings.usesScalar = true;
          return atom(this.names.first);
        }
        return this.refuse(
          node,
          `${JSON.stringify(node.name)} is not known; a condition has \`result\` only`,
        );
      case 'index':
        return this.item(node);
      case 'unary': {
        if (node.operator === '!') {
          return this.refuse(
            node,
            '`!` and `not` bind more tightly than a comparison: put parentheses around it',
          );
        }
        const operand = this.number(node.operand);
        return operand && (node.operator === '-' ? negative(operand) : operand);
      }
      case 'ternary': {
        const [test, yes, no] = [this.truth(node.test), this.number(node.yes), this.number(node.no)];
        return test && yes && no && chooseNumber(test, yes, no);
      }
      case 'binary':
        return this.binaryNumber(node);
      case 'call':
        return numberCall(node, this);
      case 'string':
        return this.refuse(node, 'a measurement is a number and cannot be compared with text');
      default:
        break;
    }
    return this.refuse(node, `${describe(node)} is not a number`);
  }

  private binaryNumber(node: Extract<ExprNode, { kind: 'binary' }>): NumberPart | undefined {
    const { operator } = node;
    if (operator === '??') return this.number(node.left);
    if (operator === '%') {
      return this.refuse(
        node,
        '`%` is of whole numbers in Argo Rollouts, which samples never are: it fails there',
      );
    }
    if (isComparison(operator) || operator === '&&' || operator === '||') {
      return this.refuse(node, `\`${operator}\` gives true or false where a number is needed`);
    }
    const [left, right] = [this.number(node.left), this.number(node.right)];
    if (node.left.kind !== 'number' || node.right.kind !== 'number') this.findings.computes = true;
    return left && right && arithmetic(operator, left, right);
  }

  private item(node: Extract<ExprNode, { kind: 'index' }>): NumberPart | undefined {
    const index = wholeNumber(node.index);
    if (!isAllSamples(node.object) || index === undefined) {
      return this.refuse(node, 'only result[0] and result[-1] have a counterpart');
    }
    if (index !== 0 && index !== -1) {
      return this.refuse(
        node,
        `result[${index}] depends on the order in which the server lists the series: give each its own query`,
      );
    }
    this.list(node.object);
    if (index === 0 && node.object.kind === 'name') return atom(this.names.first);
    this.findings.usesList = true;
    return aggregate(index === 0 ? 'first' : 'last', this.names.list);
  }

  /** Whether a part is all samples; where it is not, it was refused. */
  list(node: ExprNode): boolean {
    this.findings.usesVector = true;
    if (isAllSamples(node)) return true;
    this.refuse(
      node,
      `${describe(node)} is not the whole of \`result\`, and a part of it has no counterpart`,
    );
    return false;
  }

  refuseCall(node: Extract<ExprNode, { kind: 'call' }>, needed: string): undefined {
    const known = Object.hasOwn(OTHER_LANGUAGE, node.name) ? OTHER_LANGUAGE[node.name] : undefined;
    return this.refuse(node, known ?? `${node.name}(…) has no counterpart that gives ${needed}`);
  }

  refuse(node: ExprNode, why: string): undefined {
    this.findings.refusals.push({ at: node.at, why });
  }
}
