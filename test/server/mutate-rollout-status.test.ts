import { describe, expect, test } from 'vitest';
import type { Rollout } from '../../src/api/rollout.ts';
import type { RolloutRecord } from '../../src/api/rollout-record.ts';
import { type AdmissionAnswer, allow, deny } from '../../src/server/admission-review.ts';
import { mutateRolloutStatus } from '../../src/server/mutate-rollout-status.ts';
import { byController, CONTROLLER, requestOf, rollout } from './requests.ts';

const NOW = Date.parse('2026-03-04T05:06:07.890Z');

type Status = Record<string, unknown> & { canaryStatus: Record<string, unknown> };

function statusIn(state: string, fields: Record<string, unknown> = {}): Status {
  return {
    phase: 'Progressing',
    message: 'Rollout is in step(2/4)',
    currentStepIndex: 2,
    currentStepState: state,
    canaryStatus: { currentStepIndex: 2, nextStepIndex: 3, currentStepState: state, canaryRevision: 'r2' },
    ...fields,
  };
}

/** The step after it is another than the natural one. */
function sentTo(step: number, status: Status): Status {
  return { ...status, canaryStatus: { ...status.canaryStatus, nextStepIndex: step } };
}

/** What `kubectl patch` and kubectl-kruise make of it. */
function approvedOf(status: Status): Status {
  return { ...status, canaryStatus: { ...status.canaryStatus, currentStepState: 'StepReady' } };
}

function record(release: Record<string, unknown> = {}, ownerUid = 'rollout-uid'): RolloutRecord {
  return {
    apiVersion: 'assay.dev/v1alpha1',
    kind: 'RolloutRecord',
    metadata: {
      name: 'demo',
      namespace: 'shop',
      ownerReferences: [
        { apiVersion: 'rollouts.kruise.io/v1beta1', kind: 'Rollout', name: 'demo', uid: ownerUid },
      ],
    },
    status: {
      releaseId: 7,
      stepEntry: 31,
      release: { step: { index: 2, entry: 31, state: 'StepPaused' }, ...release },
    },
  } as unknown as RolloutRecord;
}

const verdict = (phase: string) => ({
  step: {
    index: 2,
    entry: 31,
    state: 'StepPaused',
    verdict: { phase, reason: 'r', message: 'success-rate 0.81, wanted >= 0.95', at: '' },
  },
});

const approval = { releaseId: 7, stepEntry: 31, step: 2, user: 'alice', at: '2026-03-04T05:06:07.890Z' };
const approvedAs = (approvals: unknown[]) =>
  allow({ patch: [{ op: 'add', path: '/status/approvals', value: approvals }] });

const ONLY_APPROVAL = deny(
  403,
  'the status of Rollout shop/demo is written by Assay. A person can approve a paused step (patch ' +
    'status.canaryStatus.currentStepState from StepPaused to StepReady), or send the release to another step ' +
    '(patch status.canaryStatus.nextStepIndex), and change nothing else',
);
const NOT_RECORDED = deny(
  409,
  'step 2 of Rollout shop/demo is on the move: what Assay has recorded of it is not what its status says. Look ' +
    'again in a second, and approve it if it still waits',
);
const notPaused = (state: string) =>
  deny(
    403,
    `step 2 of Rollout shop/demo is in ${state}, and only a step in StepPaused can be approved. Watch it with: ` +
      'kubectl get rollouts.rollouts.kruise.io demo -n shop -w, and approve it once it is paused',
  );

interface Row {
  title: string;
  before: Record<string, unknown> | undefined;
  after: Record<string, unknown> | undefined;
  record?: RolloutRecord | undefined;
  answer: AdmissionAnswer;
}

const paused = statusIn('StepPaused');
const former = Array.from({ length: 20 }, (_, index) => ({ ...approval, stepEntry: index }));

