import type { TemplateName } from '../analysis/nested-templates.ts';
import type { AnalysisTemplate } from '../api/analysis-template.ts';
import { resources } from '../api/resource.ts';
import { type Finding, unknown } from './finding.ts';
import type { Lookup } from './lookup.ts';

type Find = (wanted: TemplateName) => AnalysisTemplate | undefined;

/** All templates that a template nests, at any depth; those that nobody made are left out, and found missing later. */
export async function collectTemplates(from: {
  root: TemplateName;
  spec: AnalysisTemplate['spec'];
  namespace: string;
  lookup: Lookup;
}): Promise<{ ok: true; find: Find } | { ok: false; finding: Finding }> {
  const found = new Map<string, AnalysisTemplate | undefined>();
  const open = nestedIn(from.root, from.spec);
  for (let wanted = open.shift(); wanted; wanted = open.shift()) {
    const key = keyOf(wanted);
    if (found.has(key)) continue;
    const looked = await lookFor(wanted, from.namespace, from.lookup);
    if (looked.state === 'unknown') return { ok: false, finding: unknown(key, looked.message) };
    const template = looked.state === 'found' ? looked.object : undefined;
    found.set(key, template);
    if (template) open.push(...nestedIn(wanted, template.spec));
  }
  return { ok: true, find: (wanted) => found.get(keyOf(wanted)) };
}

function nestedIn(outer: TemplateName, { templates = [] }: AnalysisTemplate['spec']): TemplateName[] {
  return templates.map(({ kind = outer.kind, name }) => ({ kind, name }));
}

function lookFor({ kind, name }: TemplateName, namespace: string, lookup: Lookup) {
  return kind === 'ClusterAnalysisTemplate'
    ? lookup<AnalysisTemplate>(resources.clusterAnalysisTemplate, { name })
    : lookup<AnalysisTemplate>(resources.analysisTemplate, { name, namespace });
}

function keyOf({ kind, name }: TemplateName): string {
  return `${kind} ${name}`;
}
