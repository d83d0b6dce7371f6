import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/api/kubernetes.ts';
import type { RolloutGuard } from '../../src/api/rollout-guard.ts';
import { type AdmissionAnswer, allow, deny } from '../../src/server/admission-review.ts';
import { validate } from '../../src/server/validate.ts';
import { lookupOf } from './lookups.ts';
import { byController, CONTROLLER, deployment, type RequestPart, requestOf, rollout } from './requests.ts';

type Fields = Record<string, unknown>;

function assayObject(
  kind: string,
  name: string,
  fields: Fields,
  namespace: string | undefined = 'shop',
): KubeObject {
  return {
    apiVersion: 'assay.dev/v1alpha1',
    kind,
    metadata: { name, ...(namespace ? { namespace } : {}) },
    ...fields,
  };
}

const success = { name: 'success-rate', query: 'sum(rate(ok[1m]))', successCondition: 'value >= 0.95' };
const template = (spec: Fields, kind = 'AnalysisTemplate') =>
  assayObject(kind, 'web', { spec }, kind === 'AnalysisTemplate' ? 'shop' : '');
const source = (name: string, fields: Fields = {}) =>
  assayObject(
    'ClusterMetricSource',
    name,
    { spec: { prometheus: { address: 'http://prometheus:9090' }, ...fields } },
    '',
  );
const guard = (spec: Fields) =>
  assayObject('RolloutGuard', 'watch', {
    spec: { rolloutRef: { name: 'demo' }, analyses: [{ name: 'web', template: { name: 'web' } }], ...spec },
  });
const run = (spec: Fields = {}, metadata: Fields = {}, status?: Fields) => {
  const made = assayObject('AnalysisRun', 'mine', {
    spec: { metrics: [success], ...spec },
    ...(status ? { status } : {}),
  });
  return { ...made, metadata: { ...made.metadata, ...metadata } };
};
const record = (metadata: Fields = {}) => {
  const made = assayObject('RolloutRecord', 'demo', { status: { releaseId: 1, stepEntry: 1 } });
  return { ...made, metadata: { ...made.metadata, ...metadata } };
};

const WORLD = [
  source('default'),
  source('shared', { allowedNamespaces: ['bank'] }),
  template({ metrics: [success] }),
  assayObject('AnalysisTemplate', 'with-args', {
    spec: {
      args: [{ name: 'floor', type: 'number' }],
      metrics: [{ ...success, successCondition: 'value >= {{args.floor}}' }],
    },
  }),
  assayObject('AnalysisTemplate', 'endless', { spec: { metrics: [{ ...success, interval: '10s' }] } }),
  assayObject('AnalysisTemplate', 'suite', {
    spec: {
      args: [{ name: 'floor', type: 'number' }],
      metrics: [],
      templates: [{ name: 'with-args' }, { name: 'counted' }],
    },
  }),
  assayObject('AnalysisTemplate', 'counted', {
    spec: { metrics: [{ ...success, name: 'counted', interval: '10s', count: 3 }] },
  }),
  assayObject('AnalysisTemplate', 'of-a-step', {
    spec: { metrics: [{ ...success, interval: '10s', query: 'sum(rate(ok[1m])) * {{step.index}}' }] },
  }),
  assayObject('AnalysisTemplate', 'torn', {
    spec: { metrics: [success], templates: [{ name: 'gone' }] },
  }),
  assayObject('AnalysisTemplate', 'broken', { spec: { metrics: [] } }),
  assayObject(
    'ClusterAnalysisTemplate',
    'everywhere',
    { spec: { metrics: [{ ...success, source: 'shared' }] } },
    '',
  ),
  assayObject('AlertReceiver', 'chat', { spec: {} }),
  deployment(),
];

const other = rollout({ name: 'labelled', uid: 'labelled-uid', workload: 'other' });
const labelled = { ...other, metadata: { ...other.metadata, labels: { team: 'bank' } } };

interface Row {
  title: string;
  part: RequestPart;
  answer: AdmissionAnswer;
}

async function judged(part: RequestPart, unreachable: string[] = []): Promise<AdmissionAnswer> {
  return validate(requestOf(part), {
    controller: CONTROLLER,
    rollouts: [rollout(), labelled],
    guards: [],
    autoscalers: [],
    lookup: lookupOf(WORLD, unreachable),
  });
}

