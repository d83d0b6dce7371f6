import { once } from 'node:events';
import { Command } from 'commander';
import pc from 'picocolors';
import { kubeconfigOption, webhookAddressOption } from '../own-cluster-options.ts';
import type { OwnCluster } from '../playground.ts';
import { type Demo, openDemo } from './demo.ts';
import { differences, stories } from './stories.ts';

const options = new Command('npm run demo --')
  .description(
    'Shows the main job on a real control plane: three releases of one workload, judged by their own metrics.',
  )
  .option('--json <file>', 'write the timeline to this file as well')
  .option('--keep', 'leave everything up at the end, and say how to look around')
  .addOption(kubeconfigOption())
  .addOption(webhookAddressOption())
  .parse()
  .opts<{ json?: string; keep?: boolean } & OwnCluster>();

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());

process.exitCode = await run();
// A child that does not want to end, or a socket that is still open, must not keep a finished demo alive.
process.exit();

async function run(): Promise<number> {
  let demo: Demo | undefined;
  try {
    const { kubeconfig, webhookAddress } = options;
    const ownCluster = { ...(kubeconfig && { kubeconfig }), ...(webhookAddress && { webhookAddress }) };
    demo = await openDemo(ownCluster, (line) => console.error(pc.dim(line)), interrupted.signal);
    const failed = await tell(demo);
    if (options.json) await demo.timeline.write(options.json);
    console.log(closing(failed));
    if (options.keep) await keep(demo);
    return failed.length === 0 ? 0 : 1;
  } catch (error) {
    if (interrupted.signal.aborted) return 130;
    console.error(
      pc.red(`\nThe demo could not go on: ${error instanceof Error ? error.message : String(error)}`),
    );
    return 1;
  } finally {
    await demo?.close();
  }
}

/** Plays the stories one after the other; answers what did not end as told. */
async function tell(demo: Demo): Promise<string[]> {
  const failed: string[] = [];
  for (const story of stories) {
    const ending = await demo.play(story);
    const different = differences(story, ending);
    if (different.length === 0)
      console.log(pc.green(`    ✔ ended as told: ${story.outcome} (${story.reason})`));
    else console.log(pc.red(`    ✘ ended otherwise: ${different.join('; ')}`));
    failed.push(...different.map((sentence) => `${story.title}: ${sentence}`));
  }
  return failed;
}

function closing(failed: readonly string[]): string {
  const count = stories.length;
  if (failed.length > 0)
    return pc.red(`\nNot all stories ended as told:\n${failed.map((line) => `  ${line}`).join('\n')}`);
  return pc.bold(`\nAll ${count} releases ended as told, and nobody had to touch them.`);
}

async function keep(demo: Demo): Promise<void> {
  console.log(
    `\nEverything stays up until you press Ctrl-C. In another terminal:\n${demo.hints.map((line) => `  ${line}`).join('\n')}`,
  );
  if (!interrupted.signal.aborted) await once(interrupted.signal, 'abort');
}
