import { describe, expect, test } from 'vitest';
import { checkRollingStyle, checkRollout } from '../../src/api/rollout-validation.ts';
import { CLONE_SET, INGRESS, routing, steps, type Written, written } from './written-rollout.ts';

const PARTITION = { enableExtraWorkloadForCanary: false };
const VIRTUAL_SERVICE = { apiVersion: 'networking.istio.io/v1beta1', kind: 'VirtualService', name: 'shop' };
const DESTINATION_RULE = { ...VIRTUAL_SERVICE, kind: 'DestinationRule' };
const HEADER = { name: 'user', value: 'me' };

describe('is driven', () => {
  test.each<[string, Written]>([
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
    ['routes that other Rollouts share, by field', { canary: { trafficRoutingRef: 'route' } }],
    ['the same in blue-green style', { blueGreen: { trafficRoutingRef: 'route' } }],
    [
      'the same by annotation, which v1alpha1 has beside the field',
      {
        canary: { trafficRoutingRef: 'route' },
        annotations: { 'rollouts.kruise.io/trafficrouting': 'route' },
      },
    ],
    ['some pods may fail', { canary: { failureThreshold: '10%' } }],
    [
      'partition style, by a field that is false or not there',
      { canary: { ...PARTITION, steps: [{ replicas: '50%', traffic: '5%' }] } },
    ],
    ['partition style of a Deployment', { canary: { enableExtraWorkloadForCanary: undefined } }],
    ['a CloneSet', { workloadRef: CLONE_SET }],
    ['a StatefulSet', { workloadRef: { kind: 'StatefulSet' } }],
    ['a DaemonSet', { workloadRef: { kind: 'DaemonSet' } }],
    ['a Deployment by another version of its group', { workloadRef: { apiVersion: 'apps/v1beta2' } }],
    [
      'partition style with more than half of the pods in a step that routes nothing',
      { canary: { ...PARTITION, steps: [{ replicas: '50%', traffic: '5%' }, { replicas: '100%' }] } },
    ],
    [
      'partition style by numbers of pods, which can be any share',
      { canary: { ...PARTITION, steps: [{ replicas: 99, traffic: '5%' }] } },
    ],
    ['blue-green of a Deployment', { blueGreen: {} }],
    [
      'blue-green without any traffic at first, and with all of it',
      {
        blueGreen: {
          steps: [
            { replicas: '100%', traffic: '0%' },
            { replicas: '100%', traffic: '100%' },
          ],
        },
      },
    ],
    ['blue-green of a CloneSet', { blueGreen: {}, workloadRef: CLONE_SET }],
    [
      'requests by header, path and parameter',
      steps({
        replicas: 1,
        matches: [
          { headers: [HEADER] },
          { path: { type: 'Exact', value: '/a' } },
          { queryParams: [HEADER, { ...HEADER, name: 'User' }] },
        ],
      }),
    ],
    ['an HTTPRoute', routing({ service: 's', gateway: { httpRouteName: 'shop' } })],
    [
      'an Istio service with its rule, and no Service for the canary',
      {
        canary: {
          trafficRoutings: [{ service: 's', customNetworkRefs: [VIRTUAL_SERVICE, DESTINATION_RULE] }],
          disableGenerateCanaryService: true,
        },
      },
    ],
    [
      'several kinds of routes at once',
      routing({ ...INGRESS, gateway: { httpRouteName: 'shop' }, customNetworkRefs: [VIRTUAL_SERVICE] }),
    ],
    ['a rule beside an ingress', routing({ ...INGRESS, customNetworkRefs: [DESTINATION_RULE] })],
    [
      'a blueGreen that is null',
      {
        strategy: {
          blueGreen: null,
          canary: { enableExtraWorkloadForCanary: true, steps: [{ replicas: 1 }] },
        },
      },
    ],
  ])('%s', (_, part) => {
    expect(checkRollout(written(part))).toStrictEqual([]);
  });
});

const NO_STRATEGY = 'give the strategy: canary or blueGreen, with at least one step';
const unsupported = (kind: string, apiVersion: string) =>
  `a workload of kind ${kind} (${apiVersion}) is not supported: a Deployment, StatefulSet or DaemonSet of apps/v1 ` +
  'is, and a CloneSet of apps.kruise.io/v1alpha1';
const half = (replicas: string) =>
  `must be at most 50% in a step that routes requests in partition style, and not ${replicas}: a rollback would ` +
  'send every request to the few stable pods. Take traffic and matches out of this step, or, for a Deployment, set ' +
  'enableExtraWorkloadForCanary: true';

