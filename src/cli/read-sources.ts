import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { SourceFile } from '../translate/source-document.ts';
import { fileTrouble } from './file-trouble.ts';

export type SourcesRead = { ok: true; files: SourceFile[] } | { ok: false; message: string };

/** Reads files, all YAML below folders in the order of their names, and `-`, which is `standardInput`. */
export async function readSources(
  paths: readonly string[],
  standardInput: NodeJS.ReadableStream,
): Promise<SourcesRead> {
  const files: SourceFile[] = [];
  for (const path of paths) {
    if (path === '-') {
      files.push({ file: '-', text: await text(standardInput) });
      continue;
    }
    try {
      files.push(...filesAt(path).map((file) => ({ file, text: readFileSync(file, 'utf8') })));
    } catch (error) {
      return { ok: false, message: `${path} cannot be read: ${fileTrouble(error)}` };
    }
  }
  if (files.length > 0) return { ok: true, files };
  return { ok: false, message: `${paths.join(', ')}: there is no YAML file; name files, folders or -` };
}

function filesAt(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.ya?ml$/.test(name))
    .toSorted()
    .map((name) => join(path, name))
    .filter((file) => statSync(file).isFile());
}
