import { expect, test } from 'vitest';
import { turnstile } from '../../src/controller/turnstile.ts';

/** Acts that end when the test says so. */
function acts(limit: number) {
  const turn = turnstile(limit);
  const begun: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<string>>();
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return {
    begun,
    come: (name: string) => {
      const end = Promise.withResolvers<string>();
      ends.set(name, end);
      return turn(() => {
        begun.push(name);
        return end.promise;
      });
    },
    end: async (name: string) => {
      ends.get(name)?.resolve(`${name} done`);
      await settled();
    },
    fail: async (name: string) => {
      ends.get(name)?.reject(new Error(`${name} failed`));
      await settled();
    },
  };
}

test('so many acts are under way, and the next begins when one of them ends', async () => {
  const { begun, come, end } = acts(2);
  for (const name of ['a', 'b', 'c', 'd']) void come(name);
  expect(begun).toEqual(['a', 'b']);
  await end('b');
  expect(begun).toEqual(['a', 'b', 'c']);
  await end('a');
  await end('c');
  await end('d');
  void come('e');
  void come('f');
  void come('g');
  expect(begun).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
});

test('each is answered what came of it, and one that fails makes room as well', async () => {
  const { begun, come, end, fail } = acts(1);
  const first = come('a').catch((error: Error) => error.message);
  const second = come('b');
  await fail('a');
  expect(begun).toEqual(['a', 'b']);
  await end('b');
  expect([await first, await second]).toEqual(['a failed', 'b done']);
});
