import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import pc from 'picocolors';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../src/api/kubernetes.ts';
import { translateArgo } from '../../src/translate/argo.ts';
import { toYaml } from '../../src/translate/emitted.ts';
import { translateFlagger } from '../../src/translate/flagger.ts';
import { reportText } from '../../src/translate/report.ts';
import { translateFiles } from '../../src/translate/translation.ts';
import { faultsOf } from './accepted.ts';

/** One folder an example: what was there, the YAML it becomes, and the report. UPDATE_EXAMPLES=1 writes them anew. */
const FOLDER = fileURLToPath(new URL('examples/', import.meta.url));

function translated(example: string) {
  const tool = example.startsWith('argo') ? 'argo' : 'flagger';
  const file = `${tool}.yaml`;
  const text = readFileSync(`${FOLDER}${example}/${file}`, 'utf8');
  const result = translateFiles([{ file, text }], (objects) =>
    tool === 'argo' ? translateArgo(objects) : translateFlagger(objects, 'istio'),
  );
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  return {
    yaml: toYaml(result.translation.documents),
    report: reportText(result.translation, pc.createColors(false)),
  };
}

function expected(example: string, name: string, actual: string): string {
  const path = `${FOLDER}${example}/${name}`;
  if (process.env['UPDATE_EXAMPLES']) writeFileSync(path, actual);
  return readFileSync(path, 'utf8');
}

describe.each(readdirSync(FOLDER))('%s', (example) => {
  const { yaml, report } = translated(example);

  test('becomes this YAML', () => {
    expect(yaml).toBe(expected(example, 'expected.yaml', yaml));
  });

  test('is reported like this', () => {
    expect(report).toBe(expected(example, 'expected.report', report));
  });

  test('passes our own checks', () => {
    const objects = parseAllDocuments(yaml)
      .map((document) => document.toJS() as KubeObject | null)
      .filter((object) => object !== null);
    const faults = objects.map((object) => [object.metadata.name, faultsOf(object, objects)]);
    expect(faults).toEqual(objects.map(({ metadata }) => [metadata.name, []]));
  });
});
