import type { Metric } from '../api/analysis-template.ts';
import type { Score } from '../api/judge-schemas.ts';
import type { SchemaFault } from '../api/kind.ts';

const PERCENT = 100;
/** Weights such as 33.3 are sums of binary fractions. */
const ROUNDING = 1e-6;

interface Scored {
  score?: Score | undefined;
  metrics: readonly Metric[];
}

/** What is wrong with a score and the metrics that count in it, all of which are here. */
export function checkScore({ score, metrics }: Scored): SchemaFault[] {
  if (!score) return metrics.flatMap(checkWithoutScore);
  return [
    ...checkOwn({ score, metrics }),
    ...checkGroups(score, metrics),
    ...metrics.flatMap((metric, index) => checkScored(metric, index, score)),
  ];
}

/** The same for a template by itself: where it nests others, theirs are not here; without a score it may be nested. */
export function checkOwnScore(spec: Scored & { templates?: readonly unknown[] | undefined }): SchemaFault[] {
  if (!spec.score) return [];
  return (spec.templates ?? []).length === 0 ? checkScore(spec) : checkOwn(spec);
}

/** What is wrong with the score itself, and with metrics whatever stands beside them. */
function checkOwn({ score }: Scored): SchemaFault[] {
  if (!score) return [];
  const { pass, marginal, groups } = score;
  const faults: SchemaFault[] = [];
  for (const [field, value] of Object.entries({ pass, marginal })) {
    if (value > 0 && value <= PERCENT) continue;
    const message = `must be above 0 and at most 100, and is ${value}`;
    faults.push({ path: `spec.score.${field}`, message });
  }
  if (pass < marginal) {
    const message = `must not be above pass (${pass}), and is ${marginal}`;
    faults.push({ path: 'spec.score.marginal', message });
  }
  for (const [index, { name, weight }] of groups.entries()) {
    const at = `spec.score.groups[${index}]`;
    if (groups.findIndex((other) => other.name === name) < index) {
      faults.push({ path: `${at}.name`, message: `the group ${name} is there twice` });
    }
    if (!(weight > 0)) faults.push({ path: `${at}.weight`, message: `must be above 0, and is ${weight}` });
  }
  const sum = groups.reduce((all, { weight }) => all + weight, 0);
  if (Math.abs(sum - PERCENT) > ROUNDING) {
    faults.push({ path: 'spec.score.groups', message: `the weights must sum to 100, and sum to ${sum}` });
  }
  return faults;
}

function checkGroups({ groups }: Score, metrics: readonly Metric[]): SchemaFault[] {
  const judged = metrics.filter(({ mannWhitney, dryRun }) => mannWhitney && !dryRun);
  if (judged.length === 0) {
    const message = 'joins mannWhitney metrics, and there is none that is no dry run; take the score away';
    return [{ path: 'spec.score', message }];
  }
  return groups.flatMap(({ name }, index) =>
    judged.some(({ mannWhitney }) => mannWhitney?.group === name)
      ? []
      : [
          {
            path: `spec.score.groups[${index}].name`,
            message: `no mannWhitney metric that decides has the group ${name}; name it in one, or take it away`,
          },
        ],
  );
}

function checkScored({ mannWhitney, noData }: Metric, index: number, { groups }: Score): SchemaFault[] {
  if (!mannWhitney) return [];
  const path = `spec.metrics[${index}]`;
  const names = groups.map(({ name }) => name).join(', ');
  const { group } = mannWhitney;
  const faults: SchemaFault[] = [];
  if (group === undefined) {
    const message = `is in no group of the score; give it one of ${names}`;
    faults.push({ path: `${path}.mannWhitney.group`, message });
  } else if (!groups.some(({ name }) => name === group)) {
    const message = `the score has no group ${group}; it has ${names}`;
    faults.push({ path: `${path}.mannWhitney.group`, message });
  }
  if (noData === 'Pass') {
    const message = 'cannot be Pass in a score, where a metric without data is left out; take it away';
    faults.push({ path: `${path}.noData`, message });
  }
  return faults;
}

function checkWithoutScore({ mannWhitney }: Metric, index: number): SchemaFault[] {
  return (['group', 'critical'] as const).flatMap((field) =>
    mannWhitney?.[field] === undefined
      ? []
      : [
          {
            path: `spec.metrics[${index}].mannWhitney.${field}`,
            message: 'means nothing without spec.score; add one, or take it away',
          },
        ],
  );
}
