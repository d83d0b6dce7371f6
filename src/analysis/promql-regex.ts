import {
  CLASS_ESCAPE,
  ESCAPE,
  escapedCode,
  isUnicodeClass,
  POSIX,
  POSIX_NAMES,
} from './promql-regex-characters.ts';

/**
 * Reads a regular expression by the rules of RE2 in Go's `regexp/syntax`, which is what Prometheus matches
 * labels with. JavaScript's own RegExp cannot say it: it takes lookaheads, which RE2 has not, and not (?i).
 */
export type RegexVerdict =
  /** `matchesEmpty`: whether the expression, anchored at both ends, matches a label that is not there. */
  { ok: true; matchesEmpty: boolean } | { ok: false; offset: number; message: string };

/** Far beyond any real one, and far from the end of the stack. */
const MAX_DEPTH = 100;
/** RE2 refuses to repeat anything more often than this, nested repetitions multiplied. */
const MAX_REPEAT = 1_000;

/** What is known of a part: whether it matches nothing at all, and how often its repetitions repeat. */
interface Part {
  empty: boolean;
  repeat: number;
}

/** Verdict on one regular expression as it is after its literal was unescaped; offsets are within it. */
export function readRegex(source: string): RegexVerdict {
  const reader = new RegexReader(source);
  try {
    const { empty } = reader.alternatives(0);
    if (!reader.atEnd()) reader.fail('this ) closes nothing: write \\\\) for the character');
    return { ok: true, matchesEmpty: empty };
  } catch (error) {
    if (error instanceof RegexTrouble) return { ok: false, offset: error.offset, message: error.message };
    throw error;
  }
}

class RegexTrouble extends Error {
  readonly offset: number;
  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

const REPEAT = /[*+?]|\{(\d+)(?:(,)(\d*))?\}/y;
const GROUP = /\?(?:P?<\w+>|(?:[imsU]*(?:-[imsU]+)?)([:)]))/y;
class RegexReader {
  private readonly source: string;
  private offset = 0;

  constructor(source: string) {
    this.source = source;
  }

  atEnd(): boolean {
    return this.offset >= this.source.length;
  }

  fail(message: string, offset = this.offset): never {
    throw new RegexTrouble(offset, message);
  }

  alternatives(depth: number): Part {
    if (depth > MAX_DEPTH) this.fail(`it nests deeper than ${MAX_DEPTH} groups`);
    let all = this.sequence(depth);
    while (this.source[this.offset] === '|') {
      this.offset += 1;
      const next = this.sequence(depth);
      all = { empty: all.empty || next.empty, repeat: Math.max(all.repeat, next.repeat) };
    }
    return all;
  }

  private sequence(depth: number): Part {
    let all: Part = { empty: true, repeat: 1 };
    while (!this.atEnd() && !'|)'.includes(this.source[this.offset] ?? '')) {
      const part = this.repeated(depth);
      all = { empty: all.empty && part.empty, repeat: Math.max(all.repeat, part.repeat) };
    }
    return all;
  }

  private repeated(depth: number): Part {
    const start = this.offset;
    const first = this.match(REPEAT);
    if (first) this.fail(`${first[0]} has nothing before it to repeat`, start);
    const part = this.single(depth);
    const at = this.offset;
    const repeat = this.match(REPEAT);
    if (!repeat) return part ?? { empty: true, repeat: 1 };
    // Flags such as (?i) are no part of the text, so what follows them has nothing to repeat.
    if (!part) this.fail(`${repeat[0]} has nothing before it to repeat`, at);
    if (this.source[this.offset] === '?') this.offset += 1;
    const again = this.offset;
    if (this.match(REPEAT)) this.fail('a repetition of a repetition needs a group: (?:a*)*', again);
    return this.times(part, repeat, at);
  }

  private times(part: Part, [sign = '', least = '', comma, most = '']: RegExpExecArray, at: number): Part {
    if (sign === '+') return part;
    if (sign === '*' || sign === '?') return { ...part, empty: true };
    const from = Number(least);
    const to = comma === undefined ? from : most === '' ? from : Number(most);
    if (from > MAX_REPEAT || to > MAX_REPEAT || to < from) {
      this.fail(`the repetition ${sign} is not possible: from 0 to ${MAX_REPEAT}, the smaller first`, at);
    }
    const repeat = to === 0 && most !== '' ? 1 : Math.max(to, 1) * part.repeat;
    if (repeat > MAX_REPEAT) this.fail(`the repetitions come to more than ${MAX_REPEAT}`, at);
    return { empty: part.empty || from === 0, repeat };
  }

