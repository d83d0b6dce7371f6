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
