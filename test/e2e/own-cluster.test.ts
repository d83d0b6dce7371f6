import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { takeAddressBlock } from '../../playground/address-block.ts';
import { startApiServer } from '../../playground/apiserver.ts';
import { buildControlPlane } from '../../playground/build.ts';
import { type ClusterAccess, openClusterAccess } from '../../playground/cluster-access.ts';
import { startControllerManager } from '../../playground/controller-manager.ts';
import { makeCredentials } from '../../playground/credentials.ts';
import { startEtcd } from '../../playground/etcd.ts';
import { cleanUp } from '../../playground/own-cluster.ts';
import { openPlayground } from '../../playground/playground.ts';
import { installSystemPackages } from '../../playground/system-packages.ts';
import { openWorld } from './open-world.ts';

/** A cluster that belongs to somebody else: the playground comes, works there, and leaves it as it was. */
const closers: (() => unknown)[] = [];
let theirs: ClusterAccess;

beforeAll(async () => {
  await installSystemPackages(() => undefined);
  const programs = await buildControlPlane(() => undefined);
  const dir = await mkdtemp(join(tmpdir(), 'assay-own-cluster-'));
  closers.push(() => rm(dir, { recursive: true, force: true }));
  const addresses = await takeAddressBlock();
  closers.push(() => addresses.release());
  const logsDir = join(dir, 'logs');
  await mkdir(logsDir);
  const place = { dir, logsDir, address: addresses.serverAddress };
  const etcd = await startEtcd(place);
  closers.push(() => etcd.kill());
  const credentials = await makeCredentials(join(dir, 'credentials'));
  const apiServer = await startApiServer(place, programs.apiserver, etcd.url, credentials);
  closers.push(() => apiServer.part.kill());
  const manager = await startControllerManager(place, programs.controllerManager, apiServer, credentials);
  closers.push(() => manager.kill());
  const adminKubeconfig = apiServer.kubeconfigs.admin;
  theirs = await openClusterAccess({ kubectlProgram: programs.kubectl, adminKubeconfig, dir });
  // Their own work, which must neither be run nor touched.
  await theirs.kubectl(['create', 'deployment', 'theirs', '--image=web:1']);
});
afterAll(async () => {
  for (const closer of closers.splice(0).reverse()) await closer();
});

/** Everything that is not in a namespace of the playground, by kind and name. */
async function inventory(): Promise<string[]> {
  const kinds =
    'namespaces,nodes,crd,clusterroles,clusterrolebindings,mutatingwebhookconfigurations,validatingwebhookconfigurations';
  const there = await theirs.kubectl(['get', kinds, '-o', 'name']);
  const pods = await theirs.kubectl([
    'get',
    'pods',
    '-n',
    'default',
    '-o',
    'jsonpath={.items[*].spec.nodeName}',
  ]);
  return [...there.trim().split('\n').toSorted(), `nodes of their pods: ${pods}`];
}

describe("a cluster of somebody's own", () => {
  it('has the walkthrough run in it, and is left as it was', async () => {
    const before = await inventory();
    const world = await openWorld({ kubeconfig: theirs.adminKubeconfig });
    try {
      expect(await theirs.kubectl(['get', 'rollouts.rollouts.kruise.io', '-A', '-o', 'name'])).toBe(
        'rollout.rollouts.kruise.io/rollouts-demo-1\n',
      );
      expect(await inventory()).toContain('nodes of their pods: ');
    } finally {
      await world.close();
    }
    expect(await inventory()).toEqual(before);
  });

  it('is not entered where Kruise Rollouts or Assay is installed, or where other nodes take the pods', async () => {
    const crd = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'rollouts.rollouts.kruise.io' },
      spec: {
        group: 'rollouts.kruise.io',
        scope: 'Namespaced',
        names: { kind: 'Rollout', plural: 'rollouts' },
        versions: [
          { name: 'v1beta1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } },
        ],
      },
    };
    await theirs.kubectl(['create', '-f', '-'], JSON.stringify(crd));
    const enter = () => openPlayground({ kubeconfig: theirs.adminKubeconfig });
    await expect(enter()).rejects.toThrow(
      'this cluster is in use: it has CustomResourceDefinition rollouts.rollouts.kruise.io',
    );
    expect(await cleanUp(theirs)).toEqual([]);
    expect(await theirs.kubectl(['get', 'crd', '-o', 'name'])).toContain('rollouts.rollouts.kruise.io');
    await theirs.kubectl(['delete', 'crd', 'rollouts.rollouts.kruise.io']);

    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'worker' } };
    await theirs.kubectl(['create', '-f', '-'], JSON.stringify(node));
    await theirs.kubectl(['patch', 'node', 'worker', '--type=merge', '-p', '{"spec":{"taints":null}}']);
    await expect(enter()).rejects.toThrow('on its own nodes (worker)');
    await theirs.kubectl(['delete', 'node', 'worker']);
  });

  it('keeps a kind that others have begun to use meanwhile', async () => {
    const world = await openWorld({ kubeconfig: theirs.adminKubeconfig });
    const source = {
      apiVersion: 'assay.dev/v1alpha1',
      kind: 'ClusterMetricSource',
      metadata: { name: 'theirs' },
      spec: { prometheus: { address: 'http://prometheus.example' } },
    };
    await theirs.kubectl(['create', '-f', '-'], JSON.stringify(source));
    await world.close();
    expect(await theirs.kubectl(['get', 'crd', '-o', 'name'])).toBe(
      'customresourcedefinition.apiextensions.k8s.io/clustermetricsources.assay.dev\n',
    );
    await theirs.kubectl(['delete', 'clustermetricsources.assay.dev', 'theirs']);
    expect(await cleanUp(theirs)).toEqual([]);
    expect(await theirs.kubectl(['get', 'crd', '-o', 'name'])).toBe('');
  });
});
