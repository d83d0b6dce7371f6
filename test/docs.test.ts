import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { checkTemplate } from '../src/analysis/check-template.ts';
import type { AnalysisTemplate } from '../src/api/analysis-template.ts';
import { parseObject } from '../src/api/kind.ts';
import { kindOf } from '../src/api/kinds.ts';
import type { KubeObject } from '../src/api/kubernetes.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const PAGES = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'analysis-templates/README.md',
  'docs/analyze.md',
  'docs/backtest.md',
  'docs/conditions.md',
  'docs/gitops.md',
  'docs/lint.md',
  'docs/metric-sources.md',
  'docs/migrate-from-argo.md',
  'docs/migrate-from-flagger.md',
  'docs/queries.md',
  'docs/rollout-fields.md',
  'docs/testing-templates.md',
  'docs/traffic-routings.md',
];

describe.each(PAGES)('%s', (page) => {
  it('has no link that leads nowhere', () => {
    const targets = [...read(page).matchAll(/\]\(([^)#]+)\)/g)].map((match) => match[1] ?? '');
    const broken = targets.filter(
      (target) => !/^https?:/.test(target) && !existsSync(join(ROOT, dirname(page), target)),
    );
    expect(broken).toEqual([]);
  });

  it('shows only objects that admission accepts', () => {
    // What shows how lint tells faults has faults, and a test of lint says which.
    const text = read(page).replace(/<!-- lint: [\s\S]*?<!-- \/lint -->/g, '');
    const snippets = [...text.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map((match) => match[1] ?? '');
    const objects = snippets
      .flatMap((snippet) => parseAllDocuments(snippet).map((document) => document.toJS() as KubeObject))
      .filter((object) => object.kind !== undefined);
    const faults = objects.flatMap((object): unknown[] => {
      const [group = '', version = ''] = object.apiVersion.split('/');
      const kind = kindOf({ group, version, kind: object.kind });
      if (!kind) return [`${object.kind} is not a kind of Assay's`];
      const parsed = parseObject(kind, object);
      if (!parsed.ok) return parsed.faults;
      return object.kind.endsWith('AnalysisTemplate')
        ? checkTemplate((parsed.object as unknown as AnalysisTemplate).spec)
        : [];
    });
    expect(faults).toEqual([]);
  });
});

describe('README.md', () => {
  it('shows the two commands that a newcomer needs, and they exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const commands = [...read('README.md').matchAll(/^npm ci && npm (?:run )?(\w+)$/gm)].map(
      (match) => match[1] ?? '',
    );
    expect(commands).toEqual(['demo', 'test']);
    expect(commands.filter((command) => !(command in scripts))).toEqual([]);
  });
});

/** Pages with the trace of a scenario, or with its lines of the kinds that it names. */
describe.each(['ARCHITECTURE.md', 'docs/traffic-routings.md'])('%s', (page) => {
  it('tells its story with the real trace of a scenario', () => {
    const text = read(page);
    const block = /<!-- trace: ([\w-]+)(?: of ([\w ]+))? -->\n([\s\S]*?)<!-- \/trace -->/.exec(text);
    const [all = '', name, kinds, shown] = block ?? [];
    const trace = read(`test/scenarios/${name}/expected.trace`).trimEnd().split('\n');
    const told = kinds?.split(' ');
    const lines = trace.filter((line) => told?.includes(line.split(/\s+/)[1] ?? '') ?? true);
    const wanted = `\`\`\`\n${lines.join('\n')}\n\`\`\`\n`;
    if (process.env['UPDATE_TRACES'] && block) {
      const of = kinds === undefined ? '' : ` of ${kinds}`;
      const updated = `<!-- trace: ${name}${of} -->\n${wanted}<!-- /trace -->`;
      writeFileSync(
        join(ROOT, page),
        text.replace(all, () => updated),
      );
      return;
    }
    expect(shown).toBe(wanted);
  });
});

describe('docs/traffic-routings.md', () => {
  it('shows the TrafficRouting of that scenario', () => {
    const manifest = parseAllDocuments(read('test/scenarios/manifests/shared-routing.yaml'));
    const written = manifest.map((document) => document.toJS() as KubeObject);
    const [, shown = ''] = /^```yaml\n([\s\S]*?)^```/m.exec(read('docs/traffic-routings.md')) ?? [];
    expect(parse(shown)).toEqual(written.find(({ kind }) => kind === 'TrafficRouting'));
  });
});
