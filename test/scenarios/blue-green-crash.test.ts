import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Deployment, HorizontalPodAutoscaler, KubeObject, Pod } from '../../src/api/kubernetes.ts';
import { type Resource, resources } from '../../src/api/resource.ts';
import { imageTag } from '../world/kubelet.ts';
import { type PlayOptions, playScenario } from './run-scenario.ts';
import { NAMESPACE, readScenario, SCENARIOS, type Scenario } from './scenario.ts';

/** A controller that dies at each write needs a second for each. */
const SLOWER = 5;

/** What a crash can do: before a write every other time, since it would never get anywhere else; or after every one. */
const DEATHS: Record<string, () => NonNullable<PlayOptions['diesAtWrite']>> = {
  'before each of its writes': () => {
    let writes = 0;
    return () => (writes++ % 2 === 0 ? 'before' : undefined);
  },
  'after each of its writes': () => () => 'after',
};

/** How a blue-green release can end, and the version that every pod has to run then. */
const ENDS: [scenario: string, version: string, isPaused: boolean][] = [
  ['blue-green-is-promoted', 'v2', false],
  ['blue-green-is-rolled-back-in-the-middle', 'v1', false],
  ['blue-green-failed-analysis-rolls-back', 'v1', false],
  ['blue-green-deleted-mid-release-keeps-stable', 'v1', true],
  ['blue-green-autoscaler-survives-a-crash', 'v1', true],
];

describe.each(ENDS)('%s', (name, version, isPaused) => {
  const scenario = slower(readScenario(join(SCENARIOS, name, 'scenario.yaml')));
  const authored = scenario.objects.find(({ kind }) => kind === 'Deployment') as Deployment;

  test.each(Object.entries(DEATHS))(
    'ends as it should with a controller that dies %s',
    async (_when, deaths) => {
      const { world } = await playScenario(scenario, { diesAtWrite: deaths() });
      const all = <T extends KubeObject>(resource: Resource) =>
        world.memory.stores.of<T>(resource).list(NAMESPACE);

      const [autoscaler] = all<HorizontalPodAutoscaler>(resources.autoscaler);
      expect(autoscaler?.spec.scaleTargetRef.name).toBe('echoserver');
      const pods = all<Pod>(resources.pod).map(({ spec }) => imageTag({ ...spec }));
      expect(pods).toEqual(Array.from({ length: 5 }, () => version));
      const [{ metadata, spec } = authored] = all<Deployment>(resources.deployment);
      const { template: _template, paused = false, ...settings } = spec;
      const { template: _before, ...before } = authored.spec;
      expect({ paused, settings }).toEqual({ paused: isPaused, settings: before });
      expect(
        Object.keys(metadata.annotations ?? {}).filter((key) => key.startsWith('rollouts.kruise.io')),
      ).toEqual([]);
      expect(all(resources.service).map((each) => each.metadata.name)).toEqual(['echoserver']);
      expect(all(resources.ingress).map((each) => each.metadata.name)).toEqual(['echoserver']);
    },
  );
});

function slower(scenario: Scenario): Scenario {
  const events = scenario.events.map((event) => ({ ...event, at: event.at * SLOWER }));
  return { ...scenario, events, end: scenario.end * SLOWER };
}
