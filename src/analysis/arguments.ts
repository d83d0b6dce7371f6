import type { Argument, ArgumentSource } from '../api/argument.ts';
import type { SchemaFault } from '../api/kind.ts';
import { checkFieldPath, type FieldRoots, resolveFieldPath } from './field-path.ts';

/** An argument as a guard or a run gives it. */
export interface GivenArgument {
  name: string;
  value: string;
}

export type ArgumentType = NonNullable<Argument['type']>;

export type ResolvedArguments = { ok: true; args: GivenArgument[] } | { ok: false; faults: SchemaFault[] };

/** How a value of each type looks. `duration` and `identifier` are PromQL's. */
const SHAPES = {
  string: { pattern: /(?:)/, example: 'text' },
  number: {
    pattern: /^[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/,
    example: 'a number such as 0.95',
  },
  duration: {
    pattern: /^(?=\d)(?:\d+y)?(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?(?:\d+ms)?$/,
    example: 'a PromQL duration such as 5m',
  },
  identifier: {
    pattern: /^[a-zA-Z_:][a-zA-Z0-9_:]*$/,
    example: 'the name of a metric or a label, such as http_requests_total',
  },
} as const satisfies Record<ArgumentType, { pattern: RegExp; example: string }>;

/** Whether a value may stand for an argument of this type. */
export function hasType(value: string, type: ArgumentType): boolean {
  return SHAPES[type].pattern.test(value) && (type !== 'number' || Number.isFinite(Number(value)));
}

/** What a value of this type is, for messages: `a number such as 0.95`. */
export function describeType(type: ArgumentType): string {
  return SHAPES[type].example;
}

/**
 * The arguments of a template with the given values in place of the defaults, in the order of declaration.
 * Paths of faults are relative to what gives the arguments: `args[0].value`.
 */
export function resolveArguments(
  declared: readonly Argument[],
  given: readonly GivenArgument[],
): ResolvedArguments {
  const { args, faults } = matchArguments(declared, given);
  if (faults.length > 0) return { ok: false, faults };
  return { ok: true, args: args.map(({ name, value = '' }) => ({ name, value })) };
}

/** The values of the arguments that a guard gives: the fields that `valueFrom` names are read from `roots`. */
export function readArguments(given: readonly ArgumentSource[], roots: FieldRoots): ResolvedArguments {
  const faults = checkSources(given);
  if (faults.length > 0) return { ok: false, faults };
  const args = given.flatMap(({ name, value, valueFrom }, index): GivenArgument[] => {
    if (!valueFrom) return [{ name, value: value ?? '' }];
    const field = resolveFieldPath(roots, valueFrom.fieldRef.fieldPath);
    if (field.ok) return [{ name, value: field.value }];
    faults.push({ path: pathOfField(index), message: `the argument ${name}: ${field.message}` });
    return [];
  });
  return faults.length > 0 ? { ok: false, faults } : { ok: true, args };
}

/**
 * The arguments of a template as far as they are known before a release starts: those that are read from a field
 * have no value yet. Faults are as of `resolveArguments`.
 */
export function matchSources(
  declared: readonly Argument[],
  given: readonly ArgumentSource[],
): { args: Argument[]; faults: SchemaFault[] } {
  const matched = matchArguments(declared, given);
  return { args: matched.args, faults: [...checkSources(given), ...matched.faults] };
}

function checkSources(given: readonly ArgumentSource[]): SchemaFault[] {
  return given.flatMap(({ name, value, valueFrom }, index): SchemaFault[] => {
    if ((value === undefined) === (valueFrom === undefined)) {
      const message = `the argument ${name} needs exactly one of value and valueFrom`;
      return [{ path: `args[${index}]`, message }];
    }
    const message = valueFrom && checkFieldPath(valueFrom.fieldRef.fieldPath);
    return message === undefined ? [] : [{ path: pathOfField(index), message }];
  });
}

function pathOfField(index: number): string {
  return `args[${index}].valueFrom.fieldRef.fieldPath`;
}

function matchArguments(
  declared: readonly Argument[],
  given: readonly { name: string; value?: string | undefined }[],
): { args: Argument[]; faults: SchemaFault[] } {
  const faults: SchemaFault[] = [];
  const names = declared.map((argument) => argument.name);
  for (const [index, { name }] of given.entries()) {
    if (!names.includes(name)) {
      const known = names.length > 0 ? `it takes ${names.join(', ')}` : 'it takes none';
      faults.push({
        path: `args[${index}].name`,
        message: `the template has no argument ${JSON.stringify(name)}; ${known}`,
      });
    } else if (given.findIndex((other) => other.name === name) < index) {
      faults.push({ path: `args[${index}].name`, message: `the argument ${name} is given twice` });
    }
  }
  const args: Argument[] = [];
  for (const argument of declared) {
    const { name, type = 'string', value: fallback, required } = argument;
    const index = given.findIndex((each) => each.name === name);
    const value = index < 0 && required !== true ? fallback : given[index]?.value;
    if (index < 0 && value === undefined) {
      const why = required === true ? 'is required' : 'has no default';
      faults.push({ path: 'args', message: `the argument ${name} ${why} and must be given` });
    } else if (value !== undefined && !hasType(value, type)) {
      faults.push({
        path: index < 0 ? 'args' : `args[${index}].value`,
        message: wrongType(name, value, type),
      });
    }
    args.push({ ...argument, value });
  }
  return { args, faults };
}

/** `the argument threshold must be a number such as 0.95, and is "high"` */
export function wrongType(name: string, value: string, type: ArgumentType): string {
  return `the argument ${name} must be ${describeType(type)}, and is ${JSON.stringify(value)}`;
}
