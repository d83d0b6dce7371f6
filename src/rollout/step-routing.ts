import { sameJson } from '../api/canonical.ts';
import type { Ingress, Service } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import { parseTime } from '../api/timestamp.ts';
import { canaryIngress } from '../traffic/nginx-ingress.ts';
import { canaryService } from '../traffic/services.ts';
import { isOurs, type StepContext, stall, timestamp, wait, withRelease, withTraffic } from './context.ts';
import type { Act, Outcome } from './decision.ts';
import { gracePeriodMs, routingOf, weightOf } from './plan.ts';

/** Gives the canary its share of the requests, and one grace period for the routes to be felt. */
export function decideRouting(context: StepContext): Outcome {
  const { snapshot, release, step, now } = context;
  const routes = routeActs(context);
  if ('stall' in routes) return routes.stall;
  const weight = weightOf(snapshot.rollout, step.index);
  if (routes.acts.length > 0) {
    return {
      ...wait('WaitingForRoutes', `routing ${weight} % of the traffic to the canary`),
      acts: routes.acts,
    };
  }
  const routedAt = parseTime(step.routedAt);
  if (routedAt === undefined) {
    const at = timestamp(context);
    // Routes taken down for an earlier step of this release are up again, so their removal counts no more.
    const { routesRemovedAt: _removed, ...routed } = release;
    return {
      decision: 'Wait',
      reason: 'GracePeriod',
      message: `${weight} % of the traffic is routed to the canary`,
      record: withRelease(snapshot.record, {
        ...routed,
        routedAt: release.routedAt ?? at,
        step: { ...step, routedAt: at },
      }),
    };
  }
  const feltAt = routedAt + gracePeriodMs(snapshot.rollout);
  if (now < feltAt) return wait('GracePeriod', 'waiting until the new routes are felt everywhere', feltAt);
  return {
    decision: 'Route',
    reason: 'TrafficRouted',
    message: `${weight} % of the traffic reaches the canary`,
    record: withRelease(snapshot.record, withTraffic(context, { ...step, state: 'StepMetricsAnalysis' })),
  };
}

/**
 * What is missing so that the canary gets its share: nothing when all is as it should be. Service before
 * Ingress, since a route to a Service that does not exist answers errors.
 */
export function routeActs(context: StepContext): { acts: Act[] } | { stall: Outcome } {
  const { snapshot, release, step } = context;
  const { service, ingress, canaryService: presentService, canaryIngress: presentIngress } = snapshot.traffic;
  const weight = weightOf(snapshot.rollout, step.index);
  const routing = routingOf(snapshot.rollout);
  if (weight === undefined || !routing) return { acts: [] };
  if (!service) {
    return { stall: stall('ServiceNotFound', `Service ${routing.service} is gone; create it again`) };
  }
  const wantedService = canaryService(snapshot.rollout, service, release.canary.hash ?? '');
  const taken = [presentService, presentIngress].find((object) => object && !isOurs(context, object));
  if (taken) {
    return {
      stall: stall(
        'NameTaken',
        `${taken.kind} ${taken.metadata.name} belongs to somebody else; rename or delete it`,
      ),
    };
  }
  const acts = [...serviceActs(presentService, wantedService)];
  if (routing.ingress) {
    if (!ingress) {
      return { stall: stall('IngressNotFound', `Ingress ${routing.ingress.name} is gone; create it again`) };
    }
    const names = { stable: service.metadata.name, canary: wantedService.metadata.name };
    acts.push(
      ...ingressActs(presentIngress, canaryIngress(snapshot.rollout, ingress, names, weight), weight),
    );
  }
  return { acts };
}

function serviceActs(present: Service | undefined, wanted: Service): Act[] {
  const why = 'the Service of the canary pods';
  if (!present) return [{ verb: 'create', resource: resources.service, object: wanted, why }];
  if (sameJson(present.spec.selector, wanted.spec.selector)) return [];
  const object = { ...present, spec: { ...present.spec, selector: wanted.spec.selector ?? {} } };
  return [{ verb: 'replace', resource: resources.service, object, why }];
}

function ingressActs(present: Ingress | undefined, wanted: Ingress, weight: number): Act[] {
  const why = `weight ${weight}`;
  if (!present) return [{ verb: 'create', resource: resources.ingress, object: wanted, why }];
  const same =
    sameJson(present.metadata.annotations, wanted.metadata.annotations) &&
    sameJson(present.spec.rules, wanted.spec.rules);
  if (same) return [];
  const metadata = { ...present.metadata, annotations: wanted.metadata.annotations ?? {} };
  const object: Ingress = { ...present, metadata, spec: wanted.spec };
  return [{ verb: 'replace', resource: resources.ingress, object, why }];
}
