import { describe, expect, test } from 'vitest';
import {
  IN_PROGRESSING_ANNOTATION,
  PARTITION_ANNOTATION,
  WORKLOAD_TYPE_LABEL,
} from '../../src/api/annotations.ts';
import { formatTime } from '../../src/api/timestamp.ts';
import { planHash } from '../../src/rollout/plan.ts';
import { revisionOf } from '../../src/workload/pod-template.ts';
import { deployment, NAME, replicaSet, template } from '../builders/deployment.ts';
import { guardFacts } from '../builders/guard.ts';
import { rollout } from '../builders/rollout.ts';
import { ownRun } from '../builders/run.ts';
import { CANARY_NAME, calm, NOW, releasing, stableOf, workloadOf } from '../builders/snapshot.ts';
import { kept, statefulSet } from '../builders/stateful-set.ts';
import { decided, type Row, table } from './decided.ts';

const fresh = { releaseId: 0, stepEntry: 0 };

const rows: Row[] = [
  {
    title: 'a Rollout is taken into care first: with a finalizer and the hash of its plan',
    given: calm({ rollout: rollout({ adopted: false }) }),
    is: 'Wait Idle',
    acts: [`replace Rollout ${NAME}: take the Rollout into care`],
  },
  {
    title: 'a workload without our label gets it, so that admission fails closed for it',
    given: calm({ workload: workloadOf(deployment({ labelled: false })) }),
    is: 'Wait Idle',
    acts: [`replace Deployment ${NAME}: label the workload for admission`],
  },
  {
    title: 'what runs when the Rollout is made is taken as stable',
    given: calm({ record: fresh }),
    is: 'Adopt Adopted',
    says: 'hash-v1',
  },
  {
    title: 'while the workload is in the middle of its own rolling update nothing is taken as stable',
    given: calm({
      record: fresh,
      workload: workloadOf(deployment({ version: 'v2', updated: 2, pods: 6 }), {
        replicaSets: [replicaSet({ replicas: 4 }), replicaSet({ version: 'v2', replicas: 2 })],
      }),
    }),
    is: 'Wait WaitingForWorkload',
  },
  {
    title: 'of two versions of a paused workload the older one is stable',
    given: calm({
      record: fresh,
      workload: workloadOf(deployment({ version: 'v2', paused: true, updated: 2, pods: 5 }), {
        replicaSets: [
          replicaSet({ version: 'v2', replicas: 2, createdAt: '2025-12-24T00:00:00Z' }),
          replicaSet({ replicas: 3 }),
        ],
      }),
    }),
    is: 'Adopt Adopted',
    says: 'hash-v1',
  },
  {
    title: 'with nothing new the Rollout is idle and waits for a change',
    given: calm(),
    is: 'Wait Idle',
    says: 'rollout is healthy',
    to: 'no release',
  },
  {
    title: 'a workload that its owner paused for reasons of his own is left alone',
    given: calm({ workload: workloadOf(deployment({ paused: true })) }),
    is: 'Wait Idle',
  },
  {
    title: 'a new template that admission holds starts a release',
    given: calm({
      workload: workloadOf(deployment({ version: 'v2', paused: true, markedFor: NAME, updated: 0 })),
    }),
    is: 'Start NewRevision',
    to: 'release 1 Initializing',
    says: `release 1 of ${NAME}: example/echoserver:v2 against stable pods hash-v1`,
  },
  {
    title: 'a new template that slipped past admission is held and released',
    given: calm({ workload: workloadOf(deployment({ version: 'v2', updated: 1, pods: 6 })) }),
    is: 'Start AdmissionBypassed',
    to: 'release 1 Initializing',
    acts: [`replace Deployment ${NAME}: hold the workload`],
  },
  {
    title: 'a mark that is not ours does not count as held',
    given: calm({ workload: workloadOf(deployment({ version: 'v2', markedFor: 'another', updated: 0 })) }),
    is: 'Start AdmissionBypassed',
    acts: [`replace Deployment ${NAME}: hold the workload`],
  },
  {
    title: 'a paused workload has let nothing slip through, whoever paused it',
    given: calm({ workload: workloadOf(deployment({ version: 'v2', paused: true, updated: 0 })) }),
    is: 'Start NewRevision',
    acts: [`replace Deployment ${NAME}: hold the workload`],
  },
  {
    title: 'a new template that runs everywhere already is taken as stable, since there is no canary to make',
    given: calm({
      workload: workloadOf(deployment({ version: 'v2' }), {
        replicaSets: [replicaSet({ replicas: 0 }), replicaSet({ version: 'v2' })],
      }),
    }),
    is: 'Adopt AdmissionBypassed',
    says: 'no step judged them',
  },
  {
    title: 'a workload without replicas takes a new template without a release',
    given: calm({
      workload: workloadOf(deployment({ version: 'v2', replicas: 0 }), {
        replicaSets: [replicaSet({ replicas: 0 }), replicaSet({ version: 'v2', replicas: 0 })],
      }),
    }),
    is: 'Adopt Adopted',
    says: 'hash-v2',
    to: 'no release',
  },
  {
    title: 'a stable template that comes back before the release began lets the workload go',
    given: calm({ workload: workloadOf(deployment({ paused: true, markedFor: NAME })) }),
    is: 'Cancel StableTemplateRestored',
    to: 'no release',
    acts: [`replace Deployment ${NAME}: resume the workload`],
  },
  {
    title:
      'waits to let it go until its own controller has seen the newest write, and tells nothing meanwhile',
    given: calm({
      rollout: rollout({ kind: 'StatefulSet', steps: [{ replicas: 1, pause: {} }], routing: null }),
      record: { ...fresh, stable: { revision: revisionOf(template('v1')), hash: `${NAME}-v1` } },
      workload: workloadOf(
        statefulSet({
          updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2_147_483_647 } },
          annotations: {
            [IN_PROGRESSING_ANNOTATION]: JSON.stringify({ rolloutName: NAME }),
            [PARTITION_ANNOTATION]: JSON.stringify({ original: 0, held: 2_147_483_647 }),
          },
          labels: { [WORKLOAD_TYPE_LABEL]: 'statefulset' },
          generation: 3,
          status: { observedGeneration: 2 },
        }),
        { revisions: [kept('v1', 1)] },
      ),
    }),
    is: 'Wait StableTemplateRestored',
    acts: [],
  },
  {
    title: 'after a release the next one gets the next id',
    given: {
      ...releasing({ stage: 'Completed', release: { outcome: 'RolledBack' } }),
      workload: workloadOf(deployment({ version: 'v3', paused: true, markedFor: NAME, updated: 0 })),
    },
    is: 'Start NewRevision',
    to: 'release 2 Initializing',
  },
  {
    title: 'a release id is never used again, even where the record was lost',
    given: calm({
      runs: [ownRun(releasing({ guards: [guardFacts()], record: { releaseId: 7 } }), 'Failed')],
      workload: workloadOf(deployment({ version: 'v2', paused: true, markedFor: NAME, updated: 0 })),
    }),
    is: 'Start NewRevision',
    to: 'release 8 Initializing',
  },
  {
    title: 'an approval remembers the release id, too',
    given: calm({
      rollout: rollout({
        status: {
          currentStepIndex: 0,
          currentStepState: '',
          approvals: [{ releaseId: 4, stepEntry: 9, step: 1, user: 'alice', at: '2026-01-01T00:00:00Z' }],
        },
      }),
      workload: workloadOf(deployment({ version: 'v2', paused: true, markedFor: NAME, updated: 0 })),
    }),
    is: 'Start NewRevision',
    to: 'release 5 Initializing',
  },
  {
    title: 'a workload that does not exist stalls the Rollout',
    given: calm({ workload: undefined }),
    is: 'Stall WorkloadNotFound',
    says: `Deployment ${NAME} does not exist in this namespace; create it`,
  },
  {
    title: 'a workload that an older Rollout drives is not touched',
    given: calm({
      rival: 'older',
      workload: workloadOf(deployment({ version: 'v2', labelled: false, updated: 0 })),
    }),
    is: 'Stall WorkloadConflict',
    says: 'driven by the older Rollout older',
  },
  {
    title: 'a Rollout that asks for what is not supported touches nothing',
    given: calm({
      rollout: rollout({ kind: 'CloneSet' }),
      workload: workloadOf(deployment({ version: 'v2', paused: true, markedFor: NAME, updated: 0 })),
    }),
    is: 'Stall UnsupportedWorkload',
    says: 'a workload of kind CloneSet',
  },
  {
    title: 'a Rollout without steps touches nothing',
    given: calm({
      rollout: rollout({ steps: [] }),
      workload: workloadOf(deployment({ version: 'v2', paused: true, markedFor: NAME, updated: 0 })),
    }),
    is: 'Stall UnsupportedWorkload',
    says: 'give at least one step',
  },
];

table('between releases', rows);

describe('what a release begins with', () => {
  test('a release remembers what it releases, against what, under which plan, and the name of its canary', () => {
    const workload = workloadOf(deployment({ version: 'v2', paused: true, markedFor: NAME, updated: 0 }));
    expect(decided(calm({ workload })).full.record).toEqual({
      releaseId: 1,
      stepEntry: 0,
      stable: stableOf(),
      release: {
        startedAt: formatTime(NOW),
        stage: 'Initializing',
        revision: revisionOf(template('v2')),
        stable: stableOf(),
        canary: { name: CANARY_NAME },
        planHash: planHash(rollout()),
      },
    });
  });

  test('the name of the canary follows from workload, Rollout and release', () => {
    expect(CANARY_NAME).toMatch(/^echoserver-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });

  test('what is written is the object as it was read, with nothing else changed', () => {
    const before = deployment({ labelled: false });
    const [act] = decided(calm({ workload: workloadOf(before) })).full.acts;
    expect(act?.object).toEqual({
      ...before,
      metadata: { ...before.metadata, labels: { app: NAME, [WORKLOAD_TYPE_LABEL]: 'deployment' } },
    });
  });
});
