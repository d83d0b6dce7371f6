import { setTimeout as sleep } from 'node:timers/promises';
import type { Pod } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import type { Log } from '../../src/cluster/log.ts';
import type { Cluster, Store } from '../../src/cluster/port.ts';
import type { Send } from '../../src/cluster/transport.ts';
import { nodeFor } from './node-choice.ts';
import { podAddresses } from './pod-addresses.ts';
import { type PodHost, type PodRun, runPod } from './pod-run.ts';
import { type RunnablePod, type Stage, statusOf } from './pod-status.ts';
import type { Targets } from './targets.ts';

export interface KubeletOptions {
  cluster: Cluster;
  /** For the two requests that `cluster` has no word for. */
  send: Send;
  pods: Store<Pod>;
  targets: Targets;
  log: Log;
  /** Its nodes; a pod that names none runs on the first. */
  nodeNames: readonly string[];
  hostIp: string;
  /** `127.10`: the pods get the addresses of 127.10.0.0/16. */
  addressPrefix: string;
  readyMs: number;
  withServers: boolean;
  /** Whether the pods of this namespace are to run here. */
  takes(namespace: string): Promise<boolean>;
}

/** Binds every pod of the namespaces that it takes to one of its nodes and runs it. It goes on until the process ends. */
export function startKubelet(options: KubeletOptions): void {
  const { cluster, send, pods, targets, log, nodeNames } = options;
  const runs = new Map<string, PodRun>();
  const host: PodHost = {
    addresses: podAddresses(options.addressPrefix),
    readyMs: options.readyMs,
    withServers: options.withServers,
    report,
    remove: (pod) =>
      insist(pod, 'delete', podPath(pod), {
        gracePeriodSeconds: 0,
        preconditions: { uid: pod.metadata.uid },
      }),
    expose: targets.set,
  };

  pods.subscribe(({ before, after }) => {
    const [beforeUid, afterUid] = [before?.metadata.uid, after?.metadata.uid];
    if (beforeUid && beforeUid !== afterUid) {
      runs.get(beforeUid)?.abandon();
      runs.delete(beforeUid);
    }
    if (after && afterUid) observe(after as RunnablePod, afterUid);
  });

  function observe(pod: RunnablePod, uid: string): void {
    if (!pod.spec.nodeName) {
      if (!pod.metadata.deletionTimestamp) void bind(pod);
      return;
    }
    if (!nodeNames.includes(pod.spec.nodeName)) return;
    let run = runs.get(uid);
    if (!run) {
      run = runPod(host, pod, (error) => log.error({ pod: podPath(pod), err: error }, 'a pod went wrong'));
      runs.set(uid, run);
    }
    run.observe(pod);
  }

  async function bind(pod: RunnablePod): Promise<void> {
    const { name, namespace = '' } = pod.metadata;
    const node = nodeFor(pod, nodeNames);
    if (node === undefined || !(await options.takes(namespace))) return;
    await insist(pod, 'bind', `${podPath(pod)}/binding`, {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name, namespace },
      target: { apiVersion: 'v1', kind: 'Node', name: node },
    });
  }

  async function report(pod: RunnablePod, stage: Stage): Promise<void> {
    const { name, namespace, uid } = pod.metadata;
    for (;;) {
      const current = (pods.get({ name, namespace }) ?? pod) as RunnablePod;
      if (current.metadata.uid !== uid) return;
      const status = statusOf(current, stage, options.hostIp, Date.now());
      // The uid makes it a conflict when the name has gone to another pod meanwhile.
      const patch = { type: 'merge', body: { metadata: { uid }, status } } as const;
      const written = await cluster.patch(resources.pod, { name, namespace }, patch, 'status');
      if (written.ok || written.fault.kind === 'NotFound' || written.fault.kind === 'Conflict') return;
      log.warn({ pod: podPath(pod), fault: written.fault.message }, 'a status was not written; once more');
      await sleep(500);
    }
  }

  /** Sends until the server has done it, or says that there is nothing left to do. */
  async function insist(
    pod: RunnablePod,
    what: 'bind' | 'delete',
    path: string,
    body: object,
  ): Promise<void> {
    for (let tries = 0; tries < 20; tries += 1) {
      const request = {
        method: what === 'bind' ? 'POST' : 'DELETE',
        path,
        body: { contentType: 'application/json', text: JSON.stringify(body) },
      } as const;
      const answer = await send(request).catch((error: Error) => ({ status: 0, text: error.message }));
      if (answer.status < 300 && answer.status > 0) return;
      if (answer.status === 404 || answer.status === 409) return;
      log.warn({ pod: podPath(pod), status: answer.status, text: answer.text }, `${what} failed; once more`);
      await sleep(500);
    }
  }
}

function podPath({ metadata }: RunnablePod): string {
  return `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`;
}
