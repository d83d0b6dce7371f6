import type { HttpRoute } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import { participantsOf, type SharedRouting } from '../../src/api/traffic-routing.ts';
import type { Write } from '../world/world.ts';
import { authoredOf, PART, present, type Stage } from './stage.ts';
import type { Broken } from './traffic-rules.ts';

/** What must hold when the controller makes pods of a canary: their requests are marked. */
export function unmarkedCanary(stage: Stage, { verb, object }: Write): Broken[] {
  if (!authoredOf(stage, 'TrafficRouting') || object.kind !== 'Deployment' || verb !== 'create') return [];
  if (stage.world.clock.monotonic() < stage.unsettledUntil) return [];
  const routing = present<SharedRouting>(stage, resources.trafficRouting);
  const isMarked = routing && participantsOf(routing).includes(PART.name) && routing.status?.routedAt;
  return isMarked ? [] : [['no canary is made before its requests are marked', object.metadata.name]];
}

/** What must hold at any second: where no release needs the marks there are none. */
export function settledMarks(stage: Stage): Broken[] {
  const routing = present<SharedRouting>(stage, resources.trafficRouting);
  const route = present<HttpRoute>(stage, resources.httpRoute);
  if (routing?.status?.phase !== 'Healthy' || participantsOf(routing).length > 0 || !route) return [];
  const marks = JSON.stringify(route).includes('x-lane');
  return marks ? [['a route has no marks while no release needs them', route.metadata.name]] : [];
}