const templates: Row[] = [
  { title: 'a good template', part: { object: template({ metrics: [success] }) }, answer: allow() },
  {
    title: 'a template that breaks its schema',
    part: { object: template({ metrics: [{ name: 'Rate', query: '', successCondition: 'value > 0' }] }) },
    answer: deny(
      422,
      'AnalysisTemplate shop/web is not valid: spec.metrics[0].name: Invalid string: must match pattern ' +
        '/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/; spec.metrics[0].query: Too small: expected string to have >=1 characters',
    ),
  },
  {
    title: 'a metric that names an unknown source',
    part: { object: template({ metrics: [success, { ...success, name: 'other', source: 'nowhere' }] }) },
    answer: deny(
      422,
      'AnalysisTemplate shop/web is not valid: spec.metrics[1].source: ClusterMetricSource "nowhere" does not ' +
        'exist. Create it, or name one that kubectl get clustermetricsources shows',
    ),
  },
  {
    title: 'a metric that names a source of other namespaces',
    part: { object: template({ metrics: [{ ...success, source: 'shared' }] }) },
    answer: deny(
      422,
      'AnalysisTemplate shop/web is not valid: spec.metrics[0].source: ClusterMetricSource "shared" may not be ' +
        'used from namespace shop. Ask its administrator to add it to spec.allowedNamespaces',
    ),
  },
  {
    title: 'a cluster-wide template may name any source; where it is used decides',
    part: { object: template({ metrics: [{ ...success, source: 'shared' }] }, 'ClusterAnalysisTemplate') },
    answer: allow(),
  },
  {
    title: 'an update of only labels passes, however old the rules are that it breaks',
    part: {
      oldObject: template({ metrics: [] }),
      object: {
        ...template({ metrics: [] }),
        metadata: { name: 'web', namespace: 'shop', labels: { a: 'b' } },
      },
    },
    answer: allow(),
  },
];

