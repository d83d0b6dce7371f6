import { setTimeout as sleep } from 'node:timers/promises';
import type { PodAddresses } from './pod-addresses.ts';
import { type Behaviour, behaviourOf, tagOf } from './pod-behaviour.ts';
import { type PodServer, servePod } from './pod-server.ts';
import type { RunnablePod, Stage } from './pod-status.ts';

/** What a running pod needs of its kubelet. */
export interface PodHost {
  addresses: PodAddresses;
  /** From its start until a healthy pod is ready. */
  readyMs: number;
  /** Without servers pods only have a status: thousands of them cost nothing. */
  withServers: boolean;
  /** Writes the pod's status; resolves when that is done, or the pod is gone. */
  report(pod: RunnablePod, stage: Stage): Promise<void>;
  /** Deletes the pod without grace. */
  remove(pod: RunnablePod): Promise<void>;
  /** Where Prometheus finds the pod's metrics, or undefined once it is stopped. */
  expose(pod: RunnablePod, target: string | undefined): void;
}

export interface PodRun {
  /** Takes note of the pod's newest state; one that is being deleted is drained and removed. */
  observe(pod: RunnablePod): void;
  /** Stops at once: the pod is gone from the API server. */
  abandon(): void;
}

/** The longest that a pod waits for its last answers. Real ones often ask for 30 s: nobody wants to see that. */
const graceMaxMs = 1_000;
const backOffFirstSeconds = 1;
const backOffMaxSeconds = 30;

/** Starts the life of one pod that is bound to this kubelet's node: it runs until it is removed or abandoned. */
export function runPod(host: PodHost, first: RunnablePod, onTrouble: (error: unknown) => void): PodRun {
  let pod = first;
  let stage: Stage | undefined;
  let ip: string | undefined;
  let server: PodServer | undefined;
  let isEnding = false;
  const ending = new AbortController();
  const image = pod.spec.containers[0]?.image ?? '';
  const behaviour = behaviourOf(image);
  const alive = live(behaviour).catch((error: unknown) => {
    if (!ending.signal.aborted) onTrouble(error);
  });

  async function live(how: Behaviour): Promise<void> {
    if (how.kind === 'image-missing') {
      await enter({ kind: 'image-missing', reason: 'ErrImagePull' });
      await pause(1_000);
      return enter({ kind: 'image-missing', reason: 'ImagePullBackOff' });
    }
    ip = host.addresses.take();
    if (how.kind === 'crashes') return crashAgainAndAgain(ip);
    const startedMs = performance.now();
    if (host.withServers) await serve(ip, how);
    await enter({ kind: 'starting', ip });
    await pause(Math.max(0, host.readyMs - (performance.now() - startedMs)));
    await enter({ kind: 'ready', ip });
  }

  async function serve(address: string, how: Extract<Behaviour, { kind: 'serves' }>): Promise<void> {
    const ports = pod.spec.containers.flatMap((container) =>
      (container.ports ?? []).map(({ containerPort }) => containerPort),
    );
    if (ports.length === 0) return;
    server = await servePod({
      name: pod.metadata.name,
      ip: address,
      ports,
      version: tagOf(image),
      behaviour: how,
    });
    if (!ending.signal.aborted) host.expose(pod, `${address}:${ports[0]}`);
  }

  async function crashAgainAndAgain(address: string): Promise<void> {
    let backOffSeconds = backOffFirstSeconds;
    for (let restartCount = 0; ; restartCount += 1) {
      await enter({ kind: 'crashed', ip: address, restartCount, backOffSeconds });
      await pause(backOffSeconds * 1000);
      backOffSeconds = Math.min(backOffMaxSeconds, backOffSeconds * 2);
    }
  }

  async function enter(next: Stage): Promise<void> {
    ending.signal.throwIfAborted();
    stage = next;
    await host.report(pod, next);
  }

  function pause(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: ending.signal });
  }

  async function end(): Promise<void> {
    ending.abort();
    await alive;
    host.expose(pod, undefined);
    if (server && ip) {
      await host.report(pod, { kind: 'draining', ip });
      const askedMs = (pod.spec.terminationGracePeriodSeconds ?? 30) * 1000;
      // The ingress needs a moment to hear of it; until then the pod answers as before.
      const graceMs = Math.min(askedMs, graceMaxMs);
      await sleep(graceMs / 2);
      await server.drain(graceMs / 2);
    }
    if (ip) host.addresses.giveBack(ip);
    await host.remove(pod);
  }

  return {
    observe: (newest) => {
      const gatesBefore = gatesOf(pod);
      pod = newest;
      if (newest.metadata.deletionTimestamp && !isEnding) {
        isEnding = true;
        end().catch(onTrouble);
      } else if (stage?.kind === 'ready' && !isEnding && gatesOf(pod) !== gatesBefore) {
        host.report(pod, stage).catch(onTrouble);
      }
    },
    abandon: () => {
      if (isEnding) return;
      isEnding = true;
      ending.abort();
      void alive
        .then(() => server?.drain(0))
        .finally(() => {
          host.expose(pod, undefined);
          if (ip) host.addresses.giveBack(ip);
        });
    },
  };
}

/** The conditions that the pod's readiness waits for, as one text to compare. */
function gatesOf({ spec, status }: RunnablePod): string {
  return (spec.readinessGates ?? [])
    .map(({ conditionType }) => status?.conditions?.find(({ type }) => type === conditionType)?.status)
    .join();
}
