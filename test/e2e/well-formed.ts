const VOID = new Set(['meta', 'br', 'hr', 'img', 'input', 'link']);

/** What is wrong with the nesting and the escaping of a page: tags that do not match, stray `<` and `&`. */
export function markupFaults(page: string): string[] {
  const faults: string[] = [];
  const open: string[] = [];
  const body = page.replace(/^<!doctype html>/i, '').replace(/<style>[^<]*<\/style>/g, '');
  let rest = 0;
  for (const match of body.matchAll(/<(\/?)([a-z][a-z0-9]*)((?:\s+[\w-]+="[^"<]*")*)\s*(\/?)>/gi)) {
    faults.push(...strayIn(body.slice(rest, match.index)));
    rest = match.index + match[0].length;
    const [, closing, name = '', , selfClosing] = match;
    if (closing) {
      const last = open.pop();
      if (last !== name) faults.push(`</${name}> closes <${last}>`);
    } else if (!selfClosing && !VOID.has(name)) {
      open.push(name);
    }
  }
  faults.push(...strayIn(body.slice(rest)));
  return [...faults, ...open.map((name) => `<${name}> is never closed`)];
}

function strayIn(text: string): string[] {
  return [...text.matchAll(/<|&(?!(?:amp|lt|gt|quot|#39);)/g)].map(
    ({ index }) => `stray markup: ${text.slice(index, index + 40)}`,
  );
}
