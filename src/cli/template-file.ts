import { readFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';
import {
  type AnalysisTemplate,
  analysisTemplateKind,
  clusterAnalysisTemplateKind,
} from '../api/analysis-template.ts';
import { parseObject } from '../api/kind.ts';
import type { KubeObject } from '../api/kubernetes.ts';

/** A template as its author wrote it, before anything is checked. */
export type RawTemplate = KubeObject & { spec?: { metrics?: unknown } };

export type Loaded<T> = { ok: true; value: T } | { ok: false; message: string };

const KINDS = [analysisTemplateKind, clusterAnalysisTemplateKind];

/**
 * Reads the one template of a YAML file, or the one of this name where the file has several. `-` is the standard
 * input. Objects of other kinds are passed over.
 */
export async function readTemplate(file: string, name: string | undefined): Promise<Loaded<RawTemplate>> {
  let text: string;
  try {
    text = await readFile(file === '-' ? '/dev/stdin' : file, 'utf8');
  } catch (error) {
    return { ok: false, message: `${file} cannot be read: ${(error as Error).message}` };
  }
  const documents = parseAllDocuments(text);
  const broken = documents.flatMap(({ errors }) => errors)[0];
  if (broken) return { ok: false, message: `${file} is not YAML: ${broken.message}` };
  const objects = documents.map((document): unknown => document.toJS());
  const templates = objects.filter(isTemplate);
  const names = templates.map(({ metadata }) => metadata.name).join(', ');
  if (templates.length === 0) {
    const message = `${file} has no AnalysisTemplate and no ClusterAnalysisTemplate of assay.dev/v1alpha1`;
    return { ok: false, message };
  }
  if (name === undefined && templates.length > 1) {
    return { ok: false, message: `${file} has several templates: name one with --template (${names})` };
  }
  const found = templates.find(({ metadata }) => name === undefined || metadata.name === name);
  if (!found) return { ok: false, message: `${file} has no template ${name}; it has ${names}` };
  return { ok: true, value: found };
}

function isTemplate(object: unknown): object is RawTemplate {
  const { apiVersion, kind, metadata } = (object ?? {}) as Partial<KubeObject>;
  return KINDS.some(
    ({ resource }) =>
      kind === resource.kind &&
      apiVersion === `${resource.group}/${resource.version}` &&
      typeof metadata?.name === 'string',
  );
}

/** The template by its schema. */
export function parseTemplate(raw: RawTemplate): Loaded<AnalysisTemplate> {
  const parsed = parseObject(analysisTemplateKind, raw);
  if (parsed.ok) return { ok: true, value: parsed.object };
  const faults = parsed.faults.map(({ path, message }) => `  ${path}: ${message}`);
  return { ok: false, message: [`the template ${raw.metadata.name} has faults:`, ...faults].join('\n') };
}
