import { describe, expect, test } from 'vitest';
import { NO_NEED_UPDATE_LABEL, PARTITION_ANNOTATION } from '../../src/api/annotations.ts';
import type { Pod, StatefulSet } from '../../src/api/kubernetes.ts';
import type { Approval, RolloutStep } from '../../src/api/rollout.ts';
import type { ReleaseRecord, StepRecord } from '../../src/api/rollout-record.ts';
import { projectStatus } from '../../src/rollout/project-status.ts';
import type { Snapshot } from '../../src/rollout/snapshot.ts';
import { revisionOf } from '../../src/workload/pod-template.ts';
import { deployment, NAME, template } from '../builders/deployment.ts';
import { type RolloutPart, rollout } from '../builders/rollout.ts';
import { ago, NOW, releasing } from '../builders/snapshot.ts';
import { kept, ownPod, statefulSet } from '../builders/stateful-set.ts';
import { decided, table } from './decided.ts';

const V1 = revisionOf(template('v1'));
const IN_BATCHES = { 'rollouts.kruise.io/rollback-in-batch': 'true' };
const STEPS: RolloutStep[] = [
  { replicas: '25%', pause: {} },
  { replicas: 2, pause: { duration: 30 } },
  { replicas: '100%', pause: {} },
];
const FIVE = ['v1', 'v2', 'v2', 'v2', 'v2'];

interface Part {
  /** Versions of the pods, by ordinal; `v1!` is not ready, `v1-` is left out of the count. */
  pods?: string[];
  version?: string;
  partition?: number;
  stage?: ReleaseRecord['stage'];
  state?: 'StepUpgrade' | 'StepPaused';
  index?: number;
  pausedFor?: number;
  approval?: Partial<Approval>;
  rollout?: RolloutPart;
  step?: Partial<StepRecord>;
  release?: Partial<ReleaseRecord>;
}

function podOf(text: string, index: number): Pod {
  const pod = ownPod(String(index), text.slice(0, 2), { ready: !text.endsWith('!') });
  const labels = {
    ...pod.metadata.labels,
    ...(text.endsWith('-') && { [NO_NEED_UPDATE_LABEL]: `rollback-${V1}` }),
  };
  return { ...pod, metadata: { ...pod.metadata, labels } };
}

/** Release 1 of a StatefulSet of five pods, of which four had v2 when the author restored v1; step 1 lets one of them go. */
function goingBack(part: Part = {}): Snapshot {
  const { pods = FIVE, version = 'v1', partition = 4, index = 1, approval } = part;
  const object = statefulSet({
    version,
    replicas: 5,
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition } },
    annotations: {
      'rollouts.kruise.io/in-progressing': JSON.stringify({ rolloutName: NAME }),
      [PARTITION_ANNOTATION]: JSON.stringify({ original: 0, held: partition }),
    },
    status: { observedGeneration: 1, currentRevision: `${NAME}-v1`, updateRevision: `${NAME}-${version}` },
  });
  object.metadata.labels = { 'rollouts.kruise.io/workload-type': 'statefulset' };
  const stage = part.stage ?? 'GoingBack';
  return releasing({
    stage,
    state: part.state ?? 'StepUpgrade',
    rollout: rollout({
      kind: 'StatefulSet',
      steps: STEPS,
      routing: null,
      annotations: IN_BATCHES,
      ...(approval && {
        status: {
          approvals: [{ releaseId: 1, stepEntry: 7, step: index, user: 'alice', at: ago(1), ...approval }],
        } as never,
      }),
      ...part.rollout,
    }),
    step: { index, entry: 7, trafficSince: ago(part.pausedFor ?? 10), ...part.step },
    record: { stepEntry: 7 },
    release: {
      stable: { revision: V1, hash: `${NAME}-v1` },
      granted: '80%',
      stablePinnedAt: undefined as never,
      routedAt: undefined as never,
      trafficSince: undefined as never,
      ...(stage === 'GoingBack' && {
        wayBack: { pods: 4, of: 5 },
        reason: 'StableTemplateRestored',
        message: 'the stable template is back in the workload; its pods go back step by step',
      }),
      ...part.release,
    },
    workload: { object, replicaSets: [], revisions: [kept('v2', 1), kept('v1', 2)], pods: pods.map(podOf) },
    traffic: {},
  });
}

