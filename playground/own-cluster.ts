import type { ClusterAccess } from './cluster-access.ts';
import { MARK, NODE_NAME } from './mark.ts';

type Kubectl = Pick<ClusterAccess, 'kubectl'>;

interface Listed {
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; finalizers?: string[] };
  spec?: {
    unschedulable?: boolean;
    taints?: { effect: string }[];
    group?: string;
    names?: { plural: string };
  };
}

/** Cluster-scoped kinds of the chart, in the order in which they can go without blocking what goes after. */
const OURS_BEFORE_CRDS = [
  'validatingwebhookconfigurations',
  'mutatingwebhookconfigurations',
  'clusterrolebindings',
  'clusterroles',
];
const GROUPS = ['assay.dev', 'rollouts.kruise.io'];
const NAMESPACES = ['assay-system', 'kruise-rollout'];

/**
 * Makes sure that the playground may put its things into a cluster that is somebody's own. It goes nowhere where
 * Assay or Kruise Rollouts are at work, and nowhere where other nodes would run its pods.
 * @throws saying what is in the way and what to do; nothing was written then.
 */
export async function refuseOccupied({ kubectl }: Kubectl): Promise<void> {
  const list = (kind: string) => listed({ kubectl }, kind);
  const crds = (await list('crd')).filter(({ spec }) => GROUPS.includes(spec?.group ?? ''));
  const namespaces = (await list('namespaces')).filter(({ metadata }) => NAMESPACES.includes(metadata.name));
  const nodes = await list('nodes');
  const taken = [...crds, ...namespaces, ...nodes.filter(({ metadata }) => metadata.name === NODE_NAME)];
  if (taken.length > 0 && taken.some(isMarked)) {
    throw new Error(
      'a playground has its things in this cluster. Where it is up, end it first; where it was killed, remove what it left: npm run playground -- clean --kubeconfig FILE',
    );
  }
  if (taken.length > 0) {
    const names = taken.map(({ kind, metadata }) => `${kind} ${metadata.name}`).join(', ');
    throw new Error(
      `this cluster is in use: it has ${names}. The playground touches nothing that it did not make; name another cluster`,
    );
  }
  const open = nodes.filter(
    ({ spec }) => !spec?.unschedulable && !spec?.taints?.some(({ effect }) => effect !== 'PreferNoSchedule'),
  );
  if (open.length > 0) {
    throw new Error(
      `this cluster would run the pods on its own nodes (${open.map(({ metadata }) => metadata.name).join(', ')}), and the images' behaviour is known to the playground's node alone; cordon them (kubectl cordon NODE) or name a cluster without nodes`,
    );
  }
}

/**
 * Removes everything that a playground brought into a cluster of somebody's own, told by its label, and nothing
 * else. A CustomResourceDefinition stays as long as anybody has an object of its kind elsewhere.
 * Answers in sentences what had to stay; doing it again is harmless.
 */
export async function cleanUp({ kubectl }: Kubectl): Promise<string[]> {
  for (const kind of OURS_BEFORE_CRDS) await kubectl(['delete', kind, '-l', MARK, '--ignore-not-found']);
  const namespaces = (await listed({ kubectl }, 'namespaces'))
    .filter(isMarked)
    .map(({ metadata }) => metadata.name);
  await releaseRollouts({ kubectl }, namespaces);
  for (const name of namespaces) {
    await kubectl(['delete', 'namespace', name, '--wait=false', '--ignore-not-found']);
    // With no node left to end them, pods would keep their namespace for ever.
    await kubectl(['delete', 'pods', '--all', '-n', name, '--force', '--grace-period=0', '--wait=false']);
  }
  for (const name of namespaces)
    await kubectl(['wait', '--for=delete', `namespace/${name}`, '--timeout=90s']);
  const stayed: string[] = [];
  for (const { metadata, spec } of (await listed({ kubectl }, 'crd')).filter(isMarked)) {
    const others = (await listed({ kubectl }, metadata.name)).filter((object) => !isMarked(object));
    if (others.length === 0) {
      await kubectl(['delete', 'crd', metadata.name, '--ignore-not-found', '--timeout=60s']);
      continue;
    }
    const names = others.map((other) =>
      [other.metadata.namespace, other.metadata.name].filter(Boolean).join('/'),
    );
    stayed.push(
      `CustomResourceDefinition ${metadata.name} stays: ${spec?.names?.plural} that are not the playground's need it (${names.join(', ')})`,
    );
  }
  const nodes = (await listed({ kubectl }, 'nodes')).filter(isMarked).map(({ metadata }) => metadata.name);
  await kubectl(['delete', 'node', '-l', MARK, '--ignore-not-found']);
  const leases = [...new Set([NODE_NAME, ...nodes])];
  await kubectl(['delete', 'lease', ...leases, '-n', 'kube-node-lease', '--ignore-not-found']);
  return stayed;
}

/** The controller has gone and cannot let its Rollouts go any more: their finalizers would hold the namespace. */
async function releaseRollouts({ kubectl }: Kubectl, namespaces: readonly string[]): Promise<void> {
  const crds = await listed({ kubectl }, 'crd');
  if (!crds.some(({ metadata }) => metadata.name === 'rollouts.rollouts.kruise.io')) return;
  for (const { metadata } of await listed({ kubectl }, 'rollouts.rollouts.kruise.io')) {
    if (!namespaces.includes(metadata.namespace ?? '') || !metadata.finalizers) continue;
    const patch = JSON.stringify({ metadata: { finalizers: null } });
    await kubectl([
      'patch',
      'rollouts.rollouts.kruise.io',
      metadata.name,
      '-n',
      metadata.namespace ?? '',
      '--type=merge',
      '-p',
      patch,
    ]);
  }
}

async function listed({ kubectl }: Kubectl, kind: string): Promise<Listed[]> {
  const answer = await kubectl(['get', kind, '-A', '-o', 'json']);
  return (JSON.parse(answer) as { items: Listed[] }).items;
}

function isMarked({ metadata }: Listed): boolean {
  return metadata.labels?.[MARK] !== undefined;
}