describe('is refused', () => {
  const replicas = 'spec.strategy.canary.steps[0].replicas';
  const route = 'spec.strategy.canary.trafficRoutings[0]';
  test.each<[string, Written, string, string]>([
    ['no strategy', { strategy: {} }, 'spec.strategy', NO_STRATEGY],
    [
      'two strategies',
      { strategy: { canary: {}, blueGreen: {} } },
      'spec.strategy',
      'give exactly one of canary and blueGreen',
    ],
    ['an empty strategy (T30)', { strategy: { paused: true } }, 'spec.strategy', NO_STRATEGY],
    [
      'blue-green of a StatefulSet',
      { blueGreen: {}, workloadRef: { kind: 'StatefulSet' } },
      'spec.workloadRef',
      'a StatefulSet cannot be released blue-green: only a Deployment or a CloneSet can. Use the canary strategy',
    ],
    [
      'blue-green of a DaemonSet',
      { blueGreen: {}, workloadRef: { kind: 'DaemonSet' } },
      'spec.workloadRef',
      'a DaemonSet cannot be released blue-green: only a Deployment or a CloneSet can. Use the canary strategy',
    ],
    [
      'blue-green with fewer pods than before',
      { blueGreen: { steps: [{ replicas: '100%' }, { replicas: '50%' }] } },
      'spec.strategy.blueGreen.steps[1].replicas',
      'must not be less than in the step before (100%): the pods of the new version only grow',
    ],
    [
      'blue-green with too much traffic',
      { blueGreen: { steps: [{ replicas: '100%', traffic: '101%' }] } },
      'spec.strategy.blueGreen.steps[0].traffic',
      'must be a percentage from 0% to 100%, and not 101%',
    ],
    [
      'partition style with more than half of the pods and traffic',
      { canary: { ...PARTITION, steps: [{ replicas: '51%', traffic: '5%' }] } },
      replicas,
      half('51%'),
    ],
    [
      'partition style with more than half of the pods and matches',
      { canary: { ...PARTITION, steps: [{ replicas: '100%', matches: [{ headers: [HEADER] }] }] } },
      replicas,
      half('100%'),
    ],
    [
      'the same of a CloneSet, which is in partition style whatever the field says',
      { workloadRef: CLONE_SET, ...steps({ replicas: '60%', traffic: '5%' }) },
      replicas,
      half('60%'),
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
      'must not be less than in the step before (3): the pods of the new version only grow',
    ],
    [
      'a smaller percentage than before',
      steps({ replicas: '30%' }, { replicas: '20%' }),
      'spec.strategy.canary.steps[1].replicas',
      'must not be less than in the step before (30%): the pods of the new version only grow',
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
      'a match of every request',
      steps({ replicas: 1, matches: [{ headers: [HEADER] }, { headers: [] }] }),
      'spec.strategy.canary.steps[0].matches[1]',
      'would match every request: give headers, path or queryParams',
    ],
    [
      'a header that is named twice',
      steps({ replicas: 1, matches: [{ headers: [HEADER, { ...HEADER, name: 'User' }] }] }),
      'spec.strategy.canary.steps[0].matches[0].headers',
      '"user" is named twice, and only the first would count',
    ],
    [
      'a parameter that is named twice',
      steps({ replicas: 1, matches: [{ queryParams: [HEADER, HEADER] }] }),
      'spec.strategy.canary.steps[0].matches[0].queryParams',
      '"user" is named twice, and only the first would count',
    ],
    [
      'another workload',
      { workloadRef: { apiVersion: 'batch/v1', kind: 'Job' } },
      'spec.workloadRef',
      unsupported('Job', 'batch/v1'),
    ],
    [
      'a StatefulSet of Kruise',
      { workloadRef: { apiVersion: 'apps.kruise.io/v1beta1', kind: 'StatefulSet' } },
      'spec.workloadRef',
      unsupported('StatefulSet', 'apps.kruise.io/v1beta1'),
    ],
    [
      'a Deployment of no group',
      { workloadRef: { apiVersion: 'v1' } },
      'spec.workloadRef',
      unsupported('Deployment', 'v1'),
    ],
    [
      'another ingress class',
      routing({ service: 's', ingress: { name: 'i', classType: 'mse' } }),
      `${route}.ingress.classType`,
      'the class mse is not supported: only nginx is',
    ],
    [
      'a routing without a route',
      routing({ service: 's' }),
      route,
      'name a route: ingress, gateway or customNetworkRefs',
    ],
    [
      'a routing of no custom objects',
      routing({ service: 's', customNetworkRefs: [] }),
      route,
      'name a route: ingress, gateway or customNetworkRefs',
    ],
    [
      'a gateway without a route',
      routing({ service: 's', gateway: {} }),
      `${route}.gateway.httpRouteName`,
      'name the HTTPRoute',
    ],
    [
      'a gateway whose route has no name',
      routing({ service: 's', gateway: { httpRouteName: '' } }),
      `${route}.gateway.httpRouteName`,
      'name the HTTPRoute',
    ],
    [
      'custom objects of another kind',
      routing({
        ...INGRESS,
        customNetworkRefs: [
          VIRTUAL_SERVICE,
          { apiVersion: 'apisix.apache.org/v2', kind: 'ApisixRoute', name: 'c' },
        ],
      }),
      `${route}.customNetworkRefs[1]`,
      'an object of kind ApisixRoute (apisix.apache.org/v2) is not supported: a VirtualService or a DestinationRule ' +
        'of networking.istio.io is',
    ],
    [
      'a custom object without a name',
      routing({ ...INGRESS, customNetworkRefs: [{ ...VIRTUAL_SERVICE, name: '' }] }),
      `${route}.customNetworkRefs[0].name`,
      'name the VirtualService',
    ],
    [
      'a custom object that is named twice',
      routing({
        ...INGRESS,
        customNetworkRefs: [VIRTUAL_SERVICE, { ...VIRTUAL_SERVICE, apiVersion: 'networking.istio.io/v1' }],
      }),
      `${route}.customNetworkRefs[1]`,
      'VirtualService shop is named twice',
    ],
    [
      'a DestinationRule that nothing shares requests out by',
      routing({ service: 's', customNetworkRefs: [DESTINATION_RULE] }),
      `${route}.customNetworkRefs`,
      'a DestinationRule only tells the versions apart: name the VirtualService that shares the requests out as well',
    ],
    ...[INGRESS, { service: 's', gateway: { httpRouteName: 'r' } }].map(
      (one): [string, Written, string, string] => [
        `no canary Service for ${Object.keys(one).at(-1)}`,
        { canary: { disableGenerateCanaryService: true, trafficRoutings: [one] } },
        'spec.strategy.canary.disableGenerateCanaryService',
        'an ingress or an HTTPRoute needs a canary Service to send requests to. Remove it, or route by ' +
          'customNetworkRefs alone',
      ],
    ),
    [
      'two TrafficRoutings',
      {
        canary: { trafficRoutingRef: 'route' },
        annotations: { 'rollouts.kruise.io/trafficrouting': 'other' },
      },
      'metadata.annotations[rollouts.kruise.io/trafficrouting]',
      'names TrafficRouting other, and trafficRoutingRef of the strategy names route: a Rollout follows one. Remove the annotation',
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
  ])('%s', (_, part, path, message) => {
    expect(checkRollout(written(part))).toStrictEqual([{ path, message }]);
  });

  test('a name that no finalizer of a TrafficRouting can end in', () => {
    const named = (length: number, part: Written): unknown => {
      const rollout = written(part);
      return checkRollout({ ...rollout, metadata: { ...rollout.metadata, name: 'x'.repeat(length) } });
    };
    const sharing = { canary: { trafficRoutingRef: 'route' } };
    expect(named(63, sharing)).toEqual([]);
    expect(named(64, {})).toEqual([]);
    expect(named(64, sharing)).toEqual([
      {
        path: 'metadata.name',
        message:
          'has 64 characters, and a Rollout that names a TrafficRouting must have 63 at most: make one with a shorter name, or name no TrafficRouting',
      },
    ]);
  });

  test('every fault is told at once', () => {
    const part = { workloadRef: { kind: 'Job' }, ...steps({ replicas: 0, traffic: '0%' }) };
    expect(checkRollout(written(part)).map(({ path }) => path)).toStrictEqual([
      'spec.workloadRef',
      'spec.strategy.canary.steps[0].replicas',
      'spec.strategy.canary.steps[0].traffic',
    ]);
  });

  test.each<[string, Written, string]>([
    ['a second traffic routing', routing(INGRESS, INGRESS), 'spec.strategy.canary.trafficRoutings'],
    [
      'a 51st step',
      steps(...Array.from({ length: 51 }, () => ({ replicas: 1 }))),
      'spec.strategy.canary.steps',
    ],
    ['an ingress without a name', routing({ service: 's', ingress: {} }), 'ingress.name'],
    ['a routing without a Service', routing({ ingress: { name: 'i' } }), 'trafficRoutings[0].service'],
    ['a negative grace period', routing({ ...INGRESS, gracePeriodSeconds: -1 }), 'gracePeriodSeconds'],
    ['traffic that is no percentage', steps({ replicas: 1, traffic: '5' }), 'steps[0].traffic'],
    [
      'a header that HTTP does not have',
      steps({ replicas: 1, matches: [{ headers: [{ name: 'a b', value: 'c' }] }] }),
      'headers[0].name',
    ],
    [
      '17 matches',
      steps({ replicas: 1, matches: Array.from({ length: 17 }, () => ({ headers: [HEADER] })) }),
      'steps[0].matches',
    ],
    ['a workload without a name', { workloadRef: { name: '' } }, 'spec.workloadRef.name'],
  ])('%s, by the schema', (_, part, path) => {
    expect(() => written(part)).toThrow(path);
  });
});

describe('the annotation by which v1alpha1 chooses the style', () => {
  const styled = (style: string) => written({ annotations: { 'rollouts.kruise.io/rolling-style': style } });

  test.each(['', 'canary', 'Canary', 'partition', 'Partition'])('"%s" is one', (style) => {
    expect(checkRollingStyle(styled(style))).toStrictEqual([]);
  });

  test('need not be there', () => {
    expect(checkRollingStyle(written())).toStrictEqual([]);
  });

  test.each(['bluegreen', 'blueGreen', 'rolling'])('"%s" is none', (style) => {
    expect(checkRollingStyle(styled(style))).toStrictEqual([
      {
        path: 'metadata.annotations[rollouts.kruise.io/rolling-style]',
        message: `must be canary or partition, and not ${style}: other styles need rollouts.kruise.io/v1beta1`,
      },
    ]);
  });
});
