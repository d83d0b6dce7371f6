import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { cacheDir } from './cache-dir.ts';
import { hold } from './exclusive.ts';

/** The programs that are built from `control-plane/go.mod`, by their path. */
export interface ControlPlane {
  apiserver: string;
  controllerManager: string;
  kubectl: string;
  helm: string;
}

type Progress = (line: string) => void;

const moduleDir = join(import.meta.dirname, 'control-plane');

/**
 * The control plane's programs, from the cache or built now, which takes minutes and reports progress.
 *
 * The cache is `~/.cache/assay/control-plane/<hash of go.mod and go.sum>` (`ASSAY_CACHE` in place of
 * `~/.cache/assay`). The folder appears there at once, complete, and only one process builds at a time.
 * @throws when Go is missing or the build fails, saying what to do.
 */
export async function buildControlPlane(onProgress: Progress): Promise<ControlPlane> {
  const root = join(cacheDir(), 'control-plane');
  const hash = await moduleHash();
  const folder = join(root, hash);
  if (existsSync(folder)) return programsIn(folder);

  const turn = await hold(`build/${root}/${hash}`, () =>
    onProgress('Another process is building the control plane; waiting for it'),
  );
  try {
    if (!existsSync(folder)) await buildInto(root, folder, onProgress);
  } finally {
    await turn.release();
  }
  return programsIn(folder);
}

async function moduleHash(): Promise<string> {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum']) hash.update(await readFile(join(moduleDir, file)));
  return hash.digest('hex').slice(0, 16);
}

function programsIn(folder: string): ControlPlane {
  return {
    apiserver: join(folder, 'kube-apiserver'),
    controllerManager: join(folder, 'kube-controller-manager'),
    kubectl: join(folder, 'kubectl'),
    helm: join(folder, 'helm'),
  };
}

async function buildInto(root: string, folder: string, onProgress: Progress): Promise<void> {
  await mkdir(root, { recursive: true });
  const draftPrefix = `building-${basename(folder)}-`;
  // It is our turn alone, so what is there was left by a build that was killed.
  for (const entry of await readdir(root))
    if (entry.startsWith(draftPrefix)) await rm(join(root, entry), { recursive: true, force: true });
  const draft = await mkdtemp(join(root, draftPrefix));
  try {
    onProgress('Building the control plane from source: once, about 6 minutes on 2 cores, 3 GB of Go cache');
    const packageCount = await countPackages(onProgress);
    await compile(draft, packageCount, onProgress);
    await rename(draft, folder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** How many packages there are to compile at most. Asking makes Go download the modules that are missing. */
async function countPackages(onProgress: Progress): Promise<number> {
  let packages = 0;
  let downloads = 0;
  await go(['list', '-deps', 'tool'], (line, stream) => {
    if (stream === 'stdout') packages += 1;
    else if (line.startsWith('go: downloading')) {
      downloads += 1;
      if (downloads % 25 === 0) onProgress(`  ${downloads} modules downloaded`);
    }
  });
  return packages;
}

async function compile(outputDir: string, packageCount: number, onProgress: Progress): Promise<void> {
  const startedMs = Date.now();
  let compiled = 0;
  const report = setInterval(() => {
    const seconds = Math.round((Date.now() - startedMs) / 1000);
    onProgress(
      `  ${seconds} s: ${compiled} packages compiled, ${packageCount} at most, then the programs are linked`,
    );
  }, 10_000);
  try {
    // -v names each package as it is compiled; those already in Go's cache are not named.
    await go(['build', '-v', '-ldflags', await linkerFlags(), '-o', `${outputDir}/`, 'tool'], () => {
      compiled += 1;
    });
    onProgress(`Control plane built in ${Math.round((Date.now() - startedMs) / 1000)} s`);
  } finally {
    clearInterval(report);
  }
}

/**
 * The versions that the programs report. Without them the API server calls itself v0.0.0, which charts that
 * ask for a version of Kubernetes refuse, and helm takes the cluster for v1.20.
 */
async function linkerFlags(): Promise<string> {
  const goMod = await readFile(join(moduleDir, 'go.mod'), 'utf8');
  const kubernetes = versionOf(goMod, 'k8s.io/kubernetes');
  const [major = '', minor = ''] = kubernetes.slice(1).split('.');
  const component = 'k8s.io/component-base/version';
  const client = 'k8s.io/client-go/pkg/version';
  const helm = 'helm.sh/helm/v3';
  const values = {
    [`${component}.gitVersion`]: kubernetes,
    [`${component}.gitMajor`]: major,
    [`${component}.gitMinor`]: minor,
    [`${client}.gitVersion`]: kubernetes,
    [`${helm}/pkg/chartutil.k8sVersionMajor`]: major,
    [`${helm}/pkg/chartutil.k8sVersionMinor`]: minor,
    [`${helm}/internal/version.version`]: versionOf(goMod, 'helm.sh/helm/v3'),
  };
  return ['-s -w', ...Object.entries(values).map(([name, value]) => `-X ${name}=${value}`)].join(' ');
}

function versionOf(goMod: string, module: string): string {
  const version = new RegExp(`^\\s*${module.replaceAll('.', '\\.')} (v\\S+)`, 'm').exec(goMod)?.[1];
  if (!version) throw new Error(`playground/control-plane/go.mod requires no version of ${module}`);
  return version;
}

function go(args: string[], onLine: (line: string, stream: 'stdout' | 'stderr') => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('setpriv', ['--pdeathsig', 'TERM', 'go', ...args], {
      cwd: moduleDir,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, CGO_ENABLED: '0' },
    });
    const tail: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => onLine(line, 'stdout'));
    createInterface({ input: child.stderr }).on('line', (line) => {
      tail.push(line);
      if (tail.length > 20) tail.shift();
      onLine(line, 'stderr');
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else if (code === 127) reject(new Error(goIsMissing));
      else reject(new Error(`"go ${args[0]}" failed in ${moduleDir}:\n${tail.join('\n')}`));
    });
  });
}

const goIsMissing =
  'The control plane is built from source once, which needs Go 1.24 or newer on PATH: install it from https://go.dev/dl, or set ASSAY_CACHE to a cache that has it';
