import { describe, expect, test } from 'vitest';
import { RETRY_ANNOTATION } from '../../src/api/annotations.ts';
import { revisionOf } from '../../src/workload/pod-template.ts';
import { deployment, NAME, replicaSet, template } from '../builders/deployment.ts';
import { guardFacts } from '../builders/guard.ts';
import { rollout } from '../builders/rollout.ts';
import { ago, held, type ReleasePart, readyCanary, releasing, stableOf } from '../builders/snapshot.ts';
import { canaryRoutes, ofSomebodyElse, service } from '../builders/traffic.ts';
import { decided, table } from './decided.ts';

const FORGET = expect.stringMatching(
  /^delete ControllerRevision .*: the stable template is not needed any more$/,
);
const NO_CANARY = { deployment: undefined, replicaSets: [], pods: [] };
const NO_ROUTES = { canaryService: undefined, canaryIngress: undefined };

/** v2 on every pod of the workload, as its own controller brought it there. */
const rolledOut = {
  object: deployment({ version: 'v2' }),
  replicaSets: [replicaSet({ replicas: 0 }), replicaSet({ version: 'v2' })],
};

function finalising(part: ReleasePart = {}) {
  return releasing({ stage: 'Finalising', step: { state: 'Completed' }, ...part });
}

const RESTORED = { serviceRestoredAt: ago(60) };
const UNROUTED = { ...RESTORED, routesRemovedAt: ago(60) };