const guards: Row[] = [
  { title: 'a good guard', part: { object: guard({ alerts: [{ receiver: 'chat' }] }) }, answer: allow() },
  {
    title: 'a guard of an unknown template',
    part: { object: guard({ analyses: [{ name: 'web', template: { name: 'nope' } }] }) },
    answer: deny(
      422,
      'RolloutGuard shop/watch is not valid: spec.analyses[0].template: AnalysisTemplate shop/nope does not exist. ' +
        'Apply it before the guard',
    ),
  },
  {
    title: 'a guard of a cluster-wide template that is none',
    part: {
      object: guard({
        analyses: [{ name: 'web', template: { kind: 'ClusterAnalysisTemplate', name: 'web' } }],
      }),
    },
    answer: deny(
      422,
      'RolloutGuard shop/watch is not valid: spec.analyses[0].template: ClusterAnalysisTemplate web does not ' +
        'exist. Apply it before the guard',
    ),
  },
  {
    title: 'a guard of a cluster-wide template whose source is not for this namespace',
    part: {
      object: guard({
        analyses: [{ name: 'web', template: { kind: 'ClusterAnalysisTemplate', name: 'everywhere' } }],
      }),
    },
    answer: deny(
      422,
      'RolloutGuard shop/watch is not valid: spec.analyses[0].template: spec.metrics[0].source: ClusterMetricSource ' +
        '"shared" may not be used from namespace shop. Ask its administrator to add it to spec.allowedNamespaces',
    ),
  },
  {
    title: 'a guard of a template that is broken itself',
    part: { object: guard({ analyses: [{ name: 'web', template: { name: 'broken' } }] }) },
    answer: deny(
      422,
      'RolloutGuard shop/watch is not valid: spec.analyses[0].template: AnalysisTemplate shop/broken is itself not ' +
        'valid. Correct it first',
    ),
  },
  {
    title: 'two analyses of one name',
    part: {
      object: guard({
        analyses: [
          { name: 'web', template: { name: 'web' } },
          { name: 'web', template: { name: 'web' } },
        ],
      }),
    },
    answer: deny(
      422,
      'RolloutGuard shop/watch is not valid: spec.analyses[1].name: "web" is taken by another analysis of this ' +
        'guard. Give each its own',
    ),
  },
  {
    title: 'an unknown receiver, a missing Rollout: worth knowing, as files come in any order',
    part: {
      object: guard({
        rolloutRef: { name: 'later' },
        alerts: [{ receiver: 'pager' }, { receiver: 'pager' }],
      }),
    },
    answer: allow({
      warnings: [
        'Rollout shop/later does not exist yet: nothing is guarded until it does',
        'AlertReceiver shop/pager does not exist yet: no alert is sent until it does',
      ],
    }),
  },
  {
    title: 'a guard of steps that the Rollout does not have',
    part: { object: guard({ analyses: [{ name: 'web', template: { name: 'web' }, steps: [1, 3, 4] }] }) },
    answer: allow({ warnings: ['analysis web judges step 3, 4, but Rollout demo has 2 steps'] }),
  },
  {
    title: 'a guard by labels of steps that a Rollout does not have',
    part: {
      object: guard({
        rolloutRef: undefined,
        selector: { matchLabels: { team: 'bank' } },
        analyses: [{ name: 'web', template: { name: 'web' }, steps: [7] }],
      }),
    },
    answer: allow({ warnings: ['analysis web judges step 7, but Rollout labelled has 2 steps'] }),
  },
  {
    title: 'a guard without a Step analysis: it promotes nothing',
    part: {
      object: guard({ analyses: [{ name: 'web', template: { name: 'counted' }, mode: 'Background' }] }),
    },
    answer: allow({
      warnings: [
        'no Step analysis judges Rollout demo: the pauses of its steps decide when they are left, and a step ' +
          'without a duration waits for a person',
      ],
    }),
  },
  {
    title: 'a Background analysis with what only a Step analysis follows',
    part: {
      object: guard({
        analyses: [
          { name: 'web', template: { name: 'web' } },
          { name: 'bg', template: { name: 'counted' }, mode: 'Background', steps: [1], onSuccess: 'Hold' },
        ],
      }),
    },
    answer: deny(
      422,
      'RolloutGuard shop/watch is not valid: spec.analyses[1].steps: is for Step analyses, and this one is ' +
        'Background. Take it away, or give it an analysis of its own; spec.analyses[1].onSuccess: is for Step ' +
        'analyses, and this one is Background. Take it away, or give it an analysis of its own',
    ),
  },
  {
    title: 'a Background analysis of a template that measures once',
    part: {
      object: guard({
        analyses: [
          { name: 'web', template: { name: 'web' } },
          { name: 'bg', template: { name: 'web' }, mode: 'Background' },
        ],
      }),
    },
    answer: deny(
      422,
      'RolloutGuard shop/watch is not valid: spec.analyses[1].template.spec.metrics[0].interval: is needed by a ' +
        'Background analysis, which measures again and again',
    ),
  },
  {
    title: 'an analysis of no single step by a template that asks for the step',
    part: {
      object: guard({
        analyses: [
          { name: 'web', template: { name: 'web' } },
          { name: 'bg', template: { name: 'of-a-step' }, mode: 'Background' },
        ],
      }),
    },
    answer: deny(
      422,
      'RolloutGuard shop/watch is not valid: spec.analyses[1].template.spec.metrics[0]: {{step.index}} stands for ' +
        'nothing in a Background analysis, which judges no single step',
    ),
  },
  {
    title: 'a PostPromotion analysis that would never end',
    part: {
      object: guard({
        analyses: [
          { name: 'web', template: { name: 'web' } },
          { name: 'after', template: { name: 'endless' }, mode: 'PostPromotion' },
        ],
      }),
    },
    answer: deny(
      422,
      'RolloutGuard shop/watch is not valid: spec.analyses[1].args: with these arguments, spec.metrics[0].count of ' +
        'the template is at fault: is needed beside interval: a PostPromotion analysis must end ' +
        '(consecutiveSuccessLimit does as well)',
    ),
  },
  {
    title: 'a guard of nested templates, with an argument from a field of each Rollout',
    part: {
      object: guard({
        analyses: [
          {
            name: 'web',
            template: { name: 'suite' },
            args: [
              { name: 'floor', valueFrom: { fieldRef: { fieldPath: "rollout.metadata.labels['floor']" } } },
            ],
          },
        ],
      }),
    },
    answer: allow(),
  },
  {
    title: 'a guard of a template that nests one which nobody made',
    part: { object: guard({ analyses: [{ name: 'web', template: { name: 'torn' } }] }) },
    answer: deny(
      422,
      'RolloutGuard shop/watch is not valid: spec.analyses[0].template.spec.templates[0]: AnalysisTemplate gone does ' +
        'not exist; create it or name another',
    ),
  },
  {
    title: 'a guard by labels',
    part: { object: guard({ rolloutRef: undefined, selector: { matchLabels: { team: 'shop' } } }) },
    answer: allow(),
  },
  {
    title: 'a guard whose template was deleted can be suspended',
    part: {
      oldObject: guard({ analyses: [{ name: 'web', template: { name: 'nope' } }] }),
      object: guard({ analyses: [{ name: 'web', template: { name: 'nope' } }], suspend: true }),
    },
    answer: allow(),
  },
];

