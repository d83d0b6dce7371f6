/** An escape that stands for one character. */
export const ESCAPE =
  /\\(?:[aftnrv]|[0-7]{2,3}|0|x[0-9A-Fa-f]{2}|x\{([0-9A-Fa-f]+)\}|[^0-9A-Za-z\u0080-\uffff])/y;
/** An escape that stands for any of several; the first or second group is the name of a Unicode class. */
export const CLASS_ESCAPE = /\\(?:[dDsSwW]|[pP](?:\{\^?(\w+)\}|([A-Z])))/y;
/** `[:alpha:]` and its like, within brackets. */
export const POSIX = /\[:(\^?\w*):\]/y;
export const POSIX_NAMES = new Set(
  'alnum alpha ascii blank cntrl digit graph lower print punct space upper word xdigit'.split(' '),
);

/** The code point that an escape of the shape ESCAPE stands for. */
export function escapedCode(sequence: string): number {
  const body = sequence.slice(1);
  const control = 'a\x07f\x0ct\tn\nr\rv\x0b';
  if (/^[aftnrv]$/.test(body)) return control.charCodeAt(control.indexOf(body) + 1);
  if (/^[0-7]/.test(body)) return Number.parseInt(body, 8);
  if (body.startsWith('x')) return Number.parseInt(body.replace(/[x{}]/g, ''), 16);
  return body.charCodeAt(0);
}

/** General categories and scripts, by the names that JavaScript knows them by too. */
export function isUnicodeClass(name: string): boolean {
  if (name === 'Any') return true;
  if (!/^[A-Z]/.test(name)) return false;
  for (const property of [`gc=${name}`, `sc=${name}`]) {
    try {
      new RegExp(`\\p{${property}}`, 'u');
      return true;
    } catch {
      // Not of this property.
    }
  }
  return false;
}
