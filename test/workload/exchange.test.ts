import { expect, test } from 'vitest';
import { nextReplicas } from '../../src/workload/exchange.ts';
import { partitionSize } from '../../src/workload/partition-size.ts';
import { rollingBudget } from '../../src/workload/rolling-budget.ts';

/** `replicas/available→wanted` of each version, the stable one first; `surge+unavailable`; what is asked for next. */
const moves: [title: string, total: number, budget: string, standings: string, next: number[]][] = [
  ['with surge the new version gets its pod first', 5, '1+0', '5/5→4 0/0→1', [5, 1]],
  ['and the stable one gives a pod once that serves', 5, '1+0', '5/5→4 1/1→1', [4, 1]],
  ['not before', 5, '1+0', '5/5→4 1/0→1', [5, 1]],
  ['without surge both move at once', 5, '0+1', '5/5→4 0/0→1', [4, 1]],
  ['as many as may be missing', 10, '0+3', '10/10→5 0/0→5', [7, 3]],
  ['surge and missing pods add up', 4, '1+1', '4/4→2 0/0→2', [3, 2]],
  ['a new version that never serves takes no more than may be missing', 4, '1+1', '3/3→2 2/0→2', [3, 2]],
  ['a pod that does not serve goes first, whatever may be missing', 5, '0+1', '3/3→5 2/0→0', [5, 0]],
  ['taken back, the stable version grows before the other shrinks', 5, '1+0', '2/2→5 3/3→0', [3, 3]],
  ['of two that shrink the last gives first', 5, '1+0', '3/3→2 0/0→3 3/3→0', [3, 1, 2]],
  ['scaled up, both grow at once', 10, '3+2', '2/2→5 3/3→5', [5, 5]],
  ['scaled down, both shrink at once', 5, '1+0', '5/5→2 5/5→3', [2, 3]],
  ['scaled down with few that serve, those stay', 5, '1+0', '5/0→2 5/5→3', [2, 5]],
  ['a status that lags behind the spec counts no pod twice', 5, '1+0', '3/5→2 2/1→3', [3, 3]],
  ['more than is allowed is not added to', 5, '1+0', '5/5→5 2/2→3', [5, 2]],
  ['scaled to nothing, all go', 0, '0+1', '3/3→0 2/2→0', [0, 0]],
];

test.each(moves)('%s', (_title, total, budget, standings, next) => {
  const [surge = 0, unavailable = 0] = budget.split('+').map(Number);
  const parsed = standings.split(' ').map((standing) => {
    const [replicas = 0, available = 0, wanted = 0] = standing.split(/[/→]/).map(Number);
    return { replicas, available, wanted };
  });
  expect(nextReplicas(parsed, total, { surge, unavailable })).toEqual(next);
});

test.each([
  ['20%', 5, 1],
  ['50%', 5, 3],
  ['90%', 3, 2],
  ['99%', 10, 9],
  ['100%', 3, 3],
  ['50%', 1, 1],
  [3, 3, 3],
  [9, 3, 3],
  ['50%', 0, 0],
  [0, 5, 0],
])(
  'T15: a partition of %s of %i pods is %i: a part never reaches all of several',
  (partition, total, size) => {
    expect(partitionSize(partition, total)).toBe(size);
  },
);

test.each([
  [undefined, 5, { surge: 2, unavailable: 1 }],
  [{}, 1, { surge: 1, unavailable: 0 }],
  // T29: what is left out of one of the two is not written into it, nor taken from the other.
  [{ maxUnavailable: 0 }, 10, { surge: 3, unavailable: 0 }],
  [{ maxSurge: 0 }, 10, { surge: 0, unavailable: 2 }],
  [{ maxSurge: '0%', maxUnavailable: '0%' }, 10, { surge: 0, unavailable: 1 }],
  [{ maxSurge: 0, maxUnavailable: '10%' }, 3, { surge: 0, unavailable: 1 }],
  [{ maxSurge: '100%', maxUnavailable: 9 }, 4, { surge: 4, unavailable: 4 }],
])('a rolling update with %j of %i pods', (settings, total, budget) => {
  expect(rollingBudget(settings, total)).toEqual(budget);
});