const rollouts: Row[] = [
  { title: 'a Rollout as it is', part: { object: rollout() }, answer: allow() },
  {
    title: 'a second Rollout of one workload',
    part: { object: rollout({ name: 'again' }) },
    answer: deny(
      422,
      'Rollout shop/again is not valid: spec.workloadRef: Deployment echoserver is driven by Rollout demo already. ' +
        'Change that one, or delete it first',
    ),
  },
  {
    title: 'a Rollout that moves to the workload of another',
    part: { oldObject: rollout({ name: 'again', workload: 'other' }), object: rollout({ name: 'again' }) },
    answer: deny(
      422,
      'Rollout shop/again is not valid: spec.workloadRef: Deployment echoserver is driven by Rollout demo already. ' +
        'Change that one, or delete it first',
    ),
  },
  {
    title: 'a conflict that exists already does not stand in the way of ending it',
    part: { oldObject: rollout({ name: 'again' }), object: rollout({ name: 'again', disabled: true }) },
    answer: allow(),
  },
  {
    title: 'a Rollout of a missing workload: files come in any order',
    part: { object: rollout({ name: 'early', workload: 'later' }) },
    answer: allow({
      warnings: ['Deployment shop/later does not exist yet: nothing is released until it does'],
    }),
  },
];

/** The Rollout of the requests with this strategy, and these annotations and status. */
function planned(strategy: Fields, more: { annotations?: Record<string, string>; phase?: string } = {}) {
  const plain = rollout(more.phase === undefined ? {} : { status: { phase: more.phase } });
  return {
    ...plain,
    metadata: { ...plain.metadata, ...(more.annotations ? { annotations: more.annotations } : {}) },
    spec: { ...plain.spec, strategy } as typeof plain.spec,
  };
}

const STYLED = { 'rollouts.kruise.io/rolling-style': 'blueGreen' };
const canaryOf = (...steps: Fields[]) => ({ canary: { enableExtraWorkloadForCanary: true, steps } });
const frozenSteps = deny(
  422,
  'Rollout shop/demo is not valid: spec.strategy.canary.steps: the number of steps cannot be changed while the ' +
    'Rollout is Progressing: let the release end first, or restore the stable pod template of the workload to roll back',
);

const writers: Row[] = [
  {
    title: 'a step more in the middle of a release, in v1beta1',
    part: {
      oldObject: planned(canaryOf({ replicas: 1 }), { phase: 'Progressing' }),
      object: planned(canaryOf({ replicas: 1 }, { replicas: 2 }), { phase: 'Progressing' }),
    },
    answer: frozenSteps,
  },
  {
    title: 'a step more in the middle of a release, in v1alpha1',
    part: {
      writtenIn: 'v1alpha1',
      oldObject: planned(canaryOf({ replicas: 1 }), { phase: 'Progressing' }),
      object: planned(canaryOf({ replicas: 1 }, { replicas: 2 }), { phase: 'Progressing' }),
    },
    answer: allow(),
  },
  {
    title: 'an unknown style by annotation, in v1alpha1',
    part: {
      writtenIn: 'v1alpha1',
      object: planned(canaryOf({ replicas: 1 }), { annotations: STYLED }),
    },
    answer: deny(
      422,
      'Rollout shop/demo is not valid: metadata.annotations[rollouts.kruise.io/rolling-style]: must be canary or ' +
        'partition, and not blueGreen: other styles need rollouts.kruise.io/v1beta1',
    ),
  },
  {
    title: 'the same annotation in v1beta1, where it says nothing',
    part: { object: planned(canaryOf({ replicas: 1 }), { annotations: STYLED }) },
    answer: allow(),
  },
  {
    title: 'a StatefulSet that is not there yet',
    part: {
      object: {
        ...rollout(),
        spec: {
          workloadRef: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db' },
          strategy: canaryOf({ replicas: 1 }),
        },
      } as KubeObject,
    },
    answer: allow({
      warnings: ['StatefulSet shop/db does not exist yet: nothing is released until it does'],
    }),
  },
];

const HTTP_REF = { service: 'web', gateway: { httpRouteName: 'web' } };
const TESTERS = { headers: [{ name: 'x-user', value: 'tester' }] };
const MARKS = { matches: [TESTERS], requestHeaderModifier: { set: [{ name: 'x-lane', value: 'gray' }] } };

const trafficRouting = (spec: Fields, status?: Fields): KubeObject =>
  ({
    apiVersion: 'rollouts.kruise.io/v1alpha1',
    kind: 'TrafficRouting',
    metadata: { name: 'mesh', namespace: 'shop' },
    spec: { objectRef: [HTTP_REF], strategy: MARKS, ...spec },
    ...(status && { status }),
  }) as KubeObject;

const notValid = (fault: string) => deny(422, `TrafficRouting shop/mesh is not valid: ${fault}`);
const UNMARKED =
  'spec.strategy.requestHeaderModifier is not given: the requests that are chosen go unmarked where all others go';

