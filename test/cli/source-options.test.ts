import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addSourceOptions, type SourceOptions, sourceConfig } from '../../src/cli/source-options.ts';
import { prometheusSource } from '../../src/prometheus/source.ts';
import { type Certificates, makeCertificates } from '../../src/server/certificate.ts';
import { serverFor } from '../prometheus/open-source.ts';
import { answers, vector } from '../prometheus/scripted-server.ts';

let dir: string;
let certificates: Certificates;
let other: Certificates;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'assay-source-'));
  const request = {
    dnsNames: ['prometheus.test'],
    ipAddresses: ['127.0.0.1'],
    validDays: 1,
    now: Date.now(),
  };
  [certificates, other] = await Promise.all([makeCertificates(request), makeCertificates(request)]);
  await writeFile(join(dir, 'ca.pem'), certificates.ca);
  await writeFile(join(dir, 'other.pem'), other.ca);
  await writeFile(join(dir, 'empty.pem'), 'nothing');
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** What the flags come to, as a command reads them. */
async function configOf(...flags: string[]) {
  const command = addSourceOptions(new Command()).exitOverride();
  command.parse(['--prometheus', 'https://127.0.0.1', ...flags], { from: 'user' });
  return sourceConfig(command.opts<SourceOptions>());
}

const inDir = (file: string) => join(dir, file);

describe('a server that shows a certificate of its own authority is', () => {
  test.each([
    ['trusted by that authority', () => ['--ca-file', inDir('ca.pem')], 'samples'],
    ['trusted when nothing is checked', () => ['--insecure-skip-tls-verify'], 'samples'],
    ['not trusted by another one', () => ['--ca-file', inDir('other.pem')], 'Untrusted'],
    ['not trusted by itself', () => [], 'Untrusted'],
  ])('%s', async (_, flags, expected) => {
    const { address } = await serverFor(answers(200, vector('1')), certificates);
    const config = await configOf('--prometheus', address, ...flags());
    if (!config.ok) throw new Error(config.message);
    const source = prometheusSource(config.value, { now: () => Date.now() });
    const answer = await source({ query: 'up', evaluateAt: Date.now() }, new AbortController().signal);
    expect(answer.kind === 'fault' ? answer.reason : answer.kind).toBe(expected);
  });
});

test.each([
  [
    'both flags',
    () => ['--ca-file', inDir('ca.pem'), '--insecure-skip-tls-verify'],
    /^give --ca-file or --insecure-skip-tls-verify, not both$/,
  ],
  [
    'no such file',
    () => ['--ca-file', inDir('nowhere.pem')],
    /nowhere\.pem cannot be read: there is no such file$/,
  ],
  [
    'a file without certificates',
    () => ['--ca-file', inDir('empty.pem')],
    /^--ca-file .*empty\.pem must hold certificates in PEM/,
  ],
])('%s', async (_, flags, message) => {
  expect(await configOf(...flags())).toEqual({ ok: false, message: expect.stringMatching(message) });
});
