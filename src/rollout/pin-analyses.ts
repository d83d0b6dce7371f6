import { matchSources, readArguments, resolveArguments } from '../analysis/arguments.ts';
import type { FieldRoots } from '../analysis/field-path.ts';
import { mergeTemplates, type TemplateName } from '../analysis/nested-templates.ts';
import type { AnalysisTemplate } from '../api/analysis-template.ts';
import type { Argument, ArgumentSource } from '../api/argument.ts';
import type { SchemaFault } from '../api/kind.ts';
import type { GuardAnalysis } from '../api/rollout-guard.ts';
import type { PinnedAnalysis } from '../api/rollout-record.ts';
import { faultsOfMode, metricsOfMode } from './mode-metrics.ts';
import type { GuardFacts } from './snapshot.ts';

/**
 * The analyses of a guard with their templates, nested ones included, and the values of their arguments; or why
 * there are none, as one sentence. Arguments from fields are read from `subject`; without one, as where a guard is
 * looked at by itself, they have no value yet.
 */
export function pinAnalyses(facts: GuardFacts, subject: FieldRoots | undefined): PinnedAnalysis[] | string {
  const pinned: PinnedAnalysis[] = [];
  for (const analysis of facts.guard.spec.analyses) {
    const where = `RolloutGuard ${facts.guard.metadata.name}: analysis ${analysis.name}`;
    const { kind, name } = analysis.template;
    if (!templateNamed(facts.templates, analysis.template)) {
      return `${where} names ${kind} ${name}, which does not exist; create it`;
    }
    const found = pinAnalysis(facts, analysis, subject);
    if ('faults' in found) {
      const why = found.faults
        .map(({ path, message }) => (path ? `${path}: ${message}` : message))
        .join('; ');
      return `${where}: ${why}`;
    }
    pinned.push(found);
  }
  return pinned;
}

function pinAnalysis(
  { guard, templates }: GuardFacts,
  analysis: GuardAnalysis,
  subject: FieldRoots | undefined,
): PinnedAnalysis | { faults: SchemaFault[] } {
  const { template, mode = 'Step' } = analysis;
  const merged = mergeTemplates(template, (wanted) => templateNamed(templates, wanted));
  if (!merged.ok) return { faults: merged.faults };
  const { metrics, score } = merged.spec;
  const args = argumentsOf(merged.spec.args, analysis.args ?? [], subject);
  const faults = [...(args.ok ? [] : args.faults), ...faultsOfMode(merged.spec, mode)];
  if (!args.ok || faults.length > 0) return { faults };
  return {
    name: analysis.name,
    guard: {
      name: guard.metadata.name,
      uid: guard.metadata.uid ?? '',
      generation: guard.metadata.generation ?? 1,
    },
    mode,
    ...(analysis.steps === undefined ? {} : { steps: analysis.steps }),
    ...(analysis.onSuccess === undefined ? {} : { onSuccess: analysis.onSuccess }),
    metrics: metricsOfMode(metrics, mode),
    ...(score && { score }),
    args: args.args,
  };
}

/** The template of this kind and name. */
export function templateNamed(
  templates: readonly AnalysisTemplate[],
  { kind, name }: TemplateName,
): AnalysisTemplate | undefined {
  return templates.find((template) => template.kind === kind && template.metadata.name === name);
}

function argumentsOf(
  declared: readonly Argument[],
  given: readonly ArgumentSource[],
  subject: FieldRoots | undefined,
): { ok: true; args: { name: string; value: string }[] } | { ok: false; faults: SchemaFault[] } {
  if (subject) {
    const read = readArguments(given, subject);
    return read.ok ? resolveArguments(declared, read.args) : read;
  }
  const { args, faults } = matchSources(declared, given);
  if (faults.length > 0) return { ok: false, faults };
  return { ok: true, args: args.map(({ name, value = '' }) => ({ name, value })) };
}
