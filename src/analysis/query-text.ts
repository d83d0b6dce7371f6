/** Where in a PromQL text something stands: in code, in a comment, or in a literal with this quote. */
export type Place = 'code' | 'comment' | '"' | "'" | '`';

export type Piece =
  | { kind: 'text'; text: string }
  | { kind: 'placeholder'; name: string; offset: number; width: number; place: Place };

/** What keeps a text from being split: `subject` and `trouble` make a sentence with the place between them. */
export interface SplitFault {
  offset: number;
  subject: string;
  trouble: string;
}

/** Such as `the {{ at position 5 has no }}`. */
export function splitFaultText({ offset, subject, trouble }: SplitFault): string {
  return `${subject} at position ${offset} ${trouble}`;
}

export interface SplitText {
  pieces: Piece[];
  faults: SplitFault[];
}

/**
 * Splits a query into its text and its `{{ placeholders }}`, and says of each where it stands, by the rules
 * by which Prometheus reads literals and comments.
 */
export function splitQuery(query: string): SplitText {
  return split(query, nextPlace);
}

/** The same for text without literals, as conditions and limits are. */
export function splitPlain(text: string): SplitText {
  return split(text, () => ({ place: 'code', length: 1 }));
}

type Reader = (text: string, offset: number, place: Place) => { place: Place; length: number };

function split(text: string, read: Reader): SplitText {
  const pieces: Piece[] = [];
  const faults: SplitFault[] = [];
  let place: Place = 'code';
  let literalStart = 0;
  let textStart = 0;
  let offset = 0;
  while (offset < text.length) {
    // In `x{{{args.label}}="v"}` the first brace is PromQL's.
    if (text.startsWith('{{', offset) && text[offset + 2] !== '{') {
      const end = text.indexOf('}}', offset);
      const name = text.slice(offset + 2, end < 0 ? undefined : end).trim();
      if (end < 0 || /[{}\n]/.test(name)) {
        faults.push({ offset, subject: 'the {{', trouble: 'has no }}' });
        break;
      }
      pieces.push({ kind: 'text', text: text.slice(textStart, offset) });
      pieces.push({ kind: 'placeholder', name, offset, width: end + 2 - offset, place });
      offset = end + 2;
      textStart = offset;
      continue;
    }
    const quoted = place === '"' || place === "'";
    if (quoted && text[offset] === '\n') break;
    const next = read(text, offset, place);
    if (next.length === 2 && text.startsWith('{{', offset + 1)) {
      faults.push({ offset, subject: 'the backslash', trouble: 'must not stand before a placeholder' });
    }
    if (place === 'code' && next.place !== 'code') literalStart = offset;
    place = next.place;
    offset += next.length;
  }
  pieces.push({ kind: 'text', text: text.slice(textStart) });
  if (place === '"' || place === "'" || place === '`') {
    faults.push({
      offset: literalStart,
      subject: 'the string literal that begins',
      trouble: 'is not closed',
    });
  }
  return { pieces: pieces.filter((piece) => piece.kind === 'placeholder' || piece.text !== ''), faults };
}

function nextPlace(text: string, offset: number, place: Place): { place: Place; length: number } {
  const character = text[offset] ?? '';
  if (place === 'code') {
    if (character === '"' || character === "'" || character === '`') return { place: character, length: 1 };
    return { place: character === '#' ? 'comment' : 'code', length: 1 };
  }
  // Prometheus ends a comment at a carriage return as well.
  if (place === 'comment') return { place: /[\n\r]/.test(character) ? 'code' : 'comment', length: 1 };
  if (character === place) return { place: 'code', length: 1 };
  // A raw literal (in backticks) has no escapes.
  return { place, length: character === '\\' && place !== '`' ? 2 : 1 };
}

/** Text as it stands inside a literal of this quote; undefined where no escape could make it fit. */
export function escapeForLiteral(text: string, quote: '"' | "'" | '`'): string | undefined {
  if (quote === '`') return text.includes('`') ? undefined : text;
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll(quote, `\\${quote}`)
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r');
}
