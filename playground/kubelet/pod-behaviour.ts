/** What a pod does once it is bound. */
export type Behaviour =
  | {
      kind: 'serves';
      /** The part of the requests, 0 to 1, that is answered with 500. */
      errorShare: number;
      /** Waited before each answer. */
      latencyMs: number;
    }
  | { kind: 'image-missing' }
  | { kind: 'crashes' };

/**
 * Chooses a behaviour by the words in an image's tag:
 * `failed` cannot be pulled; `crash` starts and ends again and again; `errors` answers 20 % of the requests with
 * 500, `errors50` 50 %; `slow` takes 400 ms longer, `slow900` 900 ms. Any other tag, or none, is healthy.
 */
export function behaviourOf(image: string): Behaviour {
  const words = tagOf(image).split(/[^a-z0-9]+/);
  if (words.includes('failed')) return { kind: 'image-missing' };
  if (words.some((word) => /^crash(es|ing)?$/.test(word))) return { kind: 'crashes' };
  return {
    kind: 'serves',
    errorShare: Math.min(numberAfter('errors', words, 20), 100) / 100,
    latencyMs: numberAfter('slow', words, 400),
  };
}

/** The tag of an image in lower case, or ''. A colon before the last slash is that of a registry's port. */
export function tagOf(image: string): string {
  const [name = ''] = image.split('@');
  const lastPart = name.slice(name.lastIndexOf('/') + 1);
  const colon = lastPart.indexOf(':');
  return colon < 0 ? '' : lastPart.slice(colon + 1).toLowerCase();
}

/** The number that stands behind `prefix`, `bare` where the prefix stands alone, 0 without it. */
function numberAfter(prefix: string, words: readonly string[], bare: number): number {
  for (const word of words) {
    const digits = word.startsWith(prefix) ? word.slice(prefix.length) : undefined;
    if (digits === '') return bare;
    if (digits !== undefined && /^\d+$/.test(digits)) return Number(digits);
  }
  return 0;
}
