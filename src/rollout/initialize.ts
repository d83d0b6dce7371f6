import { resources } from '../api/resource.ts';
import { routesTo } from '../traffic/nginx-ingress.ts';
import { heldWorkload } from '../workload/deployment-canary.ts';
import { startRelease } from './between.ts';
import { type Context, currentRevision, replaceAct, stall } from './context.ts';
import type { Outcome } from './decision.ts';
import { cancel } from './ending.ts';
import { presentGuard } from './guard.ts';
import { keepStableTemplate } from './kept-template.ts';
import { routingOf } from './plan.ts';
import { enterStep } from './step.ts';

/** A release has an id and has touched nothing but the workload's pause: check all that it needs, then enter step 1. */
export function decideInitializing(context: Context): Outcome {
  const { snapshot, workload, release, now } = context;
  const revision = currentRevision(context);
  if (revision === release.stable.revision) return cancel(context, 'StableTemplateRestored');
  if (revision !== release.revision)
    return startRelease(snapshot, workload, release.stable, 'ContinuousRelease', now);
  const missing = missingRoute(context);
  if (missing) return missing;
  const guard = presentGuard(snapshot);
  if (guard.kind === 'faulty') return stall('GuardNotReady', guard.message);
  const kept = keepStableTemplate(context);
  if (!kept) {
    return stall(
      'StableTemplateLost',
      `no ReplicaSet has the stable template ${release.stable.hash} any more, so the release could not be rolled back; ` +
        'raise revisionHistoryLimit and restore the former template',
    );
  }
  const held = replaceAct(
    resources.deployment,
    workload.deployment,
    heldWorkload(snapshot.rollout, workload.deployment),
    'hold the workload',
  );
  const pinned = guard.kind === 'guard' ? { ...release, guard: guard.guard } : release;
  const entered = enterStep({ ...context, release: { ...pinned, stage: 'InRolling' } }, 1, 'StepEntered');
  return { ...entered, acts: [...held, ...kept] };
}

function missingRoute({ snapshot }: Context): Outcome | undefined {
  const routing = routingOf(snapshot.rollout);
  if (!routing) return undefined;
  const { service, ingress } = snapshot.traffic;
  if (!service) {
    return stall(
      'ServiceNotFound',
      `Service ${routing.service} of trafficRoutings does not exist; create it`,
    );
  }
  if (!routing.ingress) return undefined;
  if (!ingress) {
    return stall(
      'IngressNotFound',
      `Ingress ${routing.ingress.name} of trafficRoutings does not exist; create it`,
    );
  }
  if (routesTo(ingress, routing.service)) return undefined;
  return stall(
    'IngressHasNoRoute',
    `Ingress ${routing.ingress.name} has no path to Service ${routing.service}; correct one of the two`,
  );
}
