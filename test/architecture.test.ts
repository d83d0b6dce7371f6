import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SRC = join(ROOT, 'src');

interface SourceFile {
  /** Relative to src/, such as `rollout/decide.ts`. */
  path: string;
  text: string;
  /** Files of src/ that it imports, relative to src/. */
  imports: string[];
}

const files: SourceFile[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.tsx?$/.test(path))
  .map((path) => {
    const text = readFileSync(join(SRC, path), 'utf8');
    const targets = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => match[1] ?? '');
    const imports = targets.map((target) => relative(SRC, resolve(SRC, dirname(path), target)));
    return { path, text, imports: imports.filter((target) => !target.startsWith('..')) };
  });

/** The rows `| `folder/` | purpose | `a/`, `b/` |` of the import table in ARCHITECTURE.md. */
function importTable(): Map<string, string[]> {
  const text = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `([\w-]+)\/` \| [^|]+ \| ([^|]+) \|$/gm)];
  return new Map(
    rows.map(([, folder = '', allowed = '']) => [
      folder,
      [...allowed.matchAll(/`([\w./-]+)`/g)].map((match) => (match[1] ?? '').replace(/\/$/, '')),
    ]),
  );
}

const folderOf = (path: string) => (path.includes('/') ? (path.split('/')[0] ?? '') : '');

describe('the import table of ARCHITECTURE.md', () => {
  const table = importTable();

  it('has a row for every folder of src/', () => {
    const folders = [...new Set(files.map(({ path }) => folderOf(path)))].filter((folder) => folder !== '');
    expect([...table.keys()].toSorted()).toEqual(folders.toSorted());
  });

  it('names every import that there is between folders', () => {
    const forbidden = files.flatMap(({ path, imports }) => {
      const folder = folderOf(path);
      if (folder === '') return [];
      const allowed = table.get(folder) ?? [];
      return imports
        .filter((target) => folderOf(target) !== folder)
        .filter((target) => !allowed.some((entry) => target === entry || folderOf(target) === entry))
        .map((target) => `${path} imports ${target}`);
    });
    expect(forbidden).toEqual([]);
  });

  it('has no cycle', () => {
    const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
      (table.get(from) ?? []).some((entry) => {
        const next = entry.split('/')[0] ?? '';
        if (next === to) return true;
        if (seen.has(next)) return false;
        seen.add(next);
        return reaches(next, to, seen);
      });
    expect([...table.keys()].filter((folder) => reaches(folder, folder))).toEqual([]);
  });
});

describe('the house style', () => {
  const withoutComments = (text: string) => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '');

  it('reads clock, randomness and environment in the root files and in cli/ only', () => {
    const ambient = /\b(Date\.now\(|new Date\(\)|Math\.random\b|process\.env\b|performance\.now\()/;
    const offenders = files
      .filter(({ path }) => folderOf(path) !== '' && folderOf(path) !== 'cli')
      .filter(({ text }) => ambient.test(withoutComments(text)));
    expect(offenders.map(({ path }) => path)).toEqual([]);
  });

  it('has no folder that is named for a kind of thing instead of a concern', () => {
    const vague = /(^|\/)(utils?|helpers?|common|types|lib|misc|shared|interfaces|constants)(\/|\.ts$)/;
    expect(files.map(({ path }) => path).filter((path) => vague.test(path))).toEqual([]);
  });

  it('has no promise in the pure folders', () => {
    const pure = [
      'api',
      'analysis',
      'backtest',
      'scenario',
      'workload',
      'traffic',
      'rollout',
      'gate',
      'alerting',
      'translate',
    ];
    const offenders = files
      .filter(({ path }) => pure.includes(folderOf(path)))
      .filter(({ text }) => /\b(async|await)\b|Promise</.test(withoutComments(text)))
      .map(({ path }) => path);
    // The port of a metric source is declared where it is used; its adapter waits.
    expect(offenders).toEqual(['analysis/query-answer.ts']);
  });

  it('keeps every file at a length that can be read in one sitting', () => {
    const long = files.filter(({ text }) => text.split('\n').length > 320).map(({ path }) => path);
    expect(long).toEqual([]);
  });
});