const trafficRoutings: Row[] = [
  { title: 'one that marks requests', part: { object: trafficRouting({}) }, answer: allow() },
  {
    title: 'one without a strategy',
    part: { object: trafficRouting({ strategy: undefined }) },
    answer: notValid('spec.strategy: is missing'),
  },
  {
    title: 'one without a Service',
    part: { object: trafficRouting({ objectRef: [] }) },
    answer: notValid('spec.objectRef: name at least one Service with its route'),
  },
  {
    title: 'a Service without a route',
    part: { object: trafficRouting({ objectRef: [{ service: 'web' }] }) },
    answer: notValid('spec.objectRef[0]: name a route: ingress, gateway or customNetworkRefs'),
  },
  {
    title: 'another class than nginx',
    part: {
      object: trafficRouting({ objectRef: [{ service: 'web', ingress: { name: 'web', classType: 'mse' } }] }),
    },
    answer: notValid('spec.objectRef[0].ingress.classType: the class mse is not supported: only nginx is'),
  },
  {
    title: 'the same route twice',
    part: { object: trafficRouting({ objectRef: [HTTP_REF, { ...HTTP_REF, service: 'shop' }] }) },
    answer: notValid('spec.objectRef[1]: HTTPRoute web is named twice'),
  },
  {
    title: 'a DestinationRule',
    part: {
      object: trafficRouting({
        objectRef: [
          {
            service: 'web',
            customNetworkRefs: ['VirtualService', 'DestinationRule'].map((kind) => ({
              apiVersion: 'networking.istio.io/v1beta1',
              kind,
              name: 'web',
            })),
          },
        ],
      }),
    },
    answer: notValid(
      'spec.objectRef[0].customNetworkRefs[1]: a DestinationRule tells versions apart, and a TrafficRouting sends every request to the same Service: take it out',
    ),
  },
  {
    title: 'a weight above 100',
    part: { object: trafficRouting({ strategy: { ...MARKS, weight: 101 } }) },
    answer: notValid('spec.strategy.weight: Too big: expected number to be <=100'),
  },
  {
    title: 'one that marks nothing',
    part: { object: trafficRouting({ strategy: {} }) },
    answer: allow({
      warnings: [
        'spec.strategy chooses no requests, so that nothing is routed: give weight or matches',
        UNMARKED,
      ],
    }),
  },
  {
    title: 'a weight beside matches',
    part: { object: trafficRouting({ strategy: { ...MARKS, weight: 5 } }) },
    answer: allow({ warnings: ['spec.strategy.weight has no effect beside matches, which alone decide'] }),
  },
  {
    title: 'more than an nginx ingress can do',
    part: { object: trafficRouting({ objectRef: [{ service: 'web', ingress: { name: 'web' } }] }) },
    answer: allow({
      warnings: [
        'spec.objectRef[0].ingress: an nginx ingress changes no headers, and follows one header and one cookie, each in a match of its own: releases wait until spec.strategy asks for no more',
      ],
    }),
  },
  {
    title: 'other routes while these are set',
    part: {
      oldObject: trafficRouting({}, { phase: 'Progressing' }),
      object: trafficRouting({ objectRef: [{ ...HTTP_REF, service: 'shop' }] }),
    },
    answer: notValid(
      'spec.objectRef: cannot be changed while the TrafficRouting is Progressing: let the releases of its Rollouts end first',
    ),
  },
  {
    title: 'another strategy while the routes are set',
    part: {
      oldObject: trafficRouting({}, { phase: 'Progressing' }),
      object: trafficRouting({ strategy: { ...MARKS, matches: [TESTERS, TESTERS] } }),
    },
    answer: allow(),
  },
  {
    title: 'other routes between releases',
    part: {
      oldObject: trafficRouting({}, { phase: 'Healthy' }),
      object: trafficRouting({ objectRef: [{ ...HTTP_REF, service: 'shop' }] }),
    },
    answer: allow(),
  },
  {
    title: 'one whose routes became wrong by a newer rule is let go all the same',
    part: {
      oldObject: trafficRouting({ objectRef: [] }),
      object: {
        ...trafficRouting({ objectRef: [] }),
        metadata: { name: 'mesh', namespace: 'shop', finalizers: [] },
      },
    },
    answer: allow(),
  },
];

const foreign = (claim: string, use: string) =>
  deny(
    403,
    `ForeignRun: AnalysisRun shop/mine has ${claim}, and runs that judge a Rollout are written by Assay alone. ` +
      `To measure something by hand, ${use}`,
  );