table('a release that passed', [
  {
    title: 'first lets the Service select both versions',
    given: finalising(),
    is: 'Wait StableServiceRestored',
    acts: [`replace Service ${NAME}: restore the stable Service`],
  },
  {
    title: 'waits one grace period for that',
    given: finalising({ traffic: { service: service() } }),
    is: 'Finalise StableServiceRestored',
    to: 'release 1 Finalising',
  },
  {
    title: 'until it is felt everywhere',
    given: finalising({ traffic: { service: service() }, release: { serviceRestoredAt: ago(1) } }),
    is: 'Wait GracePeriod',
    wakeIn: 2,
  },
  {
    title: 'then resumes the workload',
    given: finalising({ traffic: { service: service() }, release: RESTORED }),
    is: 'Finalise WorkloadResumed',
    acts: [`replace Deployment ${NAME}: resume the workload`],
  },
  {
    title: 'keeps the canary while the rolling update goes on',
    given: finalising({
      traffic: { service: service() },
      release: RESTORED,
      workload: { object: deployment({ version: 'v2', updated: 3, pods: 6, available: 4 }) },
    }),
    is: 'Wait WaitingForRollingUpdate',
    says: '3 of 5 pods updated, 4 available',
  },
  {
    title: 'does not trust a status that speaks of an older spec',
    given: finalising({
      traffic: { service: service() },
      release: RESTORED,
      workload: { object: deployment({ version: 'v2', generation: 3, observedGeneration: 2 }) },
    }),
    is: 'Wait WaitingForRollingUpdate',
  },
  {
    title: 'takes the routes away when every pod is updated',
    given: finalising({ traffic: { service: service() }, release: RESTORED, workload: rolledOut }),
    is: 'Wait CanaryRoutesRemoved',
    acts: [`delete Ingress ${NAME}-canary: taking the traffic from the canary`],
  },
  {
    title: 'waits one grace period for that, too',
    given: finalising({
      traffic: { service: service(), canaryIngress: undefined },
      release: RESTORED,
      workload: rolledOut,
    }),
    is: 'Finalise CanaryRoutesRemoved',
  },
  {
    title: 'before the canary pods go',
    given: finalising({
      traffic: { service: service(), canaryIngress: undefined },
      release: { ...RESTORED, routesRemovedAt: ago(2) },
      workload: rolledOut,
    }),
    is: 'Wait GracePeriod',
    wakeIn: 1,
  },
  {
    title: 'then deletes the canary Deployment',
    given: finalising({
      traffic: { service: service(), canaryIngress: undefined },
      release: UNROUTED,
      workload: rolledOut,
    }),
    is: 'Wait WaitingForCanaryRemoval',
    acts: ['delete Deployment <canary>: removing the canary pods'],
  },
  {
    title: 'waits until its pods are gone',
    given: finalising({
      traffic: { service: service(), canaryIngress: undefined },
      release: UNROUTED,
      workload: { ...rolledOut, canary: { ...readyCanary(), deployment: undefined } },
    }),
    is: 'Wait WaitingForCanaryRemoval',
  },
  {
    title: 'then deletes the canary Service',
    given: finalising({
      traffic: { service: service(), canaryIngress: undefined },
      release: UNROUTED,
      workload: { ...rolledOut, canary: NO_CANARY },
    }),
    is: 'Wait WaitingForCanaryRemoval',
    acts: [`delete Service ${NAME}-canary: removing the canary Service`],
  },
  {
    title: 'and is complete when nothing of the canary is left',
    given: finalising({
      traffic: { service: service(), ...NO_ROUTES },
      release: UNROUTED,
      workload: { ...rolledOut, canary: NO_CANARY },
    }),
    is: 'Complete Promoted',
    to: 'release 1 Completed Promoted',
    acts: [FORGET],
  },
  {
    title: 'does not delete twice what is being deleted',
    given: finalising({
      traffic: { service: service(), canaryIngress: undefined },
      release: UNROUTED,
      workload: {
        ...rolledOut,
        canary: {
          ...readyCanary(),
          deployment: deployment({ name: 'x', ownerUid: 'rollout-uid', deleted: true }),
        },
      },
    }),
    is: 'Wait WaitingForCanaryRemoval',
  },
  {
    title: 'leaves alone what belongs to somebody else',
    given: finalising({
      traffic: {
        service: service(),
        canaryService: ofSomebodyElse(canaryRoutes('v2', 5).canaryService),
        canaryIngress: ofSomebodyElse(canaryRoutes('v2', 5).canaryIngress),
      },
      release: UNROUTED,
      workload: { ...rolledOut, canary: NO_CANARY },
    }),
    is: 'Complete Promoted',
    acts: [FORGET],
  },
  {
    title: 'is taken back when its author restores the stable template',
    given: finalising({ workload: { object: held('v1') } }),
    is: 'Cancel StableTemplateRestored',
    to: 'release 1 Cancelling',
  },
  {
    title: 'gives way to a newer template',
    given: finalising({ workload: { object: held('v3') } }),
    is: 'Restart ContinuousRelease',
    to: 'release 1 Superseding',
  },
]);

/** Taken back by Assay: the stable template is still to be restored. */
function rollingBack(part: ReleasePart = {}) {
  return releasing({
    stage: 'Cancelling',
    ...part,
    release: { restore: true, message: 'it was slow', ...part.release },
  });
}

const back = { object: deployment({ paused: true, markedFor: NAME }) };

