import type { MomentOutcome } from './judged-sample.ts';
import type { Side } from './threshold.ts';

/** A moment at which a metric was not successful. */
export interface BadMoment {
  at: number;
  outcome: Exclude<MomentOutcome, 'Successful'>;
  value: number | undefined;
  message: string;
}

/** Bad moments of one metric and one outcome that belong together. */
export interface Episode {
  metric: string;
  /** Whether the metric decides nothing. */
  dryRun: boolean;
  outcome: BadMoment['outcome'];
  /** The first and the last bad moment. */
  from: number;
  to: number;
  moments: number;
  worst: BadMoment;
}

const SEVERITY = ['Failed', 'Error', 'Inconclusive', 'NoData'] as const satisfies BadMoment['outcome'][];

/**
 * Groups the bad moments of a metric, which are in order of time: those of one outcome with at most `gapMs` between
 * them are one episode. `bad` is on which side of the threshold values are bad, where that is known: the worst moment
 * is then the one furthest out, else the first.
 */
export function episodesOf(
  { name, dryRun }: { name: string; dryRun: boolean },
  moments: readonly BadMoment[],
  gapMs: number,
  bad: Side | undefined,
): Episode[] {
  return SEVERITY.flatMap((outcome) => {
    const episodes: Episode[] = [];
    for (const moment of moments.filter((each) => each.outcome === outcome)) {
      const current = episodes.at(-1);
      if (current && moment.at - current.to <= gapMs) {
        current.to = moment.at;
        current.moments += 1;
        if (isWorse(moment, current.worst, bad)) current.worst = moment;
      } else {
        episodes.push({
          metric: name,
          dryRun,
          outcome,
          from: moment.at,
          to: moment.at,
          moments: 1,
          worst: moment,
        });
      }
    }
    return episodes;
  });
}

function isWorse({ value }: BadMoment, { value: worst }: BadMoment, bad: Side | undefined): boolean {
  if (value === undefined || worst === undefined || !bad) return false;
  return bad === 'below' ? value < worst : value > worst;
}

/** The worst first: by severity, then the longest, then the oldest. */
export function byWeight(left: Episode, right: Episode): number {
  return (
    SEVERITY.indexOf(left.outcome) - SEVERITY.indexOf(right.outcome) ||
    right.moments - left.moments ||
    left.from - right.from
  );
}
