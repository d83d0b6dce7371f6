import {
  absDependencies,
  addDependencies,
  ceilDependencies,
  create,
  divideDependencies,
  expDependencies,
  type FactoryFunctionMap,
  floorDependencies,
  logDependencies,
  maxDependencies,
  meanDependencies,
  medianDependencies,
  minDependencies,
  modDependencies,
  multiplyDependencies,
  notDependencies,
  parseDependencies,
  powDependencies,
  quantileSeqDependencies,
  roundDependencies,
  sqrtDependencies,
  subtractDependencies,
  sumDependencies,
  unaryMinusDependencies,
  unaryPlusDependencies,
} from 'mathjs/number';

/**
 * The mathjs that conditions run on: plain numbers, chosen functions, exact comparison.
 * (mathjs calls 0.99 and 0.9900000000001 equal by default, and then `0.99 >= 0.9900000000001` is true.)
 */
export const math = create(
  {
    absDependencies,
    addDependencies,
    ceilDependencies,
    divideDependencies,
    expDependencies,
    floorDependencies,
    logDependencies,
    maxDependencies,
    meanDependencies,
    medianDependencies,
    minDependencies,
    modDependencies,
    multiplyDependencies,
    notDependencies,
    parseDependencies,
    powDependencies,
    quantileSeqDependencies,
    roundDependencies,
    sqrtDependencies,
    subtractDependencies,
    sumDependencies,
    unaryMinusDependencies,
    unaryPlusDependencies,
  } as Record<string, FactoryFunctionMap>,
  // So that what sorts and rounds inside mathjs is exact as well.
  { relTol: 1e-300, absTol: 0 },
);

const quantileSeq = math.quantileSeq as (list: readonly number[], probability: number) => number;

math.import(
  {
    equal: comparison((left, right) => left === right),
    unequal: comparison((left, right) => left !== right),
    smaller: comparison((left, right) => left < right),
    smallerEq: comparison((left, right) => left <= right),
    larger: comparison((left, right) => left > right),
    largerEq: comparison((left, right) => left >= right),
    count: (list: readonly number[]) => list.length,
    first: (list: readonly number[]) => sampleOf(list, 0),
    last: (list: readonly number[]) => sampleOf(list, -1),
    isInf: comparison((number) => number === Infinity || number === -Infinity),
    quantile: (list: readonly number[], probability: number) => {
      // Beyond 1, mathjs takes it for a number of sections and answers a list.
      if (!(probability >= 0 && probability <= 1)) {
        throw new Error(`the second argument of quantile must be between 0 and 1, and is ${probability}`);
      }
      return quantileSeq(list, probability);
    },
  },
  { override: true },
);

/**
 * Every comparison with NaN is false, and `not (NaN > 1)` true: a condition would be decided by the way it
 * happens to be written. So a part that comes to NaN, such as 0/0, is an error.
 */
function comparison(compare: (left: number, right: number) => boolean) {
  return (left: number, right = 0) => {
    if (Number.isNaN(left) || Number.isNaN(right)) {
      throw new Error('a part of it is not a number (NaN), as 0/0, Infinity - Infinity and sqrt(-1) are');
    }
    return compare(left, right);
  };
}

/** undefined would compare as false, and so decide. */
function sampleOf(list: readonly number[], index: 0 | -1): number {
  const sample = list.at(index);
  if (sample === undefined) throw new Error('a list without samples has neither a first nor a last one');
  return sample;
}