table('a release that is rolled back', [
  {
    title: 'first loses its traffic',
    given: rollingBack(),
    is: 'Wait CanaryRoutesRemoved',
    acts: [`delete Ingress ${NAME}-canary: taking the traffic from the canary`],
  },
  {
    title: 'which is felt everywhere',
    given: rollingBack({ traffic: { canaryIngress: undefined }, release: { routesRemovedAt: ago(1) } }),
    is: 'Wait GracePeriod',
    wakeIn: 2,
  },
  {
    title: 'before the stable template is restored',
    given: rollingBack({ traffic: { canaryIngress: undefined }, release: { routesRemovedAt: ago(3) } }),
    is: 'Wait WaitingForWorkload',
    acts: [`replace Deployment ${NAME}: restore the stable template`],
  },
  {
    title: 'that never had traffic has its template restored at once',
    given: releasing({ stage: 'Cancelling', state: 'StepUpgrade', release: { restore: true } }),
    is: 'Wait WaitingForWorkload',
    acts: [`replace Deployment ${NAME}: restore the stable template`],
  },
  {
    title: 'stalls where the kept template was deleted',
    given: rollingBack({
      traffic: { canaryIngress: undefined },
      release: { routesRemovedAt: ago(3) },
      kept: [],
    }),
    is: 'Stall StableTemplateLost',
    says: 'restore the former template by hand',
  },
  {
    title: 'then resumes the workload, which has nothing to roll out',
    given: rollingBack({
      traffic: { canaryIngress: undefined },
      release: { routesRemovedAt: ago(3) },
      workload: back,
    }),
    is: 'Finalise WorkloadResumed',
    acts: [`replace Deployment ${NAME}: resume the workload`],
  },
  {
    title: 'then loses its pods',
    given: rollingBack({
      traffic: { canaryIngress: undefined },
      release: { routesRemovedAt: ago(3) },
      workload: { object: deployment() },
    }),
    is: 'Wait WaitingForCanaryRemoval',
    acts: ['delete Deployment <canary>: removing the canary pods'],
  },
  {
    title: 'then its Service',
    given: rollingBack({
      traffic: { canaryIngress: undefined },
      release: { routesRemovedAt: ago(3) },
      workload: { object: deployment(), canary: NO_CANARY },
    }),
    is: 'Wait WaitingForCanaryRemoval',
    acts: [`delete Service ${NAME}-canary: removing the canary Service`],
  },
  {
    title: 'then the pin of the stable Service',
    given: rollingBack({
      traffic: NO_ROUTES,
      release: { routesRemovedAt: ago(3) },
      workload: { object: deployment(), canary: NO_CANARY },
    }),
    is: 'Wait StableServiceRestored',
    acts: [`replace Service ${NAME}: restore the stable Service`],
  },
  {
    title: 'and is complete when every pod is stable again',
    given: rollingBack({
      traffic: { service: service(), ...NO_ROUTES },
      release: { routesRemovedAt: ago(3) },
      workload: { object: deployment(), canary: NO_CANARY },
    }),
    is: 'Complete RolledBack',
    to: 'release 1 Completed RolledBack',
    says: `${NAME} is back on its stable pods: it was slow`,
    acts: [FORGET],
  },
  {
    title: 'waits for stable pods that a rolling update had taken',
    given: rollingBack({
      traffic: { service: service(), ...NO_ROUTES },
      release: { routesRemovedAt: ago(3) },
      workload: { object: deployment({ updated: 3, pods: 6 }), canary: NO_CANARY },
    }),
    is: 'Wait WaitingForRollingUpdate',
  },
  {
    title:
      'does not resume a workload whose author put a third template in, since that would release it unjudged',
    given: rollingBack({
      traffic: { service: service(), ...NO_ROUTES },
      release: { routesRemovedAt: ago(3) },
      workload: { object: held('v3'), canary: NO_CANARY },
    }),
    is: 'Complete RolledBack',
    acts: [FORGET],
  },
]);

function superseding(part: ReleasePart = {}) {
  return releasing({ stage: 'Superseding', ...part, workload: { object: held('v3'), ...part.workload } });
}

table('a release that makes room for a newer one', [
  {
    title: 'loses its traffic',
    given: superseding(),
    is: 'Wait CanaryRoutesRemoved',
    acts: [`delete Ingress ${NAME}-canary: taking the traffic from the canary`],
  },
  {
    title: 'then its pods',
    given: superseding({ traffic: { canaryIngress: undefined }, release: { routesRemovedAt: ago(3) } }),
    is: 'Wait WaitingForCanaryRemoval',
    acts: ['delete Deployment <canary>: removing the canary pods'],
  },
  {
    title: 'and the stable Service stays pinned for the next one',
    given: superseding({
      traffic: NO_ROUTES,
      release: { routesRemovedAt: ago(3) },
      workload: { canary: NO_CANARY },
    }),
    is: 'Start ContinuousRelease',
    to: 'release 2 Initializing',
  },
  {
    title: 'is taken back when its author restores the stable template',
    given: superseding({ workload: { object: held('v1') } }),
    is: 'Cancel StableTemplateRestored',
    to: 'release 1 Cancelling',
  },
]);