const rows: Row[] = [
  {
    title: 'a paused step is approved, and who did it is recorded',
    before: paused,
    after: approvedOf(paused),
    answer: approvedAs([approval]),
  },
  {
    title: 'a writer of v1alpha1 changes the mirrored state as well, through conversion',
    before: paused,
    after: { ...approvedOf(paused), currentStepState: 'StepReady' },
    answer: approvedAs([approval]),
  },
  {
    title: 'a step whose analyses were inconclusive can be approved',
    before: paused,
    after: approvedOf(paused),
    record: record(verdict('Inconclusive')),
    answer: approvedAs([approval]),
  },
  {
    title: 'the newest 20 approvals are kept',
    before: statusIn('StepPaused', { approvals: former }),
    after: approvedOf(statusIn('StepPaused', { approvals: former })),
    answer: approvedAs([...former.slice(1), approval]),
  },
  {
    title: 'a paused release is sent over the next step',
    before: paused,
    after: sentTo(4, paused),
    answer: approvedAs([{ releaseId: 7, stepEntry: 31, step: 2, to: 4, user: 'alice', at: approval.at }]),
  },
  {
    title: 'a release is sent back to an earlier step, in whatever state it is',
    before: statusIn('StepMetricsAnalysis'),
    after: sentTo(1, statusIn('StepMetricsAnalysis')),
    record: record({ step: { index: 2, entry: 31, state: 'StepMetricsAnalysis' } }),
    answer: approvedAs([{ releaseId: 7, stepEntry: 31, step: 2, to: 1, user: 'alice', at: approval.at }]),
  },
  {
    title: 'a release whose analyses failed can only be sent back',
    before: paused,
    after: sentTo(4, paused),
    record: record(verdict('Failed')),
    answer: deny(
      403,
      'the analyses of step 2 of Rollout shop/demo failed (success-rate 0.81, wanted >= 0.95), so it cannot be ' +
        'approved. Restore the stable pod template of its workload, or release a new version',
    ),
  },
  {
    title: 'a step under analysis is not left upwards by a jump',
    before: statusIn('StepMetricsAnalysis'),
    after: sentTo(4, statusIn('StepMetricsAnalysis')),
    answer: notPaused('StepMetricsAnalysis (its analyses are still judging it)'),
  },
  {
    title: 'there is no step behind the last one to go to',
    before: paused,
    after: sentTo(9, paused),
    answer: deny(
      422,
      'Rollout shop/demo cannot be sent to another step: there is no step 9: the plan has steps 1 to 4',
    ),
  },
  { title: 'nothing changed is nothing to refuse', before: paused, after: { ...paused }, answer: allow() },
  { title: 'no status before and after', before: undefined, after: undefined, answer: allow() },
  {
    title: 'a step whose analyses failed cannot be approved',
    before: paused,
    after: approvedOf(paused),
    record: record(verdict('Failed')),
    answer: deny(
      403,
      'the analyses of step 2 of Rollout shop/demo failed (success-rate 0.81, wanted >= 0.95), so it cannot be ' +
        'approved. Restore the stable pod template of its workload, or release a new version',
    ),
  },
  {
    title: 'without a record the approval could be bound to nothing',
    before: paused,
    after: approvedOf(paused),
    record: undefined,
    answer: NOT_RECORDED,
  },
  {
    title: 'the record speaks of another step',
    before: paused,
    after: approvedOf(paused),
    record: record({ step: { index: 1, entry: 30, state: 'StepPaused' } }),
    answer: NOT_RECORDED,
  },
  {
    title: 'the record says that the step is judged again',
    before: paused,
    after: approvedOf(paused),
    record: record({ step: { index: 2, entry: 31, state: 'StepMetricsAnalysis' } }),
    answer: NOT_RECORDED,
  },
  {
    title: 'the record speaks of no step',
    before: paused,
    after: approvedOf(paused),
    record: record({ step: undefined }),
    answer: NOT_RECORDED,
  },
  {
    title: 'the record says that the release ends',
    before: paused,
    after: approvedOf(paused),
    record: record({ outcome: 'RolledBack' }),
    answer: NOT_RECORDED,
  },
  {
    title: 'the record is that of a former Rollout of this name',
    before: paused,
    after: approvedOf(paused),
    record: record({}, 'former-uid'),
    answer: NOT_RECORDED,
  },
  ...(
    [
      ['BeforeStepUpgrade', 'BeforeStepUpgrade (its pods are about to be made)'],
      ['StepUpgrade', 'StepUpgrade (its pods are not ready yet)'],
      ['StepTrafficRouting', 'StepTrafficRouting (its traffic is being routed)'],
      ['StepMetricsAnalysis', 'StepMetricsAnalysis (its analyses are still judging it)'],
      ['Completed', 'Completed (all its steps are done)'],
      ['', 'no state'],
      ['constructor', 'constructor'],
    ] as const
  ).map(([state, words]) => ({
    title: `a step in ${words} cannot be approved`,
    before: statusIn(state),
    after: approvedOf(statusIn(state)),
    answer: notPaused(words),
  })),
  {
    title: 'a paused step that an ended release left behind cannot be approved',
    before: statusIn('StepPaused', { phase: 'Healthy' }),
    after: approvedOf(statusIn('StepPaused', { phase: 'Healthy' })),
    answer: deny(
      403,
      'Rollout shop/demo is Healthy: no release is under way, so there is no step to approve. Change the pod ' +
        'template of its workload to start one',
    ),
  },
  {
    title: 'approving and jumping to another step is refused',
    before: paused,
    after: {
      ...paused,
      canaryStatus: { ...paused.canaryStatus, currentStepState: 'StepReady', nextStepIndex: 4 },
    },
    answer: ONLY_APPROVAL,
  },
  {
    title: 'any other state than StepReady is refused',
    before: paused,
    after: statusIn('Completed'),
    answer: ONLY_APPROVAL,
  },
  {
    title: 'approvals cannot be forged',
    before: paused,
    after: { ...paused, approvals: [approval] },
    answer: ONLY_APPROVAL,
  },
  {
    title: 'approvals cannot be forged beside a true one',
    before: paused,
    after: { ...approvedOf(paused), approvals: [{ ...approval, step: 3 }] },
    answer: ONLY_APPROVAL,
  },
  {
    title: 'approvals cannot be taken away',
    before: statusIn('StepPaused', { approvals: [approval] }),
    after: statusIn('StepPaused'),
    answer: ONLY_APPROVAL,
  },
  {
    title: 'the phase cannot be set',
    before: paused,
    after: { ...paused, phase: 'Healthy' },
    answer: ONLY_APPROVAL,
  },
  { title: 'the status cannot be taken away', before: paused, after: undefined, answer: ONLY_APPROVAL },
  { title: 'a status cannot be made up', before: undefined, after: paused, answer: ONLY_APPROVAL },
  {
    title: 'a canary status cannot be made up',
    before: { phase: 'Healthy' },
    after: { phase: 'Healthy', canaryStatus: { currentStepState: 'StepPaused' } },
    answer: ONLY_APPROVAL,
  },
];

