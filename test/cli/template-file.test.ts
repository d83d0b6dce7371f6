import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadTemplate } from '../../src/cli/template-file.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'assay-templates-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const template = (name: string, kind = 'AnalysisTemplate') =>
  `apiVersion: assay.dev/v1alpha1\nkind: ${kind}\nmetadata: { name: ${name} }\nspec: { metrics: [{ name: ${name}, query: up, successCondition: value > 0 }] }\n`;
const service = 'apiVersion: v1\nkind: Service\nmetadata: { name: s }\n';
const several = [template('a'), service, template('b', 'ClusterAnalysisTemplate'), ''].join('---\n');

async function read(text: string, name?: string): Promise<string> {
  const file = join(dir, 'file.yaml');
  await writeFile(file, text);
  const read = await loadTemplate([file], name);
  return read.ok ? read.value.name : read.message.replace(file, 'FILE');
}

test.each([
  ['the only template', `${service}---\n${template('a')}`, undefined, 'a'],
  ['one of several', several, 'b', 'b'],
  ['several', several, undefined, 'FILE has several templates: name one with --template (a, b)'],
  ['none of this name', several, 'c', 'FILE has no template c; it has a, b'],
  [
    'none',
    service,
    undefined,
    'FILE has no AnalysisTemplate and no ClusterAnalysisTemplate of assay.dev/v1alpha1',
  ],
  [
    'another version',
    template('a').replace('v1alpha1', 'v9'),
    undefined,
    'FILE has no AnalysisTemplate and no ClusterAnalysisTemplate of assay.dev/v1alpha1',
  ],
  ['no YAML', 'a: [', undefined, expect.stringMatching(/^FILE is not YAML: /)],
])('%s', async (_, text, name, expected) => {
  expect(await read(text, name)).toEqual(expected);
});
