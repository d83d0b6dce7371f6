import { writeFile } from 'node:fs/promises';
import pc from 'picocolors';
import { conditionTexts } from '../../src/analysis/resolve-metric.ts';
import type { AnalysisRun } from '../../src/api/analysis-run.ts';
import type { Rollout } from '../../src/api/rollout.ts';
import type { RolloutRecord } from '../../src/api/rollout-record.ts';
import type { Change } from '../../src/cluster/port.ts';
import { weightOf } from '../../src/rollout/plan.ts';

/** One line of the timeline; what is not known of it, or does not apply, is left out. */
export interface TimelineEntry {
  /** Seconds since the timeline began. */
  atSeconds: number;
  kind: 'story' | 'action' | 'decision' | 'measurement' | 'alert';
  step?: number;
  /** Percent of the traffic that the canary gets at this moment. */
  weight?: number;
  title: string;
  text: string;
  metric?: string;
  value?: string;
  condition?: string;
  verdict?: string;
}

const COLOURS: Record<string, (text: string) => string> = {
  Advance: pc.green,
  Complete: pc.green,
  Finalise: pc.green,
  Successful: pc.green,
  RollBack: pc.red,
  Abort: pc.red,
  Failed: pc.red,
  Error: pc.red,
  Hold: pc.yellow,
  Inconclusive: pc.yellow,
};

/** Writes down what the cluster says, in the order in which it says so, and prints it as it comes. */
export class Timeline {
  readonly entries: TimelineEntry[] = [];
  readonly #startedAt = performance.now();
  readonly #told = new Set<string>();
  #weight: number | undefined;
  readonly #print: (line: string) => void;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  add(entry: Omit<TimelineEntry, 'atSeconds'>): void {
    const atSeconds = Math.round((performance.now() - this.#startedAt) / 100) / 10;
    const full = { atSeconds, ...entry };
    this.entries.push(full);
    this.#print(lineOf(full));
  }

  /** A new story begins: what was told of former releases stays told. */
  story(title: string, text: string): void {
    this.#print('');
    this.add({ kind: 'story', title, text });
    this.#print(pc.dim('    TIME  STEP  WEIGHT  WHAT'));
  }

  /** The decisions of a record that were not told yet. */
  record({ after }: Change<RolloutRecord>, rollout: Rollout | undefined): void {
    if (!after) return;
    for (const decision of after.status.decisions ?? []) {
      if (!this.#isNew(`${after.metadata.uid}/${decision.sequence}`)) continue;
      if (decision.reason === 'TrafficRouted' && rollout && decision.step)
        this.#weight = weightOf(rollout, decision.step);
      if (decision.reason === 'CanaryRoutesRemoved') this.#weight = undefined;
      this.add({
        kind: 'decision',
        ...(decision.step === undefined ? {} : { step: decision.step }),
        ...(this.#weight === undefined ? {} : { weight: this.#weight }),
        title: decision.decision,
        text: decision.message,
        verdict: decision.reason,
      });
    }
  }

  /** The measurements of a run that were not told yet. */
  run({ after }: Change<AnalysisRun>): void {
    if (!after) return;
    const conditions = conditionTexts(after.spec);
    for (const result of after.status?.metricResults ?? []) {
      for (const measurement of result.measurements) {
        if (!this.#isNew(`${after.metadata.uid}/${result.name}/${measurement.sequence}`)) continue;
        const condition = conditions.get(result.name);
        this.add({
          kind: 'measurement',
          ...(after.spec.key?.step === undefined ? {} : { step: after.spec.key.step }),
          ...(this.#weight === undefined ? {} : { weight: this.#weight }),
          title: measurement.outcome,
          text: measurement.message ?? '',
          metric: result.name,
          ...(measurement.value === undefined ? {} : { value: measurement.value }),
          ...(condition === undefined ? {} : { condition }),
          verdict: measurement.outcome,
        });
      }
    }
  }

  async write(file: string): Promise<void> {
    await writeFile(file, `${JSON.stringify(this.entries, null, 2)}\n`);
  }

  #isNew(key: string): boolean {
    if (this.#told.has(key)) return false;
    this.#told.add(key);
    return true;
  }
}

function lineOf({ atSeconds, kind, step, weight, title, text }: TimelineEntry): string {
  if (kind === 'story') return pc.bold(`${title}\n`) + pc.dim(text);
  const time = `${atSeconds.toFixed(1)}s`.padStart(8);
  const where = (step === undefined ? '' : String(step)).padStart(4);
  const share = (weight === undefined ? '' : `${weight} %`).padStart(6);
  const colour = COLOURS[title] ?? ((plain: string) => plain);
  const marks = { action: '▶', decision: '●', measurement: '·', alert: '✉' } as const;
  return `${pc.dim(time)}  ${where}  ${share}  ${colour(`${marks[kind]} ${title.padEnd(10)}`)} ${text}`;
}
