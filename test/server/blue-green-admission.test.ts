import { describe, expect, test } from 'vitest';
import type { Deployment } from '../../src/api/kubernetes.ts';
import type { Rollout } from '../../src/api/rollout.ts';
import type { RolloutRecord } from '../../src/api/rollout-record.ts';
import { type AdmissionAnswer, allow } from '../../src/server/admission-review.ts';
import { mutateRolloutStatus } from '../../src/server/mutate-rollout-status.ts';
import { mutateWorkload } from '../../src/server/mutate-workload.ts';
import { takenOver } from '../../src/workload/blue-green-settings.ts';
import { jsonPatch } from '../world/patch.ts';
import { CONTROLLER, deployment, requestOf, rollout } from './requests.ts';

const NOTE = 'rollouts.kruise.io/original-deployment-strategy';
const MARKED = { 'rollouts.kruise.io/in-progressing': '{"rolloutName":"demo"}' };

function blueGreen(status?: Record<string, unknown>): Rollout {
  const object = rollout(status ? { status } : {});
  const steps = [1, 2, 3].map((replicas) => ({ replicas, pause: {} }));
  return { ...object, spec: { ...object.spec, strategy: { blueGreen: { steps } } } };
}

describe('a Deployment that is released blue-green', () => {
  const running = takenOver(deployment({ image: 'echo:2', annotations: MARKED }), 3, '5d8f7c9b6d');

  /** The Deployment as the API server stores it, and what it tells its writer. */
  function admit(oldObject: Deployment, object: Deployment) {
    const answer = mutateWorkload(requestOf({ oldObject, object }), {
      controller: CONTROLLER,
      rollouts: [blueGreen()],
    });
    if (!answer.allowed) throw new Error(answer.message);
    return { stored: jsonPatch(object, answer.patch) as Deployment, warnings: answer.warnings };
  }

  test('is paused when its template changes, and its settings stay the release’s', () => {
    // A whole manifest, as `kubectl replace` sends it: it knows nothing of what the release has set.
    const manifest = deployment({ image: 'echo:1' });
    const { stored } = admit(running, manifest);
    expect(stored.spec).toEqual({ ...running.spec, paused: true, template: manifest.spec.template });
    expect(stored.metadata.annotations).toEqual(running.metadata.annotations);
  });

  test('is not paused by a write of anything else', () => {
    const scaled = { ...running, spec: { ...running.spec, replicas: 9 } };
    expect(admit(running, scaled)).toEqual({ stored: scaled, warnings: [] });
  });

  test('stays paused where a release has not begun to add pods', () => {
    const held = deployment({ image: 'echo:2', paused: true, annotations: MARKED });
    const { stored, warnings } = admit(held, { ...held, spec: { ...held.spec, paused: false } });
    expect(stored).toEqual(held);
    expect(warnings).toEqual([expect.stringMatching(/^spec.paused of Deployment echoserver stays true: /)]);
  });

  test('does not go over to Recreate before the release has ended', () => {
    const written = { ...running, spec: { ...running.spec, strategy: { type: 'Recreate' } } };
    const { stored, warnings } = admit(running, written);
    expect(stored.spec).toEqual(running.spec);
    expect(JSON.parse(stored.metadata.annotations?.[NOTE] ?? '')).toEqual({ type: 'Recreate' });
    expect(warnings).toEqual([
      'spec.strategy of Deployment echoserver stays {"type":"RollingUpdate","rollingUpdate":{"maxSurge":3,"maxUnavailable":0}}: ' +
        'Rollout demo releases it step by step. What was written of it comes into force when the release has ended. ' +
        'To go on approve the step, to go back restore the former pod template',
    ]);
  });
});

describe('a blue-green step', () => {
  const before = {
    phase: 'Progressing',
    currentStepIndex: 2,
    currentStepState: 'StepPaused',
    blueGreenStatus: { currentStepIndex: 2, nextStepIndex: 3, currentStepState: 'StepPaused' },
  };
  const record = {
    metadata: { name: 'demo', ownerReferences: [{ uid: 'rollout-uid' }] },
    status: { releaseId: 7, release: { step: { index: 2, entry: 31, state: 'StepPaused' } } },
  } as unknown as RolloutRecord;
  const approval = { releaseId: 7, stepEntry: 31, step: 2, user: 'alice', at: '2026-01-01T00:00:00.000Z' };

  function patch(change: Record<string, unknown>): AdmissionAnswer {
    const request = requestOf({
      oldObject: blueGreen(before),
      object: blueGreen({ ...before, ...change }),
      subResource: 'status',
    });
    return mutateRolloutStatus(request, { controller: CONTROLLER, record, now: Date.UTC(2026, 0, 1) });
  }
  const approved = (approvals: unknown[]) =>
    allow({ patch: [{ op: 'add', path: '/status/approvals', value: approvals }] });

  test('is approved in blueGreenStatus', () => {
    const blueGreenStatus = { ...before.blueGreenStatus, currentStepState: 'StepReady' };
    expect(patch({ blueGreenStatus })).toEqual(approved([approval]));
  });

  test('is left for another one by its nextStepIndex', () => {
    const blueGreenStatus = { ...before.blueGreenStatus, nextStepIndex: 1 };
    expect(patch({ blueGreenStatus })).toEqual(approved([{ ...approval, to: 1 }]));
  });

  test('is not approved in canaryStatus, and the answer says where', () => {
    const answer = patch({ canaryStatus: { ...before.blueGreenStatus, currentStepState: 'StepReady' } });
    expect(answer).toMatchObject({
      allowed: false,
      message: expect.stringContaining('patch status.blueGreenStatus.currentStepState from StepPaused'),
    });
  });
});
