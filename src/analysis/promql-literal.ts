/** A string literal of PromQL, read: its text, and where each character of the text begins in the literal. */
export type LiteralReading =
  | { ok: true; text: string; offsets: readonly number[] }
  | { ok: false; offset: number; message: string };

const SIMPLE: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};
/** Octal of a byte, hexadecimal of a byte, and two lengths of a code point. */
const NUMERIC = /([0-3][0-7]{2})|x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})/y;

/** Reads a literal with its quotes, by the rules of Prometheus. Offsets are within the literal. */
export function readLiteral(literal: string): LiteralReading {
  const quote = literal[0] ?? '';
  let text = '';
  const offsets: number[] = [];
  let offset = 1;
  while (offset < literal.length - 1) {
    let part = literal[offset] ?? '';
    let length = 1;
    if (part === '\\' && quote !== '`') {
      const found = escapeAt(literal, offset, quote);
      if (!found) return { ok: false, offset, message: unknownEscape(literal, offset) };
      part = found.text;
      length = found.length;
    }
    for (let index = 0; index < part.length; index += 1) offsets.push(offset);
    text += part;
    offset += length;
  }
  offsets.push(offset);
  return { ok: true, text, offsets };
}

function escapeAt(
  literal: string,
  offset: number,
  quote: string,
): { text: string; length: number } | undefined {
  const letter = literal[offset + 1] ?? '';
  if (letter === quote) return { text: quote, length: 2 };
  if (Object.hasOwn(SIMPLE, letter)) return { text: SIMPLE[letter] ?? '', length: 2 };
  NUMERIC.lastIndex = offset + 1;
  const found = NUMERIC.exec(literal);
  if (!found) return undefined;
  const [all, octal, ...hexadecimal] = found;
  const code = octal ? Number.parseInt(octal, 8) : Number.parseInt(hexadecimal.find(Boolean) ?? '', 16);
  if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return undefined;
  return { text: String.fromCodePoint(code), length: all.length + 1 };
}

function unknownEscape(literal: string, offset: number): string {
  const letter = String.fromCodePoint(literal.codePointAt(offset + 1) ?? 0);
  return `\\${letter} is no escape in a PromQL string: write \\\\${letter}, or put the text in backticks, where nothing is an escape`;
}
