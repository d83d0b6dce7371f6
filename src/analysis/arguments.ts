import type { Argument } from '../api/analysis-template.ts';
import type { SchemaFault } from '../api/kind.ts';

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
  const args: GivenArgument[] = [];
  for (const { name, type = 'string', value: fallback } of declared) {
    const index = given.findIndex((argument) => argument.name === name);
    const value = given[index]?.value ?? fallback;
    if (value === undefined) {
      faults.push({ path: 'args', message: `the argument ${name} has no default and must be given` });
    } else if (!hasType(value, type)) {
      faults.push({
        path: index < 0 ? 'args' : `args[${index}].value`,
        message: wrongType(name, value, type),
      });
    } else {
      args.push({ name, value });
    }
  }
  return faults.length > 0 ? { ok: false, faults } : { ok: true, args };
}

/** `the argument threshold must be a number such as 0.95, and is "high"` */
export function wrongType(name: string, value: string, type: ArgumentType): string {
  return `the argument ${name} must be ${describeType(type)}, and is ${JSON.stringify(value)}`;
}