/** In the middle of the last rolling update, or after it: so many pods of the workload run v1 and v2. */
function overtaken(v1: number, v2: number) {
  return superseding({
    traffic: NO_ROUTES,
    release: { routesRemovedAt: ago(3) },
    workload: {
      canary: NO_CANARY,
      replicaSets: [replicaSet({ replicas: v1 }), replicaSet({ version: 'v2', replicas: v2 })],
    },
  });
}

describe('a newer version that comes during the last rolling update', () => {
  const rows: [number, number, string][] = [
    [5, 0, 'v1'],
    [3, 2, 'v1'],
    [2, 3, 'v2'],
    [0, 5, 'v2'],
  ];
  for (const [v1, v2, stable] of rows) {
    test(`is tried against ${stable}, where ${v1} pods run v1 and ${v2} v2: traffic goes to those that can carry it`, () => {
      const { full } = decided(overtaken(v1, v2));
      expect(full).toMatchObject({ decision: 'Start', reason: 'ContinuousRelease' });
      expect(full.record.release?.stable).toEqual(stableOf(stable));
    });
  }
});

function aborting(part: ReleasePart = {}) {
  return releasing({ stage: 'Aborting', ...part, release: { message: 'it was slow', ...part.release } });
}

table('a release that is aborted', [
  {
    title: 'loses its traffic',
    given: aborting(),
    is: 'Wait CanaryRoutesRemoved',
    acts: [`delete Ingress ${NAME}-canary: taking the traffic from the canary`],
  },
  {
    title: 'then its pods and its Service',
    given: aborting({ traffic: { canaryIngress: undefined }, release: { routesRemovedAt: ago(3) } }),
    is: 'Wait WaitingForCanaryRemoval',
    acts: ['delete Deployment <canary>: removing the canary pods'],
  },
  {
    title: 'then the pin of the stable Service',
    given: aborting({
      traffic: NO_ROUTES,
      release: { routesRemovedAt: ago(3) },
      workload: { canary: NO_CANARY },
    }),
    is: 'Wait StableServiceRestored',
    acts: [`replace Service ${NAME}: restore the stable Service`],
  },
  {
    title: 'and leaves the workload paused with the new template in its spec',
    given: aborting({
      traffic: { service: service(), ...NO_ROUTES },
      release: { routesRemovedAt: ago(3) },
      workload: { canary: NO_CANARY },
    }),
    is: 'Abort CanaryAborted',
    to: 'release 1 Aborted',
    says: 'the canary is gone: it was slow',
  },
  {
    title: 'is taken back when its author restores the stable template',
    given: aborting({ workload: { object: held('v1') } }),
    is: 'Cancel StableTemplateRestored',
    to: 'release 1 Cancelling',
  },
]);

function aborted(part: ReleasePart = {}) {
  return releasing({
    stage: 'Aborted',
    traffic: { service: service(), ...NO_ROUTES },
    ...part,
    release: { outcome: 'Aborted', message: 'it was slow', ...part.release },
    workload: { canary: NO_CANARY, ...part.workload },
  });
}

const rejected = [{ revision: revisionOf(template('v2')), at: ago(60), reason: 'it was slow' }];

