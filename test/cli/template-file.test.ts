import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
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
  return read.ok ? read.value.name : read.message.replaceAll(file, 'FILE');
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
  ['no YAML', 'a: 1\nb: [', undefined, expect.stringMatching(/^FILE:2:5: not YAML: /)],
  [
    'one within a List',
    `apiVersion: v1\nkind: List\nitems: [${JSON.stringify(parse(service))}, ${JSON.stringify(parse(template('a')))}]\n`,
    undefined,
    'a',
  ],
  [
    'one with faults, at their places',
    template('a').replace('query: up', 'query: 5'),
    undefined,
    expect.stringMatching(/^the template a has faults:\n {2}FILE:4:\d+: spec\.metrics\[0\]\.query: /),
  ],
])('%s', async (_, text, name, expected) => {
  expect(await read(text, name)).toEqual(expected);
});

describe('templates that nest others', () => {
  const shared = 'query: up, successCondition: value > 0';
  const nesting = (name: string, ...nested: string[]) => `apiVersion: assay.dev/v1alpha1
kind: AnalysisTemplate
metadata: { name: ${name} }
spec:
  args: [{ name: region, value: eu }]
  metrics: [{ name: ${name}, ${shared} }]
  templates: [${nested.join(', ')}]
`;
  const leaf = '{ name: leaf }';
  const cluster = '{ name: common, kind: ClusterAnalysisTemplate }';

  async function load(files: Record<string, string>, paths: string[], name?: string): Promise<unknown> {
    const folder = await mkdtemp(join(dir, 'folder-'));
    for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text);
    const loaded = await loadTemplate(
      paths.map((path) => join(folder, path)),
      name,
    );
    if (!loaded.ok) return loaded.message.replaceAll(folder, 'FOLDER');
    return [loaded.value.name, ...loaded.value.metrics.map((metric) => metric.name)];
  }

  const top = nesting('top', leaf, cluster);
  const both = {
    'top.yaml': top,
    'leaf.yml': template('leaf'),
    'common.json': JSON.stringify(parse(template('common', 'ClusterAnalysisTemplate'))),
    'notes.txt': 'a: [',
  };
  const found = ['top', 'top', 'leaf', 'common'];

  test.each([
    ['a folder', both, [''], undefined, found],
    [
      'a file of several documents',
      { a: Object.values(both).slice(0, 3).join('\n---\n') },
      ['a'],
      undefined,
      found,
    ],
    ['several files', both, ['leaf.yml', 'common.json', 'top.yaml'], undefined, found],
    ['one that is nested, by its name', both, [''], 'leaf', ['leaf', 'leaf']],
    [
      'one that is not there',
      both,
      ['top.yaml', 'leaf.yml'],
      undefined,
      'the template top nests ClusterAnalysisTemplate common, which is not among the files given: add its file with another -f',
    ],
    [
      'one of the same name and another kind',
      { a: nesting('top', leaf), b: template('leaf', 'ClusterAnalysisTemplate') },
      ['a', 'b'],
      'top',
      'the template top nests AnalysisTemplate leaf, which is not among the files given: add its file with another -f',
    ],
    [
      'one that is there twice',
      { a: template('leaf'), b: template('leaf') },
      ['a', 'b'],
      undefined,
      'AnalysisTemplate leaf is there twice: in FOLDER/a and FOLDER/b',
    ],
    [
      'one with faults',
      { a: nesting('top', leaf), b: template('leaf').replace('metrics', 'metric') },
      ['a', 'b'],
      undefined,
      expect.stringMatching(/^the template leaf has faults:\n {2}FOLDER\/b:4:\d+: spec/),
    ],
    [
      'itself',
      { a: nesting('top', '{ name: top }') },
      ['a'],
      undefined,
      expect.stringMatching(/AnalysisTemplate top nests itself: top → top/),
    ],
    ['a folder without any', {}, [''], undefined, expect.stringMatching(/ has no AnalysisTemplate/)],
    ['a folder that is none', {}, ['nowhere'], undefined, expect.stringMatching(/nowhere cannot be read/)],
  ] as [string, Record<string, string>, string[], string | undefined, unknown][])(
    '%s',
    async (_, files, paths, name, expected) => {
      expect(await load(files, paths, name)).toEqual(expected);
    },
  );
});
