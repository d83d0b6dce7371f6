import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasEnded, until } from '../../playground/walkthrough.ts';
import { ROLLBACK_IN_BATCH_ANNOTATION } from '../../src/api/annotations.ts';
import { resources } from '../../src/api/resource.ts';
import {
  approvalOf,
  LABELS,
  manifestOf,
  NAME,
  openReleasePlayground,
  type ReleasePlayground,
  type ReleaseStyle,
  versionPatch,
  watchRelease,
} from './release-world.ts';

const REPLICAS = 5;
const strategy = () => ({
  canary: { steps: [{ replicas: '50%', pause: {} }, { replicas: 4, pause: {} }, { replicas: '100%' }] },
});

const STYLES: ReleaseStyle[] = [
  {
    name: 'stateful-set',
    resource: resources.statefulSet,
    spec: (template, replicas) => ({
      replicas,
      serviceName: NAME,
      selector: { matchLabels: LABELS },
      podManagementPolicy: 'Parallel',
      template,
    }),
    strategy,
  },
  {
    name: 'clone-set',
    resource: resources.cloneSet,
    spec: (template, replicas) => ({
      replicas,
      selector: { matchLabels: LABELS },
      updateStrategy: { type: 'ReCreate', maxSurge: 1, maxUnavailable: 0 },
      template,
    }),
    strategy,
    prepare: (playground) => playground.startCloneSets(),
  },
];

/** The controllers of Kubernetes, and the stand-in for OpenKruise's, keep pods of a version whose template is gone. */
let world: ReleasePlayground;
beforeAll(async () => {
  world = await openReleasePlayground({
    prepare: async (playground) => {
      for (const style of STYLES) await style.prepare?.(playground, REPLICAS);
    },
  });
});
afterAll(async () => {
  await world?.close();
});

describe.each(STYLES)('a rollback in batches of a $name', (style) => {
  it('brings pods back as the steps say, and leaves all as it was', async () => {
    const { playground, copies } = world;
    const namespace = `in-batches-${style.name}`;
    await playground.createNamespace(namespace);
    await playground.kubectl(['apply', '-f', '-'], manifestOf(style, REPLICAS, namespace));
    const rollout = ['rollouts.rollouts.kruise.io', NAME, '-n', namespace];
    await playground.kubectl(['annotate', ...rollout, `${ROLLBACK_IN_BATCH_ANNOTATION}=true`]);
    const watched = watchRelease(style, copies, namespace);
    const setVersion = (version: string) => playground.kubectl(versionPatch(style, namespace, version));
    const approve = () => playground.kubectl(approvalOf(watched.rollout(), namespace));
    const standing = () => [watched.pausedStep(), watched.podsOf('v1'), watched.podsOf('v2')];
    const pausedWith = (step: number, stable: number, other: number) =>
      until(
        `step ${step} is paused with ${stable} pods of v1 and ${other} of v2`,
        () => JSON.stringify(standing()) === JSON.stringify([step, stable, other]),
      );

    await until('every pod is ready', () => watched.readyPods() === REPLICAS);
    await until('the Rollout is Healthy', () => watched.rollout()?.status?.phase === 'Healthy');
    const before = watched.left();
    await setVersion('v2');
    await pausedWith(1, 2, 3);
    await approve();
    await pausedWith(2, 1, 4);

    await setVersion('v1');
    await pausedWith(1, 3, 2);
    expect(watched.rollout()?.status?.phase).toBe('Progressing');
    await approve();
    await pausedWith(2, 5, 0);
    await approve();
    await until('the release has ended', () => hasEnded(watched, 0));
    expect(watched.outcome()).toBe('RolledBack');
    expect(watched.left()).toEqual(before);
  });
});
