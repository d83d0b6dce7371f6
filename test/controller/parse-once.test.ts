import { expect, test } from 'vitest';
import type { KubeObject } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import { parseOnce } from '../../src/controller/parse-once.ts';

const run = (name: string, resourceVersion: string, uid = 'u'): KubeObject => ({
  apiVersion: 'assay.dev/v1alpha1',
  kind: 'AnalysisRun',
  metadata: { name, namespace: 'shop', uid, resourceVersion },
});

function counted() {
  const parsed: string[] = [];
  const parse = parseOnce((_resource, raw) => {
    parsed.push(`${raw.metadata.name} ${raw.metadata.resourceVersion}`);
    return { ...raw };
  });
  return { parsed, parse: (raw: KubeObject) => parse(resources.analysisRun, raw) };
}

test('a version that comes a second time is the value of the first', () => {
  const { parsed, parse } = counted();
  const first = parse(run('a', '7'));
  expect(parse(run('a', '7'))).toBe(first);
  expect(parsed).toEqual(['a 7']);
});

test('a newer version, and another object of the name, are parsed anew', () => {
  const { parsed, parse } = counted();
  for (const raw of [run('a', '7'), run('a', '8'), run('a', '8', 'other'), run('b', '8')]) parse(raw);
  expect(parsed).toEqual(['a 7', 'a 8', 'a 8', 'b 8']);
});

test('an object that is not valid is not looked at twice either', () => {
  let asked = 0;
  const parse = parseOnce(() => {
    asked += 1;
    return undefined;
  });
  expect([1, 2].map(() => parse(resources.analysisRun, run('a', '7')))).toEqual([undefined, undefined]);
  expect(asked).toBe(1);
});

test('no more than a thousand objects are remembered', () => {
  const { parsed, parse } = counted();
  for (let index = 0; index <= 1_000; index++) parse(run(`run-${index}`, '1'));
  parse(run('run-1000', '1'));
  parse(run('run-0', '1'));
  expect(parsed.slice(1_000)).toEqual(['run-1000 1', 'run-0 1']);
});
