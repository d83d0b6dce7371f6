/** How one sample ranks in the pool of two. */
export interface RankSum {
  /** The Mann–Whitney U of the first sample: in how many pairs its value is the larger, ties counting half. */
  u: number;
  /** The sum of t³ − t over the groups of t equal values; 0 without ties. */
  ties: number;
}

/**
 * Ranks two samples, both sorted from the least, after `shift` was taken from each value of the first. Equal
 * values share the mean of their ranks.
 */
export function rankSum(first: readonly number[], second: readonly number[], shift = 0): RankSum {
  let ranks = 0;
  let ties = 0;
  let firstSeen = 0;
  let secondSeen = 0;
  while (firstSeen < first.length || secondSeen < second.length) {
    const value = Math.min(
      (first[firstSeen] ?? Number.POSITIVE_INFINITY) - shift,
      second[secondSeen] ?? Number.POSITIVE_INFINITY,
    );
    let firstEqual = 0;
    while ((first[firstSeen + firstEqual] ?? Number.NaN) - shift === value) firstEqual += 1;
    let secondEqual = 0;
    while (second[secondSeen + secondEqual] === value) secondEqual += 1;
    const equal = firstEqual + secondEqual;
    if (equal === 0) throw new Error('only numbers can be ranked');
    ranks += firstEqual * (firstSeen + secondSeen + (equal + 1) / 2);
    ties += equal ** 3 - equal;
    firstSeen += firstEqual;
    secondSeen += secondEqual;
  }
  return { u: ranks - (first.length * (first.length + 1)) / 2, ties };
}

/** The variance of U if both samples come from one distribution, corrected for ties; 0 if all values are equal. */
export function varianceOfU(first: number, second: number, ties: number): number {
  const all = first + second;
  // In whole numbers, so that it is exactly 0 when everything is tied.
  return (first * second * (all * (all - 1) * (all + 1) - ties)) / (12 * all * (all - 1));
}

/**
 * The probability of each U, 0 to first × second, if both samples come from one distribution without ties
 * (Mann & Whitney 1947): the largest value belongs to one sample or to the other, which gives the recurrence.
 */
export function distributionOfU(first: number, second: number): number[] {
  const size = first * second + 1;
  // arrangements[j] counts, for the size of the first sample so far and j values of the second, those of each U.
  let arrangements = Array.from({ length: second + 1 }, () => [1]);
  for (let i = 1; i <= first; i += 1) {
    const next: number[][] = [[1]];
    for (let j = 1; j <= second; j += 1) {
      const without = arrangements[j] ?? [];
      const within = next[j - 1] ?? [];
      next.push(Array.from({ length: size }, (_, u) => (without[u - j] ?? 0) + (within[u] ?? 0)));
    }
    arrangements = next;
  }
  const counts = Array.from({ length: size }, (_, u) => arrangements[second]?.[u] ?? 0);
  const all = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => count / all);
}