  /** One thing that can be repeated; undefined for flags, which are no thing. */
  private single(depth: number): Part | undefined {
    const start = this.offset;
    const character = this.source[start];
    if (character === '(') return this.group(depth);
    if (character === '[') return this.characterClass();
    if (character === '\\') return this.escaped();
    this.offset += (this.source.codePointAt(start) ?? 0) > 0xffff ? 2 : 1;
    return { empty: character === '^' || character === '$', repeat: 1 };
  }

  private group(depth: number): Part | undefined {
    const start = this.offset;
    this.offset += 1;
    if (this.source[this.offset] === '?') {
      const head = this.match(GROUP);
      if (!head) {
        const look = /^\?<?[=!]/.test(this.source.slice(this.offset));
        this.fail(
          look
            ? 'RE2 has no lookahead or lookbehind: use a second matcher, such as pod!~"..."'
            : 'this kind of group is not known to RE2; (?:...) groups without capturing',
          start,
        );
      }
      if (head[1] === ')') return undefined;
    }
    const inner = this.alternatives(depth + 1);
    if (this.source[this.offset] !== ')') this.fail('this ( is not closed: add ) or write \\\\(', start);
    this.offset += 1;
    return inner;
  }

  private escaped(): Part {
    const start = this.offset;
    const next = this.source[start + 1];
    if (next === 'Q') {
      const end = this.source.indexOf('\\E', start + 2);
      // Prometheus puts the expression in a group, whose end would be quoted too.
      if (end < 0) this.fail('this \\\\Q is not closed: add \\\\E', start);
      this.offset = end + 2;
      return { empty: end === start + 2, repeat: 1 };
    }
    if (next !== undefined && 'AbBz'.includes(next)) {
      this.offset += 2;
      return { empty: next !== 'b', repeat: 1 };
    }
    if (!this.classEscape()) this.codePoint();
    return { empty: false, repeat: 1 };
  }

  private classEscape(): boolean {
    const start = this.offset;
    const found = this.match(CLASS_ESCAPE);
    const name = found?.[1] ?? found?.[2];
    if (name !== undefined && !isUnicodeClass(name)) {
      this.fail(`${found?.[0]} is no class of characters that RE2 knows`, start);
    }
    return found !== undefined;
  }

  /** One character, escaped or not. */
  private codePoint(): number {
    const start = this.offset;
    if (this.source[start] !== '\\') {
      const code = this.source.codePointAt(start);
      if (code === undefined) this.fail('the expression ends in the middle');
      this.offset += code > 0xffff ? 2 : 1;
      return code;
    }
    const found = this.match(ESCAPE);
    if (!found) {
      const text = this.source.slice(start, start + 2);
      if (text === '\\') this.fail('a backslash at the end escapes nothing', start);
      if (/\\[1-9]/.test(text)) this.fail(`RE2 has no backreferences such as ${text}`, start);
      this.fail(`the escape ${text} is not known to RE2`, start);
    }
    const code = escapedCode(found[0]);
    if (code > 0x10ffff) this.fail(`${found[0]} is no character`, start);
    return code;
  }

  private characterClass(): Part {
    const start = this.offset;
    this.offset += this.source[start + 1] === '^' ? 2 : 1;
    let first = true;
    while (first || this.source[this.offset] !== ']') {
      if (this.atEnd()) this.fail('this [ is not closed: add ] or write \\\\[', start);
      first = false;
      const itemAt = this.offset;
      const posix = this.match(POSIX);
      if (posix) {
        if (!POSIX_NAMES.has((posix[1] ?? '').replace('^', ''))) {
          this.fail(`${posix[0]} is no class of characters that RE2 knows`, itemAt);
        }
        continue;
      }
      if (this.classEscape()) continue;
      const low = this.codePoint();
      if (this.source[this.offset] !== '-' || [']', undefined].includes(this.source[this.offset + 1]))
        continue;
      this.offset += 1;
      if (this.codePoint() < low) {
        this.fail(`the range ${this.source.slice(itemAt, this.offset)} runs backwards`, itemAt);
      }
    }
    this.offset += 1;
    return { empty: false, repeat: 1 };
  }

  private match(shape: RegExp): RegExpExecArray | undefined {
    shape.lastIndex = this.offset;
    const found = shape.exec(this.source) ?? undefined;
    if (found) this.offset += found[0].length;
    return found;
  }
}
