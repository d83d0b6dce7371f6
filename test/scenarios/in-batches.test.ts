import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { NO_NEED_UPDATE_LABEL, ROLLOUT_BATCH_ID_LABEL, ROLLOUT_ID_LABEL } from '../../src/api/annotations.ts';
import type { Pod, Workload } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import type { RolloutRecord } from '../../src/api/rollout-record.ts';
import { imageTag } from '../world/kubelet.ts';
import { resourceOf } from '../world/world.ts';
import { playScenario } from './run-scenario.ts';
import { NAMESPACE, readScenario, SCENARIOS } from './scenario.ts';

/** A controller that dies at each write needs a second for each. */
const SLOWER = 5;

const NAMES = ['stateful-set-rolled-back-in-batches', 'clone-set-rolled-back-in-batches'];

const scenarioOf = (name: string) => readScenario(join(SCENARIOS, name, 'scenario.yaml'));

describe.each(NAMES)('%s', (name) => {
  test('labels the pods of each step, and those that are left out while it lasts', async () => {
    const { writes, world } = await playScenario(scenarioOf(name));
    const labelled = writes
      .filter(({ actor, verb, object }) => actor === 'assay' && verb === 'update' && object.kind === 'Pod')
      .map(({ at, object }) => ({ at, labels: object.metadata.labels ?? {} }))
      // From when the author restored the template, 10 s after the beginning of the world.
      .filter(({ at }) => at >= 50_000)
      .map(({ labels }) => {
        if (labels[NO_NEED_UPDATE_LABEL]) return 'left out';
        const isBack = labels[ROLLOUT_ID_LABEL]?.startsWith('rollback-');
        return isBack ? `batch ${labels[ROLLOUT_BATCH_ID_LABEL]}` : 'counted again';
      });
    expect(labelled).toEqual(['left out', 'batch 1', 'batch 2', 'batch 3', 'batch 3', 'counted again']);
    const pods = world.memory.stores.of<Pod>(resources.pod).list(NAMESPACE);
    expect(pods.filter(({ metadata }) => metadata.labels?.[NO_NEED_UPDATE_LABEL])).toEqual([]);
  });

  test.each([
    ['before', 2],
    ['after', 1],
  ] as const)('ends as it should with a controller that dies %s its writes', async (when, every) => {
    const scenario = scenarioOf(name);
    let writes = 0;
    const slow = {
      ...scenario,
      events: scenario.events.map((event) => ({ ...event, at: event.at * SLOWER })),
      end: scenario.end * SLOWER,
    };
    const { world } = await playScenario(slow, {
      diesAtWrite: () => (writes++ % every === 0 ? when : undefined),
    });
    const pods = world.memory.stores.of<Pod>(resources.pod).list(NAMESPACE);
    expect(pods.map(({ spec }) => imageTag({ ...spec }))).toEqual(Array.from({ length: 5 }, () => 'v1'));
    expect(pods.filter(({ metadata }) => metadata.labels?.[NO_NEED_UPDATE_LABEL])).toEqual([]);
    const [record] = world.memory.stores.of<RolloutRecord>(resources.rolloutRecord).list(NAMESPACE);
    expect(record?.status.release).toMatchObject({ outcome: 'RolledBack', wayBack: { pods: 4, of: 5 } });
    const authored = scenario.objects.find(({ kind }) => kind.endsWith('Set')) as Workload;
    const [workload] = world.memory.stores.of<Workload>(resourceOf(authored)).list(NAMESPACE);
    expect(workload?.spec).toEqual(authored.spec);
  });
});
