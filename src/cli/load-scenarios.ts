import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { z } from 'zod';
import { checkTemplate } from '../analysis/check-template.ts';
import { mergeTemplates, type TemplateName } from '../analysis/nested-templates.ts';
import { type AnalysisTemplate, analysisTemplateKind } from '../api/analysis-template.ts';
import { fieldPath, parseObject, type SchemaFault } from '../api/kind.ts';
import type { KubeObject } from '../api/kubernetes.ts';
import { apiVersionOf, resources } from '../api/resource.ts';
import { schemaMessage } from '../api/schema-message.ts';
import { type Scenario, scenarioFileSchema } from '../scenario/scenario-file.ts';
import { placeScenario } from '../scenario/scenario-run.ts';
import { type FileFault, faultAt } from './file-fault.ts';
import { fileTrouble } from './file-trouble.ts';
import { objectsIn, readYaml } from './yaml-place.ts';

/** A scenario with the template that it tests. */
export interface LoadedScenario {
  file: string;
  scenario: Scenario;
  template: AnalysisTemplate;
}

export interface LoadedScenarios {
  scenarios: LoadedScenario[];
  faults: FileFault[];
}

const TEST_FILE = /\.test\.ya?ml$/;
const TEMPLATE_KINDS = [resources.analysisTemplate.kind, resources.clusterAnalysisTemplate.kind];

/** The scenarios of these files, and of all `*.test.yaml` below the folders among them. */
export async function loadScenarios(paths: readonly string[]): Promise<LoadedScenarios> {
  const loaded: LoadedScenarios = { scenarios: [], faults: [] };
  for (const path of paths) {
    const files = await filesAt(path);
    if (files.length === 0) {
      loaded.faults.push(unreadable(path, 'there is no file here that ends in .test.yaml'));
    }
    for (const file of files) {
      const { scenarios, faults } = await loadFile(file);
      loaded.scenarios.push(...scenarios);
      loaded.faults.push(...faults);
    }
  }
  return loaded;
}

async function filesAt(path: string): Promise<string[]> {
  const isFolder = await stat(path)
    .then((stats) => stats.isDirectory())
    .catch(() => false);
  if (!isFolder) return [path];
  const names = await readdir(path, { recursive: true });
  return names
    .filter((name) => TEST_FILE.test(name) && !name.split(/[\\/]/).includes('node_modules'))
    .toSorted()
    .map((name) => join(path, name));
}

async function loadFile(file: string): Promise<LoadedScenarios> {
  const text = await readText(file);
  if (!text.ok) return { scenarios: [], faults: [unreadable(file, text.message)] };
  const source = readYaml(text.text);
  const [document] = source.documents;
  if (source.faults.length > 0) {
    return {
      scenarios: [],
      faults: source.faults.map((fault) => ({ ...fault, file, severity: 'error', rule: 'yaml' })),
    };
  }
  if (!document || source.documents.length > 1) {
    return { scenarios: [], faults: [unreadable(file, 'write one document, with templates and tests')] };
  }
  const parsed = scenarioFileSchema.safeParse(document.value, { error: schemaMessage });
  if (!parsed.success) {
    const faults = parsed.error.issues.flatMap(schemaFaults);
    return {
      scenarios: [],
      faults: faults.map((fault) => faultAt({ file, source, document }, fault, fault.rule)),
    };
  }
  const { templates, faults } = await loadTemplates(file, parsed.data.templates);
  const scenarios: LoadedScenario[] = [];
  for (const [index, scenario] of parsed.data.tests.entries()) {
    const template = templates.get(scenario.template);
    if (template) {
      const merged = merge(template, templates);
      if (merged.ok) {
        scenarios.push({ file, scenario, template: merged.template });
        faults.push(...scenarioFaults(scenario, merged.template, `tests[${index}]`));
      } else {
        faults.push(...merged.messages.map((message) => ({ path: `tests[${index}].template`, message })));
      }
    } else if (faults.length === 0) {
      const known = [...templates.keys()].join(', ');
      const message = `no template is named ${JSON.stringify(scenario.template)}; the templates of this file are ${known}`;
      faults.push({ path: `tests[${index}].template`, message });
    }
  }
  return { scenarios, faults: faults.map((fault) => faultAt({ file, source, document }, fault, 'scenario')) };
}

