import { resolveMetrics } from '../analysis/resolve-metric.ts';
import type { AnalysisRun } from '../api/analysis-run.ts';
import type { Clock } from '../clock.ts';
import { analysisTable, countText } from './analysis-table.ts';
import type { Screen } from './terminal.ts';

/** Shows how a run goes on. */
export interface Progress {
  show(run: AnalysisRun): void;
  /** Shows the last state for good. */
  end(): void;
}

const REDRAW_MS = 1_000;

/** A table that stays where it is and counts down. */
export function liveTable(screen: Screen, clock: Clock): Progress {
  let shown: AnalysisRun | undefined;
  let lines = 0;
  let cancel = () => {};
  const draw = () => {
    cancel();
    if (!shown) return;
    const text = analysisTable(shown, clock.now(), screen);
    const up = lines > 0 ? `\u001b[${lines}A\u001b[0J` : '';
    screen.write(`${up}${text}\n`);
    lines = text.split('\n').length;
    cancel = clock.after(REDRAW_MS, draw);
  };
  return {
    show: (run) => {
      shown = run;
      draw();
    },
    end: () => {
      draw();
      cancel();
    },
  };
}

/** One line for each measurement, for logs. */
export function plainLines(screen: Screen): Progress {
  const told = new Map<string, number>();
  return {
    show: (run) => {
      const counts = new Map(resolveMetrics(run.spec).map(({ name, count }) => [name, count]));
      for (const result of run.status?.metricResults ?? []) {
        const from = told.get(result.name) ?? 0;
        for (const { sequence, finishedAt, outcome, value, message = value } of result.measurements) {
          if (sequence < from) continue;
          const counted = countText(result, counts.get(result.name));
          screen.write(`${finishedAt} ${result.name} (${counted}) ${outcome}: ${message}\n`);
        }
        told.set(result.name, result.nextSequence);
      }
    },
    end: () => {},
  };
}
