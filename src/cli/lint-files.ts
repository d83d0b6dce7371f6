import { ASSAY_GROUP, KRUISE_GROUP } from '../api/group.ts';
import { isRecord } from '../api/json.ts';
import { customKinds, kindOf } from '../api/kinds.ts';
import type { KubeObject } from '../api/kubernetes.ts';
import { byPlace, type FileFault, faultAt } from './file-fault.ts';
import { lintObject } from './lint-object.ts';
import type { LintedObject } from './linted-object.ts';
import { suggestion } from './unknown-fields.ts';
import { objectsIn, readYaml, type YamlDocument, type YamlSource } from './yaml-place.ts';

/** What a check of files came to. */
export interface LintResult {
  faults: FileFault[];
  /** How many objects were of a kind that can be checked; all others are none of ours. */
  objects: number;
}

/** `{{ .Values`, `{{- if`, `{{ include`: placeholders of ours begin with none of these. */
const HELM_ACTION = /\{\{-|\{\{\s*(?:\.|if |range |with |include |define |template |toYaml )/;
const RENDER_FIRST = 'A Helm chart must be rendered first: helm template … | assay lint -';

interface FoundObject extends LintedObject {
  file: string;
  source: YamlSource;
  document: YamlDocument;
  /** Where in the document it is: `items[1]` within a List. */
  at: string;
}

/** The rules that a fault can name, and what each is about. */
export const LINT_RULES = {
  file: 'The file can be read.',
  yaml: 'The text is YAML, and no key is there twice.',
  kind: 'The kind and its version exist.',
  schema: 'The fields have the types and shapes of their kind.',
  'unknown-field': 'Every field exists; the API server drops others without a word.',
  query: 'Queries are PromQL, and their placeholders stand where they may.',
  condition: 'Conditions are expressions that come to true or false.',
  arguments: 'Arguments are declared, given where they must be, and of their type.',
  limits: 'Counts and limits are numbers, and every limit can be breached.',
  timing: 'Intervals, delays and windows fit together.',
  metric: 'A metric is judged by something, and comes to an end.',
  score: 'A score has groups with weights, and every metric that it joins has one of them.',
  nesting: 'Templates nest without loops, and their metrics and arguments fit together.',
  guard: 'A guard names templates and steps that exist.',
  rollout: 'A Rollout can be driven as it is written.',
} as const;

/** Checks the objects of Assay and the Rollouts in these texts, together: a guard is checked with its templates. */
export function lintTexts(texts: readonly { file: string; text: string }[]): LintResult {
  const faults: FileFault[] = [];
  const found: FoundObject[] = [];
  for (const { file, text } of texts) {
    const source = readYaml(text);
    faults.push(
      ...source.faults.map(
        ({ message, ...place }): FileFault => ({
          file,
          ...place,
          severity: 'error',
          rule: 'yaml',
          message: HELM_ACTION.test(text) ? `${message}. ${RENDER_FIRST}` : message,
        }),
      ),
    );
    for (const { value: object, document, path: at } of objectsIn(source)) {
      if (!isRecord(object)) continue;
      const known = identify(object);
      if (known === undefined) continue;
      if (typeof known === 'string') {
        const fault = { path: fieldAtFault(object), message: known };
        faults.push(faultAt({ file, source, document, at }, fault, 'kind'));
      } else {
        found.push({ file, source, document, at, kind: known, object: object as unknown as KubeObject });
      }
    }
  }
  for (const each of found) {
    for (const { rule, severity, ...fault } of lintObject(each, found)) {
      faults.push(faultAt(each, fault, rule, severity));
    }
  }
  return { faults: faults.toSorted(byPlace), objects: found.length };
}

/** The kind of an object; undefined when it is none of ours, and a message when it was meant to be one. */
function identify({ apiVersion, kind }: Record<string, unknown>): LintedObject['kind'] | string | undefined {
  const ours = customKinds.flat().map(({ resource }) => resource);
  if (
    apiVersion === undefined &&
    ours.some((resource) => resource.kind === kind && resource.group === ASSAY_GROUP)
  ) {
    return 'is missing';
  }
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return undefined;
  const [group = '', version = ''] = apiVersion.split('/');
  if (group !== ASSAY_GROUP && group !== KRUISE_GROUP) return undefined;
  const definition = kindOf({ group, version, kind });
  if (definition) return definition;
  const versions = ours.filter((resource) => resource.group === group && resource.kind === kind);
  if (versions.length > 0) {
    return `${kind} has no version ${version}; write ${versions.map((each) => `${group}/${each.version}`).join(' or ')}`;
  }
  // Kruise has kinds that Assay does not drive, and they may well stand in the same file.
  if (group === KRUISE_GROUP) return undefined;
  const kinds = ours.filter((resource) => resource.group === group).map((resource) => resource.kind);
  return `${group} has no kind ${kind}${suggestion(kind, kinds)}`;
}

function fieldAtFault({ apiVersion, kind }: Record<string, unknown>): string {
  const isKind = customKinds.flat().some(({ resource }) => resource.kind === kind);
  return isKind || apiVersion === undefined ? 'apiVersion' : 'kind';
}
