import { checkArguments, checkRun, checkTemplate, maxDurationOf } from '../analysis/check-template.ts';
import { type AnalysisRun, analysisRunKind } from '../api/analysis-run.ts';
import type { AnalysisTemplate } from '../api/analysis-template.ts';
import { isRecord } from '../api/json.ts';
import { type KindDefinition, nameSchema, parseObject, type SchemaFault } from '../api/kind.ts';
import type { KubeObject } from '../api/kubernetes.ts';
import { apiVersionOf, resources } from '../api/resource.ts';
import { type Rollout, rolloutKind } from '../api/rollout.ts';
import { convertRollout } from '../api/rollout-conversion.ts';
import { type GuardAnalysis, type RolloutGuard, rolloutGuardKind } from '../api/rollout-guard.ts';
import { checkRollout } from '../api/rollout-validation.ts';
import { unknownFields } from './unknown-fields.ts';

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

const TEMPLATE_KINDS = [resources.analysisTemplate.kind, resources.clusterAnalysisTemplate.kind];

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
    const faults = parsed.faults.map(({ path, message }) => ({ path, message: missingOr(message) }));
    return [...errors('schema', [...checkName(object), ...faults]), ...unknown];
  }
  const checked = { ...parsed.object } as KubeObject;
  return [
    ...errors('schema', [...checkName(object), ...checkRules(kind, object)]),
    ...unknown,
    ...lintParsed(checked, others),
  ];
}

function lintParsed(object: KubeObject, others: readonly LintedObject[]): ObjectFault[] {
  if (TEMPLATE_KINDS.includes(object.kind)) return ruled(checkTemplate((object as AnalysisTemplate).spec));
  switch (object.kind) {
    case analysisRunKind.resource.kind:
      return ruled(checkRun((object as AnalysisRun).spec));
    case rolloutGuardKind.resource.kind:
      return lintGuard(object as RolloutGuard, others);
    case rolloutKind.resource.kind:
      return errors('rollout', checkAnyRollout(object));
    default:
      return [];
  }
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

function lintGuard(guard: RolloutGuard, others: readonly LintedObject[]): ObjectFault[] {
  const { analyses } = guard.spec;
  return analyses.flatMap((analysis, index) => {
    const at = `spec.analyses[${index}]`;
    const isTaken = analyses.findIndex(({ name }) => name === analysis.name) < index;
    const taken = isTaken ? [{ path: `${at}.name`, message: `the name ${analysis.name} is used twice` }] : [];
    return [
      ...errors('guard', taken),
      ...lintAnalysis(guard, analysis, at, others),
      ...lintSteps(guard, analysis, at, others),
    ];
  });
}

/** A template that is in no file is in the cluster, or so one hopes: that is for admission to check. */
function lintAnalysis(
  guard: RolloutGuard,
  analysis: GuardAnalysis,
  at: string,
  others: readonly LintedObject[],
): ObjectFault[] {
  const { kind, name } = analysis.template;
  const named = others.filter(
    ({ object }) => TEMPLATE_KINDS.includes(object.kind) && object.metadata?.name === name,
  );
  const template = named.find(
    ({ object }) => object.kind === kind && (kind !== 'AnalysisTemplate' || sameNamespace(guard, object)),
  );
  if (!template) {
    const [other] = named;
    if (!other || other.object.kind === kind) return [];
    const message = `the files have a ${other.object.kind} of this name and no ${kind}: write kind: ${other.object.kind}`;
    return [{ path: `${at}.template`, message, rule: 'guard', severity: 'warning' }];
  }
  const parsed = parseObject(template.kind, template.object);
  // It is told of where it stands, and would be told here again.
  if (!parsed.ok || checkTemplate((parsed.object as unknown as AnalysisTemplate).spec).length > 0) return [];
  const options = { mode: analysis.mode ?? 'Step', maxDurationMs: maxDurationOf(guard.spec) } as const;
  const faults = checkArguments(
    (parsed.object as unknown as AnalysisTemplate).spec,
    analysis.args ?? [],
    options,
  );
  return errors(
    'arguments',
    faults.map((fault) => ({ ...fault, path: `${at}.${fault.path}` })),
  );
}

function lintSteps(
  guard: RolloutGuard,
  { steps }: GuardAnalysis,
  at: string,
  others: readonly LintedObject[],
): ObjectFault[] {
  const { rolloutRef } = guard.spec;
  const rollout = others.find(
    ({ object }) =>
      object.apiVersion === apiVersionOf(rolloutKind.resource) &&
      object.kind === rolloutKind.resource.kind &&
      object.metadata?.name === rolloutRef?.name &&
      sameNamespace(guard, object),
  );
  const parsed = rollout && parseObject(rolloutKind, rollout.object);
  const count = parsed?.ok ? parsed.object.spec.strategy.canary?.steps?.length : undefined;
  if (count === undefined) return [];
  return (steps ?? []).flatMap((step, index): ObjectFault[] => {
    const message = `Rollout ${rolloutRef?.name} has ${count} steps, and none is step ${step}`;
    return step <= count
      ? []
      : [{ path: `${at}.steps[${index}]`, message, rule: 'guard', severity: 'warning' }];
  });
}

/** A namespace that is not written is chosen by whoever applies the file. */
function sameNamespace(left: KubeObject, right: KubeObject): boolean {
  const [one, other] = [left.metadata?.namespace, right.metadata?.namespace];
  return one === undefined || other === undefined || one === other;
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

function missingOr(message: string): string {
  return /received undefined$/.test(message) ? 'is missing' : message;
}

function errors(rule: string, faults: readonly SchemaFault[]): ObjectFault[] {
  return faults.map((fault) => ({ ...fault, rule, severity: 'error' }));
}

/** Faults of a template or a run, each with the rule that its field tells. */
function ruled(faults: readonly SchemaFault[]): ObjectFault[] {
  return faults.flatMap((fault) => errors(ruleOf(fault.path), [fault]));
}

function ruleOf(path: string): string {
  const field = /[^.[\]]+(?=(?:\[\d+\])?$)/.exec(path)?.[0] ?? '';
  if (/Condition$/.test(field)) return 'condition';
  if (/quer(y|ies)/.test(path)) return 'query';
  if (/^(spec\.)?args/.test(path)) return 'arguments';
  if (/^count$|Limit$/.test(field)) return 'limits';
  if (/^(interval|initialDelay|minWindow|maxWindow|maxDuration)$/.test(field)) return 'timing';
  return 'metric';
}
