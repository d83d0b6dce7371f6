import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import pc from 'picocolors';
import { buildControlPlane } from './build.ts';
import { openClusterAccess } from './cluster-access.ts';
import { healthOf, namedInstances, startDetached, takeDown } from './detached.ts';
import { namedDir } from './instance-dir.ts';
import { cleanUp } from './own-cluster.ts';
import { kubeconfigOption } from './own-cluster-options.ts';
import { startTraffic } from './traffic.ts';

interface Place {
  name: string;
  dir?: string;
}

interface Up {
  podReadyMs: number;
  pods: 'servers' | 'status-only';
  cloneSets?: boolean;
  nodes: number;
  kubeconfig?: string;
}

const program = new Command('playground').description(
  'A real Kubernetes control plane on loopback, with pods, ingress, Prometheus and Redis',
);

at(program.command('up'))
  .description('Start a playground in the background; Ctrl-C while it starts leaves nothing behind')
  .option('--pod-ready-ms <ms>', 'from the start of a pod until it is ready', positive, 800)
  .addOption(
    new Option('--pods <mode>', 'whether pods answer requests, or only have a status')
      .choices(['servers', 'status-only'])
      .default('servers'),
  )
  .option('--clone-sets', "install CloneSets, with a stand-in for OpenKruise's controller")
  .option('--nodes <count>', 'how many nodes there are: so many pods has a DaemonSet', wholeNumber, 1)
  .addOption(kubeconfigOption())
  .action(async (options: Place & Up) => {
    const dir = dirOf(options);
    const interrupted = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(signal, () => {
        console.error('Taking it down again');
        interrupted.abort();
      });
    const startedMs = performance.now();
    const { podReadyMs, pods, nodes, cloneSets = false, kubeconfig } = options;
    const started = {
      dir,
      podReadyMs,
      pods,
      nodes,
      cloneSets,
      ...(kubeconfig && { kubeconfig: resolve(kubeconfig) }),
    };
    const hints = await startDetached(started, say, interrupted.signal);
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    console.log(`\n${pc.green('The playground is up')} after ${seconds} s\n`);
    for (const hint of hints) console.log(`  ${hint}`);
    console.log(`\n  npm run playground -- down${placeFlags(options)}`);
  });

at(program.command('down'))
  .description('End a playground and remove everything of it')
  .action(async (options: Place) => {
    const dir = dirOf(options);
    const wasThere = await takeDown(dir);
    console.log(wasThere ? `Removed the playground in ${dir}` : `There is no playground in ${dir}`);
  });

program
  .command('clean')
  .description("Remove from somebody's own cluster what a playground left that was killed")
  .addOption(kubeconfigOption().makeOptionMandatory())
  .action(async ({ kubeconfig }: { kubeconfig: string }) => {
    const { kubectl } = await buildControlPlane(say);
    const dir = await mkdtemp(join(tmpdir(), 'assay-clean-'));
    try {
      const access = await openClusterAccess({ kubectlProgram: kubectl, adminKubeconfig: kubeconfig, dir });
      for (const sentence of await cleanUp(access)) console.log(pc.yellow(sentence));
      console.log(`Removed what playgrounds left in ${access.apiServerUrl}`);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });

program
  .command('status')
  .description('Show every part of the playgrounds that are up')
  .option('--name <name>', 'only the one of this name')
  .option('--dir <dir>', 'only the one in this folder')
  .action(async ({ name, dir }: Partial<Place>) => {
    const dirs = dir || name ? [dirOf({ name: name ?? '', ...(dir && { dir }) })] : await namedInstances();
    const found = (await Promise.all(dirs.map(healthOf))).filter((health) => health !== undefined);
    if (found.length === 0) console.log('No playground is up. Start one: npm run playground -- up');
    for (const health of found) {
      console.log(`${pc.bold(health.name)}  ${health.dir}`);
      for (const part of health.parts) {
        const mark = part.isHealthy ? pc.green('healthy') : pc.red('down   ');
        console.log(`  ${mark}  ${part.name.padEnd(24)} pid ${String(part.pid).padEnd(8)} ${part.url}`);
      }
      if (health.parts.some((part) => !part.isHealthy)) process.exitCode = 1;
    }
  });

at(program.command('traffic'))
  .description('Send requests through the ingress for a while, and count who answered')
  .option('--host <host>', 'the Host header', 'echoserver.example.com')
  .option('--path <path>', 'what is asked for', '/apis/echo')
  .option('--rate <requests>', 'requests a second', positive, 50)
  .option('--seconds <seconds>', 'how long', positive, 10)
  .action(async (options: Place & { host: string; path: string; rate: number; seconds: number }) => {
    const dir = dirOf(options);
    const url = (await healthOf(dir))?.parts.find(({ name }) => name === 'nginx')?.url;
    if (!url) throw new Error(`There is no playground in ${dir}: npm run playground -- up`);
    const { host, path, rate: ratePerSecond, seconds: maxSeconds } = options;
    const traffic = startTraffic({ url, host, path, ratePerSecond, maxSeconds });
    process.once('SIGINT', () => void traffic.stop());
    console.log(JSON.stringify(await traffic.done, undefined, 2));
  });

function at(command: Command): Command {
  return command
    .option('--name <name>', 'several playgrounds are told apart by their names', 'default')
    .option('--dir <dir>', 'keep everything in this folder, in place of one by the name');
}

function dirOf({ name, dir }: Place): string {
  return dir === undefined ? namedDir(name) : resolve(dir);
}

function placeFlags({ name, dir }: Place): string {
  if (dir !== undefined) return ` --dir ${dir}`;
  return name === 'default' ? '' : ` --name ${name}`;
}

function positive(text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new InvalidArgumentError('It must be a number above 0.');
  return number;
}

function wholeNumber(text: string): number {
  const number = positive(text);
  if (!Number.isInteger(number)) throw new InvalidArgumentError('It must be a whole number.');
  return number;
}

function say(line: string): void {
  console.log(pc.dim(line));
}

await program.parseAsync().catch((error: Error) => {
  console.error(pc.red(error.message));
  process.exitCode = 1;
});
