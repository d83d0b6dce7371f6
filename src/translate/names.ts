/** Text as a lower-case name of at most 63 letters, as metrics and analyses have. */
export function asName(text: string): string {
  const name = text
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '');
  return name || 'unnamed';
}

/** Text as the name of an argument. */
export function asArgumentName(text: string): string {
  const name = text.replace(/[^-a-zA-Z0-9_]/g, '-');
  return /^[a-zA-Z]/.test(name) ? name : `a${name}`;
}

/** A name that is not taken yet: `latency`, `latency-2`, … */
export function unusedName(wanted: string, taken: readonly string[]): string {
  if (!taken.includes(wanted)) return wanted;
  let number = 2;
  while (taken.includes(`${wanted}-${number}`)) number += 1;
  return `${wanted}-${number}`;
}