function objects(row: Pick<Row, 'before' | 'after'>) {
  return {
    subResource: 'status',
    oldObject: withFourSteps(rollout(row.before ? { status: row.before } : {})),
    object: withFourSteps(rollout(row.after ? { status: row.after } : {})),
  };
}

function withFourSteps(object: Rollout): Rollout {
  const { canary } = object.spec.strategy;
  const steps = [1, 2, 3, 4].map((replicas) => ({ replicas, pause: {} }));
  return { ...object, spec: { ...object.spec, strategy: { canary: { ...canary, steps } } } };
}

test.each(rows)('$title', (row) => {
  const facts = { controller: CONTROLLER, record: 'record' in row ? row.record : record(), now: NOW };
  expect(mutateRolloutStatus(requestOf(objects(row)), facts)).toEqual(row.answer);
});

describe('who asks', () => {
  const change = objects({ before: paused, after: statusIn('StepReady', { phase: 'Healthy' }) });

  test('the controller writes what it likes', () => {
    expect(
      mutateRolloutStatus(byController(change), { controller: CONTROLLER, record: undefined, now: NOW }),
    ).toEqual(allow());
  });

  test('its account with another field manager does not', () => {
    const request = requestOf({ ...change, username: CONTROLLER.username, fieldManager: 'kubectl-patch' });
    expect(mutateRolloutStatus(request, { controller: CONTROLLER, record: record(), now: NOW })).toEqual(
      ONLY_APPROVAL,
    );
  });
});

describe('a step that is held before it has its traffic', () => {
  const request = (state: string) =>
    requestOf({
      oldObject: rollout({ status: statusIn(state) }),
      object: rollout({ status: approvedOf(statusIn(state)) }),
      subResource: 'status',
    });
  const heldBy = (reason: string, message: string) =>
    record({
      step: { index: 2, entry: 31, state: 'BeforeStepUpgrade', hold: { reason, message, since: '' } },
    });

  test.each([
    ['RejectedRevision', 'this template was rejected before'],
    ['AnalysisStale', 'success-rate has measured nothing'],
  ])('by %s is not approved, and says by which annotation it is tried again', (reason, message) => {
    const facts = { controller: CONTROLLER, record: heldBy(reason, message), now: NOW };
    expect(mutateRolloutStatus(request('BeforeStepUpgrade'), facts)).toEqual(
      deny(
        403,
        `step 2 of Rollout shop/demo is held (${reason}: ${message}), and approval does not end that. Release ` +
          'another template, or try this one again: kubectl annotate rollouts.rollouts.kruise.io demo -n shop --overwrite assay.dev/retry=7',
      ),
    );
  });
});
