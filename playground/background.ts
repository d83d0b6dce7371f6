import { type DetachedOptions, holdNameOf, type Report } from './detached.ts';
import { tryHold } from './exclusive.ts';
import { openPlayground, type Playground } from './playground.ts';

// The process in the background that a playground of `up` lives in, started by ./detached.ts. All parts die
// with it, whatever ends it.

const options = JSON.parse(process.argv[2] ?? '{}') as DetachedOptions;
let playground: Playground | undefined;
let isReady = false;

function tell(report: Report): void {
  // Whoever started us may have gone; then nobody needs to know.
  if (process.connected) process.send?.(report, () => undefined);
}

async function end(): Promise<void> {
  await playground?.close();
  process.exit(0);
}

process.on('SIGTERM', () => void end());
process.on('SIGINT', () => void end());
process.on('SIGHUP', () => undefined);
process.on('disconnect', () => {
  if (!isReady) void end();
});

try {
  if (!(await tryHold(holdNameOf(options.dir))))
    throw new Error(`A playground starts in ${options.dir} already`);
  playground = await openPlayground({
    ...options,
    detached: true,
    onProgress: (line) => tell({ kind: 'progress', line }),
  });
  isReady = true;
  tell({ kind: 'ready', hints: hintsOf(playground) });
  // Its child processes keep this process alive from here on.
} catch (error) {
  tell({ kind: 'failed', message: (error as Error).message });
  process.exitCode = 1;
  if (process.connected) process.disconnect();
}

function hintsOf({
  adminKubeconfig,
  ingressUrl,
  prometheusUrl,
  redisUrl,
  logsDir,
  helmPath,
}: Playground): string[] {
  return [
    `export KUBECONFIG=${adminKubeconfig}`,
    `ingress     ${ingressUrl}  (curl -H 'Host: …')`,
    `Prometheus  ${prometheusUrl}`,
    `Redis       ${redisUrl}`,
    `helm        ${helmPath}`,
    `logs        ${logsDir}`,
  ];
}
