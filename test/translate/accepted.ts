import { checkTemplate } from '../../src/analysis/check-template.ts';
import type { AnalysisTemplate } from '../../src/api/analysis-template.ts';
import { parseObject, type SchemaFault } from '../../src/api/kind.ts';
import { kindOf } from '../../src/api/kinds.ts';
import type { KubeObject } from '../../src/api/kubernetes.ts';

/** What our own checks find wrong with an object: its schema, and for a template all that admission checks. */
export function faultsOf(object: KubeObject): SchemaFault[] {
  const [group = '', version = ''] = object.apiVersion.split('/');
  const kind = kindOf({ group, version, kind: object.kind });
  if (!kind) return [{ path: 'kind', message: `${object.kind} is not a kind of Assay's` }];
  const parsed = parseObject(kind, object);
  if (!parsed.ok) return parsed.faults;
  if (!object.kind.endsWith('AnalysisTemplate')) return [];
  return checkTemplate((parsed.object as unknown as AnalysisTemplate).spec);
}
