import { describe, expect, test } from 'vitest';
import { parseObject } from '../../src/api/kind.ts';
import { type Rollout, rolloutKind } from '../../src/api/rollout.ts';
import { checkRollout, checkRolloutUpdate } from '../../src/api/rollout-validation.ts';

interface Facts {
  canary?: Record<string, unknown> | undefined;
  strategy?: Record<string, unknown>;
  workloadRef?: Record<string, unknown>;
  annotations?: Record<string, string>;
  phase?: string;
}

const INGRESS = { service: 'echoserver', ingress: { name: 'echoserver' } };

/** A Rollout that Assay drives, with these differences. */
function rollout({ canary, strategy, workloadRef, annotations, phase }: Facts = {}): Rollout {
  const usual = {
    enableExtraWorkloadForCanary: true,
    steps: [{ traffic: '5%', replicas: '20%' }],
    trafficRoutings: [INGRESS],
  };
  const parsed = parseObject(rolloutKind, {
    apiVersion: 'rollouts.kruise.io/v1beta1',
    kind: 'Rollout',
    metadata: { name: 'demo', ...(annotations ? { annotations } : {}) },
    spec: {
      workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'echoserver', ...workloadRef },
      strategy: strategy ?? { canary: { ...usual, ...canary } },
    },
    ...(phase ? { status: { phase } } : {}),
  } as never);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return parsed.object;
}

const steps = (...all: object[]): Facts => ({ canary: { steps: all } });

describe('is driven', () => {
  test.each<[string, Facts]>([
    ['the walkthrough', {}],
    ['without traffic routing', { canary: { trafficRoutings: undefined, steps: [{ replicas: 1 }] } }],
    [
      'growing by number and by percentage, which are not compared',
      steps({ replicas: 3 }, { replicas: '10%' }, { replicas: 4 }, { replicas: '100%' }),
    ],
    ['less traffic than before', steps({ replicas: 1, traffic: '50%' }, { replicas: 1, traffic: '5%' })],
    [
      'the nginx class by name',
      { canary: { trafficRoutings: [{ service: 's', ingress: { name: 'i', classType: 'nginx' } }] } },
    ],
    [
      'the class left empty',
      { canary: { trafficRoutings: [{ service: 's', ingress: { name: 'i', classType: '' } }] } },
    ],
    ['some pods may fail', { canary: { failureThreshold: '10%' } }],
    [
      'a blueGreen that is null',
      {
        strategy: {
          blueGreen: null,
          canary: { enableExtraWorkloadForCanary: true, steps: [{ replicas: 1 }] },
        },
      },
    ],
  ])('%s', (_, facts) => {
    expect(checkRollout(rollout(facts))).toStrictEqual([]);
  });
});

