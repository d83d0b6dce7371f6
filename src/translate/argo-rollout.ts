import { type AnalysisReference, analysisReferences, referenceKey } from './analysis-references.ts';
import type { HashArguments } from './argo-arguments.ts';
import type { Emitted } from './emitted.ts';
import type { Ledger } from './ledger.ts';
import { asArgumentName, asName, unusedName } from './names.ts';
import { keptMetadata } from './object-metadata.ts';
import { type Plan, planText, readPlan } from './rollout-plan.ts';
import type { Located } from './source-document.ts';

/** What is known of the templates of the same import. */
export interface KnownTemplate {
  /** The names of its arguments in Argo Rollouts; undefined where it nests others, which declare theirs. */
  args: ReadonlySet<string> | undefined;
  /** Those of them without a default. */
  required: ReadonlySet<string>;
  /** Whether anything of it was translated. */
  translated: boolean;
}

export interface RolloutContext {
  templates: ReadonlyMap<string, KnownTemplate>;
  hashes: ReadonlyMap<string, HashArguments>;
  ledger: Ledger;
}

type GuardAnalysis = Record<string, unknown> & { name: string; steps?: number[] };

/** The analyses of a Rollout of Argo Rollouts as a proposal for a RolloutGuard; undefined where it names none. */
export function translateRollout(rollout: Located, context: RolloutContext): Emitted | undefined {
  const { ledger } = context;
  const references = analysisReferences(rollout);
  if (references.length === 0) {
    ledger.translated(rollout, 'names no analysis, so there is no guard');
    return undefined;
  }
  const plan = readPlan(rollout.at('spec', 'strategy', 'canary', 'steps'), ledger);
  const analyses: GuardAnalysis[] = [];
  for (const reference of references) addAnalyses(analyses, reference, plan, context);
  const metadata = keptMetadata(rollout);
  if (analyses.length === 0) {
    ledger.refused(rollout, 'no analysis is left, so there is no guard');
    return undefined;
  }
  ledger.changed(
    rollout,
    `becomes a RolloutGuard; the plan itself belongs into a Rollout of rollouts.kruise.io that is called ${metadata.name}`,
  );
  const deadline = rollout.at('spec', 'progressDeadlineSeconds');
  if (rollout.at('spec', 'progressDeadlineAbort').value !== true) {
    ledger.changed(
      deadline,
      'a step whose pods are not ready in time fails here; progressDeadlineAbort is always on',
    );
  }
  const plans = planText(plan.steps);
  return {
    object: {
      apiVersion: 'assay.dev/v1alpha1',
      kind: 'RolloutGuard',
      metadata,
      spec: {
        rolloutRef: { name: metadata.name },
        analyses,
        onFailure: 'Abort',
        ...(typeof deadline.value === 'number' && { progressDeadlineSeconds: deadline.value }),
      },
    },
    comments: [
      `A proposal: guards the Rollout of rollouts.kruise.io that is called ${metadata.name}.${plans === '' ? '' : ` Its steps: ${plans}.`}`,
      'onFailure: Abort takes the canary away and leaves the new version in the workload, as Argo Rollouts does. Rollback restores the stable version as well.',
    ],
  };
}

