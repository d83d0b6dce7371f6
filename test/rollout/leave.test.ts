import { describe, expect, test } from 'vitest';
import { ROLLOUT_FINALIZER } from '../../src/api/annotations.ts';
import type { ReleaseStage } from '../../src/api/rollout-record.ts';
import { deployment, NAME, replicaSet } from '../builders/deployment.ts';
import { guardFacts } from '../builders/guard.ts';
import { rollout } from '../builders/rollout.ts';
import { judged } from '../builders/run.ts';
import { ago, calm, held, releasing, workloadOf } from '../builders/snapshot.ts';
import { service } from '../builders/traffic.ts';
import { decided, type Row, table } from './decided.ts';

const deleted = rollout({ deleted: true });
const disabled = rollout({ disabled: true });
const NO_CANARY = { deployment: undefined, replicaSets: [], pods: [] };
const NO_ROUTES = { canaryService: undefined, canaryIngress: undefined };
const STOPPED: ReleaseStage[] = ['Initializing', 'InRolling', 'Superseding'];

const LEAVINGS = [
  { word: 'deleted', object: deleted, reason: 'RolloutDeleted' },
  { word: 'disabled', object: disabled, reason: 'RolloutDisabled' },
] as const;

const aborting = LEAVINGS.flatMap(({ word, object, reason }) =>
  STOPPED.map(
    (stage): Row => ({
      title: `a Rollout that is ${word} in ${stage} takes its canary away and promotes nothing`,
      given: releasing({ stage, rollout: object }),
      is: `Abort ${reason}`,
      to: 'release 1 Aborting',
      says: 'the workload stays paused on its stable pods',
    }),
  ),
);

table('leaving in the middle of a release', [
  ...aborting,
  ...LEAVINGS.map(
    ({ word, object, reason }): Row => ({
      title: `a Rollout that is ${word} promotes nothing although its analysis has passed`,
      given: {
        ...judged(releasing({ guards: [guardFacts()] }), { 'success-rate': 'Successful' }),
        rollout: object,
      },
      is: `Abort ${reason}`,
      to: 'release 1 Aborting',
    }),
  ),
  ...LEAVINGS.map(
    ({ word, object }): Row => ({
      title: `a Rollout that is ${word} goes on to abort`,
      given: releasing({ stage: 'Aborting', rollout: object }),
      is: 'Wait CanaryRoutesRemoved',
      to: 'release 1 Aborting',
      acts: [`delete Ingress ${NAME}-canary: taking the traffic from the canary`],
    }),
  ),
  ...LEAVINGS.map(
    ({ word, object }): Row => ({
      title: `a Rollout that is ${word} goes on to roll back`,
      given: releasing({ stage: 'Cancelling', rollout: object, release: { restore: true } }),
      is: 'Wait CanaryRoutesRemoved',
      to: 'release 1 Cancelling',
      acts: [`delete Ingress ${NAME}-canary: taking the traffic from the canary`],
    }),
  ),
  ...LEAVINGS.map(
    ({ word, object }): Row => ({
      title: `a Rollout that is ${word} finishes what was judged to the end`,
      given: releasing({
        stage: 'Finalising',
        rollout: object,
        traffic: { service: service() },
        release: { serviceRestoredAt: ago(60) },
      }),
      is: 'Finalise WorkloadResumed',
      acts: [`replace Deployment ${NAME}: resume the workload`],
    }),
  ),
]);

/** After the canary is gone: the workload is paused with the new template, and still marked. */
function left(object: typeof deleted) {
  return releasing({
    stage: 'Aborted',
    rollout: object,
    traffic: { service: service(), ...NO_ROUTES },
    workload: { canary: NO_CANARY },
    release: { outcome: 'Aborted' },
  });
}

const unmarked = { object: deployment({ version: 'v2', paused: true, updated: 0 }), canary: NO_CANARY };

