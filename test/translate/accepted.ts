import { checkArguments, checkTemplate } from '../../src/analysis/check-template.ts';
import { type AnalysisTemplate, analysisTemplateKind } from '../../src/api/analysis-template.ts';
import { parseObject, type SchemaFault } from '../../src/api/kind.ts';
import { kindOf } from '../../src/api/kinds.ts';
import type { KubeObject } from '../../src/api/kubernetes.ts';
import type { RolloutGuard } from '../../src/api/rollout-guard.ts';

/**
 * What our own checks find wrong with an object: its schema, for a template all that admission checks, for a guard
 * the arguments that it gives to those templates that are among `others`.
 */
export function faultsOf(object: KubeObject, others: readonly KubeObject[]): SchemaFault[] {
  const [group = '', version = ''] = object.apiVersion.split('/');
  const kind = kindOf({ group, version, kind: object.kind });
  if (!kind) return [{ path: 'kind', message: `${object.kind} is not a kind of Assay's` }];
  const parsed = parseObject(kind, object);
  if (!parsed.ok) return parsed.faults;
  if (object.kind === 'RolloutGuard') return faultsOfGuard(parsed.object as unknown as RolloutGuard, others);
  if (!object.kind.endsWith('AnalysisTemplate')) return [];
  return checkTemplate((parsed.object as unknown as AnalysisTemplate).spec);
}

function faultsOfGuard(guard: RolloutGuard, others: readonly KubeObject[]): SchemaFault[] {
  return guard.spec.analyses.flatMap(({ args = [], mode = 'Step', template }) => {
    const found = others.find((each) => each.kind === template.kind && each.metadata.name === template.name);
    const read = found && parseObject(analysisTemplateKind, found);
    if (!read?.ok || read.object.spec.templates) return [];
    return checkArguments(read.object.spec, args, { mode });
  });
}
