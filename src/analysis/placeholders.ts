import type { RunTarget } from '../api/analysis-run.ts';
import type { SchemaFault } from '../api/kind.ts';
import { type ArgumentType, describeType, type GivenArgument, hasType } from './arguments.ts';
import {
  escapeForLiteral,
  type Place,
  type SplitText,
  splitFaultText,
  splitPlain,
  splitQuery,
} from './query-text.ts';
import { formatWindow } from './window.ts';

/** What a placeholder stands for, as far as it is known where it is looked at. */
export type PlaceholderFact =
  /** `type` is undefined where only the value tells it; `value` where it is known only when measuring. */
  | { kind: 'known'; type?: ArgumentType | undefined; value?: string | undefined }
  | { kind: 'unknown'; message: string }
  /** The release under test has no such pods. */
  | { kind: 'noPods' };

export type Lookup = (name: string) => PlaceholderFact;

/** Everything that placeholders of one run can stand for. */
export interface PlaceholderContext {
  /** With the types that the template declares, where they are known. */
  args: readonly (GivenArgument & { type?: ArgumentType | undefined })[];
  /** undefined where it is known only later, at admission. */
  namespace?: string | undefined;
  target?: RunTarget | undefined;
  windowMs?: number | undefined;
}

export type ResolvedText =
  | { ok: true; text: string }
  /** `NoPods`: nothing is wrong, there is just nothing to measure; the query must not be sent. */
  | { ok: false; reason: 'NoPods' | 'Unresolved'; faults: SchemaFault[] };

interface BuiltIn {
  type: ArgumentType;
  /** The field of an AnalysisRun that says what it stands for. */
  field: string;
  read(context: PlaceholderContext): string | undefined;
}

const BUILT_INS: Record<string, BuiltIn> = {
  'rollout.name': { type: 'string', field: 'rollout', read: ({ target }) => target?.rollout },
  namespace: { type: 'string', field: '', read: ({ namespace }) => namespace },
  'workload.name': { type: 'string', field: 'workload', read: ({ target }) => target?.workload },
  'step.index': { type: 'number', field: 'step', read: ({ target }) => target?.step?.index.toString() },
  'step.weight': {
    type: 'number',
    field: 'step.weight',
    read: ({ target }) => target?.step?.weight?.toString(),
  },
  'canary.hash': { type: 'string', field: 'canary', read: ({ target }) => target?.canary?.hash },
  'stable.hash': { type: 'string', field: 'stable', read: ({ target }) => target?.stable?.hash },
  'canary.pods': { type: 'string', field: 'canary', read: ({ target }) => podsOf(target?.canary) },
  'stable.pods': { type: 'string', field: 'stable', read: ({ target }) => podsOf(target?.stable) },
  window: {
    type: 'duration',
    field: '',
    read: ({ windowMs }) => (windowMs === undefined ? undefined : formatWindow(windowMs)),
  },
};

/** '' where no pod has been seen of a version that is known by its pods. */
function podsOf(version: RunTarget['canary']): string | undefined {
  return version && (version.pods ?? '');
}

/** Those whose value comes from the run itself, so that no field of its spec can be missing. */
const ALWAYS_SET = new Set(['namespace', 'window']);
const PODS = new Set(['canary.pods', 'stable.pods']);

/** What a placeholder stands for in one run. A missing field of the target is a fault that names the field. */
export function runLookup(context: PlaceholderContext): Lookup {
  return (name) => {
    if (name.startsWith('args.')) {
      const argument = context.args.find((each) => each.name === name.slice('args.'.length));
      if (!argument)
        return { kind: 'unknown', message: `{{${name}}}: no such argument is given in spec.args` };
      return { kind: 'known', type: argument.type, value: argument.value };
    }
    const builtIn = builtInNamed(name);
    if (!builtIn) return unknownPlaceholder(name);
    const value = builtIn.read(context);
    if (value === '' && PODS.has(name)) return { kind: 'noPods' };
    if (value !== undefined || ALWAYS_SET.has(name)) return { kind: 'known', type: builtIn.type, value };
    return {
      kind: 'unknown',
      message: `{{${name}}} stands for nothing in this run: set spec.target.${builtIn.field}`,
    };
  };
}

