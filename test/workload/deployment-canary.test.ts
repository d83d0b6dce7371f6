import { describe, expect, test } from 'vitest';
import {
  CANARY_DEPLOYMENT_LABEL,
  CONTROL_INFO_ANNOTATION,
  IN_PROGRESSING_ANNOTATION,
  WORKLOAD_TYPE_LABEL,
} from '../../src/api/annotations.ts';
import type { Deployment, IntOrString, Workload } from '../../src/api/kubernetes.ts';
import { isBatchReady } from '../../src/workload/batch-ready.ts';
import { batchSize } from '../../src/workload/batch-size.ts';
import { canaryDeployment, canaryName, deploymentCanary } from '../../src/workload/deployment-canary.ts';
import { labelledWorkload, unmarkedWorkload } from '../../src/workload/marks.ts';
import { type DeploymentPart, deployment, NAME, template } from '../builders/deployment.ts';
import { order } from '../builders/order.ts';
import { ROLLOUT_UID, rollout } from '../builders/rollout.ts';
import { held, workloadOf } from '../builders/snapshot.ts';

const still = (object: Workload) => deploymentCanary.still(object, rollout());
const isRolledOut = (object: Workload) => deploymentCanary.update(workloadOf(object)).done;

function releasedWorkload(object: Deployment): Workload {
  const asked = deploymentCanary.release(workloadOf(object), { rollout: rollout() });
  return asked && 'acts' in asked ? (asked.acts[0]?.object as Deployment) : object;
}

describe('the pods of a step', () => {
  const rows: [IntOrString, number, number][] = [
    ['20%', 5, 1],
    ['21%', 5, 2],
    ['1%', 5, 1],
    ['60%', 5, 3],
    ['100%', 5, 5],
    ['50%', 1, 1],
    ['50%', 0, 0],
    [1, 5, 1],
    [7, 5, 5],
    ['3', 5, 3],
    [1, 0, 0],
  ];
  for (const [replicas, total, pods] of rows) {
    test(`${replicas} of ${total} are ${pods}`, () => expect(batchSize(replicas, total)).toBe(pods));
  }
});

describe('the name of the extra Deployment', () => {
  test('is the same for the same release, whoever asks', () => {
    expect(canaryName(NAME, ROLLOUT_UID, 1)).toBe(canaryName(NAME, ROLLOUT_UID, 1));
  });

  test('differs between releases and between Rollouts', () => {
    const names = [1, 2, 3].flatMap((id) => [canaryName(NAME, 'one', id), canaryName(NAME, 'two', id)]);
    expect(new Set(names).size).toBe(6);
  });
});

describe('the extra Deployment', () => {
  const made = canaryDeployment(rollout(), held(), 'echoserver-bcdfg', 2);

  test('has the labels and annotations that tools for Kruise Rollouts know', () => {
    expect(made.metadata).toEqual({
      name: 'echoserver-bcdfg',
      namespace: 'shop',
      labels: { app: NAME, [CANARY_DEPLOYMENT_LABEL]: NAME },
      annotations: {
        [CONTROL_INFO_ANNOTATION]: JSON.stringify(made.metadata.ownerReferences?.[0]),
        [IN_PROGRESSING_ANNOTATION]: '{"rolloutName":"echoserver"}',
      },
      ownerReferences: [
        {
          apiVersion: 'rollouts.kruise.io/v1beta1',
          kind: 'Rollout',
          name: NAME,
          uid: ROLLOUT_UID,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    });
  });

  test('is not labelled as a workload of a Rollout, so that admission lets it be', () => {
    expect(made.metadata.labels).not.toHaveProperty(WORKLOAD_TYPE_LABEL);
  });

  test('runs the new template unpaused, with so many pods', () => {
    expect(made.spec).toEqual({ ...held().spec, replicas: 2, paused: false });
  });

  test('has the metadata that patchPodTemplateMetadata gives its pods', () => {
    const patch = { labels: { lane: 'canary' }, annotations: { note: 'tried' } };
    const { spec } = canaryDeployment(rollout({ patch }), held(), 'x', 1);
    expect(spec.template.metadata).toEqual({
      labels: { ...template('v2').metadata?.labels, lane: 'canary' },
      annotations: { note: 'tried' },
    });
  });
});

describe('a held workload', () => {
  test('is paused and marked', () => {
    const after = still(deployment({ version: 'v2' }));
    expect(after).toEqual(deployment({ version: 'v2', paused: true, markedFor: NAME }));
  });

  test('is the same object where it is so already', () => {
    const before = held();
    expect(still(before)).toBe(before);
  });

  test('counts the mark of older writers', () => {
    const before = held();
    const older = {
      ...before,
      metadata: {
        ...before.metadata,
        annotations: { [IN_PROGRESSING_ANNOTATION]: '{"RolloutName":"echoserver"}' },
      },
    };
    expect(still(older)).toBe(older);
  });

  test('that is let go is running and unmarked, and the same object where it was so', () => {
    expect(releasedWorkload(held())).toEqual(deployment({ version: 'v2', updated: 0 }));
    const free = deployment();
    expect(releasedWorkload(free)).toBe(free);
  });

  test('that loses its mark stays paused', () => {
    expect(unmarkedWorkload(held())).toEqual(deployment({ version: 'v2', paused: true, updated: 0 }));
  });

  test('is labelled and unlabelled without touching other labels', () => {
    const plain = deployment({ labelled: false });
    expect(labelledWorkload(plain, 'deployment')).toEqual(deployment());
    expect(labelledWorkload(deployment(), undefined)).toEqual(plain);
    expect(labelledWorkload(plain, undefined)).toBe(plain);
  });
});

describe('a workload is rolled out', () => {
  const rows: [string, DeploymentPart, boolean][] = [
    ['when every pod runs its template and is available', {}, true],
    ['not while some are of an older one', { updated: 4 }, false],
    ['not while old ones are still there', { pods: 6 }, false],
    ['not while some are not available', { available: 4 }, false],
    ['not on the word of an older status', { generation: 2, observedGeneration: 1 }, false],
    ['with no pods, where none are wanted', { replicas: 0 }, true],
  ];
  for (const [title, part, wanted] of rows) {
    test(title, () => expect(isRolledOut(deployment(part))).toBe(wanted));
  }

  test('not before its status says anything', () => {
    const { status: _status, ...fresh } = deployment();
    expect(isRolledOut(fresh)).toBe(false);
  });
});

describe('a canary is ready', () => {
  const rows: [string, DeploymentPart, [wanted: number, tolerated: number], boolean][] = [
    ['when the wanted pods are available', { replicas: 3 }, [3, 0], true],
    ['not while one is missing', { replicas: 3, available: 2 }, [3, 0], false],
    ['with one missing, where one is tolerated', { replicas: 3, available: 2 }, [3, 1], true],
    ['not without any, whatever is tolerated', { replicas: 3, available: 0 }, [3, 3], false],
    ['not while they are not all made', { replicas: 3, updated: 2 }, [3, 0], false],
    ['with more than wanted', { replicas: 5 }, [3, 0], true],
    ['with none, where none are wanted', { replicas: 0 }, [0, 0], true],
    [
      'not on the word of an older status',
      { replicas: 3, generation: 2, observedGeneration: 1 },
      [3, 0],
      false,
    ],
  ];
  for (const [title, part, [wanted, tolerated], ready] of rows) {
    test(title, () => {
      const canary = { deployment: deployment(part), replicaSets: [], pods: [] };
      const state = deploymentCanary.canary(workloadOf(held(), { canary }), order(wanted));
      expect(isBatchReady(state, wanted, tolerated)).toBe(ready);
    });
  }
});