const key = { key: { rolloutUid: 'rollout-uid' } };
const owned = {
  ownerReferences: [
    { apiVersion: 'rollouts.kruise.io/v1beta1', kind: 'Rollout', name: 'demo', uid: 'rollout-uid' },
  ],
};
const collector = 'system:serviceaccount:kube-system:generic-garbage-collector';

const runs: Row[] = [
  { title: 'a run by hand', part: { object: run() }, answer: allow() },
  {
    title: 'a run by hand is checked like a template',
    part: { object: run({ metrics: [{ ...success, source: 'nowhere' }] }) },
    answer: deny(
      422,
      'AnalysisRun shop/mine is not valid: spec.metrics[0].source: ClusterMetricSource "nowhere" does not exist. ' +
        'Create it, or name one that kubectl get clustermetricsources shows',
    ),
  },
  {
    title: 'a run with the key of a step',
    part: { object: run(key) },
    answer: foreign('spec.key', 'leave spec.key out'),
  },
  {
    title: 'a run that says a Rollout owns it',
    part: { object: run({}, owned) },
    answer: foreign('an owner reference to a Rollout', 'leave an owner reference to a Rollout out'),
  },
  ...['rollout', 'release', 'step', 'analysis'].map((label) => ({
    title: `a run with the controller's label ${label}`,
    part: { object: run({}, { labels: { [`assay.dev/${label}`]: '1' } }) },
    answer: foreign(`the label assay.dev/${label}`, `leave the label assay.dev/${label} out`),
  })),
  {
    title: 'a run by hand that becomes one of a Rollout',
    part: { oldObject: run(), object: run({}, owned) },
    answer: foreign('an owner reference to a Rollout', 'make a run of your own'),
  },
  {
    title: 'a run of a Rollout that is made to look like one by hand',
    part: { oldObject: run({}, owned), object: run() },
    answer: foreign('an owner reference to a Rollout', 'make a run of your own'),
  },
  {
    title: 'a run of a Rollout cannot be ended by hand',
    part: { oldObject: run(key), object: run({ ...key, terminate: true }) },
    answer: foreign('spec.key', 'make a run of your own'),
  },
  {
    title: 'the verdict of a run of a Rollout',
    part: { subResource: 'status', oldObject: run(key), object: run(key, {}, { phase: 'Successful' }) },
    answer: foreign('spec.key', 'make a run of your own'),
  },
  {
    title: 'the verdict of a run by hand',
    part: { subResource: 'status', oldObject: run(), object: run({}, {}, { phase: 'Successful' }) },
    answer: deny(
      403,
      'ForeignRun: the status of AnalysisRun shop/mine is what Assay measured and is written by Assay alone. To ' +
        'end the run early, set spec.terminate to true',
    ),
  },
  {
    title: 'what a run measures cannot change',
    part: { oldObject: run(), object: run({ maxDuration: '5m' }) },
    answer: deny(
      422,
      'the spec of AnalysisRun shop/mine cannot change, except for spec.terminate: its measurements would no longer ' +
        'speak of one thing. Make a new AnalysisRun',
    ),
  },
  {
    title: 'a run by hand can be ended',
    part: { oldObject: run(), object: run({ terminate: true }) },
    answer: allow(),
  },
  {
    title: 'a run by hand can be labelled, although its source is gone',
    part: {
      oldObject: run({ metrics: [{ ...success, source: 'nowhere' }] }),
      object: run({ metrics: [{ ...success, source: 'nowhere' }] }, { labels: { a: 'b' } }),
    },
    answer: allow(),
  },
  {
    title: 'the garbage collector may take the owner off',
    part: { username: collector, oldObject: run(key, owned), object: run(key) },
    answer: allow(),
  },
  {
    title: 'anybody may take finalizers off a run that is being deleted',
    part: {
      oldObject: run(key, { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['foregroundDeletion'] }),
      object: run(key, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    },
    answer: allow(),
  },
  {
    title: 'but nobody may write its verdict, not even one of the cluster’s controllers',
    part: {
      username: collector,
      subResource: 'status',
      oldObject: run(key, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
      object: run(key, { deletionTimestamp: '2026-01-01T00:00:00Z' }, { phase: 'Successful' }),
    },
    answer: foreign('spec.key', 'make a run of your own'),
  },
];

const RECORD = deny(
  403,
  'RolloutRecord shop/demo is what Assay remembers of the Rollout of that name, and is written by Assay alone. ' +
    'Approve, restore or release through the Rollout and its workload',
);

const records: Row[] = [
  { title: 'a record made by a person', part: { object: record() }, answer: RECORD },
  {
    title: 'a record labelled by a person',
    part: { oldObject: record(), object: record({ labels: { a: 'b' } }) },
    answer: RECORD,
  },
  {
    title: 'a record whose owner the garbage collector takes off',
    part: { username: collector, oldObject: record(owned), object: record() },
    answer: allow(),
  },
];

const others: Row[] = [
  { title: 'a good source', part: { object: source('default') }, answer: allow() },
  {
    title: 'a source without an address',
    part: { object: source('default', { prometheus: { address: 'prometheus:9090' } }) },
    answer: deny(422, 'ClusterMetricSource default is not valid: spec.prometheus.address: Invalid URL'),
  },
  {
    title: 'a receiver without a Secret',
    part: { object: assayObject('AlertReceiver', 'chat', { spec: { slack: { url: 'https://hooks' } } }) },
    answer: deny(
      422,
      'AlertReceiver shop/chat is not valid: spec.slack.url: must be an object with fields, and is text',
    ),
  },
  { title: 'a kind that is none of ours', part: { object: deployment() }, answer: allow() },
  { title: 'a deletion', part: { oldObject: record(), operation: 'DELETE' }, answer: allow() },
  {
    title: 'many faults are cut short',
    part: { object: template({ metrics: Array.from({ length: 12 }, () => ({ ...success, name: '' })) }) },
    answer: deny(
      422,
      `AnalysisTemplate shop/web is not valid: ${Array.from(
        { length: 10 },
        (_, index) =>
          `spec.metrics[${index}].name: Invalid string: must match pattern /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/`,
      ).join('; ')}; and 2 more`,
    ),
  },
];

describe.each([
  ['templates', templates],
  ['guards', guards],
  ['Rollouts', rollouts],
  ['Rollouts by their writers', writers],
  ['TrafficRoutings', trafficRoutings],
  ['runs', runs],
  ['records', records],
  ['the rest', others],
])('%s', (_kind, rows) => {
  test.each(rows)('$title', async ({ part, answer }) => {
    expect(await judged(part)).toEqual(answer);
  });
});

describe('a Rollout that names a TrafficRouting', () => {
  const naming = planned(canaryOf({ replicas: 3 }), {
    annotations: { 'rollouts.kruise.io/trafficrouting': 'mesh' },
  });
  const answered = (objects: readonly KubeObject[], unreachable: string[] = []) =>
    validate(requestOf({ object: naming }), {
      controller: CONTROLLER,
      rollouts: [],
      guards: [],
      autoscalers: [],
      lookup: lookupOf([...WORLD, ...objects], unreachable),
    });

  test('is accepted', async () => {
    expect(await answered([trafficRouting({})])).toEqual(allow({ warnings: [] }));
  });

  test('is told where that does not exist, since people apply files in any order', async () => {
    expect(await answered([])).toEqual(
      allow({ warnings: ['TrafficRouting shop/mesh does not exist yet: no step begins until it does'] }),
    );
    expect(await answered([], ['TrafficRouting'])).toEqual(allow({ warnings: [] }));
  });
});

describe('what a Rollout is warned of', () => {
  const watch = guard({}) as RolloutGuard;
  const scaler = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'busy', namespace: 'shop' },
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'echoserver' } },
  };
  const warnings = async (strategy: Fields, guards: RolloutGuard[] = []) => {
    const answer = await validate(requestOf({ object: planned(strategy) }), {
      controller: CONTROLLER,
      rollouts: [],
      guards,
      autoscalers: [scaler],
      lookup: lookupOf(WORLD),
    });
    return answer.allowed ? answer.warnings : [answer.message];
  };
  const light = (step: number, moves: string) =>
    `step ${step} of Rollout demo is the last that a Step analysis judges, and it moves ${moves} of the pods: the ` +
    'others follow unjudged. Let a judged step move at least half of them';

  test('a guard whose steps move few pods, of the five that the workload has', async () => {
    expect(await warnings(canaryOf({ replicas: 2 }), [watch])).toEqual([light(1, '2')]);
    expect(await warnings(canaryOf({ replicas: 3 }), [watch])).toEqual([]);
  });

  test('not by a guard of another Rollout, nor by a suspended one', async () => {
    const other = guard({ rolloutRef: { name: 'other' } }) as RolloutGuard;
    const asleep = guard({ suspend: true }) as RolloutGuard;
    expect(await warnings(canaryOf({ replicas: 2 }), [other, asleep])).toEqual([]);
  });

  test('an autoscaler of a blue-green release', async () => {
    expect(await warnings({ blueGreen: { steps: [{ replicas: '100%' }] } })).toEqual([
      'HorizontalPodAutoscaler busy scales Deployment echoserver: a blue-green release turns it off while it lasts, ' +
        'so that load which grows meanwhile brings no further pods',
    ]);
  });

  test('its guard is warned as well, when it comes later', async () => {
    const facts = { controller: CONTROLLER, guards: [], autoscalers: [], lookup: lookupOf(WORLD) };
    const rollouts = [planned(canaryOf({ replicas: '40%' }))];
    expect(await validate(requestOf({ object: watch }), { ...facts, rollouts })).toEqual(
      allow({ warnings: [light(1, '40%')] }),
    );
  });

  test('beside Kruise Rollouts its guard is warned of steps that wait for nobody, and of Abort', async () => {
    const facts = { controller: CONTROLLER, guards: [], autoscalers: [], lookup: lookupOf(WORLD) };
    const rollouts = [planned(canaryOf({ replicas: '60%', pause: { duration: 30 } }))];
    const object = guard({ onFailure: 'Abort' });
    expect(await validate(requestOf({ object }), { ...facts, rollouts, isBeside: true })).toEqual(
      allow({
        warnings: [
          'Rollout demo: step 1/1 has a pause of 30 s, after which Kruise Rollouts goes on by itself; take the ' +
            'duration away to have it guarded',
          'spec.onFailure: Abort acts as Pause beside Kruise Rollouts, which takes no canary away alone',
        ],
      }),
    );
    expect(await validate(requestOf({ object }), { ...facts, rollouts })).toEqual(allow({ warnings: [] }));
  });
});