table('a Rollout that is deleted', [
  {
    title: 'takes mark and label from its workload, which stays paused',
    given: left(deleted),
    is: 'Wait RolloutDeleted',
    acts: [`replace Deployment ${NAME}: let the workload go`],
  },
  {
    title: 'goes when that is done, and says how to go on',
    given: {
      ...left(deleted),
      workload: workloadOf(deployment({ version: 'v2', paused: true, updated: 0, labelled: false })),
    },
    is: 'Complete RolloutDeleted',
    says: 'to release the new template without steps: kubectl rollout resume deployment/echoserver',
    acts: [`replace Rollout ${NAME}: let the Rollout go`],
  },
  {
    title: 'between releases goes at once',
    given: calm({ rollout: deleted, workload: workloadOf(deployment({ labelled: false })) }),
    is: 'Complete RolloutDeleted',
    acts: [`replace Rollout ${NAME}: let the Rollout go`],
  },
  {
    title: 'without a workload goes at once',
    given: calm({ rollout: deleted, workload: undefined }),
    is: 'Complete RolloutDeleted',
    acts: [`replace Rollout ${NAME}: let the Rollout go`],
  },
  {
    title: 'whose workload disappeared in the middle of a release restores the Service before it goes',
    given: { ...releasing({ rollout: deleted }), workload: undefined },
    is: 'Wait StableServiceRestored',
    acts: [`replace Service ${NAME}: restore the stable Service`],
  },
  {
    title: 'does not touch a workload that an older Rollout drives',
    given: calm({
      rollout: deleted,
      rival: 'older',
      isShared: true,
      workload: workloadOf(deployment({ version: 'v2', paused: true, markedFor: 'older', updated: 0 })),
    }),
    is: 'Complete RolloutDeleted',
    acts: [`replace Rollout ${NAME}: let the Rollout go`],
  },
  {
    title: 'leaves the label to a younger Rollout of the same workload',
    given: calm({ rollout: deleted, isShared: true }),
    is: 'Complete RolloutDeleted',
    acts: [`replace Rollout ${NAME}: let the Rollout go`],
  },
  {
    title: 'and has no finalizer of ours any more does nothing',
    given: calm({
      rollout: { ...deleted, metadata: { ...deleted.metadata, finalizers: ['somebody/else'] } },
      workload: workloadOf(deployment({ labelled: false })),
    }),
    is: 'Wait RolloutDeleted',
  },
]);

table('a Rollout that is disabled', [
  {
    title: 'takes its mark from the workload, which stays paused and labelled',
    given: left(disabled),
    is: 'Wait Disabled',
    acts: [`replace Deployment ${NAME}: let the workload go`],
  },
  {
    title: 'then forgets the release, and says how to go on',
    given: { ...left(disabled), workload: workloadOf(unmarked.object, unmarked) },
    is: 'Complete RolloutDisabled',
    to: 'release 1 Completed Disabled',
    says: 'kubectl rollout resume deployment/echoserver',
    acts: [expect.stringContaining('the stable template is not needed any more')],
  },
  {
    title: 'between releases forgets what is stable, since that may change without it',
    given: calm({ rollout: disabled }),
    is: 'Complete RolloutDisabled',
    to: 'no release',
  },
  {
    title: 'stays so',
    given: calm({ rollout: disabled, record: { releaseId: 3, stepEntry: 4 } }),
    is: 'Wait Disabled',
  },
  {
    title: 'holds no new template',
    given: calm({
      rollout: disabled,
      record: { releaseId: 3, stepEntry: 4 },
      workload: workloadOf(deployment({ version: 'v2', updated: 1, pods: 6 })),
    }),
    is: 'Wait Disabled',
  },
  {
    title: 'does not touch a workload that an older Rollout drives',
    given: calm({
      rollout: disabled,
      rival: 'older',
      isShared: true,
      workload: workloadOf(deployment({ version: 'v2', paused: true, markedFor: 'older', updated: 0 })),
    }),
    is: 'Wait Disabled',
  },
  {
    title: 'does not take a mark that is not its own',
    given: calm({
      rollout: disabled,
      record: { releaseId: 3, stepEntry: 4 },
      workload: workloadOf(deployment({ version: 'v2', paused: true, markedFor: 'younger', updated: 0 })),
    }),
    is: 'Wait Disabled',
  },
]);

describe('what leaving leaves', () => {
  test('the workload is let go paused, with the new template in its spec', () => {
    const [act] = decided(left(deleted)).full.acts;
    expect(act?.object).toMatchObject({
      metadata: { labels: { app: NAME }, annotations: {} },
      spec: { paused: true, template: held().spec.template },
    });
  });

  test('the Rollout is let go without our finalizer and with those of others', () => {
    const finalizers = ['somebody/else', ROLLOUT_FINALIZER];
    const object = { ...deleted, metadata: { ...deleted.metadata, finalizers } };
    const { full } = decided(calm({ rollout: object, workload: undefined }));
    expect(full.acts[0]?.object.metadata.finalizers).toEqual(['somebody/else']);
  });

  test('a Rollout that is enabled again takes up what its workload is held for', () => {
    const workload = workloadOf(deployment({ version: 'v2', paused: true, updated: 0 }), {
      replicaSets: [replicaSet()],
    });
    const { full } = decided(calm({ record: { releaseId: 3, stepEntry: 4 }, workload }));
    expect(full).toMatchObject({ decision: 'Adopt', record: { stable: { hash: 'hash-v1' } } });
  });
});
