import { fromGoDuration } from './go-duration.ts';
import type { Ledger } from './ledger.ts';
import type { Located } from './source-document.ts';

/** A step of the plan as a Rollout of Kruise has it: how much traffic, and how it is left. */
export interface PlannedStep {
  traffic: string;
  pause: string | undefined;
}

/** The steps of a canary of Argo Rollouts, and of each of its analyses the step that it judges. */
export interface Plan {
  steps: PlannedStep[];
  /** 1-based step by the index in `steps` of Argo Rollouts. */
  stepOf: Map<number, number>;
}

const ADVICE: Record<string, string> = {
  experiment:
    'there are no experiments: compare canary and stable pods in one query, or by the judge mannWhitney',
  setCanaryScale: 'the number of canary pods of a step is its `replicas` in the Rollout',
  setHeaderRoute: 'requests with a header go to the canary by `matches` of a step in the Rollout',
  setMirrorRoute: 'requests are not mirrored',
  plugin: 'there are no plugins',
};

/** Reads the plan: each setWeight is a step, what follows it belongs to that step. */
export function readPlan(steps: Located, ledger: Ledger): Plan {
  const planned: PlannedStep[] = [];
  const stepOf = new Map<number, number>();
  for (const [index, step] of steps.items().entries()) {
    const [what = ''] = step.keys();
    if (what === 'setWeight') {
      planned.push({ traffic: `${step.at('setWeight').text()}%`, pause: undefined });
      ledger.translated(step, `step ${planned.length} of the Rollout: traffic: ${planned.at(-1)?.traffic}`);
    } else if (what === 'pause') {
      const duration = step.at('pause', 'duration').text();
      const last = planned.at(-1);
      const pause = duration === undefined ? 'until a person approves' : `at least ${pauseText(duration)}`;
      if (last) last.pause = pause;
      const where = last ? `step ${planned.length} of the Rollout` : 'the first step';
      ledger.changed(
        step,
        `${where} pauses ${pause}; with a guard, a pause without a duration is over when the analysis passes`,
      );
    } else if (what === 'analysis') {
      stepOf.set(index, Math.max(planned.length, 1));
      if (planned.length === 0) {
        ledger.changed(
          step,
          'comes before any traffic, where nothing of the canary can be measured; it judges step 1',
        );
      }
    } else {
      ledger.refused(step, ADVICE[what] ?? 'the step is not known');
    }
  }
  return { steps: planned, stepOf };
}

/** A pause is a number of seconds or a duration. */
function pauseText(duration: string): string {
  return /^\d+$/.test(duration) ? `${duration}s` : (fromGoDuration(duration) ?? duration);
}

/** The plan in one sentence: `1: traffic 20%, pauses at least 5m; 2: …`. */
export function planText(steps: readonly PlannedStep[]): string {
  return steps
    .map(
      ({ traffic, pause }, index) =>
        `${index + 1}: traffic ${traffic}${pause === undefined ? '' : `, pauses ${pause}`}`,
    )
    .join('; ');
}
