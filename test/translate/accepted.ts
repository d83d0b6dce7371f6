import { checkArguments, checkTemplate } from '../../src/analysis/check-template.ts';
import { type AnalysisTemplate, analysisTemplateKind } from '../../src/api/analysis-template.ts';
import { givenArgumentSchema } from '../../src/api/argument.ts';
import { parseObject, type SchemaFault } from '../../src/api/kind.ts';
import { kindOf } from '../../src/api/kinds.ts';
import type { KubeObject } from '../../src/api/kubernetes.ts';
import type { GuardAnalysis } from '../../src/api/rollout-guard.ts';

type Guard = KubeObject & { spec: { analyses: (GuardAnalysis & { mode?: string })[] } };

/**
 * What our own checks find wrong with an object: its schema, for a template all that admission checks, for a guard
 * the arguments that it gives to those templates that are among `others`.
 */
export function faultsOf(object: KubeObject, others: readonly KubeObject[]): SchemaFault[] {
  const [group = '', version = ''] = object.apiVersion.split('/');
  const kind = kindOf({ group, version, kind: object.kind });
  if (!kind) return [{ path: 'kind', message: `${object.kind} is not a kind of Assay's` }];
  if (object.kind === 'RolloutGuard') return faultsOfGuard(object as Guard, kind, others);
  const parsed = parseObject(kind, object);
  if (!parsed.ok) return parsed.faults;
  if (!object.kind.endsWith('AnalysisTemplate')) return [];
  return checkTemplate((parsed.object as unknown as AnalysisTemplate).spec);
}

function faultsOfGuard(
  guard: Guard,
  kind: Parameters<typeof parseObject>[0],
  others: readonly KubeObject[],
): SchemaFault[] {
  const plain = guard.spec.analyses.map(({ args: _, mode: __, ...analysis }) => analysis);
  const parsed = parseObject(kind, { ...guard, spec: { ...guard.spec, analyses: plain } } as KubeObject);
  const ofAnalyses = guard.spec.analyses.flatMap(({ args = [], mode = 'Step', template }) => {
    const given = args.map((argument) => givenArgumentSchema.parse(argument));
    if (!['Step', 'Background', 'PostPromotion'].includes(mode)) return [{ path: 'mode', message: mode }];
    const found = others.find(
      (each) => each.kind.endsWith('AnalysisTemplate') && each.metadata.name === template.name,
    );
    const read = found && parseObject(analysisTemplateKind, found);
    if (!read?.ok || read.object.spec.templates) return [];
    return checkArguments(read.object.spec, given, mode === 'Step' ? { mode } : {});
  });
  return [...(parsed.ok ? [] : parsed.faults), ...ofAnalyses];
}
