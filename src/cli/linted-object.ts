import { checkTemplate } from '../analysis/check-template.ts';
import { type MergedTemplate, mergeTemplateSpec, type TemplateName } from '../analysis/nested-templates.ts';
import type { AnalysisTemplate } from '../api/analysis-template.ts';
import { type KindDefinition, parseObject, type SchemaFault } from '../api/kind.ts';
import type { KubeObject } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';

/** An object that is linted, and of which kind it is. */
export interface LintedObject {
  kind: KindDefinition;
  object: KubeObject;
}

/** One fault of one object. */
export interface ObjectFault extends SchemaFault {
  rule: string;
  severity: 'error' | 'warning';
}

export const TEMPLATE_KINDS = [resources.analysisTemplate.kind, resources.clusterAnalysisTemplate.kind];

/** What came of a template and all that it nests, as far as the files have it. */
export interface LintedTemplate {
  merged: MergedTemplate;
  /** Whether all is in the files, and each part is without faults of its own. */
  isWhole: boolean;
}

/** A template with those among the others that it nests; one that is in no file may well be in the cluster. */
export function mergeLinted(template: AnalysisTemplate, others: readonly LintedObject[]): LintedTemplate {
  let isWhole = checkTemplate(template.spec).length === 0;
  const root: TemplateName = { kind: template.kind as TemplateName['kind'], name: template.metadata.name };
  const merged = mergeTemplateSpec(root, template.spec, (wanted) => {
    const found = findTemplate(wanted, template, others);
    const parsed = found && parseTemplate(found);
    if (parsed && checkTemplate(parsed.spec).length === 0) return parsed;
    isWhole = false;
    // In its place stands one metric, without which the whole might seem to have none.
    return { spec: { metrics: [{ name: `of-${wanted.kind}-${wanted.name}` }] } };
  });
  return { merged, isWhole };
}

/** The template of this kind and name that `user`, an object of the files, means. */
export function findTemplate(
  { kind, name }: TemplateName,
  user: KubeObject,
  others: readonly LintedObject[],
): LintedObject | undefined {
  return others.find(
    ({ object }) =>
      object.kind === kind &&
      object.metadata?.name === name &&
      (kind !== resources.analysisTemplate.kind || sameNamespace(user, object)),
  );
}

export function parseTemplate({ kind, object }: LintedObject): AnalysisTemplate | undefined {
  const parsed = parseObject(kind, object);
  return parsed.ok ? (parsed.object as unknown as AnalysisTemplate) : undefined;
}

/** A namespace that is not written is chosen by whoever applies the file. */
export function sameNamespace(left: KubeObject, right: KubeObject): boolean {
  const [one, other] = [left.metadata?.namespace, right.metadata?.namespace];
  return one === undefined || other === undefined || one === other;
}

export function errors(rule: string, faults: readonly SchemaFault[]): ObjectFault[] {
  return faults.map((fault) => ({ ...fault, rule, severity: 'error' }));
}