describe('what the checks of conditions and arguments say reaches the author', () => {
  test.each([
    [
      'a condition that does not parse',
      template({ metrics: [{ ...success, successCondition: 'value >' }] }),
      'spec.metrics[0].successCondition: ',
    ],
    [
      'an unknown placeholder',
      template({ metrics: [{ ...success, query: 'up{a="{{args.x}}"}' }] }),
      'spec.metrics[0].query: ',
    ],
    [
      'a run without what its placeholder stands for',
      run({ metrics: [{ ...success, query: 'up{pod=~"{{canary.pods}}"}' }] }),
      'spec.metrics[0].query: ',
    ],
    [
      'an argument that is not given',
      guard({ analyses: [{ name: 'a', template: { name: 'with-args' } }] }),
      'spec.analyses[0].args: ',
    ],
    [
      'an argument of the wrong type',
      guard({
        analyses: [{ name: 'a', template: { name: 'with-args' }, args: [{ name: 'floor', value: 'high' }] }],
      }),
      'spec.analyses[0].args[0].value: ',
    ],
    [
      'a metric without an end, which a step would wait for',
      guard({ analyses: [{ name: 'a', template: { name: 'endless' } }] }),
      'spec.metrics[0].count',
    ],
  ])('%s', async (_title, object, path) => {
    const answer = await judged({ object });
    expect(answer).toMatchObject({ allowed: false, code: 422 });
    expect(!answer.allowed && answer.message).toContain(path);
  });
});

