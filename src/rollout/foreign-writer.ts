import { parseTime } from '../api/timestamp.ts';
import { holdsPin, type StepContext, timestamp, wait, withRelease } from './context.ts';
import type { Outcome } from './decision.ts';
import { hold } from './failure.ts';
import { pinActs } from './pinning.ts';
import { routedShare } from './routed-share.ts';

/** Two reverts of one field within this time are no accident. */
const WINDOW_MS = 300_000;

/**
 * Somebody changed `field`, which the release has set, and `repair` sets it again. The second time within five minutes
 * the step is held and a person is told: two writers who undo each other would go on for ever.
 */
export function repairAndCount(context: StepContext, field: string, repair: Outcome): Outcome {
  const { snapshot, release, step, now } = context;
  const recent = (release.reverts ?? []).filter(({ at }) => now - (parseTime(at) ?? 0) < WINDOW_MS);
  const isAgain = recent.some((revert) => revert.field === field);
  const noted = { ...release, reverts: [...recent, { field, at: timestamp(context) }].slice(-10) };
  if (!isAgain || step.hold) return { ...repair, record: withRelease(snapshot.record, noted) };
  const held = hold(
    { ...context, release: noted },
    {
      state: step.state === 'StepMetricsAnalysis' ? 'StepPaused' : step.state,
      reason: 'ForeignWriter',
      message: `${field} was changed twice within five minutes by somebody else; each time it was set again`,
      evidence: [],
      event: 'Waiting',
      next: `see who writes ${field} (kubectl get --show-managed-fields), and let that leave it alone while a release is under way`,
    },
  );
  return { ...held, acts: repair.acts ?? [] };
}

/** The stable Service is pinned again where somebody took the pin away while the canary has its traffic. */
export function repairedPin(context: StepContext): Outcome | undefined {
  const { snapshot, release, step } = context;
  const { service } = snapshot.traffic;
  if (!service || !holdsPin(release) || step.state === 'BeforeStepUpgrade' || !routedShare(context))
    return undefined;
  const acts = pinActs(context, service);
  if (acts.length === 0) return undefined;
  const repair = { ...wait('WaitingForRoutes', 'the stable Service was changed and is pinned again'), acts };
  return repairAndCount(context, `spec.selector of Service ${service.metadata.name}`, repair);
}
