import type { SchemaFault } from '../api/kind.ts';
import type { Place, YamlDocument, YamlSource } from './yaml-place.ts';

/** One thing that is wrong in a file, at its place. */
export interface FileFault extends Place {
  /** As it was named on the command line. */
  file: string;
  severity: 'error' | 'warning';
  message: string;
  /** One word for the kind of trouble, for machines and for people who look it up. */
  rule: string;
}

/** Where an object is: `at` is where in its document, where that holds more than the object. */
export interface ObjectPlace {
  file: string;
  source: YamlSource;
  document: YamlDocument;
  at?: string;
}

/** A fault of an object at its place in the file. A position in the message becomes part of the place. */
export function faultAt(
  { file, source, document, at = '' }: ObjectPlace,
  { path, message, offset }: SchemaFault,
  rule: string,
  severity: FileFault['severity'] = 'error',
): FileFault {
  const told = / \((?:position (\d+)|line (\d+), column (\d+))\)$/.exec(message);
  const within =
    told?.[1] === undefined ? { line: Number(told?.[2]), column: Number(told?.[3]) } : Number(told[1]);
  const place = source.placeOf(
    document,
    [at, path].filter((part) => part !== '').join('.'),
    rule === 'unknown-field' ? 'name' : (offset ?? (told ? within : undefined)),
  );
  const text = told ? message.slice(0, told.index) : message;
  return { file, ...place, severity, message: path === '' ? text : `${path}: ${text}`, rule };
}

/** In the order in which one reads files. */
export function byPlace(left: FileFault, right: FileFault): number {
  return (
    left.file.localeCompare(right.file) ||
    left.line - right.line ||
    left.column - right.column ||
    left.message.localeCompare(right.message)
  );
}

/** `file:line:column: error: message (rule)`, as compilers say it and editors understand it. */
export function faultLine({ file, line, column, severity, message, rule }: FileFault): string {
  return `${file}:${line}:${column}: ${severity}: ${message} (${rule})`;
}
