import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { checkArguments, checkTemplate } from '../src/analysis/check-template.ts';
import { type AnalysisTemplate, clusterAnalysisTemplateKind } from '../src/api/analysis-template.ts';
import { parseObject } from '../src/api/kind.ts';
import type { KubeObject } from '../src/api/kubernetes.ts';

const folder = new URL('../analysis-templates/', import.meta.url);
const readme = readFileSync(new URL('README.md', folder), 'utf8');
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

function load(file: string): AnalysisTemplate {
  const parsed = parseObject(
    clusterAnalysisTemplateKind,
    parse(readFileSync(new URL(file, folder), 'utf8')) as KubeObject,
  );
  if (!parsed.ok) throw new Error(`${file}: ${JSON.stringify(parsed.faults)}`);
  return parsed.object;
}

test('the library has templates', () => {
  expect(files).toEqual([
    'error-ratio-vs-stable.yaml',
    'http-success-rate.yaml',
    'latency-under.yaml',
    'orders-per-request.yaml',
  ]);
});

describe.each(files)('%s', (file) => {
  const template = load(file);

  test('is a ClusterAnalysisTemplate that is named as its file', () => {
    expect(template).toMatchObject({
      apiVersion: 'assay.dev/v1alpha1',
      kind: 'ClusterAnalysisTemplate',
      metadata: { name: file.replace('.yaml', '') },
    });
  });

  test('has no fault, and comes to an end as the analysis of a step', () => {
    expect(checkTemplate(template.spec, { mode: 'Step', maxDurationMs: 3_600_000 })).toEqual([]);
  });

  test('can do with one measurement, and with many of which some may fail', () => {
    const given = (count: string, failureLimit: string) => [
      { name: 'count', value: count },
      { name: 'failureLimit', value: failureLimit },
    ];
    expect(checkArguments(template.spec, given('1', '0'), { mode: 'Step' })).toEqual([]);
    expect(checkArguments(template.spec, given('30', '5'), { mode: 'Step' })).toEqual([]);
  });

  test('its line in the README names its arguments and their defaults', () => {
    const line = readme.split('\n').find((text) => text.startsWith(`| [${template.metadata.name}](${file})`));
    const args = template.spec.args?.map(({ name, value }) => `\`${name}\` (${value})`).join(', ');
    expect(line?.split('|').at(-2)?.trim()).toBe(args);
  });

  test('uses each of its arguments', () => {
    const text = JSON.stringify(template.spec.metrics);
    const unused = template.spec.args?.filter(({ name }) => !text.includes(`{{args.${name}}}`));
    expect(unused).toEqual([]);
  });
});
