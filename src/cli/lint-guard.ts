import { checkArguments, maxDurationOf } from '../analysis/check-template.ts';
import { parseObject, type SchemaFault } from '../api/kind.ts';
import { apiVersionOf } from '../api/resource.ts';
import { rolloutKind } from '../api/rollout.ts';
import type { GuardAnalysis, RolloutGuard } from '../api/rollout-guard.ts';
import { namedStrategy } from '../api/rollout-style.ts';
import { faultsOfMode, metricsOfMode } from '../rollout/mode-metrics.ts';
import {
  errors,
  findTemplate,
  type LintedObject,
  mergeLinted,
  type ObjectFault,
  parseTemplate,
  sameNamespace,
  TEMPLATE_KINDS,
} from './linted-object.ts';

/** What is wrong with a guard, with the templates and the Rollout that stand in the files. */
export function lintGuard(guard: RolloutGuard, others: readonly LintedObject[]): ObjectFault[] {
  const { analyses } = guard.spec;
  return analyses.flatMap((analysis, index) => {
    const at = `spec.analyses[${index}]`;
    const isTaken = analyses.findIndex(({ name }) => name === analysis.name) < index;
    const message = `the name ${analysis.name} is used twice`;
    return [
      ...errors('guard', isTaken ? [{ path: `${at}.name`, message }] : []),
      ...errors('guard', checkMode(analysis, at)),
      ...lintAnalysis(guard, analysis, at, others),
      ...lintSteps(guard, analysis, at, others),
    ];
  });
}

function checkMode({ mode = 'Step', steps, onSuccess }: GuardAnalysis, at: string): SchemaFault[] {
  if (mode === 'Step') return [];
  const given = Object.entries({ steps, onSuccess }).filter(([, value]) => value !== undefined);
  const message = `is for Step analyses, and this one is ${mode}: take it away`;
  return given.map(([field]) => ({ path: `${at}.${field}`, message }));
}

/** A template that is in no file is in the cluster, or so one hopes: that is for admission to check. */
function lintAnalysis(
  guard: RolloutGuard,
  analysis: GuardAnalysis,
  at: string,
  others: readonly LintedObject[],
): ObjectFault[] {
  const { kind, name } = analysis.template;
  const linted = findTemplate(analysis.template, guard, others);
  if (!linted) {
    const other = TEMPLATE_KINDS.find((each) =>
      others.some(({ object }) => object.kind === each && object.metadata?.name === name),
    );
    if (other === undefined || other === kind) return [];
    const message = `the files have a ${other} of this name and no ${kind}: write kind: ${other}`;
    return [{ path: `${at}.template`, message, rule: 'guard', severity: 'warning' }];
  }
  const template = parseTemplate(linted);
  const { merged, isWhole } = template ? mergeLinted(template, others) : { isWhole: false };
  // What is wrong with the template is told of where it stands.
  if (!isWhole || !merged?.ok) return [];
  const { mode = 'Step' } = analysis;
  const metrics = metricsOfMode(merged.spec.metrics, mode);
  const options = { mode, maxDurationMs: maxDurationOf(guard.spec) };
  const faults = checkArguments({ ...merged.spec, metrics }, analysis.args ?? [], options);
  const ofMode = faultsOfMode(merged.spec, mode).map(({ path, message }) => ({
    path: 'template',
    message: `${path} of it: ${message}`,
  }));
  const placed = (each: readonly SchemaFault[]) =>
    each.map((fault) => ({ ...fault, path: `${at}.${fault.path}` }));
  return [...errors('arguments', placed(faults)), ...errors('guard', placed(ofMode))];
}

function lintSteps(
  guard: RolloutGuard,
  { steps }: GuardAnalysis,
  at: string,
  others: readonly LintedObject[],
): ObjectFault[] {
  const name = guard.spec.rolloutRef?.name;
  const rollout = others.find(
    ({ object }) =>
      object.apiVersion === apiVersionOf(rolloutKind.resource) &&
      object.kind === rolloutKind.resource.kind &&
      object.metadata?.name === name &&
      sameNamespace(guard, object),
  );
  const parsed = rollout && parseObject(rolloutKind, rollout.object);
  const count = parsed?.ok ? namedStrategy(parsed.object)?.strategy.steps?.length : undefined;
  if (count === undefined) return [];
  return (steps ?? []).flatMap((step, index): ObjectFault[] => {
    const message = `Rollout ${name} has ${count} steps, and none is step ${step}`;
    return step <= count
      ? []
      : [{ path: `${at}.steps[${index}]`, message, rule: 'guard', severity: 'warning' }];
  });
}
