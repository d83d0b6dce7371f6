import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildControlPlane } from '../../playground/build.ts';
import type { TimelineEntry } from '../../playground/demo/timeline.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-demo-'));
  // The time of the demo is measured with the control plane in the cache.
  await buildControlPlane(() => undefined);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/**
 * The marks and titles of a timeline, sorted by mark within each story. Acts, measurements and alerts
 * come over three connections: each keeps its own order, and theirs among each other may differ by a run.
 */
const skeleton = (text: string) =>
  text.split(/^\d\. /m).map((story) => {
    const shown = [...story.matchAll(/([▶●·✉]) (\w+)/g)].map(([, mark = '', title]) => ({ mark, title }));
    return {
      acts: shown.filter(({ mark }) => '▶●'.includes(mark)).map(({ title }) => title),
      measurements: shown.filter(({ mark }) => mark === '·').map(({ title }) => title),
      alerts: shown.filter(({ mark }) => mark === '✉').map(({ title }) => title),
    };
  });

describe('npm run demo', () => {
  it('ends as told within 4 minutes, and shows what README shows', async () => {
    const file = join(folder, 'timeline.json');
    const startedAt = performance.now();
    const { stdout } = await run('npm', ['run', '--silent', 'demo', '--', '--json', file], {
      cwd: ROOT,
      env: { ...process.env, NO_COLOR: '1' },
      maxBuffer: 10_000_000,
    });
    const seconds = (performance.now() - startedAt) / 1_000;
    console.log(`npm run demo took ${seconds.toFixed(0)} s with the control plane cached`);
    expect(seconds).toBeLessThan(240);
    expect(stdout).toContain('All 3 releases ended as told, and nobody had to touch them.');

    const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
    const shown = /<!-- demo -->([\s\S]*?)<!-- \/demo -->/.exec(readme)?.[1] ?? '';
    expect(skeleton(stdout)).toEqual(skeleton(shown));

    const timeline = JSON.parse(await readFile(file, 'utf8')) as TimelineEntry[];
    const failed = timeline.find(({ kind, verdict }) => kind === 'measurement' && verdict === 'Failed');
    expect(failed).toMatchObject({
      metric: 'success-rate',
      weight: 5,
      step: 1,
      condition: 'value >= 0.95',
    });
    expect(timeline.filter(({ kind }) => kind === 'alert')).toHaveLength(2);
  });
});