function addAnalyses(
  analyses: GuardAnalysis[],
  { field, mode, index }: AnalysisReference,
  plan: Plan,
  context: RolloutContext,
): void {
  const { ledger } = context;
  refuseOthers(field, ledger);
  const step = index === undefined ? undefined : plan.stepOf.get(index);
  for (const reference of field.at('templates').items()) {
    const key = referenceKey(reference);
    const [kind = '', name = ''] = key.split('/');
    const known = context.templates.get(key);
    if (known && !known.translated) {
      ledger.refused(reference, `the ${kind} ${name} was not translated`);
      continue;
    }
    const args = field
      .at('args')
      .items()
      .flatMap((argument) => given(argument, key, known, context));
    const missing = [...(known?.required ?? [])].find(
      (source) => !args.some((argument) => argument['name'] === asArgumentName(source)),
    );
    if (missing !== undefined) {
      ledger.refused(
        reference,
        `the argument ${missing} of ${name} gets no value, so the analysis is left out`,
      );
      continue;
    }
    const analysis = {
      template: { ...(kind !== 'AnalysisTemplate' && { kind }), name },
      ...(args.length > 0 && { args }),
      ...(mode !== 'Step' && { mode }),
    };
    const same = analyses.find((each) => step !== undefined && each.steps && sameAnalysis(each, analysis));
    if (same?.steps && step !== undefined) {
      if (!same.steps.includes(step)) same.steps.push(step);
    } else {
      const taken = analyses.map((each) => each.name);
      analyses.push({
        name: unusedName(asName(name), taken),
        ...analysis,
        ...(step !== undefined && { steps: [step] }),
      });
    }
    const where = step === undefined ? '' : ` of step ${step}`;
    ledger.translated(reference, `the ${mode} analysis ${name}${where}`);
    if (!known) {
      ledger.changed(
        reference,
        `the ${kind} ${name} is not in this import: import it as well, under the same name`,
      );
    }
  }
}

function sameAnalysis(one: GuardAnalysis, other: Record<string, unknown>): boolean {
  const { name: _, steps: __, ...rest } = one;
  return JSON.stringify(rest) === JSON.stringify(other);
}

function refuseOthers(field: Located, ledger: Ledger): void {
  const advice: Record<string, string> = {
    dryRun: 'set dryRun: true at the metric of the template',
    startingStep:
      'a Background analysis begins when the canary has its first traffic; `steps` restricts Step analyses only',
    measurementRetention: 'the newest 20 measurements of each metric are kept',
    analysisRunMetadata: 'runs are labelled by the controller',
  };
  for (const key of field.keys()) {
    if (key === 'templates' || key === 'args') continue;
    ledger.refused(field.at(key), advice[key] ?? 'the field is not known');
  }
}

/** An argument that a Rollout gives; nothing where the template does not take it, or has it as a placeholder. */
function given(
  argument: Located,
  key: string,
  known: KnownTemplate | undefined,
  { hashes, ledger }: RolloutContext,
): Record<string, unknown>[] {
  const source = argument.at('name').text() ?? '';
  const name = asArgumentName(source);
  // What a template does not declare is dropped there as well.
  if (known?.args && !known.args.has(source)) return [];
  const value = argument.at('value').text();
  const from = argument.at('valueFrom');
  const isHash = from.at('podTemplateHashValue').isSet;
  const hash = hashes.get(key)?.get(source);
  if (isHash && known) return [];
  if (!isHash && hash !== undefined) {
    ledger.refused(
      argument,
      `another analysis gives a hash for ${source}, so the template has {{${hash}}} in its place`,
    );
    return [];
  }
  if (isHash) {
    ledger.refused(
      from,
      'a guard cannot give a hash: write {{canary.hash}} or {{stable.hash}} into the query of the template',
    );
    return [];
  }
  const path = from.at('fieldRef', 'fieldPath').text();
  if (path !== undefined) {
    const fieldPath = fieldPathOf(path);
    if (fieldPath !== undefined) {
      ledger.changed(argument, `is read from ${fieldPath} when a release starts`);
      return [{ name, valueFrom: { fieldRef: { fieldPath } } }];
    }
    ledger.refused(
      from,
      `${path} is a field of a Rollout of Argo Rollouts; name a field of the Rollout of Kruise or of its workload`,
    );
    return [];
  }
  if (value === undefined) {
    ledger.refused(argument, 'a guard can give text, or a field of the Rollout or its workload');
    return [];
  }
  return [{ name, value }];
}

/** The same field in the objects that are there with Assay. */
function fieldPathOf(path: string): string | undefined {
  if (path.startsWith('metadata.')) return `rollout.${path}`;
  return /^spec\.(?:template\.|replicas$)/.test(path) ? `workload.${path}` : undefined;
}
