import { ROLLOUT_HASH_ANNOTATION } from '../../src/api/annotations.ts';
import type { Rollout, RolloutStep } from '../../src/api/rollout.ts';
import { MOVER } from '../../src/gate/foreign-release.ts';
import type { Snapshot } from '../../src/rollout/snapshot.ts';
import type { WorkloadFacts } from '../../src/workload/style.ts';
import { deployment, NAME, podHash, replicaSet } from '../builders/deployment.ts';
import { guardFacts } from '../builders/guard.ts';
import { rollout } from '../builders/rollout.ts';
import { workloadOf } from '../builders/snapshot.ts';

export const SINCE = '2026-01-01T11:59:00Z';
const STEPS: RolloutStep[] = [
  { replicas: 1, pause: {} },
  { replicas: 3, pause: {} },
];

/** How Kruise Rollouts shows a release from v1 to v2 that waits at step 1 of 2; `change` is what is otherwise. */
export function waiting(change: (rollout: Rollout) => void = () => undefined): Rollout {
  const shown = rollout({
    steps: structuredClone(STEPS),
    routing: null,
    annotations: { [ROLLOUT_HASH_ANNOTATION]: 'plan-1' },
  });
  const object: Rollout = {
    ...shown,
    metadata: { ...shown.metadata, annotations: { [ROLLOUT_HASH_ANNOTATION]: 'plan-1' } },
    status: {
      observedGeneration: 1,
      phase: 'Progressing',
      conditions: [{ type: 'Progressing', status: 'True', reason: 'InRolling' }],
      currentStepIndex: 1,
      currentStepState: 'StepPaused',
      canaryStatus: {
        canaryRevision: 'kruise-v2',
        stableRevision: podHash('v1'),
        podTemplateHash: podHash('v2'),
        rolloutHash: 'plan-1',
        currentStepIndex: 1,
        nextStepIndex: 2,
        currentStepState: 'StepPaused',
        finalisingStep: '',
        canaryReplicas: 1,
        canaryReadyReplicas: 1,
        lastUpdateTime: SINCE,
      },
    },
  };
  change(object);
  return object;
}

/** The stable Deployment with v2 in its template, and the ReplicaSet of the extra one. */
export function workload(version = 'v2'): WorkloadFacts {
  const object = deployment({ version, paused: true, markedFor: NAME });
  return workloadOf(object, {
    canary: {
      deployment: undefined,
      replicaSets: [replicaSet({ version: 'v2', of: `${NAME}-extra`, replicas: 1 })],
      pods: [],
    },
  });
}

export function sight(part: Partial<Snapshot> = {}): Snapshot {
  return {
    rollout: waiting(),
    record: { releaseId: 0, stepEntry: 0 },
    guards: [guardFacts()],
    workload: workload(),
    autoscalers: [],
    traffic: { service: undefined, canaryService: undefined, routes: [] },
    shared: undefined,
    kept: [],
    runs: [],
    outages: [],
    rival: undefined,
    isShared: false,
    movedBy: MOVER,
    ...part,
  };
}
