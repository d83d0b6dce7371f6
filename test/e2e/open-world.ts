import { type InstalledAssay, installAssay } from '../../playground/assay.ts';
import { type AlertSink, openAlertSink } from '../../playground/demo/alert-sink.ts';
import { type OwnCluster, openPlayground, type Playground } from '../../playground/playground.ts';
import {
  applyWalkthrough,
  hasEnded,
  NAMESPACE,
  releaseTag,
  until,
  type Watched,
  watchWalkthrough,
} from '../../playground/walkthrough.ts';
import type { RecordedDecision } from '../../src/api/rollout-record.ts';

/** The walkthrough on a playground of its own, with a controller under the chart's RBAC. */
export interface World {
  playground: Playground;
  assay: InstalledAssay;
  watched: Watched;
  sink: AlertSink;
  kubectl(args: string[], input?: string): Promise<string>;
  /** kubectl in the namespace of the walkthrough, with this manifest on its standard input. */
  apply(manifest: string): Promise<string>;
  /** What kubectl says when the API server refuses the manifest; fails when it does not. */
  refusal(manifest: string): Promise<string>;
  /** Releases a tag and waits until that release has ended. Answers the release's decisions. */
  releaseToEnd(tag: string): Promise<RecordedDecision[]>;
  /** The decisions of the newest release, oldest first. */
  decisions(): RecordedDecision[];
  close(): Promise<void>;
}

export async function openWorld(ownCluster = ownClusterOfEnvironment()): Promise<World> {
  const playground = await openPlayground(ownCluster);
  const closers: (() => unknown)[] = [() => playground.close()];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const sink = await openAlertSink(() => undefined);
    closers.push(() => sink.close());
    const assay = await installAssay(playground);
    closers.push(() => assay.stop('SIGTERM'));
    await assay.start();
    await applyWalkthrough(playground);
    const watched = await watchWalkthrough(playground);
    closers.push(() => watched.close());
    await until('the Rollout is Healthy', () => watched.rollout()?.status?.phase === 'Healthy');
    const { kubectl } = playground;
    const apply = (manifest: string) => kubectl(['apply', '-n', NAMESPACE, '-f', '-'], manifest);
    const decisions = () => {
      const { releaseId, decisions: all = [] } = watched.record()?.status ?? { releaseId: 0 };
      return all.filter(({ release }) => release === releaseId);
    };
    return {
      playground,
      assay,
      watched,
      sink,
      kubectl,
      apply,
      refusal: async (manifest) => {
        const answer = await apply(manifest).then(
          (out) => ({ accepted: out }),
          (error: Error) => ({ refused: error.message }),
        );
        if ('accepted' in answer)
          throw new Error(`accepted, although it had to be refused: ${answer.accepted}`);
        return answer.refused;
      },
      decisions,
      releaseToEnd: async (tag) => {
        const before = watched.record()?.status.releaseId ?? 0;
        await releaseTag(playground, tag);
        await until(`the release of ${tag} has ended`, () => hasEnded(watched, before));
        return decisions();
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** With `ASSAY_KUBECONFIG` the tests run in that cluster; `KUBECONFIG` is not looked at. */
function ownClusterOfEnvironment(): OwnCluster {
  const { ASSAY_KUBECONFIG: kubeconfig } = process.env;
  return kubeconfig ? { kubeconfig } : {};
}

/** The instant of the newest decision with this reason, epoch ms. */
export function instantOf(decisions: readonly RecordedDecision[], reason: string): number {
  const found = decisions.findLast((decision) => decision.reason === reason);
  if (!found)
    throw new Error(`no decision ${reason} among ${decisions.map((decision) => decision.reason).join(', ')}`);
  return Date.parse(found.at);
}
