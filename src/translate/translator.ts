import type { ExprNode, Refusal } from './expr-tree.ts';
import type { NumberPart, TruthPart } from './mathjs-text.ts';

/** What a translation found out on the way. */
export interface Findings {
  refusals: Refusal[];
  /** `result` by itself is used as a number, which Argo delivers for scalar queries only. */
  usesScalar: boolean;
  /** `result` is used as a list, which Argo delivers for all other queries. */
  usesVector: boolean;
  /** All samples are looked at, and not only `result[0]`. */
  usesList: boolean;
  /** `default(result, n)`: the number that an empty result stands for. */
  whenEmpty: number | undefined;
  /** Infinities can come to NaN in it. */
  computes: boolean;
  /** `asInt` of an infinity is a number that depends on the machine. */
  truncates: boolean;
}

export function noFindings(): Findings {
  return {
    refusals: [],
    usesScalar: false,
    usesVector: false,
    usesList: false,
    whenEmpty: undefined,
    computes: false,
    truncates: false,
  };
}

/** What `result[0]` and `result` as a whole are called in one of our conditions. */
export interface VariableNames {
  /** `value`, or `first(values)` where the list counts. */
  first: string;
  list: string;
}

/** What translates the parts of a condition. Every answer is undefined once the part was refused. */
export interface Translator {
  readonly names: VariableNames;
  readonly findings: Findings;
  truth(node: ExprNode): TruthPart | undefined;
  number(node: ExprNode): NumberPart | undefined;
  /** Whether a part is all samples. */
  list(node: ExprNode): boolean;
  refuse(node: ExprNode, why: string): undefined;
  refuseCall(node: Extract<ExprNode, { kind: 'call' }>, needed: string): undefined;
}
