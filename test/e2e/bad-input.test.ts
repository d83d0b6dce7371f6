import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NAMESPACE, ROLLOUT, until, WORKLOAD } from '../../playground/walkthrough.ts';
import type { Rollout } from '../../src/api/rollout.ts';
import type { RolloutGuard } from '../../src/api/rollout-guard.ts';
import { openWorld, type World } from './open-world.ts';

/** What people get wrong: refused with what, where and what to do, or shown as a condition and an Event. */
let world: World;
beforeAll(async () => {
  world = await openWorld();
  await world.kubectl(['apply', '-f', '-'], metricSource(world.playground.prometheusUrl));
  await world.apply(template('good', { query: 'vector(1)', successCondition: 'value > 0' }));
});
afterAll(async () => {
  await world?.close();
});

const metricSource = (address: string) =>
  JSON.stringify({
    apiVersion: 'assay.dev/v1alpha1',
    kind: 'ClusterMetricSource',
    metadata: { name: 'default' },
    spec: { prometheus: { address } },
  });

function template(name: string, metric: Record<string, unknown>, args: unknown[] = []): string {
  return JSON.stringify({
    apiVersion: 'assay.dev/v1alpha1',
    kind: 'AnalysisTemplate',
    metadata: { name },
    spec: { args, metrics: [{ name: 'm', ...metric }] },
  });
}

function guard(name: string, rollout: string, analysis: Record<string, unknown>): string {
  return JSON.stringify({
    apiVersion: 'assay.dev/v1alpha1',
    kind: 'RolloutGuard',
    metadata: { name },
    spec: { rolloutRef: { name: rollout }, analyses: [{ name: 'a', ...analysis }] },
  });
}

function rollout(name: string, workload: string): string {
  return JSON.stringify({
    apiVersion: 'rollouts.kruise.io/v1beta1',
    kind: 'Rollout',
    metadata: { name },
    spec: {
      workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: workload },
      strategy: { canary: { enableExtraWorkloadForCanary: true, steps: [{ replicas: 1, pause: {} }] } },
    },
  });
}

const good = { query: 'vector(1)', successCondition: 'value > 0' };

describe('refused at admission', () => {
  const rows: [string, () => string, RegExp][] = [
    [
      'an unknown metric source',
      () => template('t', { ...good, source: 'nowhere' }),
      /spec\.metrics\[0\]\.source: ClusterMetricSource "nowhere" does not exist\. Create it/,
    ],
    [
      'an unknown template',
      () => guard('g', ROLLOUT, { template: { name: 'missing' } }),
      /AnalysisTemplate kruise-rollout\/missing does not exist\. Apply it before the guard/,
    ],
    [
      'an unknown argument',
      () => guard('g', ROLLOUT, { template: { name: 'good' }, args: [{ name: 'nope', value: '1' }] }),
      /nope/,
    ],
    [
      'an unknown placeholder',
      () => template('t', { ...good, query: 'up{pod=~"{{canary.podz}}"}' }),
      /canary\.podz/,
    ],
    [
      'a condition that does not parse',
      () => template('t', { query: 'vector(1)', successCondition: 'value >' }),
      /successCondition/,
    ],
    [
      'a condition that does more than conditions may',
      () => template('t', { query: 'vector(1)', successCondition: 'import("fs")' }),
      /successCondition/,
    ],
    ['a metric without a condition', () => template('t', { query: 'vector(1)' }), /condition/i],
    [
      'a limit that could never be breached',
      () => template('t', { ...good, interval: '5s', count: 3, failureLimit: 3 }),
      /failureLimit/,
    ],
    ['a second Rollout for a workload', () => rollout('second', WORKLOAD), new RegExp(`${ROLLOUT}`)],
    ['an AnalysisRun with the key of a Rollout', () => forgedRun(), /ForeignRun: .* has spec\.key/],
  ];
  it.each(rows)('%s', async (_name, manifest, message) => {
    expect(await world.refusal(manifest())).toMatch(message);
  });
});