describe('is refused', () => {
  const replicas = 'spec.strategy.canary.steps[0].replicas';
  const routing = 'spec.strategy.canary.trafficRoutings[0]';
  test.each<[string, Facts, string, string]>([
    ['no strategy', { strategy: {} }, 'spec.strategy', 'give the strategy: canary with at least one step'],
    [
      'two strategies',
      { strategy: { canary: {}, blueGreen: {} } },
      'spec.strategy',
      'give exactly one of canary and blueGreen',
    ],
    [
      'blue-green',
      { strategy: { blueGreen: { steps: [{ replicas: 1 }] } } },
      'spec.strategy.blueGreen',
      'the blue-green strategy is not supported: use canary with enableExtraWorkloadForCanary: true',
    ],
    [
      'partition style',
      { canary: { enableExtraWorkloadForCanary: undefined } },
      'spec.strategy.canary.enableExtraWorkloadForCanary',
      'partition style is not supported: set it to true (in v1alpha1, remove the annotation rollouts.kruise.io/rolling-style)',
    ],
    ['no steps', steps(), 'spec.strategy.canary.steps', 'give at least one step'],
    [
      'a step without pods',
      steps({ traffic: '5%' }),
      replicas,
      'give the number or the percentage of pods of the new version, such as 1 or 20%',
    ],
    [
      'no pods',
      steps({ replicas: 0 }),
      replicas,
      'must be a number above 0, or a percentage from 1% to 100%, and not 0',
    ],
    [
      '0 %',
      steps({ replicas: '0%' }),
      replicas,
      'must be a number above 0, or a percentage from 1% to 100%, and not 0%',
    ],
    [
      'more than all',
      steps({ replicas: '101%' }),
      replicas,
      'must be a number above 0, or a percentage from 1% to 100%, and not 101%',
    ],
    [
      'a number as text',
      steps({ replicas: '5' }),
      replicas,
      'must be a number above 0, or a percentage from 1% to 100%, and not 5',
    ],
    [
      'fewer pods than before',
      steps({ replicas: 3 }, { replicas: 2 }),
      'spec.strategy.canary.steps[1].replicas',
      'must not be less than in the step before (3): the pods of a canary only grow',
    ],
    [
      'a smaller percentage than before',
      steps({ replicas: '30%' }, { replicas: '20%' }),
      'spec.strategy.canary.steps[1].replicas',
      'must not be less than in the step before (30%): the pods of a canary only grow',
    ],
    [
      'no traffic',
      steps({ replicas: 1, traffic: '0%' }),
      'spec.strategy.canary.steps[0].traffic',
      'must be a percentage from 1% to 100%, and not 0%',
    ],
    [
      'too much traffic',
      steps({ replicas: 1, traffic: '150%' }),
      'spec.strategy.canary.steps[0].traffic',
      'must be a percentage from 1% to 100%, and not 150%',
    ],
    [
      'matches',
      steps({ replicas: 1, matches: [{ headers: [] }] }),
      'spec.strategy.canary.steps[0].matches',
      'matching requests is not supported: use traffic',
    ],
    [
      'another workload',
      { workloadRef: { apiVersion: 'apps.kruise.io/v1alpha1', kind: 'CloneSet' } },
      'spec.workloadRef',
      'a workload of kind CloneSet (apps.kruise.io/v1alpha1) is not supported: only apps/v1 Deployment is',
    ],
    [
      'another ingress class',
      { canary: { trafficRoutings: [{ service: 's', ingress: { name: 'i', classType: 'mse' } }] } },
      `${routing}.ingress.classType`,
      'the class mse is not supported: only nginx is',
    ],
    [
      'a routing without a route',
      { canary: { trafficRoutings: [{ service: 's' }] } },
      `${routing}.ingress`,
      'name the ingress',
    ],
    [
      'Gateway API',
      { canary: { trafficRoutings: [{ service: 's', gateway: { httpRouteName: 'r' } }] } },
      `${routing}.gateway`,
      'Gateway API routes are not supported: use an nginx ingress',
    ],
    [
      'custom network objects',
      {
        canary: {
          trafficRoutings: [{ ...INGRESS, customNetworkRefs: [{ apiVersion: 'a', kind: 'b', name: 'c' }] }],
        },
      },
      `${routing}.customNetworkRefs`,
      'custom network objects are not supported: use an nginx ingress',
    ],
    [
      'a shared canary Service',
      { canary: { disableGenerateCanaryService: true } },
      'spec.strategy.canary.disableGenerateCanaryService',
      'is not supported: an nginx ingress needs a canary Service. Remove it',
    ],
    [
      'a TrafficRouting by field',
      { canary: { trafficRoutingRef: 'route' } },
      'spec.strategy.canary.trafficRoutingRef',
      'TrafficRouting objects are not supported: use trafficRoutings',
    ],
    [
      'a TrafficRouting by annotation',
      { annotations: { 'rollouts.kruise.io/trafficrouting': 'route' } },
      'metadata.annotations[rollouts.kruise.io/trafficrouting]',
      'TrafficRouting objects are not supported. Remove the annotation and use trafficRoutings of the canary strategy',
    ],
    [
      'rollback in batches',
      { annotations: { 'rollouts.kruise.io/rollback-in-batch': 'true' } },
      'metadata.annotations[rollouts.kruise.io/rollback-in-batch]',
      'rolling back in batches is not supported: a rollback goes at once. Remove the annotation',
    ],
    [
      'more failures than pods',
      { canary: { failureThreshold: '101%' } },
      'spec.strategy.canary.failureThreshold',
      'must be a number of pods or a percentage from 0% to 100%, and not 101%',
    ],
    [
      'fewer than no failures',
      { canary: { failureThreshold: -1 } },
      'spec.strategy.canary.failureThreshold',
      'must be a number of pods or a percentage from 0% to 100%, and not -1',
    ],
  ])('%s', (_, facts, path, message) => {
    expect(checkRollout(rollout(facts))).toStrictEqual([{ path, message }]);
  });

  test('every fault is told at once', () => {
    const facts = { workloadRef: { kind: 'DaemonSet' }, ...steps({ replicas: 0, traffic: '0%' }) };
    expect(checkRollout(rollout(facts)).map(({ path }) => path)).toStrictEqual([
      'spec.workloadRef',
      'spec.strategy.canary.steps[0].replicas',
      'spec.strategy.canary.steps[0].traffic',
    ]);
  });

  test('a second traffic routing, by the schema', () => {
    expect(() => rollout({ canary: { trafficRoutings: [INGRESS, INGRESS] } })).toThrow(
      'spec.strategy.canary.trafficRoutings',
    );
  });
});

describe('during a release', () => {
  const rest = (what: string, phase = 'Progressing') =>
    `${what} cannot be changed while the Rollout is ${phase}: let the release end first, or restore the stable pod template of the workload to roll back`;

  test.each<[string, Facts, string, string]>([
    ['the workload', { workloadRef: { name: 'other' } }, 'spec.workloadRef', 'the workload'],
    ['the style', { canary: { enableExtraWorkloadForCanary: false } }, 'spec.strategy', 'the rolling style'],
    [
      'the routing',
      { canary: { trafficRoutings: [{ ...INGRESS, gracePeriodSeconds: 9 }] } },
      'spec.strategy.canary.trafficRoutings',
      'the traffic routing',
    ],
    [
      'the number of steps',
      steps({ replicas: '20%' }, { replicas: '50%' }),
      'spec.strategy.canary.steps',
      'the number of steps',
    ],
  ])('%s is frozen', (_, facts, path, what) => {
    for (const phase of ['Progressing', 'Terminating']) {
      expect(checkRolloutUpdate(rollout({ phase }), rollout(facts))).toStrictEqual([
        { path, message: rest(what, phase) },
      ]);
    }
    for (const phase of ['Healthy', 'Initial', 'Disabled']) {
      expect(checkRolloutUpdate(rollout({ phase }), rollout(facts))).toStrictEqual([]);
    }
    expect(checkRolloutUpdate(rollout(), rollout(facts))).toStrictEqual([]);
  });

  test('what a step says, its pause and the tolerance stay editable', () => {
    const facts = {
      canary: { failureThreshold: 1, steps: [{ traffic: '10%', replicas: '30%', pause: { duration: 60 } }] },
    };
    expect(checkRolloutUpdate(rollout({ phase: 'Progressing' }), rollout(facts))).toStrictEqual([]);
  });
});
