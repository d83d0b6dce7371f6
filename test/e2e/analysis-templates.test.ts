import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** How many scenarios each template has: one that is lost with its file, or with an edit, is missed here. */
const SCENARIOS = {
  'canary-score': 8,
  'cpu-throttling': 9,
  'envoy-gateway-success-rate': 14,
  'error-ratio-vs-stable': 13,
  'errors-sequential': 10,
  'grpc-success-rate': 14,
  'http-success-rate': 14,
  'istio-success-rate': 14,
  'jvm-garbage-collection': 11,
  'kafka-consumer-lag': 9,
  'latency-quantile': 11,
  'latency-sequential': 8,
  'latency-under': 10,
  'linkerd-success-rate': 14,
  'memory-near-limit': 12,
  'nginx-ingress-success-rate': 14,
  'nodejs-event-loop': 10,
  'orders-per-minute': 11,
  'orders-per-request': 10,
  'pod-restarts': 12,
  'queue-length': 9,
};

interface Result {
  file: string;
  name: string;
  differences: unknown[];
}

function assayTest(files: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['src/main.ts', 'test', '-o', 'json', ...files],
      { cwd: ROOT, maxBuffer: 100_000_000 },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

test('every template judges its scenarios as they say', async () => {
  const files = readdirSync(`${ROOT}/analysis-templates`).filter((name) => name.endsWith('.test.yaml'));
  const { code, stdout, stderr } = await assayTest(files.map((name) => `analysis-templates/${name}`));
  expect(stderr).toBe('');
  const results = JSON.parse(stdout) as Result[];
  expect(results.filter(({ differences }) => differences.length > 0)).toEqual([]);
  const byFile = Map.groupBy(results, ({ file }) => basename(file, '.test.yaml'));
  expect(Object.fromEntries([...byFile].map(([name, all]) => [name, all.length]))).toEqual(SCENARIOS);
  expect(code).toBe(0);
});
