import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { AnalysisRun } from '../../src/api/analysis-run.ts';
import { resources } from '../../src/api/resource.ts';
import type { RolloutRecord } from '../../src/api/rollout-record.ts';
import { installAssay } from '../assay.ts';
import { MARK } from '../mark.ts';
import { type OwnCluster, openPlayground, type Playground } from '../playground.ts';
import { startTraffic } from '../traffic.ts';
import {
  applyTemplates,
  applyWalkthrough,
  HOST,
  hasEnded,
  imageOf,
  NAMESPACE,
  PATH,
  ROLLOUT,
  releaseTag,
  until,
  type Watched,
  WORKLOAD,
  watchWalkthrough,
} from '../walkthrough.ts';
import { openAlertSink } from './alert-sink.ts';
import type { Ending, Story } from './stories.ts';
import { Timeline } from './timeline.ts';

/** The walkthrough on a playground, with Assay, traffic and everything that is watched. */
export interface Demo {
  readonly timeline: Timeline;
  /** How a person looks around while everything is up. */
  readonly hints: readonly string[];
  /** Releases the story's version and waits until the release has ended. */
  play(story: Story): Promise<Ending>;
  close(): Promise<void>;
}

const REQUESTS_PER_SECOND = 200;
const LONGEST_DEMO_SECONDS = 600;
const ALERT_MS = 5_000;
const GUARD = fileURLToPath(new URL('manifests/guard.yaml', import.meta.url));

/** Brings everything up; `progress` is told what is being waited for. */
export async function openDemo(
  cluster: OwnCluster,
  progress: (line: string) => void,
  signal: AbortSignal,
): Promise<Demo> {
  const closers: (() => unknown)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const playground = await openPlayground({ ...cluster, onProgress: progress });
    closers.push(() => playground.close());
    const timeline = new Timeline((line) => console.log(line));
    const sink = await openAlertSink((body) => {
      timeline.add({
        kind: 'alert',
        title: 'Alert',
        text: `arrived at the Slack-compatible sink: ${headlineOf(body)}`,
      });
    });
    closers.push(() => sink.close());
    progress(
      "installing Assay: the chart's CRDs, RBAC and webhooks, and a controller with no rights but those",
    );
    const assay = await installAssay(playground);
    closers.push(() => assay.stop('SIGTERM'));
    await assay.start();
    progress("applying the walkthrough's manifests, unchanged, and a guard beside them");
    await applyWalkthrough(playground);
    await applyGuard(playground, sink.url);
    const watched = await watchWalkthrough(playground);
    closers.push(() => watched.close());
    watched
      .store<RolloutRecord>(resources.rolloutRecord)
      .subscribe((change) => timeline.record(change, watched.rollout()));
    watched.store<AnalysisRun>(resources.analysisRun).subscribe((change) => timeline.run(change));
    const traffic = startTraffic({
      url: playground.ingressUrl,
      host: HOST,
      path: PATH,
      ratePerSecond: REQUESTS_PER_SECOND,
      maxSeconds: LONGEST_DEMO_SECONDS,
    });
    closers.push(() => traffic.stop());
    progress(`sending ${REQUESTS_PER_SECOND} requests a second through nginx`);
    const stage = { playground, timeline, watched, received: sink.received, signal };
    return { timeline, hints: hintsOf(playground), play: (story) => play(story, stage), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function applyGuard(playground: Playground, sinkUrl: string): Promise<void> {
  const manifests = (await readFile(GUARD, 'utf8'))
    .replace('<PROMETHEUS_URL>', playground.prometheusUrl)
    .replace('<SINK_URL>', sinkUrl);
  const [source = '', ...guard] = manifests.split('\n---\n');
  await playground.kubectl(['apply', '-f', '-'], source);
  await playground.kubectl(['label', '--overwrite', '-f', '-', `${MARK}=`], source);
  await applyTemplates(playground);
  await playground.kubectl(['apply', '-n', NAMESPACE, '-f', '-'], guard.join('\n---\n'));
}

interface Stage {
  playground: Playground;
  timeline: Timeline;
  watched: Watched;
  received: readonly unknown[];
  signal: AbortSignal;
}

async function play(
  story: Story,
  { playground, timeline, watched, received, signal }: Stage,
): Promise<Ending> {
  await until('the Rollout is Healthy', () => watched.rollout()?.status?.phase === 'Healthy', { signal });
  const releaseBefore = watched.record()?.status.releaseId ?? 0;
  const alertsBefore = received.length;
  timeline.story(story.title, story.text);
  timeline.add({ kind: 'action', title: 'Apply', text: `kubectl apply: image ${imageOf(story.tag)}` });
  await releaseTag(playground, story.tag);
  await until(`the release of ${story.tag} has ended`, () => hasEnded(watched, releaseBefore), { signal });
  const arrived = () => received.length - alertsBefore >= story.alerts;
  // What does not arrive is told as a difference by the caller.
  await until('the alert has arrived', arrived, { signal, limitMs: ALERT_MS }).catch(() => undefined);
  const [rollout, record, deployment] = [watched.rollout(), watched.record(), watched.deployment()];
  if (!rollout || !record || !deployment) throw new Error("the walkthrough's objects are gone");
  return {
    rollout,
    record,
    deployment,
    leftOver: watched.leftOver(),
    alerts: received.length - alertsBefore,
  };
}

function headlineOf(body: unknown): string {
  if (typeof body === 'object' && body !== null && 'text' in body) return String(body.text);
  return JSON.stringify(body).slice(0, 120);
}

function hintsOf({ adminKubeconfig, ingressUrl, prometheusUrl, logsDir }: Playground): string[] {
  return [
    `export KUBECONFIG=${adminKubeconfig}`,
    `kubectl -n ${NAMESPACE} get rollouts.rollouts.kruise.io,rolloutguards,analysisruns.assay.dev,deployments,pods`,
    `kubectl -n ${NAMESPACE} describe rollouts.rollouts.kruise.io ${ROLLOUT}   # conditions and Events`,
    `kubectl -n ${NAMESPACE} get rolloutrecords.assay.dev ${ROLLOUT} -o yaml   # every decision, with its reason`,
    `kubectl -n ${NAMESPACE} set image deployment/${WORKLOAD} ${WORKLOAD}=${imageOf('1.10.5')}   # another release`,
    `curl -H 'Host: ${HOST}' ${ingressUrl}${PATH}`,
    `Prometheus: ${prometheusUrl}    logs: ${logsDir}`,
  ];
}
