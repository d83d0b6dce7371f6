const MAX_EVALUATIONS = 1_000;

/**
 * A root of a function that has different signs at both ends, within `tolerance` of it: Brent's method (Brent
 * 1973, "Algorithms for Minimization without Derivatives", ch. 4), which interpolates where that is faster
 * than halving and never does worse. Of a function with a jump it finds the jump.
 */
export function brentRoot(
  f: (x: number) => number,
  [from, to]: readonly [number, number],
  tolerance: number,
): number {
  let [previous, best, other] = [from, to, from];
  let [atPrevious, atBest] = [f(from), f(to)];
  let atOther = atPrevious;
  let step = best - previous;
  let stepBefore = step;
  for (let evaluation = 0; evaluation < MAX_EVALUATIONS; evaluation += 1) {
    // The root lies between best and other; best is the nearer one.
    if (Math.abs(atOther) < Math.abs(atBest)) {
      [previous, best, other] = [best, other, best];
      [atPrevious, atBest, atOther] = [atBest, atOther, atBest];
    }
    const precision = 2 * Number.EPSILON * Math.abs(best) + tolerance;
    const half = (other - best) / 2;
    if (Math.abs(half) <= precision || atBest === 0) return best;
    const proposed =
      Math.abs(stepBefore) < precision || Math.abs(atPrevious) <= Math.abs(atBest)
        ? undefined
        : interpolate({ previous, best, other, atPrevious, atBest, atOther });
    const isUseful =
      proposed !== undefined &&
      proposed * half > 0 &&
      Math.abs(proposed) < 1.5 * Math.abs(half) - Math.abs(precision) / 2 &&
      Math.abs(proposed) < Math.abs(stepBefore) / 2;
    [stepBefore, step] = isUseful ? [step, proposed] : [half, half];
    [previous, atPrevious] = [best, atBest];
    best += Math.abs(step) > precision ? step : Math.sign(half) * precision;
    atBest = f(best);
    if (Math.sign(atBest) === Math.sign(atOther)) {
      [other, atOther] = [previous, atPrevious];
      step = best - previous;
      stepBefore = step;
    }
  }
  return best;
}

/** How far from the best point the line, or the inverse parabola, through the points crosses zero. */
function interpolate(points: {
  previous: number;
  best: number;
  other: number;
  atPrevious: number;
  atBest: number;
  atOther: number;
}): number {
  const { previous, best, other, atPrevious, atBest, atOther } = points;
  const s = atBest / atPrevious;
  if (previous === other) return ((other - best) * s) / (s - 1);
  const q = atPrevious / atOther;
  const r = atBest / atOther;
  const numerator = s * ((other - best) * q * (q - r) - (best - previous) * (r - 1));
  return -numerator / ((q - 1) * (r - 1) * (s - 1));
}
