import betaQuantile from '@stdlib/stats-base-dists-beta-quantile';
import Table from 'cli-table3';
import { Command, InvalidArgumentError } from 'commander';
import { SEQUENTIAL_DEFAULTS } from '../../src/analysis/sequential-test.ts';
import { rivals } from './judges-rivals.ts';
import { CANARY_PODS, POD_REQUESTS, releases, STABLE_PODS, type TrafficPlan } from './judges-traffic.ts';

const RATE = 0.01;
const POD_NOISE = 0.1;
const FALSE_ALARM_LOOKS = [10, 60, 300];
const POWER_LOOKS = 60;
const WORSE = [1.5, 2, 5];

/** Rows without a line between each two, and without colours: the report may go to a file. */
const TABLE = {
  style: { head: [], border: [] },
  chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
};

const BLANK = ['', '', '', '', ''];

/** For each rival, at which look it raised the alarm in each release; undefined if it never did. */
type Alarms = Map<string, (number | undefined)[]>;

/** `bench judges`: how often each judge fails a healthy canary, and how soon it fails a bad one. */
export function judgesBench(): Command {
  return new Command('judges')
    .description('False alarms and time to detect, of fixed limits, repeated tests and the sequential judge.')
    .option('--runs <number>', 'releases for each row', wholeNumber, 1_000)
    .option('--seed <number>', 'seed of the simulated traffic', wholeNumber, 1)
    .action(({ runs, seed }: { runs: number; seed: number }) => {
      process.exitCode = report(runs, seed) ? 0 : 1;
    });
}

/** Prints the tables; whether the sequential judge kept its alpha. */
function report(runs: number, seed: number): boolean {
  const { alpha, ratio } = SEQUENTIAL_DEFAULTS;
  print(
    `${runs} releases a row, seed ${seed}. At each look ${CANARY_PODS} canary pods and ${STABLE_PODS} stable pods have had ` +
      `${POD_REQUESTS} requests each;\n${percent(RATE)} of the stable ones fail. With pod noise, each pod has a ` +
      `factor of its own for the whole release\n(lognormal, σ = ${POD_NOISE}). All judges see the same traffic. ` +
      `Intervals hold with a chance of 95 %.\n`,
  );
  print('Healthy canaries that fail, up to so many looks:');
  const healthy = [
    { name: 'same rate', ratio: 1, podNoise: 0 },
    { name: 'same rate, pod noise', ratio: 1, podNoise: POD_NOISE },
    { name: `${ratio} × the rate, which is allowed`, ratio, podNoise: 0 },
  ];
  const longest = Math.max(...FALSE_ALARM_LOOKS);
  const falseAlarms = new Table({
    ...TABLE,
    head: ['traffic', 'judge', ...FALSE_ALARM_LOOKS.map((looks) => `${looks} looks`)],
  });
  const kept: boolean[] = [];
  for (const [index, { name, ...plan }] of healthy.entries()) {
    const alarms = simulate(name, { rate: RATE, ...plan }, longest, runs, seed + 10 * index);
    if (index > 0) falseAlarms.push(BLANK);
    for (const [place, [judge, looks]] of [...alarms].entries()) {
      const rates = FALSE_ALARM_LOOKS.map((limit) => rateOf(upTo(looks, limit), runs));
      falseAlarms.push([place === 0 ? name : '', judge, ...rates.map(rateText)]);
      if (judge.startsWith('sequential')) kept.push(...rates.map(({ low }) => low <= alpha));
    }
  }
  print(falseAlarms.toString());
  print(`\nBad canaries that fail within ${POWER_LOOKS} looks, and the median look of those that do:`);
  const power = new Table({
    ...TABLE,
    head: ['traffic', 'judge', ...WORSE.map((worse) => `${worse} × the rate`)],
  });
  for (const [index, podNoise] of [0, POD_NOISE].entries()) {
    const traffic = podNoise === 0 ? 'no pod noise' : 'pod noise';
    const byRatio = WORSE.map((worse, place) =>
      simulate(
        `${worse} ×, ${traffic}`,
        { rate: RATE, ratio: worse, podNoise },
        POWER_LOOKS,
        runs,
        seed + 100 + 30 * index + 10 * place,
      ),
    );
    if (index > 0) power.push(BLANK);
    for (const [place, { name }] of rivals(RATE).entries()) {
      power.push([
        place === 0 ? traffic : '',
        name,
        ...byRatio.map((alarms) => powerText(alarms.get(name) ?? [], runs)),
      ]);
    }
  }
  print(power.toString());
  const isKept = kept.every(Boolean);
  print(
    isKept
      ? `\nThe sequential judge stayed at or under its alpha of ${percent(alpha)} within sampling error.`
      : `\nThe sequential judge failed more healthy canaries than its alpha of ${percent(alpha)} allows.`,
  );
  return isKept;
}

/** Shows the same releases to all rivals. */
function simulate(title: string, plan: TrafficPlan, looks: number, runs: number, seed: number): Alarms {
  process.stderr.write(`${title}, ${looks} looks …`);
  const draw = releases(plan, seed);
  const judges = rivals(plan.rate);
  const alarms: Alarms = new Map(judges.map(({ name }) => [name, []]));
  for (let run = 0; run < runs; run += 1) {
    const next = draw();
    const intervals = Array.from({ length: looks }, next);
    for (const { name, watch } of judges) {
      const isAlarm = watch();
      const index = intervals.findIndex((interval) => isAlarm(interval));
      alarms.get(name)?.push(index < 0 ? undefined : index + 1);
    }
  }
  process.stderr.write(' done\n');
  return alarms;
}

function upTo(looks: readonly (number | undefined)[], limit: number): number {
  return looks.filter((look) => look !== undefined && look <= limit).length;
}

/** A part of the runs with its exact 95 % interval (Clopper & Pearson 1934). */
function rateOf(hits: number, runs: number): { rate: number; low: number; high: number } {
  return {
    rate: hits / runs,
    low: hits === 0 ? 0 : betaQuantile(0.025, hits, runs - hits + 1),
    high: hits === runs ? 1 : betaQuantile(0.975, hits + 1, runs - hits),
  };
}

function rateText({ rate, low, high }: ReturnType<typeof rateOf>): string {
  return `${percent(rate)}  [${percent(low)}, ${percent(high)}]`;
}

function powerText(looks: readonly (number | undefined)[], runs: number): string {
  const detected = looks.filter((look) => look !== undefined).toSorted((one, other) => one - other);
  const median = detected[Math.floor(detected.length / 2)];
  return `${rateText(rateOf(detected.length, runs))}, ${median === undefined ? 'never' : `look ${median}`}`;
}

function percent(part: number): string {
  return `${(part * 100).toFixed(part > 0 && part < 0.1 ? 1 : 0)} %`;
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new InvalidArgumentError('Write a whole number above 0.');
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