describe('what cannot be found out is refused for now', () => {
  test.each([
    [
      'ClusterMetricSource',
      template({ metrics: [success] }),
      'AnalysisTemplate shop/web',
      'ClusterMetricSource default',
    ],
    ['AnalysisTemplate', guard({}), 'RolloutGuard shop/watch', 'AnalysisTemplate shop/web'],
  ])('%s', async (kind, object, subject, asked) => {
    expect(await judged({ object }, [kind])).toEqual(
      deny(503, `${subject} could not be checked: ${asked} could not be read: connection refused. Try again`),
    );
  });

  test('unless nothing but a warning hangs on it', async () => {
    expect(await judged({ object: rollout() }, ['Deployment'])).toEqual(allow());
    expect(await judged({ object: guard({ alerts: [{ receiver: 'chat' }] }) }, ['AlertReceiver'])).toEqual(
      allow(),
    );
  });
});

describe('the controller itself', () => {
  const facts = { controller: CONTROLLER, rollouts: [], guards: [], autoscalers: [], lookup: lookupOf([]) };

  test.each([
    ['makes runs of Rollouts', { object: run(key, owned) }],
    [
      'writes verdicts',
      { subResource: 'status', oldObject: run(key), object: run(key, {}, { phase: 'Failed' }) },
    ],
    [
      'writes records',
      { oldObject: record(), object: { ...record(), status: { releaseId: 2, stepEntry: 2 } } },
    ],
  ])('%s', async (_title, part: RequestPart) => {
    expect(await validate(byController(part), facts)).toEqual(allow());
  });

  test('cannot change what a run measures either', async () => {
    const part = { oldObject: run(key), object: run({ ...key, maxDuration: '5m' }) };
    expect(await validate(byController(part), facts)).toMatchObject({ allowed: false, code: 422 });
  });
});
