import { isNode, LineCounter, parseAllDocuments } from 'yaml';

/** A file as it was read; `-` is the standard input. */
export interface SourceFile {
  file: string;
  text: string;
}

/** What is wrong with a file that is no YAML. */
export interface SourceFault {
  file: string;
  line: number;
  column: number;
  message: string;
}

export type FieldKey = string | number;

/** One place of an object in a file: reads on from there, and knows its position. */
export class Located {
  readonly file: string;
  readonly path: readonly FieldKey[];
  readonly value: unknown;
  private readonly find: (path: readonly FieldKey[]) => { line: number; column: number };

  constructor(
    file: string,
    value: unknown,
    find: (path: readonly FieldKey[]) => { line: number; column: number },
    path: readonly FieldKey[] = [],
  ) {
    this.file = file;
    this.value = value;
    this.find = find;
    this.path = path;
  }

  /** What stands below these keys, whether there is anything or not. */
  at(...keys: FieldKey[]): Located {
    const [key, ...rest] = keys;
    if (key === undefined) return this;
    const inner =
      typeof this.value === 'object' && this.value !== null && Object.hasOwn(this.value, key)
        ? (this.value as Record<FieldKey, unknown>)[key]
        : undefined;
    return new Located(this.file, inner, this.find, [...this.path, key]).at(...rest);
  }

  get isSet(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  /** The items of a list; none where there is no list. */
  items(): Located[] {
    return Array.isArray(this.value) ? this.value.map((_, index) => this.at(index)) : [];
  }

  keys(): string[] {
    return typeof this.value === 'object' && this.value !== null && !Array.isArray(this.value)
      ? Object.keys(this.value)
      : [];
  }

  /** The text of a scalar; undefined where there is none. */
  text(): string | undefined {
    return ['string', 'number', 'boolean'].includes(typeof this.value) ? String(this.value) : undefined;
  }

  /** Where it stands, or the nearest thing around it, both from 1 on. */
  position(): { line: number; column: number } {
    return this.find(this.path);
  }

  /** The same place as the root of its own object, for the items of a List. */
  asRoot(): Located {
    const { path: outer, find } = this;
    return new Located(this.file, this.value, (path) => find([...outer, ...path]));
  }
}

/** The objects of a file, those within a List by themselves. Empty documents are passed over. */
export function readObjects({ file, text }: SourceFile): { objects: Located[] } | { fault: SourceFault } {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines });
  const broken = [...documents].flatMap((document) => document.errors)[0];
  if (broken) {
    const { line, col } = lines.linePos(broken.pos[0]);
    const [message = ''] = broken.message.split('\n');
    return { fault: { file, line, column: col, message: message.replace(/ at line \d+.*$/, '') } };
  }
  const roots = [...documents].map((document) => {
    const find = (path: readonly FieldKey[]): { line: number; column: number } => {
      const node = path.length === 0 ? document.contents : document.getIn(path, true);
      const offset = isNode(node) ? node.range?.[0] : undefined;
      if (offset === undefined) return path.length === 0 ? { line: 1, column: 1 } : find(path.slice(0, -1));
      const { line, col } = lines.linePos(offset);
      return { line, column: col };
    };
    return new Located(file, document.toJS() as unknown, find);
  });
  return { objects: roots.flatMap(withoutList).filter(({ isSet }) => isSet) };
}

function withoutList(root: Located): Located[] {
  const isList = root.at('kind').text()?.endsWith('List') && Array.isArray(root.at('items').value);
  return isList
    ? root
        .at('items')
        .items()
        .map((item) => item.asRoot())
    : [root];
}
