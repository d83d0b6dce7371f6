import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { AnalysisRun, Measurement } from '../../src/api/analysis-run.ts';
import { resources } from '../../src/api/resource.ts';
import { clusterClient } from '../../src/cluster/client.ts';
import { loadKubeConfig } from '../../src/cluster/kubeconfig.ts';
import { prometheusSource } from '../../src/prometheus/source.ts';
import { runName } from './analysis-load.ts';

// What there is to do, with nothing around it: for each run a timer, the query at the wanted instant, and a write of
// the status with the measurement in it. The queries are the same and go through the same client of Prometheus; the
// statuses have the same fields and sizes, and go through the same client of the API server over connections that are
// kept. It keeps each run as the last write answered it. No queue, no watch, no verdict, no second replica, nothing
// signed; a crash, a conflict or a failed write loses measurements.

const { values } = parseArgs({
  options: {
    kubeconfig: { type: 'string' },
    namespace: { type: 'string', default: 'default' },
    prometheus: { type: 'string', default: '' },
    runs: { type: 'string', default: '1000' },
    count: { type: 'string', default: '12' },
    'interval-ms': { type: 'string', default: '10000' },
    'ramp-ms': { type: 'string', default: '60000' },
  },
});
const [runs, count] = [Number(values.runs), Number(values.count)];
const [intervalMs, rampMs] = [Number(values['interval-ms']), Number(values['ramp-ms'])];
/** How often a run that is about to be created is looked for. */
const LOOK_MS = 200;
/** A loop that is not fast enough fails in its thousands, and all in the same way. */
const FAILURES_TOLD = 5;
const cluster = clusterClient(loadKubeConfig(values.kubeconfig), { fieldManager: 'bare-loop' });
const ask = prometheusSource(
  { address: values.prometheus, timeoutMs: 10_000, evaluationDelayMs: 0 },
  { now: Date.now },
);
const never = new AbortController().signal;

let failures = 0;

console.log('listening');
await Promise.all(Array.from({ length: runs }, (_, index) => measure(index)));
if (failures > FAILURES_TOLD) console.error(`… and ${failures - FAILURES_TOLD} more that failed`);
process.exit(0);

/** The runs are created one after the other; each is measured as soon as it is there. */
async function measure(index: number): Promise<void> {
  await sleep((index / runs) * rampMs);
  let run = withoutManagers(await found(runName(index)));
  const startsAt = Date.now();
  const query = run.spec.metrics[0]?.query ?? '';
  for (let sequence = 0; sequence < count; sequence++) {
    const evaluateAt = Math.round(startsAt + sequence * intervalMs);
    await sleep(Math.max(0, evaluateAt - Date.now()));
    const startedAt = new Date().toISOString();
    const answer = await ask({ query, evaluateAt }, never);
    if (answer.kind !== 'samples') {
      failed(`no sample: ${JSON.stringify(answer)}`);
      continue;
    }
    const measurement = {
      sequence,
      outcome: 'Successful' as const,
      value: String(answer.values[0]),
      samples: 1,
      query,
      evaluatedAt: new Date(evaluateAt).toISOString(),
      startedAt,
      finishedAt: new Date().toISOString(),
      reason: 'SuccessConditionMet',
      message: `success-rate ${answer.values[0]} satisfies value >= 0.95`,
    };
    const before = run.status?.metricResults[0];
    const result = {
      ...(before ?? {
        name: 'success-rate',
        failed: 0,
        inconclusive: 0,
        error: 0,
        consecutiveFailure: 0,
        consecutiveError: 0,
      }),
      phase: 'Running' as const,
      count: sequence + 1,
      successful: sequence + 1,
      consecutiveSuccess: sequence + 1,
      nextSequence: sequence + 1,
      withData: sequence + 1,
      measurements: [...(before?.measurements ?? []).map(outlined), measurement],
    };
    const status = { phase: 'Running' as const, startedAt, metricResults: [result] };
    const written = await cluster.replace(resources.analysisRun, { ...run, status }, 'status');
    // A write that failed is lost here, with its measurement.
    if (written.ok) run = withoutManagers(written.object);
    else failed(written.fault.message);
  }
}

function failed(message: string): void {
  failures += 1;
  if (failures <= FAILURES_TOLD) console.error(message);
}

async function found(name: string): Promise<AnalysisRun> {
  for (; ; await sleep(LOOK_MS)) {
    const read = await cluster.get<AnalysisRun>(resources.analysisRun, { namespace: values.namespace, name });
    if (read.ok) return read.object;
    if (read.fault.kind !== 'NotFound') throw new Error(read.fault.message);
  }
}

/** Assay keeps no more of those that succeeded before the last. */
function outlined({ sequence, outcome, value, evaluatedAt, finishedAt }: Measurement): Measurement {
  return { sequence, outcome, value, evaluatedAt, finishedAt };
}

/** Assay does not send back the bookkeeping of field managers either. */
function withoutManagers(run: AnalysisRun): AnalysisRun {
  const { managedFields: _, ...metadata } = run.metadata as AnalysisRun['metadata'] & {
    managedFields?: unknown;
  };
  return { ...run, metadata };
}