/** A template with all that it nests, which the file must list as well. */
function merge(
  template: AnalysisTemplate,
  templates: ReadonlyMap<string, AnalysisTemplate>,
): { ok: true; template: AnalysisTemplate } | { ok: false; messages: string[] } {
  const merged = mergeTemplates(nameOf(template), (wanted) => {
    const found = templates.get(wanted.name);
    return found?.kind === wanted.kind ? found : undefined;
  });
  if (!merged.ok) return { ok: false, messages: merged.faults.map(({ message }) => message) };
  return { ok: true, template: { ...template, spec: merged.spec } };
}

function nameOf({ kind, metadata }: AnalysisTemplate): TemplateName {
  return { kind: kind as TemplateName['kind'], name: metadata.name };
}

/** Wherever the run starts, its faults are the same. */
function scenarioFaults(scenario: Scenario, template: AnalysisTemplate, at: string): SchemaFault[] {
  const placed = placeScenario(scenario, template, 0);
  return placed.ok ? [] : placed.faults.map((fault) => ({ ...fault, path: `${at}.${fault.path}` }));
}

function schemaFaults({ path, message, ...issue }: z.core.$ZodIssue): (SchemaFault & { rule: string })[] {
  if (issue.code !== 'unrecognized_keys') return [{ path: fieldPath(path), message, rule: 'schema' }];
  return issue.keys.map((key) => ({
    path: fieldPath([...path, key]),
    message: 'there is no such field',
    rule: 'unknown-field',
  }));
}

/** The templates by name; faults have paths within the scenario file: `templates[0]`. */
async function loadTemplates(
  file: string,
  entries: readonly (string | Record<string, unknown>)[],
): Promise<{ templates: Map<string, AnalysisTemplate>; faults: SchemaFault[] }> {
  const templates = new Map<string, AnalysisTemplate>();
  const faults: SchemaFault[] = [];
  for (const [index, entry] of entries.entries()) {
    const path = `templates[${index}]`;
    const objects = typeof entry === 'string' ? await objectsOf(resolve(dirname(file), entry)) : [entry];
    if (typeof objects === 'string') {
      faults.push({ path, message: objects });
      continue;
    }
    const ours = objects.filter(isTemplate);
    if (ours.length === 0)
      faults.push({ path, message: 'there is no AnalysisTemplate or ClusterAnalysisTemplate here' });
    for (const object of ours) {
      const name = object.metadata?.name ?? '';
      const parsed = parseObject(analysisTemplateKind, object);
      const wrong = parsed.ok ? checkTemplate(parsed.object.spec) : parsed.faults;
      if (wrong.length > 0 || !parsed.ok) {
        const first = wrong[0] ? `: ${wrong[0].path}: ${wrong[0].message}` : '';
        faults.push({ path, message: `the template ${name} is not valid${first}. Run assay lint on it` });
      } else if (templates.has(name)) {
        faults.push({ path, message: `a template named ${name} is there already; names tell them apart` });
      } else {
        templates.set(name, parsed.object);
      }
    }
  }
  return { templates, faults };
}

/** All objects of a YAML file, or why there are none. */
async function objectsOf(file: string): Promise<unknown[] | string> {
  const text = await readText(file);
  if (!text.ok) return `${text.message}: ${file}`;
  const source = readYaml(text.text);
  const [fault] = source.faults;
  if (fault) return `line ${fault.line}, column ${fault.column} of ${file}: ${fault.message}`;
  return objectsIn(source).map(({ value }) => value);
}

function isTemplate(object: unknown): object is KubeObject {
  const { apiVersion, kind } = (object ?? {}) as Partial<KubeObject>;
  return apiVersion === apiVersionOf(resources.analysisTemplate) && TEMPLATE_KINDS.includes(kind ?? '');
}

async function readText(file: string): Promise<{ ok: true; text: string } | { ok: false; message: string }> {
  try {
    return { ok: true, text: await readFile(file, 'utf8') };
  } catch (error) {
    return { ok: false, message: `the file cannot be read: ${fileTrouble(error)}` };
  }
}

function unreadable(file: string, message: string): FileFault {
  return { file, line: 1, column: 1, severity: 'error', message, rule: 'file' };
}