table('an aborted release', [
  { title: 'waits for its author', given: aborted(), is: 'Wait Aborted', says: 'it was slow' },
  {
    title: 'holds a workload again that somebody resumed',
    given: aborted({
      workload: { object: deployment({ version: 'v2', markedFor: NAME, updated: 0 }) },
    }),
    is: 'Wait WaitingForWorkload',
    acts: [`replace Deployment ${NAME}: hold the workload`],
  },
  {
    title: 'is followed by a release of a newer template',
    given: aborted({ workload: { object: held('v3') } }),
    is: 'Start NewRevision',
    to: 'release 2 Initializing',
  },
  {
    title: 'is taken back when its author restores the stable template',
    given: aborted({ workload: { object: held('v1') } }),
    is: 'Cancel StableTemplateRestored',
    to: 'release 1 Cancelling',
  },
  {
    title: 'starts again when a person asks to retry this very release',
    given: aborted({ rollout: rollout({ annotations: { [RETRY_ANNOTATION]: '1' } }), record: { rejected } }),
    is: 'Start Retried',
    to: 'release 2 Initializing',
  },
  {
    title: 'does not start again for a retry of another release',
    given: aborted({ rollout: rollout({ annotations: { [RETRY_ANNOTATION]: '9' } }) }),
    is: 'Wait Aborted',
  },
]);

table('a workload that somebody resumed while its release ends is held again', [
  ...(['Superseding', 'Aborting', 'Aborted', 'Cancelling'] as const).map((stage) => ({
    title: `in ${stage}, since it would roll out what nobody has judged`,
    given: releasing({
      stage,
      release: { restore: true },
      workload: { object: deployment({ version: 'v2', markedFor: NAME, updated: 0 }) },
    }),
    is: 'Wait WaitingForWorkload',
    acts: [`replace Deployment ${NAME}: hold the workload`],
  })),
]);

table('a release whose workload was made anew', [
  {
    title: 'is given up: its stable pods are gone, and the Service must not select only them',
    given: releasing({
      workload: {
        object: deployment({ version: 'v2', labelled: true }),
        replicaSets: [replicaSet({ version: 'v2' })],
      },
    }),
    is: 'Cancel StableTemplateLost',
    to: 'release 1 Cancelling',
  },
  {
    title: 'takes what runs now as stable',
    given: releasing({
      stage: 'Cancelling',
      traffic: { service: service(), ...NO_ROUTES },
      release: { routesRemovedAt: ago(3) },
      workload: {
        object: deployment({ version: 'v2' }),
        replicaSets: [replicaSet({ version: 'v2' })],
        canary: NO_CANARY,
      },
    }),
    is: 'Complete RolledBack',
    says: 'the canary of echoserver is gone',
    acts: [FORGET],
  },
]);

describe('what an ended release leaves', () => {
  test('a promoted version is the stable one from now on', () => {
    const { full } = decided(
      finalising({
        guards: [guardFacts()],
        traffic: { service: service(), ...NO_ROUTES },
        release: UNROUTED,
        workload: { ...rolledOut, canary: NO_CANARY },
      }),
    );
    expect(full.record.stable).toEqual(stableOf('v2'));
    expect(full.notice).toMatchObject({ event: 'Completed', reason: 'Promoted' });
  });

  test('a version that was rolled back is not', () => {
    const { full } = decided(
      rollingBack({
        traffic: { service: service(), ...NO_ROUTES },
        release: { routesRemovedAt: ago(3) },
        workload: { object: deployment(), canary: NO_CANARY },
      }),
    );
    expect(full.record.stable).toEqual(stableOf('v1'));
  });

  test('the restored template is the one that was kept', () => {
    const { full } = decided(
      rollingBack({ traffic: { canaryIngress: undefined }, release: { routesRemovedAt: ago(3) } }),
    );
    expect(full.acts[0]?.object).toMatchObject({
      metadata: { resourceVersion: '1' },
      spec: { paused: true, template: template('v1') },
    });
  });

  test('a retried template is rejected no more', () => {
    const { full } = decided(
      aborted({ rollout: rollout({ annotations: { [RETRY_ANNOTATION]: '1' } }), record: { rejected } }),
    );
    expect(full.record.rejected).toEqual([]);
  });
});
