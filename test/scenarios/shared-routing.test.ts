import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TRAFFIC_ROUTING_FINALIZER } from '../../src/api/annotations.ts';
import type { HttpRoute } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import type { SharedRouting } from '../../src/api/traffic-routing.ts';
import { type PlayOptions, playScenario, WARM_UP_MS } from './run-scenario.ts';
import { NAMESPACE, readScenario, SCENARIOS, type Scenario } from './scenario.ts';

/** A controller that dies at each write needs a second for each. */
const SLOWER = 5;

const scenarioOf = (name: string) => readScenario(join(SCENARIOS, name, 'scenario.yaml'));

const DEATHS: Record<string, () => NonNullable<PlayOptions['diesAtWrite']>> = {
  // Every other time, since it would never get anywhere else.
  'before each of its writes': () => {
    let writes = 0;
    return () => (writes++ % 2 === 0 ? 'before' : undefined);
  },
  'after each of its writes': () => () => 'after',
};

test.each(Object.entries(DEATHS))(
  'a TrafficRouting ends as it should with a controller that dies %s',
  async (_when, deaths) => {
    const scenario = slower(scenarioOf('shared-routing-missing-stalls'));
    const { world } = await playScenario(scenario, { diesAtWrite: deaths() });
    const { stores } = world.memory;
    const [route] = stores.of<HttpRoute>(resources.httpRoute).list(NAMESPACE);
    expect([route?.metadata.annotations, route?.spec]).toEqual([
      undefined,
      { rules: [{ backendRefs: [{ name: 'web', port: 80, weight: 7 }] }] },
    ]);
    const [routing] = stores.of<SharedRouting>(resources.trafficRouting).list(NAMESPACE);
    expect([routing?.metadata.finalizers, routing?.status?.phase]).toEqual([
      [TRAFFIC_ROUTING_FINALIZER],
      'Healthy',
    ]);
  },
);

test('a TrafficRouting whose routes are set causes no writes', async () => {
  const scenario = scenarioOf('shared-routing-marks-for-two-rollouts');
  const { writes } = await playScenario({ ...scenario, end: scenario.end + 600_000 });
  const late = writes.filter(({ at, actor }) => actor === 'assay' && at > WARM_UP_MS + scenario.end);
  expect(late.map(({ verb, object }) => `${verb} ${object.kind}`)).toEqual([]);
});

function slower(scenario: Scenario): Scenario {
  const events = scenario.events.map((event) => ({ ...event, at: event.at * SLOWER }));
  return { ...scenario, events, end: scenario.end * SLOWER };
}