/** What a placeholder stands for in a template: the built-ins have a type and no value yet. */
export function templateLookup(
  declared: readonly { name: string; type?: ArgumentType | undefined; value?: string | undefined }[],
): Lookup {
  return (name) => {
    if (name.startsWith('args.')) {
      const argument = declared.find((each) => each.name === name.slice('args.'.length));
      if (!argument)
        return { kind: 'unknown', message: `{{${name}}}: the template declares no such argument` };
      return { kind: 'known', type: argument.type ?? 'string', value: argument.value };
    }
    const builtIn = builtInNamed(name);
    return builtIn ? { kind: 'known', type: builtIn.type } : unknownPlaceholder(name);
  };
}

/** The query as it is sent. Faults have the path `query`. */
export function resolveQuery(query: string, context: PlaceholderContext): ResolvedText {
  const { text, faults, marks, noPods } = fillQuery(query, runLookup(context));
  const unresolved = faults.map((fault) => fault.text);
  if (faults.length === 0 && noPods) {
    return { ok: false, reason: 'NoPods', faults: [{ path: 'query', message: 'there are no pods' }] };
  }
  for (const { standIn, sourceOffset, sourceWidth } of marks) {
    const placeholder = query.slice(sourceOffset, sourceOffset + sourceWidth);
    // A stand-in is for checking only; sent, it would ask something that nobody wrote.
    if (standIn && !noPods) unresolved.push(`${placeholder} is not known yet (position ${sourceOffset})`);
  }
  if (unresolved.length === 0) return { ok: true, text };
  return {
    ok: false,
    reason: 'Unresolved',
    faults: unresolved.map((message) => ({ path: 'query', message })),
  };
}

export interface FilledQuery {
  text: string;
  faults: PlaceholderFault[];
  /** The placeholders in order, to find the place in the source for a place in the text. */
  marks: FilledMark[];
  noPods: boolean;
}

/** A placeholder that is filled in: where it stood in the source, and what stands for it in the text. */
export interface FilledMark {
  sourceOffset: number;
  sourceWidth: number;
  offset: number;
  width: number;
  /** Its value is not known yet, so a stand-in of the same type has its place. */
  standIn: boolean;
}

/** What is wrong with a placeholder, or with a text that should have been split at its placeholders. */
export interface PlaceholderFault {
  offset: number;
  message: string;
  /** The message and its 0-based position in one sentence. */
  text: string;
}

/** One word of each type, for a placeholder whose value is known only later. */
const STAND_INS = { string: 'x', number: '1', duration: '1m', identifier: 'x' } as const;

/**
 * A query with its placeholders filled in, and what is wrong with them. What comes from outside the query's
 * author stands inside a string literal, escaped, or is checked to be one word.
 */
export function fillQuery(query: string, lookup: Lookup): FilledQuery {
  let noPods = false;
  const filled = fill(splitQuery(query), (name, place) => {
    const fact = lookup(name);
    if (fact.kind === 'unknown') return { fault: fact.message };
    if (fact.kind === 'noPods') noPods = true;
    const { type, value = undefined } = fact.kind === 'noPods' ? { type: 'string' as const } : fact;
    const standIn = value === undefined;
    const text = value ?? STAND_INS[type ?? 'identifier'];
    if (place === 'code' || place === 'comment') {
      if (type === 'string' || !isOneWord(text, type)) return { fault: outsideLiteral(name) };
      return { text: asOneNumber(text), standIn };
    }
    const escaped = escapeForLiteral(text, place);
    if (escaped !== undefined) return { text: escaped, standIn };
    return {
      fault: `the value of {{${name}}} has a backtick, and a literal in backticks cannot contain one`,
    };
  });
  return { ...filled, noPods };
}

/**
 * A condition with its placeholders filled in. Each must stand for a number; one that is not known yet is
 * filled with a stand-in of the same width, so that positions in the source stay what they are.
 */
