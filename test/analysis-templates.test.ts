import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { checkArguments, checkTemplate } from '../src/analysis/check-template.ts';
import { type AnalysisTemplate, clusterAnalysisTemplateKind } from '../src/api/analysis-template.ts';
import { parseObject } from '../src/api/kind.ts';
import type { KubeObject } from '../src/api/kubernetes.ts';
import { type ScenarioFile, scenarioFileSchema } from '../src/scenario/scenario-file.ts';

const folder = new URL('../analysis-templates/', import.meta.url);
const readme = readFileSync(new URL('README.md', folder), 'utf8');
const names = readdirSync(folder);
const files = names.filter((name) => name.endsWith('.yaml') && !name.endsWith('.test.yaml'));

function load(file: string): AnalysisTemplate {
  const parsed = parseObject(
    clusterAnalysisTemplateKind,
    parse(readFileSync(new URL(file, folder), 'utf8')) as KubeObject,
  );
  if (!parsed.ok) throw new Error(`${file}: ${JSON.stringify(parsed.faults)}`);
  return parsed.object;
}

function loadScenarios(file: string): ScenarioFile {
  return scenarioFileSchema.parse(parse(readFileSync(new URL(file, folder), 'utf8')));
}

test('the library has templates, a scenario file for each, and nothing else', () => {
  expect(files).toEqual([
    'canary-score.yaml',
    'cpu-throttling.yaml',
    'envoy-gateway-success-rate.yaml',
    'error-ratio-vs-stable.yaml',
    'errors-sequential.yaml',
    'grpc-success-rate.yaml',
    'http-success-rate.yaml',
    'istio-success-rate.yaml',
    'jvm-garbage-collection.yaml',
    'kafka-consumer-lag.yaml',
    'latency-quantile.yaml',
    'latency-sequential.yaml',
    'latency-under.yaml',
    'linkerd-success-rate.yaml',
    'memory-near-limit.yaml',
    'nginx-ingress-success-rate.yaml',
    'nodejs-event-loop.yaml',
    'orders-per-minute.yaml',
    'orders-per-request.yaml',
    'pod-restarts.yaml',
    'queue-length.yaml',
  ]);
  const scenarios = files.map((file) => file.replace('.yaml', '.test.yaml'));
  expect(names.toSorted()).toEqual([...files, ...scenarios, 'README.md'].toSorted());
});

/** Something for each argument that must be given. */
function requiredArguments({ spec }: AnalysisTemplate): { name: string; value: string }[] {
  return (spec.args ?? [])
    .filter(({ value }) => value === undefined)
    .map(({ name }) => ({ name, value: 'web' }));
}

const counting = files.filter((file) => load(file).spec.metrics.every((metric) => !metric.sequential));

test.each(counting)('%s can do with one measurement, and with many of which some may fail', (file) => {
  const template = load(file);
  const given = (count: string, failureLimit: string) => [
    ...requiredArguments(template),
    { name: 'count', value: count },
    { name: 'failureLimit', value: failureLimit },
  ];
  expect(checkArguments(template.spec, given('1', '0'), { mode: 'Step' })).toEqual([]);
  expect(checkArguments(template.spec, given('30', '5'), { mode: 'Step' })).toEqual([]);
});

test('only the sequential templates do not count', () => {
  expect(files.filter((file) => !counting.includes(file))).toEqual([
    'errors-sequential.yaml',
    'latency-sequential.yaml',
  ]);
});

describe.each(files)('%s', (file) => {
  const template = load(file);
  const args = template.spec.args ?? [];

  test('is a ClusterAnalysisTemplate that is named as its file', () => {
    expect(template).toMatchObject({
      apiVersion: 'assay.dev/v1alpha1',
      kind: 'ClusterAnalysisTemplate',
      metadata: { name: file.replace('.yaml', '') },
    });
  });

  test('has no fault, and comes to an end as the analysis of a step', () => {
    expect(checkTemplate(template.spec, { mode: 'Step', maxDurationMs: 3_600_000 })).toEqual([]);
    expect(checkArguments(template.spec, requiredArguments(template), { mode: 'Step' })).toEqual([]);
  });

  test('says of each argument what it is and of which type, and uses it', () => {
    const text = JSON.stringify(template.spec.metrics);
    for (const { name, type, description } of args) {
      expect(text).toContain(`{{args.${name}}}`);
      expect({ name, type, description }).toEqual({
        name,
        type: expect.any(String),
        description: expect.stringMatching(/^[A-Z].*\.$/),
      });
    }
  });

  test('waits for data, or is judged sequentially, which does so by itself', () => {
    for (const { noData, sequential } of template.spec.metrics) {
      expect(noData).toBe(sequential ? undefined : 'Wait');
    }
  });

  test('its line in the README names its arguments and their defaults', () => {
    const line = readme.split('\n').find((text) => text.startsWith(`| [${template.metadata.name}](${file})`));
    const listed = args.map(({ name, value }) => `\`${name}\` (${value ?? 'required'})`).join(', ');
    expect(
      line
        ?.split(/(?<!\\)\|/)
        .at(-2)
        ?.trim(),
    ).toBe(listed);
  });

  test('its scenarios show it pass, fail with a message, and end without data, each at its moment', () => {
    const { templates, tests } = loadScenarios(file.replace('.yaml', '.test.yaml'));
    expect(templates).toEqual([file]);
    expect(tests.filter(({ expect: { at } }) => at === undefined)).toEqual([]);
    expect(tests.some((each) => each.expect.verdict === 'Successful')).toBe(true);
    expect(tests.some((each) => each.expect.verdict === 'Failed' && each.expect.message)).toBe(true);
    expect(tests.some((each) => each.expect.verdict === 'Inconclusive' && !each.series)).toBe(true);
  });
});
