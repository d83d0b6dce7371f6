import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Deployment, KubeObject, Secret } from '../../src/api/kubernetes.ts';
import { controllerReference } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import type { RolloutGuard } from '../../src/api/rollout-guard.ts';
import type { Cluster } from '../../src/cluster/port.ts';
import { deployment, guard, secret, withMetadata } from './cluster-objects.ts';
import { faultKind, must, type OpenCluster } from './open-cluster.ts';
import { storeContract } from './store.contract.ts';

const soon = { timeout: 10_000, interval: 20 };

/** What every implementation of the cluster port keeps to. */
export function clusterContract(name: string, openCluster: () => Promise<OpenCluster>): void {
  describe(`${name} keeps the contract of the cluster`, () => {
    let open: OpenCluster;
    let cluster: Cluster;
    let namespace: string;

    beforeAll(async () => {
      open = await openCluster();
      ({ cluster, namespace } = open);
    });
    afterAll(() => open?.close());

    const makeDeployment = async (objectName: string) =>
      open.settled(
        await must(cluster.create<Deployment>(resources.deployment, deployment(namespace, objectName))),
      );
    const makeGuard = (objectName: string) =>
      must(cluster.create<RolloutGuard>(resources.rolloutGuard, guard(namespace, objectName)));

    test('a created object is answered with what the server gave it', async () => {
      const made = await makeGuard('created');
      const { uid, resourceVersion, creationTimestamp, generation } = made.metadata;
      expect(made).toMatchObject({ apiVersion: 'assay.dev/v1alpha1', kind: 'RolloutGuard' });
      expect({ uid, resourceVersion, creationTimestamp, generation }).toEqual({
        uid: expect.stringMatching(/^[0-9a-f-]{36}$/),
        resourceVersion: expect.stringMatching(/^[1-9][0-9]*$/),
        creationTimestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        generation: 1,
      });
      expect(await must(cluster.get<RolloutGuard>(resources.rolloutGuard, made.metadata))).toEqual(made);
    });

    test('what is not there is NotFound, whatever is asked of it', async () => {
      const ref = { namespace, name: 'missing' };
      const asked = [
        cluster.get(resources.deployment, ref),
        cluster.replace(resources.deployment, deployment(namespace, 'missing')),
        cluster.patch(resources.deployment, ref, { type: 'merge', body: {} }),
        cluster.patch(resources.deployment, ref, { type: 'json', body: [] }),
        cluster.patch(resources.rolloutGuard, ref, { type: 'merge', body: {} }, 'status'),
        cluster.delete(resources.deployment, ref),
      ];
      expect(await Promise.all(asked.map(faultKind))).toEqual(asked.map(() => 'NotFound'));
    });

    test('creating what is there is AlreadyExists and changes nothing', async () => {
      const made = await makeDeployment('twice');
      const again = { ...deployment(namespace, 'twice'), spec: { ...made.spec, replicas: 7 } };
      expect(await faultKind(cluster.create<Deployment>(resources.deployment, again))).toBe('AlreadyExists');
      expect(await must(cluster.get(resources.deployment, made.metadata))).toEqual(made);
    });

    test('creating what has a version, or a namespaced object without a namespace, is a bug', async () => {
      const made = await makeDeployment('bug');
      await expect(cluster.create(resources.deployment, made)).rejects.toThrow('cannot be created');
      const homeless = withMetadata(deployment(namespace, 'homeless'), { namespace: undefined });
      await expect(cluster.create(resources.deployment, homeless)).rejects.toThrow('no namespace was given');
      await expect(cluster.get(resources.deployment, { name: 'homeless' })).rejects.toThrow('no namespace');
    });

    test('a change of what is wanted raises version and generation; one of labels only the version', async () => {
      const made = await makeDeployment('counted');
      const labelled = await must(
        cluster.replace(resources.deployment, withMetadata(made, { labels: { app: 'counted', tier: 'a' } })),
      );
      expect(labelled.metadata.generation).toBe(made.metadata.generation);
      expect(labelled.metadata.resourceVersion).not.toBe(made.metadata.resourceVersion);
      const scaled = await must(
        cluster.replace(resources.deployment, { ...labelled, spec: { ...labelled.spec, paused: true } }),
      );
      expect(scaled.metadata.generation).toBe((labelled.metadata.generation ?? 0) + 1);
    });

    test('a Deployment counts its annotations as wanted', async () => {
      const made = await makeDeployment('annotated');
      const body = { metadata: { annotations: { note: 'x' } } };
      const annotated = await must(
        cluster.patch(resources.deployment, made.metadata, { type: 'merge', body }),
      );
      expect(annotated.metadata.generation).toBe((made.metadata.generation ?? 0) + 1);
    });

    test('a replacement that changes nothing makes no version', async () => {
      const made = await makeGuard('unchanged');
      const replaced = await must(cluster.replace(resources.rolloutGuard, made));
      expect(replaced).toEqual(made);
    });

    test('replacing an older version is a Conflict and changes nothing', async () => {
      const made = await makeGuard('raced');
      const newer = await must(
        cluster.replace(resources.rolloutGuard, { ...made, spec: { ...made.spec, onFailure: 'Abort' } }),
      );
      const stale = { ...made, spec: { ...made.spec, onFailure: 'Pause' as const } };
      expect(await faultKind(cluster.replace(resources.rolloutGuard, stale))).toBe('Conflict');
      expect(await must(cluster.get(resources.rolloutGuard, made.metadata))).toEqual(newer);
    });

    test('replacing an object that was made anew in the meantime is a Conflict', async () => {
      const made = await must(cluster.create<Secret>(resources.secret, secret(namespace, 'anew')));
      await must(cluster.delete(resources.secret, made.metadata));
      await must(cluster.create<Secret>(resources.secret, secret(namespace, 'anew')));
      const blind = withMetadata(made, { resourceVersion: undefined });
      expect(await faultKind(cluster.replace(resources.secret, blind))).toBe('Conflict');
    });

    test('a custom object is not replaced without naming the version that is replaced', async () => {
      const made = await makeGuard('blind');
      const blind = withMetadata(made, { resourceVersion: undefined });
      expect(await faultKind(cluster.replace(resources.rolloutGuard, blind))).toBe('Refused');
    });

    test('status is written by its own endpoint, and nothing else is', async () => {
      const made = await makeGuard('status');
      const condition = { type: 'Ready', status: 'True' as const };
      const mixed = {
        ...made,
        spec: { ...made.spec, onFailure: 'Pause' as const },
        status: { conditions: [condition] },
      };
      const viaStatus = await must(cluster.replace<RolloutGuard>(resources.rolloutGuard, mixed, 'status'));
      expect([viaStatus.spec, viaStatus.status, viaStatus.metadata.generation]).toEqual([
        made.spec,
        { conditions: [condition] },
        1,
      ]);
      const lost = {
        ...viaStatus,
        spec: { ...made.spec, onFailure: 'Abort' as const },
        status: { conditions: [] },
      };
      const viaMain = await must(cluster.replace<RolloutGuard>(resources.rolloutGuard, lost));
      expect([viaMain.spec.onFailure, viaMain.status, viaMain.metadata.generation]).toEqual([
        'Abort',
        { conditions: [condition] },
        2,
      ]);
    });

    test('a status is left out where an object is created, and has the version as precondition', async () => {
      const made = await must(
        cluster.create<RolloutGuard>(resources.rolloutGuard, {
          ...guard(namespace, 'early-status'),
          status: { conditions: [{ type: 'Ready', status: 'True' }] },
        }),
      );
      expect(made.status).toBeUndefined();
      await must(
        cluster.patch(
          resources.rolloutGuard,
          made.metadata,
          { type: 'merge', body: { status: { conditions: [] } } },
          'status',
        ),
      );
      const stale = { ...made, status: { conditions: [] } };
      expect(await faultKind(cluster.replace(resources.rolloutGuard, stale, 'status'))).toBe('Conflict');
    });

    test('a merge patch merges fields, takes away what is null, and may name the version it is for', async () => {
      const made = await makeGuard('merged');
      const merge = (body: Record<string, unknown>) =>
        cluster.patch<RolloutGuard>(resources.rolloutGuard, made.metadata, { type: 'merge', body });
      const merged = await must(
        merge({ metadata: { labels: { a: 'b' } }, spec: { onFailure: 'Abort', suspend: null } }),
      );
      expect(merged.metadata.labels).toEqual({ a: 'b' });
      const { suspend: _gone, ...rest } = made.spec;
      expect(merged.spec).toEqual({ ...rest, onFailure: 'Abort' });
      const { resourceVersion } = made.metadata;
      expect(await faultKind(merge({ metadata: { resourceVersion }, spec: { onFailure: 'Pause' } }))).toBe(
        'Conflict',
      );
    });

    test('a JSON patch is made only where its tests hold', async () => {
      const made = await makeDeployment('tested');
      const { metadata } = made;
      type Operations = Extract<Parameters<Cluster['patch']>[2], { type: 'json' }>['body'];
      const patch = (...body: Operations) =>
        cluster.patch<Deployment>(resources.deployment, metadata, { type: 'json', body });
      const version = {
        op: 'test',
        path: '/metadata/resourceVersion',
        value: metadata.resourceVersion,
      } as const;
      const scale = { op: 'replace', path: '/spec/replicas', value: 1 } as const;
      const scaled = await must(patch(version, { op: 'test', path: '/spec/replicas', value: 0 }, scale));
      expect(scaled.spec.replicas).toBe(1);
      expect(await faultKind(patch(version, { ...scale, value: 2 }))).toBe('Conflict');
      expect(await faultKind(patch({ op: 'test', path: '/spec/paused', value: true }, scale))).toBe(
        'Conflict',
      );
      expect(await faultKind(patch({ op: 'remove', path: '/spec/paused' }))).toBe('Refused');
      expect(
        await must(
          patch(
            { op: 'add', path: '/metadata/annotations', value: { 'a/b': 'x' } },
            { op: 'test', path: '/metadata/annotations/a~1b', value: 'x' },
            { op: 'remove', path: '/spec/template/spec/containers/0/image' },
            { op: 'add', path: '/spec/template/spec/containers/0/image', value: 'nowhere/none:v2' },
          ),
        ),
      ).toMatchObject({
        metadata: { annotations: { 'a/b': 'x' } },
        spec: { template: { spec: { containers: [{ image: 'nowhere/none:v2' }] } } },
      });
    });

    test('a JSON patch of a status may test the rest of the object, and changes the status alone', async () => {
      const made = await makeGuard('judged');
      const { uid, generation } = made.metadata;
      const set = { op: 'add', path: '/status', value: { observedGeneration: 7 } } as const;
      const patch = (...body: Extract<Parameters<Cluster['patch']>[2], { type: 'json' }>['body']) =>
        cluster.patch<RolloutGuard>(resources.rolloutGuard, made.metadata, { type: 'json', body }, 'status');
      const same = { op: 'test', path: '/metadata/uid', value: uid } as const;
      const seen = { op: 'test', path: '/metadata/generation', value: generation } as const;
      const patched = await must(
        patch(same, seen, set, { op: 'replace', path: '/spec/onFailure', value: 'Pause' }),
      );
      expect(patched.status).toEqual({ observedGeneration: 7 });
      expect(patched.spec).toEqual(made.spec);
      expect(await faultKind(patch({ ...same, value: 'another' }, set))).toBe('Conflict');
      expect(await faultKind(patch({ ...seen, value: 99 }, set))).toBe('Conflict');
      const missing = { op: 'test', path: '/status/conditions', value: [] } as const;
      expect(await faultKind(patch(missing, set))).toBe('Conflict');
    });

    test('applying makes the object, and then changes what it names', async () => {
      const ref = { namespace, name: 'applied' };
      const apply = (body: KubeObject) =>
        cluster.patch<Deployment>(resources.deployment, ref, { type: 'apply', body });
      const made = await must(apply(deployment(namespace, 'applied')));
      expect(made.metadata.generation).toBe(1);
      const wanted = deployment(namespace, 'applied');
      const again = await must(apply({ ...wanted, spec: { ...wanted.spec, paused: true } } as Deployment));
      expect([again.metadata.generation, again.spec.paused, again.spec.replicas]).toEqual([2, true, 0]);
    });

    test('deleting ends the object that was meant, and no other', async () => {
      const made = await makeDeployment('deleted');
      const { uid = '', resourceVersion = '' } = made.metadata;
      const remove = (preconditions?: { uid?: string; resourceVersion?: string }) =>
        faultKind(cluster.delete(resources.deployment, made.metadata, preconditions));
      expect(await remove({ uid: 'another' })).toBe('Conflict');
      expect(await remove({ uid, resourceVersion: '1' })).toBe('Conflict');
      const { resourceVersion: newest = '' } = (await must(cluster.get(resources.deployment, made.metadata)))
        .metadata;
      expect(Number(newest)).toBeGreaterThanOrEqual(Number(resourceVersion));
      expect(await remove({ uid })).toBe('no fault');
      expect(await remove()).toBe('NotFound');
    });

    test('an object with finalizers stays, marked as deleted, until the last one is taken away', async () => {
      const made = await must(
        cluster.create<Secret>(
          resources.secret,
          withMetadata(secret(namespace, 'finalized'), { finalizers: ['assay.dev/test'] }),
        ),
      );
      await must(cluster.delete(resources.secret, made.metadata));
      const marked = await must(cluster.get<Secret>(resources.secret, made.metadata));
      expect(marked.metadata.deletionTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      await must(cluster.replace(resources.secret, withMetadata(marked, { finalizers: undefined })));
      expect(await faultKind(cluster.get(resources.secret, made.metadata))).toBe('NotFound');
    });

    test('what is owned goes when its last owner goes', async () => {
      const [first, second] = await Promise.all([makeDeployment('owner-1'), makeDeployment('owner-2')]);
      const owned = (objectName: string, ...owners: KubeObject[]) =>
        withMetadata(secret(namespace, objectName), {
          ownerReferences: owners.map((owner) => ({
            ...controllerReference(owner),
            controller: owner === first,
          })),
        });
      await must(cluster.create(resources.secret, owned('of-one', first)));
      await must(cluster.create(resources.secret, owned('of-two', first, second)));
      const left = () =>
        Promise.all(
          ['of-one', 'of-two'].map((objectName) =>
            faultKind(cluster.get(resources.secret, { namespace, name: objectName })),
          ),
        );
      await must(cluster.delete(resources.deployment, first.metadata));
      await vi.waitFor(async () => expect(await left()).toEqual(['NotFound', 'no fault']), soon);
      await must(cluster.delete(resources.deployment, second.metadata));
      await vi.waitFor(async () => expect(await left()).toEqual(['NotFound', 'NotFound']), soon);
    });

    test('a list has the objects of a namespace or of all, chosen by labels, each saying what it is', async () => {
      await must(cluster.create(resources.secret, secret(namespace, 'listed-a', { list: 'yes', tier: 'a' })));
      await must(cluster.create(resources.secret, secret(namespace, 'listed-b', { list: 'yes', tier: 'b' })));
      const names = async (labelSelector: string, inNamespace?: string) => {
        const { items } = await must(
          cluster.list<Secret>(resources.secret, { namespace: inNamespace, labelSelector }),
        );
        for (const item of items) expect(item).toMatchObject({ apiVersion: 'v1', kind: 'Secret' });
        return items.map((item) => item.metadata.name).sort();
      };
      expect(await names('list=yes', namespace)).toEqual(['listed-a', 'listed-b']);
      expect(await names('list=yes')).toEqual(['listed-a', 'listed-b']);
      expect(await names('list,tier!=b', namespace)).toEqual(['listed-a']);
      expect(await names('list=yes', 'default')).toEqual([]);
    });

    storeContract(() => open);
  });
}
