import { describe, expect, test } from 'vitest';
import { checkRolloutUpdate } from '../../src/api/rollout-freeze.ts';
import { CLONE_SET, INGRESS, steps, type Written, written } from './written-rollout.ts';

const LATER = { ...INGRESS, gracePeriodSeconds: 9 };
const TWO = [{ replicas: '20%' }, { replicas: '50%' }];

interface Row {
  title: string;
  before?: Written;
  after: Written;
  path: string;
  what: string;
  /** Whether who writes v1alpha1 may do it. */
  freeInV1alpha1?: true;
}

const frozen: Row[] = [
  {
    title: 'the workload',
    after: { workloadRef: { name: 'other' } },
    path: 'spec.workloadRef',
    what: 'the workload',
  },
  {
    title: 'the version in which the workload is named',
    after: { workloadRef: { apiVersion: 'apps/v1beta2' } },
    path: 'spec.workloadRef',
    what: 'the workload',
  },
  {
    title: 'partition in place of canary style',
    after: { canary: { enableExtraWorkloadForCanary: false } },
    path: 'spec.strategy',
    what: 'the rolling style',
  },
  {
    title: 'blue-green in place of canary style',
    after: { blueGreen: {} },
    path: 'spec.strategy',
    what: 'the rolling style',
  },
  {
    title: 'the routing',
    after: { canary: { trafficRoutings: [LATER] } },
    path: 'spec.strategy.canary.trafficRoutings',
    what: 'the traffic routing',
  },
  {
    title: 'a routing that is taken away',
    after: { canary: { trafficRoutings: undefined } },
    path: 'spec.strategy.canary.trafficRoutings',
    what: 'the traffic routing',
  },
  {
    title: 'the routing of a blue-green release',
    before: { blueGreen: {} },
    after: { blueGreen: { trafficRoutings: [LATER] } },
    path: 'spec.strategy.blueGreen.trafficRoutings',
    what: 'the traffic routing',
  },
  {
    title: 'the number of steps',
    after: { canary: { steps: TWO } },
    path: 'spec.strategy.canary.steps',
    what: 'the number of steps',
    freeInV1alpha1: true,
  },
  {
    title: 'the number of steps of a blue-green release',
    before: { blueGreen: {}, workloadRef: CLONE_SET },
    after: { blueGreen: { steps: TWO }, workloadRef: CLONE_SET },
    path: 'spec.strategy.blueGreen.steps',
    what: 'the number of steps',
    freeInV1alpha1: true,
  },
];

describe('during a release', () => {
  test.each(frozen)('$title is frozen', ({ before, after, path, what, freeInV1alpha1 }) => {
    for (const phase of ['Progressing', 'Terminating']) {
      const stored = written({ ...before, phase });
      const faults = [
        {
          path,
          message: `${what} cannot be changed while the Rollout is ${phase}: let the release end first, or restore the stable pod template of the workload to roll back`,
        },
      ];
      expect(checkRolloutUpdate(stored, written(after), 'v1beta1')).toStrictEqual(faults);
      expect(checkRolloutUpdate(stored, written(after), 'v1alpha1')).toStrictEqual(
        freeInV1alpha1 ? [] : faults,
      );
    }
  });

  test.each(frozen)('$title can be changed between releases', ({ before, after }) => {
    for (const phase of ['Healthy', 'Initial', 'Disabling', 'Disabled', undefined]) {
      const stored = written({ ...before, ...(phase ? { phase } : {}) });
      expect(checkRolloutUpdate(stored, written(after), 'v1beta1')).toStrictEqual([]);
    }
  });

  test.each<[string, Written]>([
    ['what a step says', steps({ traffic: '10%', replicas: '30%' })],
    ['its pause', steps({ traffic: '5%', replicas: '20%', pause: { duration: 60 } })],
    ['what requests it takes', steps({ replicas: '20%', matches: [{ path: { value: '/' } }] })],
    ['the tolerance of failures', { canary: { failureThreshold: 1 } }],
    ['the metadata of canary pods', { canary: { patchPodTemplateMetadata: { labels: { a: 'b' } } } }],
  ])('%s stays editable', (_, part) => {
    expect(checkRolloutUpdate(written({ phase: 'Progressing' }), written(part), 'v1beta1')).toStrictEqual([]);
  });

  test('so do the pause and the switch', () => {
    const before = written({ phase: 'Progressing' });
    const { strategy } = before.spec;
    const after = {
      ...before,
      spec: { ...before.spec, disabled: true, strategy: { ...strategy, paused: true } },
    };
    expect(checkRolloutUpdate(before, after, 'v1beta1')).toStrictEqual([]);
  });
});