const HELD = 32_767;
const relabel = (...ordinals: number[]) =>
  ordinals.map((ordinal) => `replace Pod ${NAME}-${ordinal}: no need to go back by rollback-${V1}`);
const COUNTED = `replace Pod ${NAME}-0: the way back in batches is over`;

table('a release whose author restores the stable template', [
  {
    title: 'goes back in batches where the Rollout asks for it, from step 1 on',
    given: goingBack({ stage: 'InRolling', index: 2, partition: HELD }),
    is: 'Cancel StableTemplateRestored',
    to: 'release 1 GoingBack 1 StepUpgrade',
    acts: relabel(0),
    says: /its pods go back step by step; step 1\/3: 25% of 4 pods$/,
  },
  {
    title: 'goes back in batches out of a step that waits, too',
    given: goingBack({ stage: 'InRolling', state: 'StepPaused', index: 2, partition: HELD }),
    is: 'Cancel StableTemplateRestored',
    to: 'release 1 GoingBack 1 StepUpgrade',
    acts: relabel(0),
  },
  {
    title: 'goes back at once where the Rollout does not ask for it',
    given: goingBack({ stage: 'InRolling', rollout: { annotations: {} } }),
    is: 'Cancel StableTemplateRestored',
    to: 'release 1 Cancelling',
  },
  {
    title: 'goes back at once where requests were routed to its pods',
    given: goingBack({ stage: 'InRolling', release: { routedAt: ago(50) } }),
    is: 'Cancel StableTemplateRestored',
    to: 'release 1 Cancelling',
  },
  {
    title: 'goes back at once where its step has failed and waits for a person',
    given: goingBack({
      stage: 'InRolling',
      state: 'StepPaused',
      step: { verdict: { phase: 'Failed', reason: 'AnalysisFailed', message: 'it was slow', at: ago(9) } },
    }),
    is: 'Cancel StableTemplateRestored',
    to: 'release 1 Cancelling',
  },
  {
    title: 'is over where no pod has to go back',
    given: goingBack({ stage: 'InRolling', pods: ['v1', 'v1', 'v1', 'v1', 'v1'] }),
    is: 'Cancel StableTemplateRestored',
    to: 'release 1 Cancelling',
  },
  {
    title: 'goes back at once out of the last rolling update',
    given: goingBack({ stage: 'Finalising' }),
    is: 'Cancel StableTemplateRestored',
    to: 'release 1 Cancelling',
  },
  {
    title: 'goes back at once where it was given up before',
    given: goingBack({ stage: 'Aborting' }),
    is: 'Cancel StableTemplateRestored',
    to: 'release 1 Cancelling',
  },
]);

