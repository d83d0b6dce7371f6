import { describe, expect, test } from 'vitest';
import { isInBatches, whyAtOnce } from '../../src/api/rollback-in-batches.ts';
import { checkRollout } from '../../src/api/rollout-validation.ts';
import { rolloutWarnings } from '../../src/api/rollout-warnings.ts';
import { CLONE_SET, routing, type Written, written } from './written-rollout.ts';

const KEY = 'rollouts.kruise.io/rollback-in-batch';
const STATEFUL_SET = { kind: 'StatefulSet' };
const UNROUTED = { steps: [{ replicas: '20%' }], trafficRoutings: undefined };
const ROUTED =
  'with traffic routing a release goes back at once, as fast as stable pods can carry the requests';
const other = (kind: string) =>
  `a ${kind} goes back at once, only a CloneSet or a StatefulSet goes step by step`;

const asking = (part: Written, value = 'true') => written({ ...part, annotations: { [KEY]: value } });

describe('a rollback in batches', () => {
  test.each<[string, Written]>([
    ['a StatefulSet', { workloadRef: STATEFUL_SET, canary: UNROUTED }],
    ['a CloneSet', { workloadRef: CLONE_SET, canary: UNROUTED }],
    [
      'a CloneSet of an empty list of routes',
      { workloadRef: CLONE_SET, canary: { ...UNROUTED, trafficRoutings: [] } },
    ],
  ])('is what %s gets that routes nothing and asks for it', (_, part) => {
    expect(isInBatches(asking(part))).toBe(true);
    expect(isInBatches(asking(part, 'True'))).toBe(false);
    expect(isInBatches(written(part))).toBe(false);
    expect(checkRollout(asking(part))).toStrictEqual([]);
    expect(rolloutWarnings(asking(part), { analyses: [], autoscalers: [] })).toStrictEqual([]);
  });

  test.each<[string, Written, string]>([
    ['a StatefulSet whose requests are routed', { workloadRef: STATEFUL_SET, canary: {} }, ROUTED],
    ['a CloneSet whose requests are routed', { workloadRef: CLONE_SET, canary: {} }, ROUTED],
    ['a Deployment', { canary: { ...UNROUTED, enableExtraWorkloadForCanary: false } }, other('Deployment')],
    ['a DaemonSet', { workloadRef: { kind: 'DaemonSet' }, canary: UNROUTED }, other('DaemonSet')],
    [
      'a blue-green CloneSet',
      { workloadRef: CLONE_SET, blueGreen: UNROUTED },
      'a blue-green release has its stable pods and goes back at once',
    ],
  ])('is not what %s gets; it is accepted and warned of', (_, part, why) => {
    expect(isInBatches(asking(part))).toBe(false);
    expect(whyAtOnce(asking(part))).toBe(why);
    expect(checkRollout(asking(part))).toStrictEqual([]);
    expect(rolloutWarnings(asking(part), { analyses: [], autoscalers: [] })).toStrictEqual([
      `metadata.annotations[${KEY}] has no effect: ${why}`,
    ]);
  });

  test('goes at once with a TrafficRouting as with routes of its own', () => {
    const shared = asking({ workloadRef: CLONE_SET, canary: { ...UNROUTED, trafficRoutingRef: 'shop' } });
    expect(whyAtOnce(shared)).toBe(ROUTED);
  });

  test('is not spoken of where nobody asks for it', () => {
    expect(
      rolloutWarnings(written(routing({ service: 'echoserver' })), { analyses: [], autoscalers: [] }),
    ).toStrictEqual([]);
  });
});
