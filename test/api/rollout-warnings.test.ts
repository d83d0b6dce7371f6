import { describe, expect, test } from 'vitest';
import type { GuardAnalysis } from '../../src/api/rollout-guard.ts';
import { rolloutWarnings } from '../../src/api/rollout-warnings.ts';
import { CLONE_SET, routing, steps, type Written, written } from './written-rollout.ts';

const autoscaler = (kind: string, name: string, apiVersion?: string) => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'busy' },
  spec: { scaleTargetRef: { kind, name, ...(apiVersion === undefined ? {} : { apiVersion }) } },
});

const analysis = (more: Partial<GuardAnalysis> = {}): GuardAnalysis => ({
  name: 'web',
  template: { kind: 'AnalysisTemplate', name: 'web' },
  ...more,
});

const nothing = { analyses: [], autoscalers: [] };
const HEADER = { name: 'user', value: 'me' };
const MODIFIER = { requestHeaderModifier: { remove: ['x-debug'] } };
const VIRTUAL_SERVICE = { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', name: 'shop' };

describe('the style of a Deployment that v1beta1 leaves unsaid', () => {
  const unsaid = { enableExtraWorkloadForCanary: undefined };

  test('is told', () => {
    expect(rolloutWarnings(written({ canary: unsaid }), nothing)).toStrictEqual([
      'spec.strategy.canary.enableExtraWorkloadForCanary is not given: in v1beta1 that is partition style, which ' +
        'updates the pods of Deployment echoserver itself, while v1alpha1 makes an extra Deployment. Write true or ' +
        'false to say which is meant',
    ]);
  });

  test.each<[string, Written]>([
    ['said to be canary', { canary: { enableExtraWorkloadForCanary: true } }],
    ['said to be partition', { canary: { enableExtraWorkloadForCanary: false } }],
    ['of a CloneSet, which has no other', { workloadRef: CLONE_SET, canary: unsaid }],
    ['of a blue-green release', { blueGreen: {} }],
  ])('is not when it is %s', (_, part) => {
    expect(rolloutWarnings(written(part), nothing)).toStrictEqual([]);
  });
});

describe('fields without effect', () => {
  const at = 'spec.strategy.canary';
  test.each<[string, Written, string[]]>([
    [
      'metadata for pods that no extra Deployment makes',
      {
        canary: {
          enableExtraWorkloadForCanary: false,
          patchPodTemplateMetadata: { labels: { track: 'canary' } },
        },
      },
      [
        `${at}.patchPodTemplateMetadata has no effect: only an extra Deployment has a pod template of its own`,
      ],
    ],
    ['metadata for those that one makes', { canary: { patchPodTemplateMetadata: {} } }, []],
    [
      'traffic beside matches',
      steps({ replicas: 1, traffic: '5%', matches: [{ headers: [HEADER] }] }),
      [`${at}.steps[0].traffic has no effect beside matches, which alone decide`],
    ],
    [
      'changed headers behind an ingress',
      steps({ replicas: 1 }, { replicas: 2, traffic: '5%', ...MODIFIER }),
      [`${at}.steps[1].requestHeaderModifier has no effect: only Istio changes headers`],
    ],
    [
      'changed headers behind nothing',
      { canary: { steps: [{ replicas: 1, ...MODIFIER }], trafficRoutings: undefined } },
      [`${at}.steps[0].requestHeaderModifier has no effect: only Istio changes headers`],
    ],
    [
      'changed headers behind Istio',
      {
        canary: {
          steps: [{ replicas: 1, traffic: '5%', ...MODIFIER }],
          trafficRoutings: [{ service: 's', customNetworkRefs: [VIRTUAL_SERVICE] }],
        },
      },
      [],
    ],
    ['one header behind nginx', steps({ replicas: 1, matches: [{ headers: [HEADER] }] }), []],
    [
      'a header and a cookie behind nginx',
      steps({
        replicas: 1,
        matches: [{ headers: [HEADER] }, { headers: [{ name: 'canary-by-cookie', value: 'tester' }] }],
      }),
      [],
    ],
    ...[
      [{ headers: [HEADER] }, { headers: [HEADER] }],
      [{ headers: [HEADER, { ...HEADER, name: 'team' }] }],
      [{ headers: [HEADER], path: { value: '/a' } }],
      [{ queryParams: [HEADER] }],
    ].map((matches): [string, Written, string[]] => [
      `more than one header behind nginx: ${matches.map((match) => Object.keys(match)).join()}`,
      steps({ replicas: 1, matches }),
      [
        `${at}.steps[0].matches: an nginx ingress follows one header and one cookie, each in a match of its own, and no path or query parameter: a release with these waits until they are changed`,
      ],
    ]),
    [
      'paths behind an HTTPRoute',
      {
        canary: {
          steps: [{ replicas: 1, matches: [{ path: { value: '/a' } }] }],
          ...routing({ service: 's', gateway: { httpRouteName: 'r' } }).canary,
        },
      },
      [],
    ],
  ])('%s', (_, part, warnings) => {
    expect(rolloutWarnings(written(part), nothing)).toStrictEqual(warnings);
  });
});

describe('an autoscaler of a blue-green release (T26)', () => {
  const warned = (part: Written, ...scaler: Parameters<typeof autoscaler>) =>
    rolloutWarnings(written(part), { analyses: [], autoscalers: [autoscaler(...scaler)] });
  const told = (workload: string) => [
    `HorizontalPodAutoscaler busy scales ${workload}: a blue-green release turns it off while it lasts, so that load which grows meanwhile brings no further pods`,
  ];

  test('is told', () => {
    expect(warned({ blueGreen: {} }, 'Deployment', 'echoserver', 'apps/v1')).toStrictEqual(
      told('Deployment echoserver'),
    );
    expect(warned({ blueGreen: {} }, 'Deployment', 'echoserver')).toStrictEqual(
      told('Deployment echoserver'),
    );
    expect(
      warned({ blueGreen: {}, workloadRef: CLONE_SET }, 'CloneSet', 'echoserver', 'apps.kruise.io/v1beta1'),
    ).toStrictEqual(told('CloneSet echoserver'));
  });

  test('is no matter when it scales something else, or the release is of another style', () => {
    expect(warned({ blueGreen: {} }, 'Deployment', 'other', 'apps/v1')).toStrictEqual([]);
    expect(warned({ blueGreen: {} }, 'CloneSet', 'echoserver', 'apps.kruise.io/v1alpha1')).toStrictEqual([]);
    expect(warned({ blueGreen: {} }, 'Deployment', 'echoserver', 'example.com/v1')).toStrictEqual([]);
    expect(warned({}, 'Deployment', 'echoserver', 'apps/v1')).toStrictEqual([]);
  });
});

describe('the last step that is judged', () => {
  const plan = steps({ replicas: '10%' }, { replicas: '30%' }, { replicas: '60%' });
  const pods = steps({ replicas: 1 }, { replicas: 3 });
  const of = (step: number, moves: string) => [
    `step ${step} of Rollout demo is the last that a Step analysis judges, and it moves ${moves} of the pods: the others follow unjudged. Let a judged step move at least half of them`,
  ];

  test.each<[string, Written, GuardAnalysis[], number | undefined, string[]]>([
    ['is the last of the plan when none is named', plan, [analysis()], undefined, []],
    ['moves less than half', plan, [analysis({ steps: [2, 1] })], undefined, of(2, '30%')],
    ['is that of all analyses', plan, [analysis({ steps: [1] }), analysis({ steps: [3] })], undefined, []],
    ['moves half', steps({ replicas: '50%' }), [analysis()], undefined, []],
    ['of the walkthrough', {}, [analysis()], undefined, of(1, '20%')],
    [
      'of a blue-green plan',
      { blueGreen: { steps: [{ replicas: '40%' }] } },
      [analysis()],
      undefined,
      of(1, '40%'),
    ],
    ['by number, of a workload of known size', pods, [analysis()], 7, of(2, '3')],
    ['by number, of a smaller workload', pods, [analysis()], 6, []],
    ['by number, of a workload of unknown size', pods, [analysis()], undefined, []],
    ['by number, of a workload without pods', pods, [analysis()], 0, []],
    ['beyond the plan is none', plan, [analysis({ steps: [2, 9] })], undefined, of(2, '30%')],
    ['is none where nothing is judged', plan, [], undefined, []],
    ['is none of Background analyses', plan, [analysis({ mode: 'Background' })], undefined, []],
  ])('%s', (_, part, analyses, replicas, warnings) => {
    expect(rolloutWarnings(written(part), { analyses, autoscalers: [], replicas })).toStrictEqual(warnings);
  });
});
