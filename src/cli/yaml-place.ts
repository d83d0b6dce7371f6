import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseAllDocuments,
  type Scalar,
} from 'yaml';
import { isRecord } from '../api/json.ts';

/** A place for people and editors, both 1-based. */
export interface Place {
  line: number;
  column: number;
}

/** A document that could be read. */
export interface YamlDocument {
  node: Document.Parsed;
  value: unknown;
}

/** Text of YAML with its documents, and what is wrong with it as YAML. */
export interface YamlSource {
  documents: YamlDocument[];
  faults: (Place & { message: string })[];
  /** Where a field is, such as `spec.metrics[0].query`, or a place within the text that it holds. */
  placeOf(document: YamlDocument, path: string, within?: PlaceWithin): Place;
}

/** A place in the text of a field, 0-based or as editors count; `name` is the name of the field itself. */
export type PlaceWithin = number | Place | 'name';

/** Reads one YAML text of any number of documents. Comments and positions are kept. */
export function readYaml(text: string): YamlSource {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  const placeAt = (position: number): Place => {
    const { line, col } = lines.linePos(Math.min(position, text.length));
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const documents: YamlDocument[] = [];
  const faults: YamlSource['faults'] = [];
  for (const node of 'empty' in parsed ? [] : parsed) {
    const repeated = node.errors.filter(({ code }) => code === 'DUPLICATE_KEY');
    for (const { pos } of repeated) {
      faults.push({ ...placeAt(pos[0]), message: `the key ${wordAt(text, pos[0])} is there twice` });
    }
    const broken = node.errors.find(({ code }) => code !== 'DUPLICATE_KEY');
    if (broken) {
      // What follows a syntax error is mostly told because of it.
      faults.push({ ...placeAt(broken.pos[0]), message: broken.message });
      continue;
    }
    try {
      documents.push({ node, value: node.toJS() });
    } catch (error) {
      // Aliases that stand for each other, or for more than fits in memory.
      faults.push({ ...placeAt(node.range[0]), message: (error as Error).message });
    }
  }
  return {
    documents,
    faults,
    placeOf: ({ node }, path, within) => placeAt(positionOf(text, node, path, within)),
  };
}

/** An object of a text, and where in its document it is: `items[1]` for one within a List. */
export interface YamlObject {
  value: unknown;
  document: YamlDocument;
  path: string;
}

/** What stands in the documents, and in place of a Kubernetes List the objects that it holds. */
export function objectsIn({ documents }: Pick<YamlSource, 'documents'>): YamlObject[] {
  return documents.flatMap((document) => unlisted(document.value, document, ''));
}

function unlisted(value: unknown, document: YamlDocument, path: string): YamlObject[] {
  if (!isList(value)) return [{ value, document, path }];
  return value.items.flatMap((item, index) =>
    unlisted(item, document, `${path === '' ? '' : `${path}.`}items[${index}]`),
  );
}

/** `kubectl get -o yaml` writes a List; a list of one kind is called after it. */
function isList(value: unknown): value is { items: unknown[] } {
  return isRecord(value) && /List$/.test(String(value['kind'])) && Array.isArray(value['items']);
}

function wordAt(text: string, position: number): string {
  return /^[^\s:]+/.exec(text.slice(position))?.[0] ?? '';
}

/** A field that is not there is told of where it would have been: at what should hold it. */
function positionOf(
  text: string,
  document: Document.Parsed,
  path: string,
  within: PlaceWithin | undefined,
): number {
  let node: unknown = document.contents;
  let position = startOf(node) ?? document.range[0];
  for (const key of keysOf(path)) {
    if (isAlias(node)) node = node.resolve(document);
    const child = childOf(node, key);
    if (!child) return position;
    ({ node, position } = within === 'name' ? { ...child, position: child.nameAt } : child);
  }
  if (within === undefined || within === 'name' || !isScalar(node) || typeof node.value !== 'string')
    return position;
  return positionInScalar(text, node as Scalar<string>, offsetIn(node.value, within));
}

function offsetIn(text: string, within: number | Place): number {
  if (typeof within === 'number') return within;
  const before = text.split('\n').slice(0, within.line - 1);
  return before.reduce((sum, line) => sum + line.length + 1, 0) + within.column - 1;
}

/** `spec.metrics[0].annotations[a.b/c]` in its parts. */
function keysOf(path: string): string[] {
  return [...path.matchAll(/\[([^\]]+)\]|[^.[\]]+/g)].map(([whole, inBrackets]) => inBrackets ?? whole);
}

interface Child {
  node: unknown;
  position: number;
  nameAt: number;
}

function childOf(parent: unknown, key: string): Child | undefined {
  if (!isCollection(parent)) return undefined;
  if (!isMap(parent)) {
    const node = parent.items[Number(key)];
    const position = startOf(node);
    return position === undefined ? undefined : { node, position, nameAt: position };
  }
  const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
  if (!isPair(pair)) return undefined;
  // A fault of a whole map is shown at its key, and one of a value at the value.
  const keyStart = startOf(pair.key);
  const valueStart = isCollection(pair.value) && !pair.value.flow ? keyStart : startOf(pair.value);
  const position = valueStart ?? keyStart;
  return position === undefined ? undefined : { node: pair.value, position, nameAt: keyStart ?? position };
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}

/**
 * Where the character at `offset` of a scalar's value stands in the source. Whatever the style, folding and
 * indentation change blanks only, so that the other characters are counted; in quotes, an escape counts as what
 * it stands for.
 */
function positionInScalar(text: string, node: Scalar<string>, offset: number): number {
  const [start, end] = node.range ?? [0, 0];
  const before = node.value.slice(0, offset).replace(/\s/g, '').length;
  const wantsBlank = /^\s/.test(node.value.slice(offset));
  const isAtEnd = node.value.slice(offset).trim() === '';
  let position = contentStart(text, node, start);
  for (let seen = 0; position < end; ) {
    const { width, isBlank } = unitAt(text, position, node.type);
    if (seen === before && (isBlank === wantsBlank || isAtEnd)) return position;
    if (!isBlank) seen++;
    position += width;
  }
  return position;
}

function contentStart(text: string, { type }: Scalar, start: number): number {
  if (type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE') return start + 1;
  if (type !== 'BLOCK_LITERAL' && type !== 'BLOCK_FOLDED') return start;
  const header = text.indexOf('\n', start);
  return header < 0 ? start : header + 1;
}

const ESCAPE = /^\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|\r?\n[ \t]*|[\s\S])/;

/** One character of the value as it is written: how wide, and whether it is a blank. */
function unitAt(text: string, position: number, type: Scalar['type']): { width: number; isBlank: boolean } {
  const character = text.charAt(position);
  if (type === 'QUOTE_SINGLE' && text.startsWith("''", position)) return { width: 2, isBlank: false };
  if (type === 'QUOTE_DOUBLE' && character === '\\') {
    const [written] = ESCAPE.exec(text.slice(position)) ?? [character];
    return { width: written.length, isBlank: /^\\[ntrvfN_LP\s]/.test(written) };
  }
  return { width: 1, isBlank: /\s/.test(character) };
}
