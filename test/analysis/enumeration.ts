/** The probability of each number of successes, 0 to `trials`: by adding one trial after the other. */
export function binomialProbabilities(trials: number, chance: number): number[] {
  let probabilities = [1];
  for (let trial = 0; trial < trials; trial += 1) {
    const before = probabilities;
    probabilities = Array.from(
      { length: before.length + 1 },
      (_, successes) => (before[successes] ?? 0) * (1 - chance) + (before[successes - 1] ?? 0) * chance,
    );
  }
  return probabilities;
}

/** All ways to take `size` of the values, as pairs of what is taken and what is left. */
export function splits<Value>(values: readonly Value[], size: number): [taken: Value[], left: Value[]][] {
  const [first, ...rest] = values;
  if (first === undefined) return size === 0 ? [[[], []]] : [];
  const taking = splits(rest, size - 1).map(([taken, left]): [Value[], Value[]] => [[first, ...taken], left]);
  const leaving = splits(rest, size).map(([taken, left]): [Value[], Value[]] => [taken, [first, ...left]]);
  return size === 0 ? leaving : [...taking, ...leaving];
}

/** Two samples without ties, of `first` and `second` values, of which the first is the larger in `u` pairs. */
export function samplesWithU(first: number, second: number, u: number): [number[], number[]] {
  const above = Array.from({ length: first }, (_, index) =>
    Math.min(Math.max(u - index * second, 0), second),
  );
  return [
    above.map((below, index) => below + 0.5 + index / (4 * first)),
    Array.from({ length: second }, (_, index) => index + 1),
  ];
}
