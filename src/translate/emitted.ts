import { Document, isScalar, Scalar, visit } from 'yaml';

/** One object of ours, with what is said about it in comments. */
export interface Emitted {
  object: {
    apiVersion: string;
    kind: string;
    metadata: { name: string; namespace?: string; labels?: Record<string, string> };
    spec: Record<string, unknown>;
  };
  /** Sentences above the object. */
  comments: string[];
}

/** The objects as YAML: one document each, queries as blocks, comments above. */
export function toYaml(documents: readonly Emitted[]): string {
  return documents.map(documentText).join('---\n');
}

function documentText({ object, comments }: Emitted): string {
  const document = new Document(object);
  visit(document, {
    Pair(_, pair) {
      const { key, value } = pair;
      if (isScalar(key) && key.value === 'query' && isScalar(value)) {
        value.type = Scalar.BLOCK_LITERAL;
        value.value = `${String(value.value).trim()}\n`;
      }
    },
  });
  const header = comments.flatMap((comment) => wrapped(comment)).map((line) => `# ${line}\n`);
  return header.join('') + document.toString({ lineWidth: 0 });
}

const COMMENT_WIDTH = 108;

function wrapped(comment: string): string[] {
  const lines: string[] = [];
  for (const word of comment.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length >= COMMENT_WIDTH) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
