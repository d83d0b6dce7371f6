import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPlayground, type Playground } from '../../playground/playground.ts';
import { benchOn, measureAssay } from '../bench/analysis-parts.ts';

/** The work of `bench analysis`, little of it, and nothing that depends on how fast the machine is. */
let playground: Playground;
let dir: string;
beforeAll(async () => {
  playground = await openPlayground({ pods: 'status-only' });
  dir = await mkdtemp(join(tmpdir(), 'assay-many-runs-'));
});
afterAll(async () => {
  await playground?.close();
  await rm(dir, { recursive: true, force: true });
});

test('many runs at once: each measurement is asked for and recorded once, with one write and no other', async () => {
  const load = { runs: 50, count: 3, intervalMs: 2_000, rampMs: 2_000 };
  const { drift, recorded, writes } = await measureAssay(
    benchOn(playground, dir, () => undefined),
    load,
  );
  expect({ asked: drift.count, recorded, writes }).toEqual({
    asked: 150,
    recorded: 150,
    writes: { 'analysisruns/status': 150 },
  });
});
