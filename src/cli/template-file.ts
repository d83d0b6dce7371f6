import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type MergedSpec,
  mergeTemplateSpec,
  type TemplateKind,
  type TemplateName,
} from '../analysis/nested-templates.ts';
import {
  type AnalysisTemplate,
  analysisTemplateKind,
  clusterAnalysisTemplateKind,
} from '../api/analysis-template.ts';
import { parseObject, type SchemaFault } from '../api/kind.ts';
import type { KubeObject } from '../api/kubernetes.ts';
import { fileTrouble } from './file-trouble.ts';
import { objectsIn, type Place, readYaml } from './yaml-place.ts';

export type Loaded<T> = { ok: true; value: T } | { ok: false; message: string };

/** A template with all that it nests. */
export interface LoadedTemplate extends MergedSpec {
  name: string;
}

/** A template as its author wrote it, before anything is checked, and the file that it is in. */
interface Written {
  kind: TemplateKind;
  name: string;
  file: string;
  /** Where a field of it is in the file. */
  placeOf(field: string): Place;
  object: KubeObject & { spec?: unknown };
}

const KINDS = [analysisTemplateKind, clusterAnalysisTemplateKind];
const EXTENSION = /\.(?:ya?ml|json)$/;

/**
 * Reads the template of this name, or the only one that no other nests, with all that it nests. All of them must be
 * in the files: YAML of any number of documents, or folders of such files. `-` is the standard input. Objects of
 * other kinds are passed over.
 */
export async function loadTemplate(
  paths: readonly string[],
  name: string | undefined,
): Promise<Loaded<LoadedTemplate>> {
  const written: Written[] = [];
  for (const path of paths) {
    const read = await readPath(path);
    if (!read.ok) return read;
    written.push(...read.value);
  }
  const twice = written.find((each, index) => written.findIndex((other) => isSame(each, other)) < index);
  if (twice) {
    const first = written.find((other) => isSame(twice, other));
    const where = first?.file === twice.file ? `in ${twice.file}` : `in ${first?.file} and ${twice.file}`;
    return { ok: false, message: `${label(twice)} is there twice: ${where}` };
  }
  const root = choose(written, paths.join(', '), name);
  return root.ok ? merge(root.value, written) : root;
}

async function readPath(path: string): Promise<Loaded<Written[]>> {
  const read: Written[] = [];
  try {
    if (path === '-') return await writtenIn('/dev/stdin', path);
    if (!(await stat(path)).isDirectory()) return await writtenIn(path, path);
    for (const entry of (await readdir(path)).toSorted().filter((each) => EXTENSION.test(each))) {
      const file = join(path, entry);
      const inFile = await writtenIn(file, file);
      if (!inFile.ok) return inFile;
      read.push(...inFile.value);
    }
  } catch (error) {
    return { ok: false, message: `${path} cannot be read: ${fileTrouble(error)}` };
  }
  return { ok: true, value: read };
}

async function writtenIn(path: string, file: string): Promise<Loaded<Written[]>> {
  const source = readYaml(await readFile(path, 'utf8'));
  const [broken] = source.faults;
  if (broken) {
    return { ok: false, message: `${file}:${broken.line}:${broken.column}: not YAML: ${broken.message}` };
  }
  const written = objectsIn(source).flatMap(({ value, document, path: at }): Written[] => {
    if (!isTemplate(value)) return [];
    const placeOf = (field: string) => source.placeOf(document, at === '' ? field : `${at}.${field}`);
    return [{ kind: value.kind as TemplateKind, name: value.metadata.name, file, placeOf, object: value }];
  });
  return { ok: true, value: written };
}

function isTemplate(object: unknown): object is Written['object'] {
  const { apiVersion, kind, metadata } = (object ?? {}) as Partial<KubeObject>;
  return KINDS.some(
    ({ resource }) =>
      kind === resource.kind &&
      apiVersion === `${resource.group}/${resource.version}` &&
      typeof metadata?.name === 'string',
  );
}

/** The template that is meant. */
function choose(written: readonly Written[], where: string, name: string | undefined): Loaded<Written> {
  const names = (some: readonly Written[]) => some.map((each) => each.name).join(', ');
  if (written.length === 0) {
    const message = `${where} has no AnalysisTemplate and no ClusterAnalysisTemplate of assay.dev/v1alpha1`;
    return { ok: false, message };
  }
  if (name !== undefined) {
    const found = written.find((each) => each.name === name);
    if (found) return { ok: true, value: found };
    return { ok: false, message: `${where} has no template ${name}; it has ${names(written)}` };
  }
  const nested = written.flatMap(nestedIn);
  const outer = written.filter((each) => !nested.some((other) => isSame(each, other)));
  const candidates = outer.length > 0 ? outer : written;
  const [only] = candidates;
  if (only && candidates.length === 1) return { ok: true, value: only };
  const message = `${where} has several templates: name one with --template (${names(candidates)})`;
  return { ok: false, message };
}

/** The templates that one names, as far as it is well-formed. */
function nestedIn({ kind, object }: Written): TemplateName[] {
  const { templates } = (object.spec ?? {}) as { templates?: unknown };
  if (!Array.isArray(templates)) return [];
  return templates.map((ref: unknown) => {
    const given = (ref ?? {}) as Partial<TemplateName>;
    return { kind: given.kind ?? kind, name: given.name ?? '' };
  });
}

/** The template by its schema, with what it nests; what it nests must be there. */
function merge(root: Written, written: readonly Written[]): Loaded<LoadedTemplate> {
  const parsed = parse(root);
  if (!parsed.ok) return parsed;
  const { name } = root;
  const problems: string[] = [];
  const find = (wanted: TemplateName) => {
    const found = written.find((each) => isSame(each, wanted));
    if (!found) {
      problems.push(
        `the template ${name} nests ${label(wanted)}, which is not among the files given: add its file with another -f`,
      );
      return undefined;
    }
    const nested = parse(found);
    if (!nested.ok) problems.push(nested.message);
    return nested.ok ? nested.value : undefined;
  };
  const merged = mergeTemplateSpec(root, parsed.value.spec, find);
  const [problem] = problems;
  if (problem !== undefined) return { ok: false, message: [...new Set(problems)].join('\n') };
  return merged.ok
    ? { ok: true, value: { name, ...merged.spec } }
    : faulty(`the template ${name} has faults`, merged.faults);
}

function parse({ name, object, file, placeOf }: Written): Loaded<AnalysisTemplate> {
  const parsed = parseObject(analysisTemplateKind, object);
  if (parsed.ok) return { ok: true, value: parsed.object };
  const lines = parsed.faults.map(({ path, message }) => {
    const { line, column } = placeOf(path);
    return `  ${file}:${line}:${column}: ${path}: ${message}`;
  });
  return { ok: false, message: [`the template ${name} has faults:`, ...lines].join('\n') };
}

/** All faults of something, a line each. */
export function faulty(what: string, faults: readonly SchemaFault[]): Loaded<never> {
  const lines = faults.map(({ path, message }) => `  ${path}: ${message}`);
  return { ok: false, message: [`${what}:`, ...lines].join('\n') };
}

function isSame(left: TemplateName, right: TemplateName): boolean {
  return left.kind === right.kind && left.name === right.name;
}

function label({ kind, name }: TemplateName): string {
  return `${kind} ${name}`;
}
