import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { hold } from './exclusive.ts';

/** What the playground runs that Debian packages, and the file by which its presence is seen. */
const needed = [
  { package: 'etcd-server', file: '/usr/bin/etcd' },
  { package: 'nginx', file: '/usr/sbin/nginx' },
  { package: 'libnginx-mod-http-js', file: '/usr/lib/nginx/modules/ngx_http_js_module.so' },
  { package: 'prometheus', file: '/usr/bin/prometheus' },
  { package: 'redis-server', file: '/usr/bin/redis-server' },
] as const;

export const programs = {
  etcd: '/usr/bin/etcd',
  nginx: '/usr/sbin/nginx',
  nginxJsModule: '/usr/lib/nginx/modules/ngx_http_js_module.so',
  prometheus: '/usr/bin/prometheus',
  redis: '/usr/bin/redis-server',
} as const;

const policyFile = '/usr/sbin/policy-rc.d';

/**
 * Installs the system packages that are missing, with apt, when this is root on a Debian-like system.
 * @throws one message that names every missing package, when it may not or apt fails.
 */
export async function installSystemPackages(onProgress: (line: string) => void): Promise<void> {
  if (missingPackages().length === 0) return;
  const turn = await hold('apt', () =>
    onProgress('Another playground is installing packages; waiting for it'),
  );
  try {
    const missing = missingPackages();
    if (missing.length === 0) return;
    if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get'))
      throw new Error(`The playground needs programs that are not installed. Run: ${commandFor(missing)}`);
    onProgress(`Installing ${missing.join(', ')} with apt-get`);
    await withoutServicesStarting(async () => {
      await aptGet(['update'], missing);
      await aptGet(['install', '-y', '--no-install-recommends', ...missing], missing);
    });
    const absent = missingPackages();
    if (absent.length > 0)
      throw new Error(`apt-get installed ${absent.join(', ')}, yet their programs are not where expected`);
  } finally {
    await turn.release();
  }
}

function missingPackages(): string[] {
  return needed.filter(({ file }) => !existsSync(file)).map((entry) => entry.package);
}

function commandFor(packages: string[]): string {
  return `sudo apt-get install -y --no-install-recommends ${packages.join(' ')}`;
}

/**
 * Debian starts a package's daemon when it is installed, on the well-known port. A `policy-rc.d` that answers
 * 101 forbids that; it is taken away afterwards, also when Ctrl-C ends us in between. One that is already
 * there, as in most containers, is left as it is.
 */
async function withoutServicesStarting(install: () => Promise<void>): Promise<void> {
  if (existsSync(policyFile)) return install();
  const remove = 'rm -f /usr/sbin/policy-rc.d';
  // Waits for our end, however it comes, and then removes the file.
  const guard = spawn('sh', ['-c', `trap "" INT TERM HUP; cat >/dev/null; ${remove}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  const guardEnded = new Promise((resolve) => guard.once('close', resolve));
  await writeFile(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await install();
  } finally {
    await rm(policyFile, { force: true });
    guard.stdin.end();
    await guardEnded;
  }
}

function aptGet(args: string[], missing: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('apt-get', args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        output = (output + chunk.toString()).slice(-2_000);
      });
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0
        ? resolve()
        : reject(new Error(`"apt-get ${args[0]}" failed; run: ${commandFor(missing)}\n${output}`)),
    );
  });
}
