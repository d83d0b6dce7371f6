const DIGITS = 6;
const SHOWN_VALUES = 10;

/** A number for people: whole numbers in full, others with up to 6 significant digits. */
export function formatNumber(number: number): string {
  if (number === Infinity) return '+Inf';
  if (number === -Infinity) return '-Inf';
  if (Number.isInteger(number)) return String(number);
  return String(Number(number.toPrecision(DIGITS)));
}

/** Several values as one text: `0.8125`, `[1, 2]`, or the first of many and how many there are. */
export function listText(texts: readonly string[]): string {
  const [only = ''] = texts;
  if (texts.length <= 1) return only;
  const shown = texts.slice(0, SHOWN_VALUES).join(', ');
  return texts.length > SHOWN_VALUES ? `[${shown}, …] (${texts.length} values)` : `[${shown}]`;
}
