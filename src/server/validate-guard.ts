import { checkArguments, maxDurationOf } from '../analysis/check-template.ts';
import { type AnalysisTemplate, analysisTemplateKind } from '../api/analysis-template.ts';
import { sameJson } from '../api/canonical.ts';
import { parseObject } from '../api/kind.ts';
import type { KubeObject } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import type { Rollout } from '../api/rollout.ts';
import { type GuardAnalysis, type RolloutGuard, rolloutGuardKind } from '../api/rollout-guard.ts';
import { type AdmissionAnswer, type AdmissionRequest, subjectOf } from './admission-review.ts';
import { answerOf, type Finding, fault, faultsOf, unknown, warning } from './finding.ts';
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
    ...analyses.flat(),
    ...checkRolloutRef(spec, namespace, facts.rollouts),
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
  const options = { mode: analysis.mode ?? 'Step', maxDurationMs };
  return [
    ...faultsOf(checkArguments(parsed.object.spec, analysis.args ?? [], options), at),
    ...(await checkSources(parsed.object.spec.metrics, `${at}.template: spec.metrics`, namespace, lookup)),
  ];
}

function checkRolloutRef(
  { rolloutRef, analyses }: RolloutGuard['spec'],
  namespace: string,
  rollouts: readonly Rollout[],
): Finding[] {
  if (!rolloutRef) return [];
  const rollout = rollouts.find(({ metadata }) => metadata.name === rolloutRef.name);
  if (!rollout) {
    return [
      warning(`Rollout ${namespace}/${rolloutRef.name} does not exist yet: nothing is guarded until it does`),
    ];
  }
  const steps = rollout.spec.strategy.canary?.steps?.length ?? 0;
  return analyses.flatMap((analysis) => {
    const beyond = analysis.steps?.filter((step) => step > steps) ?? [];
    if (beyond.length === 0) return [];
    return [
      warning(
        `analysis ${analysis.name} judges step ${beyond.join(', ')}, but Rollout ${rolloutRef.name} has ${steps} steps`,
      ),
    ];
  });
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