export function fillCondition(source: string, lookup: Lookup): { text: string; faults: string[] } {
  const { text, faults } = fill(splitPlain(source), (name, _place, width) => {
    const number = lookupNumber(name, lookup);
    if ('fault' in number) return number;
    if (number.value === undefined) return { text: '1'.padEnd(width), standIn: true };
    return { text: asOneNumber(number.value), standIn: false };
  });
  return { text, faults: faults.map((fault) => fault.text) };
}

/** The number that a placeholder stands for; without a value where it is known only later. */
export function lookupNumber(
  name: string,
  lookup: Lookup,
): { value: string | undefined } | { fault: string } {
  const fact = lookup(name);
  if (fact.kind === 'unknown') return { fault: fact.message };
  if (fact.kind === 'noPods') return { fault: `{{${name}}} is not a number` };
  if (fact.type !== undefined && fact.type !== 'number') {
    return { fault: `{{${name}}} is a ${fact.type} and must be a number here: declare it with type number` };
  }
  if (fact.value !== undefined && !hasType(fact.value, 'number')) {
    return {
      fault: `{{${name}}} must be ${describeType('number')}, and is ${JSON.stringify(fact.value)}`,
    };
  }
  return { value: fact.value };
}

/** The names of the placeholders in a text, such as `canary.pods` and `args.threshold`. */
export function placeholdersIn(text: string): string[] {
  return splitPlain(text).pieces.flatMap((piece) => (piece.kind === 'placeholder' ? [piece.name] : []));
}

/** A long value in many places would multiply; Kubernetes bounds one object, not the product. */
const LONGEST_TEXT = 1_000_000;

type Filling = { text: string; standIn: boolean } | { fault: string };

function fill(
  { pieces, faults: splitFaults }: SplitText,
  filling: (name: string, place: Place, width: number) => Filling,
): Omit<FilledQuery, 'noPods'> {
  const faults = splitFaults.map((fault) => ({
    offset: fault.offset,
    message: `${fault.subject} here ${fault.trouble}`,
    text: splitFaultText(fault),
  }));
  const marks: FilledMark[] = [];
  let text = '';
  for (const piece of pieces) {
    if (piece.kind === 'text') {
      text += piece.text;
      continue;
    }
    const { name, place, width, offset } = piece;
    const filled = filling(name, place, width);
    if ('fault' in filled) {
      faults.push({ offset, message: filled.fault, text: `${filled.fault} (position ${offset})` });
      continue;
    }
    marks.push({
      sourceOffset: offset,
      sourceWidth: width,
      offset: text.length,
      width: filled.text.length,
      standIn: filled.standIn,
    });
    text += filled.text;
    if (text.length > LONGEST_TEXT) {
      const message = `with the values of its placeholders it is longer than ${LONGEST_TEXT} characters`;
      return { text: '', faults: [{ offset, message, text: `${message} (position ${offset})` }], marks: [] };
    }
  }
  return { text, faults, marks };
}

/** `{{args.x}} ^ 2` and `-{{args.x}}` mean the number as a whole, its sign included. */
function asOneNumber(text: string): string {
  return /^[-+]/.test(text) ? `(${text})` : text;
}

/** Outside of literals only values that are one word of PromQL may stand: nothing in them can end or begin anything. */
function isOneWord(value: string, type: ArgumentType | undefined): boolean {
  if (type !== undefined) return hasType(value, type);
  return hasType(value, 'number') || hasType(value, 'duration') || hasType(value, 'identifier');
}

function builtInNamed(name: string): BuiltIn | undefined {
  return Object.hasOwn(BUILT_INS, name) ? BUILT_INS[name] : undefined;
}

function outsideLiteral(name: string): string {
  const advice = name.startsWith('args.') ? ', or declare it with type number, duration or identifier' : '';
  return `{{${name}}} is text and may stand only inside a string literal, as in {label="{{${name}}}"}${advice}`;
}

function unknownPlaceholder(name: string): PlaceholderFact {
  const known = ['args.NAME', ...Object.keys(BUILT_INS)].join(', ');
  return { kind: 'unknown', message: `{{${name}}} is not known; the placeholders are ${known}` };
}