table('a step back', [
  {
    title: 'lets go as many pods as it asks for, of those that have to',
    given: goingBack({ partition: HELD }),
    is: 'Wait WaitingForWorkload',
    acts: [`replace StatefulSet ${NAME}: let pods from 4 on go back`],
    says: '0 of 4 pods are back on the stable version',
  },
  {
    title: 'waits until they are back',
    given: goingBack({ pods: ['v1', 'v2', 'v2', 'v2', 'v1!'] }),
    is: 'Wait WaitingForWorkload',
    to: 'release 1 GoingBack 1 StepUpgrade',
    says: /^1 of 4 pods are back on the stable version$/,
  },
  {
    title: 'tolerates as many as failureThreshold says',
    given: goingBack({ pods: ['v1', 'v2', 'v2', 'v2', 'v1!'], rollout: { failureThreshold: 1 } }),
    is: 'Upgrade PodsReturned',
    to: 'release 1 GoingBack 1 StepPaused',
    acts: [
      `replace Pod ${NAME}-0: batch 1 of rollback-${V1}`,
      `replace Pod ${NAME}-4: batch 1 of rollback-${V1}`,
    ],
  },
  {
    title: 'is done when they are ready, and labels those that came back',
    given: goingBack({ pods: ['v1-', 'v2', 'v2', 'v2', 'v1'] }),
    is: 'Upgrade PodsReturned',
    to: 'release 1 GoingBack 1 StepPaused',
    acts: [`replace Pod ${NAME}-4: batch 1 of rollback-${V1}`],
    says: '1 of 4 pods are back',
  },
  {
    title: 'by number lets go that number',
    given: goingBack({ index: 2, pods: ['v1', 'v2', 'v2', 'v2', 'v1'] }),
    is: 'Wait WaitingForWorkload',
    acts: [`replace StatefulSet ${NAME}: let pods from 3 on go back`],
  },
  {
    title: 'waits for a person where it has no duration',
    given: goingBack({ state: 'StepPaused', pods: ['v1-', 'v2', 'v2', 'v2', 'v1'] }),
    is: 'Wait WaitingForApproval',
    says: '1 of 4 pods are back on the stable version; step 1/3 needs manual confirmation: kubectl-kruise rollout approve',
  },
  {
    title: 'is left by approval',
    given: goingBack({ state: 'StepPaused', pods: ['v1-', 'v2', 'v2', 'v2', 'v1'], approval: {} }),
    is: 'Advance Approved',
    to: 'release 1 GoingBack 2 StepUpgrade',
    says: 'step 1 was approved by alice; step 2/3: 2 of 4 pods',
  },
  {
    title: 'is not left by approval of an earlier entry',
    given: goingBack({
      state: 'StepPaused',
      pods: ['v1-', 'v2', 'v2', 'v2', 'v1'],
      approval: { stepEntry: 6 },
    }),
    is: 'Wait WaitingForApproval',
  },
  {
    title: 'rests for its duration',
    given: goingBack({ state: 'StepPaused', index: 2, partition: 3, pods: ['v1', 'v2', 'v2', 'v1', 'v1'] }),
    is: 'Wait WaitingForPause',
    wakeIn: 20,
  },
  {
    title: 'is left when that is over',
    given: goingBack({
      state: 'StepPaused',
      index: 2,
      partition: 3,
      pods: ['v1', 'v2', 'v2', 'v1', 'v1'],
      pausedFor: 30,
    }),
    is: 'Advance PauseExpired',
    to: 'release 1 GoingBack 3 StepUpgrade',
  },
  {
    title: 'is skipped where a person sends the way back further on',
    given: goingBack({ state: 'StepPaused', pods: ['v1', 'v2', 'v2', 'v2', 'v1'], approval: { to: 3 } }),
    is: 'Advance Approved',
    to: 'release 1 GoingBack 3 StepUpgrade',
  },
  {
    title: 'is left downwards by a jump, from any state',
    given: goingBack({ index: 2, approval: { to: 1 } }),
    is: 'Restart JumpRequested',
    to: 'release 1 GoingBack 1 StepUpgrade',
  },
  {
    title: 'begins anew where the plan changes',
    given: goingBack({ state: 'StepPaused', index: 2, release: { planHash: 'another' } }),
    is: 'Restart PlanChanged',
    to: 'release 1 GoingBack 2 StepUpgrade',
  },
  {
    title: 'rests while the Rollout is paused',
    given: goingBack({ partition: HELD, rollout: { paused: true } }),
    is: 'Wait Paused',
    to: 'release 1 GoingBack 1 StepUpgrade',
  },
  {
    title: 'to every pod waits for nobody: the workload is given back, and labels go',
    given: goingBack({
      state: 'StepPaused',
      index: 3,
      partition: 0,
      pods: ['v1-', 'v1', 'v1', 'v1', 'v1'],
    }),
    is: 'Finalise LastStep',
    to: 'release 1 Cancelling',
    acts: [COUNTED],
  },
]);

