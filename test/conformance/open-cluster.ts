import type { Deployment, KubeObject } from '../../src/api/kubernetes.ts';
import type { Resource } from '../../src/api/resource.ts';
import type { Log } from '../../src/cluster/log.ts';
import type { Cluster, ClusterResult, Store } from '../../src/cluster/port.ts';

export interface ContractStoreOptions<T extends KubeObject> {
  namespace?: string;
  labelSelector?: string;
  parse?: (raw: KubeObject) => T | undefined;
}

export interface OpenCluster {
  cluster: Cluster;
  /** Exists and is empty; RolloutGuards can be made in it. */
  namespace: string;
  /** A store that is in step with the cluster when this resolves. */
  openStore<T extends KubeObject>(
    resource: Resource,
    log: Log,
    options: ContractStoreOptions<T>,
  ): Promise<Store<T>>;
  /** The Deployment once its own controller, where there is one, has nothing more to write into it. */
  settled(made: Deployment): Promise<Deployment>;
  close(): Promise<void>;
}

/** The object of a request that must succeed. */
export async function must<T>(result: Promise<ClusterResult<T>>): Promise<T> {
  const answer = await result;
  if (!answer.ok) throw new Error(answer.fault.message);
  return answer.object;
}

/** The kind of the fault of a request that need not succeed. */
export async function faultKind<T>(result: Promise<ClusterResult<T>>): Promise<string> {
  const answer = await result;
  return answer.ok ? 'no fault' : answer.fault.kind;
}
