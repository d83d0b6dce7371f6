import { checkArguments, maxDurationOf } from '../analysis/check-template.ts';
import { mergeTemplateSpec } from '../analysis/nested-templates.ts';
import { type AnalysisTemplate, analysisTemplateKind } from '../api/analysis-template.ts';
import { sameJson } from '../api/canonical.ts';
import { parseObject } from '../api/kind.ts';
import type { KubeObject } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import type { Rollout } from '../api/rollout.ts';
import { type GuardAnalysis, type RolloutGuard, rolloutGuardKind } from '../api/rollout-guard.ts';
import { namedStrategy } from '../api/rollout-style.ts';
import { lightlyGuarded } from '../api/rollout-warnings.ts';
import { outOfReach, weaker } from '../gate/reach.ts';
import { selects } from '../rollout/guard.ts';
import { faultsOfMode, metricsOfMode } from '../rollout/mode-metrics.ts';
import { type AdmissionAnswer, type AdmissionRequest, subjectOf } from './admission-review.ts';
import { answerOf, type Finding, fault, faultsOf, unknown, warning } from './finding.ts';
import { collectTemplates } from './nested-templates.ts';
import { checkSources } from './validate-sources.ts';
import type { ValidationFacts } from './validation-facts.ts';

/** Checks a RolloutGuard against the templates, sources, receivers and the Rollout that it names. */
export async function validateGuard(
  request: AdmissionRequest,
  raw: KubeObject,
  facts: ValidationFacts,
): Promise<AdmissionAnswer> {
  const parsed = parseObject(rolloutGuardKind, raw);
  if (!parsed.ok) return answerOf(subjectOf(request), faultsOf(parsed.faults));
  const { spec } = parsed.object;
  const { namespace } = request;
  // A guard whose template was deleted can still be suspended.
  const suspension = onlySuspends(request.oldObject as RolloutGuard | null | undefined, raw as RolloutGuard);
  const analyses = await Promise.all(
    (suspension ? [] : spec.analyses).map((analysis, index) =>
      checkAnalysis(analysis, `spec.analyses[${index}]`, maxDurationOf(spec), request, facts),
    ),
  );
  return answerOf(subjectOf(request), [
    ...uniqueNames(spec.analyses),
    ...spec.analyses.flatMap(checkMode),
    ...analyses.flat(),
    ...checkRollouts(parsed.object, namespace, facts),
    ...(await checkReceivers(spec, namespace, facts)),
  ]);
}

function onlySuspends(before: RolloutGuard | null | undefined, after: RolloutGuard): boolean {
  if (!before) return false;
  return sameJson({ ...before.spec, suspend: undefined }, { ...after.spec, suspend: undefined });
}

function uniqueNames(analyses: readonly GuardAnalysis[]): Finding[] {
  return analyses.flatMap(({ name }, index) =>
    analyses.findIndex((other) => other.name === name) === index
      ? []
      : [
          fault(
            `spec.analyses[${index}].name`,
            `"${name}" is taken by another analysis of this guard. Give each its own`,
          ),
        ],
  );
}

/** Fields that say nothing in a mode would look as if they did. */
function checkMode({ mode = 'Step', steps, onSuccess }: GuardAnalysis, index: number): Finding[] {
  if (mode === 'Step') return [];
  const given = { steps, onSuccess };
  return Object.entries(given).flatMap(([field, value]) =>
    value === undefined
      ? []
      : [
          fault(
            `spec.analyses[${index}].${field}`,
            `is for Step analyses, and this one is ${mode}. Take it away, or give it an analysis of its own`,
          ),
        ],
  );
}

async function checkAnalysis(
  analysis: GuardAnalysis,
  at: string,
  maxDurationMs: number,
  { namespace }: AdmissionRequest,
  { lookup }: ValidationFacts,
): Promise<Finding[]> {
  const { kind, name } = analysis.template;
  const clusterWide = kind === 'ClusterAnalysisTemplate';
  const resource = clusterWide ? resources.clusterAnalysisTemplate : resources.analysisTemplate;
  const template = await lookup<AnalysisTemplate>(resource, clusterWide ? { name } : { name, namespace });
  const subject = clusterWide ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
  if (template.state === 'unknown') return [unknown(subject, template.message)];
  if (template.state === 'missing') {
    return [fault(`${at}.template`, `${subject} does not exist. Apply it before the guard`)];
  }
  const parsed = parseObject(analysisTemplateKind, template.object);
  if (!parsed.ok) {
    return [fault(`${at}.template`, `${subject} is itself not valid. Correct it first`)];
  }
  const root = { kind, name };
  const nested = await collectTemplates({ root, spec: parsed.object.spec, namespace, lookup });
  if (!nested.ok) return [nested.finding];
  const merged = mergeTemplateSpec(root, parsed.object.spec, nested.find);
  if (!merged.ok) return faultsOf(merged.faults, `${at}.template`);
  const mode = analysis.mode ?? 'Step';
  const spec = { ...merged.spec, metrics: metricsOfMode(merged.spec.metrics, mode) };
  return [
    ...faultsOf(checkArguments(spec, analysis.args ?? [], { mode, maxDurationMs }), at),
    ...faultsOf(faultsOfMode(merged.spec, mode), `${at}.template`),
    ...(await checkSources(spec.metrics, `${at}.template: spec.metrics`, namespace, lookup)),
  ];
}

/** Steps that a guarded Rollout does not have: no reason to refuse, since plans and guards change in any order. */
function checkRollouts(
  guard: RolloutGuard,
  namespace: string,
  { rollouts, isBeside }: ValidationFacts,
): Finding[] {
  const { rolloutRef } = guard.spec;
  const selected = rollouts.filter((rollout) => selects(guard, rollout));
  if (rolloutRef && selected.length === 0) {
    return [
      warning(`Rollout ${namespace}/${rolloutRef.name} does not exist yet: nothing is guarded until it does`),
    ];
  }
  const { analyses } = guard.spec;
  return selected.flatMap((rollout) => [
    ...checkSteps(analyses, rollout),
    ...lightlyGuarded(rollout, analyses, undefined).map((text) => warning(text)),
    ...(isBeside ? [...outOfReach(analyses, rollout), ...weaker(guard)] : []).map((text) => warning(text)),
  ]);
}

function checkSteps(analyses: readonly GuardAnalysis[], rollout: Rollout): Finding[] {
  const { name } = rollout.metadata;
  const count = namedStrategy(rollout)?.strategy.steps?.length ?? 0;
  const beyond = analyses.flatMap((analysis) => {
    const missing = analysis.steps?.filter((step) => step > count) ?? [];
    if (missing.length === 0) return [];
    return [
      warning(
        `analysis ${analysis.name} judges step ${missing.join(', ')}, but Rollout ${name} has ${count} steps`,
      ),
    ];
  });
  if (analyses.some(({ mode = 'Step' }) => mode === 'Step')) return beyond;
  return [
    warning(
      `no Step analysis judges Rollout ${name}: the pauses of its steps decide when they are left, and a step without a duration waits for a person`,
    ),
  ];
}

async function checkReceivers(
  { alerts }: RolloutGuard['spec'],
  namespace: string,
  { lookup }: ValidationFacts,
): Promise<Finding[]> {
  const names = [...new Set((alerts ?? []).map(({ receiver }) => receiver))];
  const findings = await Promise.all(
    names.map(async (name) => {
      const { state } = await lookup(resources.alertReceiver, { name, namespace });
      return state === 'missing'
        ? [warning(`AlertReceiver ${namespace}/${name} does not exist yet: no alert is sent until it does`)]
        : [];
    }),
  );
  return findings.flat();
}
