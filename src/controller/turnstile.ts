/** Acts as soon as it is its turn, and answers what came of it. */
export type Turnstile = <T>(act: () => Promise<T>) => Promise<T>;

/** Lets at most `limit` acts be under way at a time; the others wait in the order in which they came. */
export function turnstile(limit: number): Turnstile {
  const waiting: (() => void)[] = [];
  let underWay = 0;

  function leave(): void {
    const next = waiting.shift();
    // The place is handed on, so that nobody who comes now slips in before those that wait.
    if (next) next();
    else underWay -= 1;
  }

  return async (act) => {
    if (underWay < limit) underWay += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await act();
    } finally {
      leave();
    }
  };
}