function forgedRun(): string {
  return JSON.stringify({
    apiVersion: 'assay.dev/v1alpha1',
    kind: 'AnalysisRun',
    metadata: { name: `${ROLLOUT}-1-1-a-0123456789` },
    spec: {
      metrics: [{ name: 'm', ...good }],
      key: {
        rolloutUid: world.watched.rollout()?.metadata.uid,
        releaseId: 1,
        stepEntry: 1,
        step: 1,
        revision: 'r',
        planHash: 'p',
        guardUid: 'g',
        guardGeneration: 1,
        analysis: 'a',
        mode: 'Step',
        attempt: 1,
      },
    },
  });
}

/** Two series from the first moment on: nothing need be scraped before. */
const TWO_SERIES = 'label_replace(vector(1), "n", "1", "", "") or label_replace(vector(2), "n", "2", "", "")';

describe('shown as a condition and an Event, where it appears only later', () => {
  const events = async (reason: string) => {
    const text = await world.kubectl(['get', 'events', '-n', NAMESPACE, '-o', 'json']);
    return (JSON.parse(text) as { items: { reason: string; message: string }[] }).items.filter(
      (event) => event.reason === reason,
    );
  };
  const stalled = async (name: string) => {
    const text = await world.kubectl([
      'get',
      'rollout.v1beta1.rollouts.kruise.io',
      name,
      '-n',
      NAMESPACE,
      '-o',
      'json',
    ]);
    return (JSON.parse(text) as Rollout).status?.conditions?.find(({ type }) => type === 'Stalled');
  };

  it('a Rollout for a missing workload', async () => {
    await world.apply(rollout('lonely', 'nobody'));
    let condition: Awaited<ReturnType<typeof stalled>>;
    await until(
      'it says so',
      () =>
        condition !== undefined || void stalled('lonely').then((found) => (condition = found)) !== undefined,
      { limitMs: 10_000 },
    );
    expect(condition).toMatchObject({ status: 'True', reason: 'WorkloadNotFound' });
    expect(condition?.message).toBe(
      'Deployment nobody does not exist in this namespace; create it or correct workloadRef',
    );
    expect(await events('WorkloadNotFound')).toHaveLength(1);
  });

  it('a query that returns several series where one value is asked', async () => {
    await world.apply(
      JSON.stringify({
        apiVersion: 'assay.dev/v1alpha1',
        kind: 'AnalysisRun',
        metadata: { name: 'several' },
        spec: {
          metrics: [
            { name: 'm', query: TWO_SERIES, successCondition: 'value > 0', consecutiveErrorLimit: 0 },
          ],
        },
      }),
    );
    await world.kubectl([
      'wait',
      '-n',
      NAMESPACE,
      '--for=jsonpath={.status.phase}=Error',
      'analysisrun/several',
      '--timeout=60s',
    ]);
    const text = await world.kubectl([
      'get',
      'analysisrun',
      'several',
      '-n',
      NAMESPACE,
      '-o',
      'jsonpath={.status.message}',
    ]);
    expect(text).toMatch(/series/);
  });

  it('a template that is deleted under its guard', async () => {
    await world.apply(template('fleeting', good));
    await world.apply(guard('fleeting', ROLLOUT, { template: { name: 'fleeting' } }));
    await world.kubectl([
      'wait',
      '-n',
      NAMESPACE,
      '--for=condition=Ready',
      'rolloutguard/fleeting',
      '--timeout=10s',
    ]);
    await world.kubectl(['delete', 'analysistemplate', 'fleeting', '-n', NAMESPACE]);
    await world.kubectl([
      'wait',
      '-n',
      NAMESPACE,
      '--for=condition=Ready=False',
      'rolloutguard/fleeting',
      '--timeout=10s',
    ]);
    const text = await world.kubectl(['get', 'rolloutguard', 'fleeting', '-n', NAMESPACE, '-o', 'json']);
    expect((JSON.parse(text) as RolloutGuard).status?.conditions?.[0]).toMatchObject({
      reason: 'GuardNotReady',
      message:
        'RolloutGuard fleeting: analysis a names AnalysisTemplate fleeting, which does not exist; create it',
    });
    expect((await events('GuardNotReady')).length).toBeGreaterThanOrEqual(1);
  });
});

describe('after all of that', () => {
  it('nothing crashed, and no step moved', async () => {
    expect((await fetch(`${world.assay.healthUrl}/readyz`)).status).toBe(200);
    expect(world.watched.rollout()?.status?.phase).toBe('Healthy');
    expect(world.watched.record()?.status.releaseId).toBe(0);
  });
});