table('what ends a way back in batches before its last step', [
  {
    title: 'the Rollout does not ask for it any more',
    given: goingBack({ pods: ['v1-', ...FIVE.slice(1)], rollout: { annotations: {} } }),
    is: 'Cancel StableTemplateRestored',
    to: 'release 1 Cancelling',
    acts: [COUNTED],
    says: 'go back at once: the Rollout does not ask for steps any more',
  },
  {
    title: '…also while the Rollout is paused',
    given: goingBack({ rollout: { annotations: {}, paused: true } }),
    is: 'Cancel StableTemplateRestored',
    to: 'release 1 Cancelling',
  },
  {
    title: 'the plan routes requests now',
    given: goingBack({ rollout: { routing: { service: NAME, ingress: { name: NAME } } } }),
    is: 'Cancel StableTemplateRestored',
    to: 'release 1 Cancelling',
    says: 'go back at once: with traffic routing',
  },
  {
    title: 'the Rollout is disabled',
    given: goingBack({ rollout: { disabled: true } }),
    is: 'Cancel StableTemplateRestored',
    to: 'release 1 Cancelling',
    says: 'go back at once: the Rollout was disabled',
  },
  {
    title: 'the Rollout is deleted',
    given: goingBack({ rollout: { deleted: true } }),
    is: 'Cancel StableTemplateRestored',
    to: 'release 1 Cancelling',
    says: 'go back at once: the Rollout is deleted',
  },
  {
    title: 'the withdrawn template is wanted again: held, it makes room and is released anew',
    given: goingBack({ version: 'v2', partition: HELD, pods: ['v1-', ...FIVE.slice(1)] }),
    is: 'Restart ContinuousRelease',
    to: 'release 1 Superseding',
    acts: [COUNTED],
  },
  {
    title: 'another template that nobody holds is held first, also while the Rollout is paused',
    given: goingBack({ version: 'v2', partition: 0, rollout: { paused: true } }),
    is: 'Wait WaitingForWorkload',
    to: 'release 1 GoingBack 1 StepUpgrade',
    acts: [`replace StatefulSet ${NAME}: hold the workload`],
  },
  {
    title: 'another template rests while the Rollout is paused',
    given: goingBack({ version: 'v2', partition: HELD, rollout: { paused: true } }),
    is: 'Wait Paused',
    to: 'release 1 GoingBack 1 StepUpgrade',
  },
]);

describe('a withdrawn version that is wanted again', () => {
  test('is released against the stable one, also where every pod ran it', () => {
    const every = goingBack({
      stage: 'Superseding',
      version: 'v2',
      partition: HELD,
      pods: ['v2', 'v2', 'v2', 'v2', 'v2'],
      release: { wayBack: { pods: 5, of: 5 } },
    });
    const object = every.workload?.object as StatefulSet;
    const status = { ...object.status, currentRevision: `${NAME}-v2` };
    const given = { ...every, workload: { ...every.workload, object: { ...object, status } } } as Snapshot;
    const { is, full } = decided(given);
    expect(is).toBe('Start ContinuousRelease');
    expect(full.record.release?.stable.revision).toBe(V1);
  });
});

describe('the status of a way back in batches', () => {
  test('speaks of the stable version as what pods are to have', () => {
    const given = goingBack({ state: 'StepPaused', pods: ['v1-', 'v2', 'v2', 'v2', 'v1!'] });
    const { phase, conditions, currentStepIndex, currentStepState, canaryStatus } = projectStatus(
      given,
      given.record,
      { decision: 'Wait', reason: 'WaitingForApproval', message: '' },
      NOW,
    );
    expect({ phase, currentStepIndex, currentStepState }).toEqual({
      phase: 'Progressing',
      currentStepIndex: 1,
      currentStepState: 'StepPaused',
    });
    expect(conditions?.find(({ type }) => type === 'Progressing')?.reason).toBe('InRolling');
    expect(canaryStatus).toMatchObject({
      observedRolloutID: `rollback-${V1}`,
      stableRevision: `${NAME}-v1`,
      canaryRevision: V1,
      podTemplateHash: `${NAME}-v1`,
      nextStepIndex: 2,
      canaryReplicas: 2,
      canaryReadyReplicas: 1,
      finalisingStep: '',
    });
  });

  test('says that it rests while the Rollout is paused', () => {
    const given = goingBack({ rollout: { paused: true } });
    const { full } = decided(given);
    expect(full.status.conditions?.find(({ type }) => type === 'Progressing')?.reason).toBe('Paused');
  });
});

test('a Deployment whose record says so goes back at once: it has no batches', () => {
  const given = releasing({
    stage: 'GoingBack',
    workload: { object: deployment({ paused: true, markedFor: NAME }) },
  });
  expect(decided(given)).toMatchObject({ is: 'Cancel StableTemplateRestored', to: 'release 1 Cancelling' });
});
