import { join } from 'node:path';
import type { ClusterAccess } from './cluster-access.ts';
import type { ServerPlace } from './etcd.ts';
import { startNodePart } from './node-parts.ts';
import type { Part } from './process.ts';

/**
 * Makes CloneSets a kind of the cluster and starts a stand-in for OpenKruise's controller, which is not here: a small
 * simulation of what releases need of it, with its default feature gates (clone-set/step.ts says what it leaves out).
 */
export async function startCloneSets(place: ServerPlace, access: ClusterAccess): Promise<Part> {
  await access.kubectl(['create', '-f', join(import.meta.dirname, 'clone-set', 'crd.yaml')]);
  await access.kubectl([
    'wait',
    '--for=condition=Established',
    'customresourcedefinitions/clonesets.apps.kruise.io',
    '--timeout=30s',
  ]);
  return startNodePart('clone-set', place, { kubeconfig: access.adminKubeconfig });
}
