import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
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

describe('ARCHITECTURE.md', () => {
  it('tells the life of one canary with the real trace of a scenario', () => {
    const text = read('ARCHITECTURE.md');
    const block = /<!-- trace: ([\w-]+) -->\n([\s\S]*?)<!-- \/trace -->/.exec(text);
    const trace = read(`test/scenarios/${block?.[1]}/expected.trace`);
    const wanted = `\`\`\`\n${trace.trimEnd()}\n\`\`\`\n`;
    if (process.env['UPDATE_TRACES'] && block) {
      const updated = `<!-- trace: ${block[1]} -->\n${wanted}<!-- /trace -->`;
      writeFileSync(
        join(ROOT, 'ARCHITECTURE.md'),
        text.replace(block[0], () => updated),
      );
      return;
    }
    expect(block?.[2]).toBe(wanted);
  });
});
