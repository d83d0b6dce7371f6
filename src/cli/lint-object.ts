import { checkScore } from '../analysis/check-score.ts';
import { checkRun, checkTemplate } from '../analysis/check-template.ts';
import { type AnalysisRun, analysisRunKind } from '../api/analysis-run.ts';
import type { AnalysisTemplate } from '../api/analysis-template.ts';
import { isRecord } from '../api/json.ts';
import { type KindDefinition, nameSchema, parseObject, type SchemaFault } from '../api/kind.ts';
import type { KubeObject } from '../api/kubernetes.ts';
import { apiVersionOf } from '../api/resource.ts';
import { type Rollout, rolloutKind } from '../api/rollout.ts';
import { convertRollout } from '../api/rollout-conversion.ts';
import { type RolloutGuard, rolloutGuardKind } from '../api/rollout-guard.ts';
import { checkRollout } from '../api/rollout-validation.ts';
import { type SharedRouting, trafficRoutingKind } from '../api/traffic-routing.ts';
import { checkTrafficRouting } from '../api/traffic-routing-validation.ts';
import { lintGuard } from './lint-guard.ts';
import { errors, type LintedObject, mergeLinted, type ObjectFault, TEMPLATE_KINDS } from './linted-object.ts';
import { unknownFields } from './unknown-fields.ts';

/**
 * Everything that is wrong with an object, as far as the files tell: `others` are all the objects of all files,
 * among which a guard finds its templates and its Rollout.
 */
export function lintObject({ kind, object }: LintedObject, others: readonly LintedObject[]): ObjectFault[] {
  const unknown = unknownFields(kind, object).map(
    (fault): ObjectFault => ({ ...fault, rule: 'unknown-field', severity: 'warning' }),
  );
  const parsed = parseObject(kind, object);
  if (!parsed.ok) {
    return [...errors('schema', [...checkName(object), ...parsed.faults]), ...unknown];
  }
  const checked = { ...parsed.object } as KubeObject;
  return [
    ...errors('schema', [...checkName(object), ...checkRules(kind, object)]),
    ...unknown,
    ...lintParsed(checked, others),
  ];
}

function lintParsed(object: KubeObject, others: readonly LintedObject[]): ObjectFault[] {
  if (TEMPLATE_KINDS.includes(object.kind)) return lintTemplate(object as AnalysisTemplate, others);
  switch (object.kind) {
    case analysisRunKind.resource.kind:
      return ruled(checkRun((object as AnalysisRun).spec));
    case rolloutGuardKind.resource.kind:
      return lintGuard(object as RolloutGuard, others);
    case rolloutKind.resource.kind:
      return errors('rollout', checkAnyRollout(object));
    case trafficRoutingKind.resource.kind:
      return errors('routing', checkTrafficRouting(object as SharedRouting));
    default:
      return [];
  }
}

function lintTemplate(template: AnalysisTemplate, others: readonly LintedObject[]): ObjectFault[] {
  const own = checkTemplate(template.spec);
  const { merged, isWhole } = mergeLinted(template, others);
  // Two metrics of one name are told of by both.
  const nesting = merged.ok ? [] : merged.faults.filter(({ path }) => path.startsWith('spec.templates'));
  // Of a template that nests others, only all of them together tell whether its score fits.
  const isOuter = (template.spec.templates ?? []).length > 0 && template.spec.score !== undefined;
  const scored = isOuter && isWhole && merged.ok ? checkScore(merged.spec) : [];
  return [
    ...ruled(own),
    ...errors('nesting', nesting),
    ...scored.map(
      (fault): ObjectFault => ({
        path: 'spec.score',
        message: `with all that is nested, ${fault.path}: ${fault.message}`,
        rule: 'score',
        severity: 'error',
      }),
    ),
  ];
}

/** The rules are those of the stored version; a fault of a field with another name shows where its parent is. */
function checkAnyRollout(object: KubeObject): SchemaFault[] {
  const stored = apiVersionOf(rolloutKind.resource);
  if (object.apiVersion === stored) return checkRollout(object as Rollout);
  const converted = convertRollout(object, stored);
  if (!converted.ok) return [{ path: '', message: converted.message }];
  const parsed = parseObject(rolloutKind, converted.object);
  return parsed.ok ? checkRollout(parsed.object) : parsed.faults;
}

function checkName({ metadata }: KubeObject): SchemaFault[] {
  const name = (metadata as { name?: unknown } | undefined)?.name;
  if (name === undefined) return [{ path: 'metadata.name', message: 'is missing' }];
  const parsed = nameSchema.safeParse(name);
  return parsed.success ? [] : parsed.error.issues.map(({ message }) => ({ path: 'metadata.name', message }));
}

/** The rules of a kind that say that exactly one of two fields is given; the API server reads all of them. */
function checkRules({ rules }: KindDefinition, object: KubeObject): SchemaFault[] {
  return (rules ?? []).flatMap(({ rule, message }) => {
    const fields = /^has\(self\.([\w.]+)\) != has\(self\.([\w.]+)\)$/.exec(rule)?.slice(1);
    if (!fields) return [];
    const given = fields.filter((field) => isGiven(object, field));
    return given.length === 1 ? [] : [{ path: given[1] ?? 'spec', message }];
  });
}

function isGiven(object: unknown, path: string): boolean {
  const value = path.split('.').reduce<unknown>((at, key) => (isRecord(at) ? at[key] : undefined), object);
  return value !== undefined;
}

/** Faults of a template or a run, each with the rule that its field tells. */
function ruled(faults: readonly SchemaFault[]): ObjectFault[] {
  return faults.flatMap((fault) => errors(ruleOf(fault.path), [fault]));
}

function ruleOf(path: string): string {
  if (/^spec\.score|\.mannWhitney\.(group|critical)$/.test(path)) return 'score';
  const field = /[^.[\]]+(?=(?:\[\d+\])?$)/.exec(path)?.[0] ?? '';
  if (/Condition$/.test(field)) return 'condition';
  if (/quer(y|ies)|\.(canary|stable)$/.test(path)) return 'query';
  if (/^(spec\.)?args/.test(path)) return 'arguments';
  if (/^count$|Limit$/.test(field)) return 'limits';
  if (/^(interval|initialDelay|minWindow|maxWindow|maxDuration)$/.test(field)) return 'timing';
  return 'metric';
}
