import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { loadKubeConfig } from '../../src/cluster/kubeconfig.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-kubeconfig-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
const ambient = process.env['KUBECONFIG'];
afterEach(() => {
  if (ambient === undefined) delete process.env['KUBECONFIG'];
  else process.env['KUBECONFIG'] = ambient;
});

function written(name: string, currentContext: string, server = 'https://127.0.0.1:6443'): string {
  const file = join(folder, name);
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, 'certificate-authority': 'ca.crt' } }],
    users: [{ name: 'u', user: { token: 'secret' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': currentContext,
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

test('a file is read, and the files it names are looked for beside it', () => {
  const cluster = loadKubeConfig(written('good', 'x')).getCurrentCluster();
  expect([cluster?.server, cluster?.caFile]).toEqual(['https://127.0.0.1:6443', join(folder, 'ca.crt')]);
});

test('a server without TLS can be used', async () => {
  const kubeConfig = loadKubeConfig(written('plain', 'x', 'http://127.0.0.1:8001'));
  expect(kubeConfig.getCurrentCluster()).toMatchObject({
    server: 'http://127.0.0.1:8001',
    skipTLSVerify: true,
  });
  expect(kubeConfig.getCurrentUser()?.token).toBe('secret');
});

test.each([
  ['is not there', () => join(folder, 'missing'), 'cannot be read'],
  [
    'has no cluster for its current context',
    () => written('lost', 'y'),
    'its current context "y" names no cluster',
  ],
])('a file that %s is named in the error', (_how, file, message) => {
  expect(() => loadKubeConfig(file())).toThrow(message);
  expect(() => loadKubeConfig(file())).toThrow(folder);
});

test('the ambient KUBECONFIG is never used', () => {
  process.env['KUBECONFIG'] = written('ambient', 'x');
  expect(() => loadKubeConfig(undefined)).toThrow('Name one with --kubeconfig or ASSAY_KUBECONFIG');
});
