import { hashArguments, templateKey } from './analysis-references.ts';
import { type KnownTemplate, translateRollout } from './argo-rollout.ts';
import { translateTemplate } from './argo-template.ts';
import type { Emitted } from './emitted.ts';
import { Ledger, type LedgerEntry } from './ledger.ts';
import { MetricSources } from './metric-sources.ts';
import { labelOf } from './object-metadata.ts';
import type { Located } from './source-document.ts';
import { kindsOf, type Translation } from './translation.ts';

const TEMPLATES = ['AnalysisTemplate', 'ClusterAnalysisTemplate'];
const ADVICE: Record<string, string> = {
  AnalysisRun: 'a run is a result of the past; runs are made by the controller, or by hand from a template',
  Experiment:
    'there are no experiments: compare canary and stable pods in one query, or by the judge mannWhitney',
};

/** Translates the objects of Argo Rollouts: servers first, then templates, then guards. */
export function translateArgo(objects: readonly Located[]): Translation {
  const own = objects.filter(isOfArgo);
  const rollouts = own.filter((object) => object.at('kind').text() === 'Rollout');
  const hashes = hashArguments(rollouts);
  const sources = new MetricSources();
  const entries: LedgerEntry[] = [];
  const templates: Emitted[] = [];
  const known = new Map<string, KnownTemplate>();
  for (const object of own) {
    const kind = object.at('kind').text() ?? '';
    const ledger = new Ledger(labelOf(object), entries);
    if (TEMPLATES.includes(kind)) {
      const key = templateKey(kind, object.at('metadata', 'name').text() ?? '');
      const template = translateTemplate(object, sources, ledger, hashes.get(key) ?? new Map());
      if (template) templates.push(template.emitted);
      // What it nests declares arguments as well.
      const nests = object.at('spec', 'templates').items().length > 0;
      known.set(key, {
        args: nests ? undefined : template?.args,
        required: template?.required ?? new Set(),
        translated: template !== undefined,
      });
    } else if (kind !== 'Rollout') {
      ledger.refused(object, ADVICE[kind] ?? '');
    }
  }
  const guards = rollouts.flatMap((rollout) => {
    const ledger = new Ledger(labelOf(rollout), entries);
    return translateRollout(rollout, { templates: known, hashes, ledger }) ?? [];
  });
  return {
    documents: [...sources.documents(), ...templates, ...guards],
    entries,
    passedOver: kindsOf(objects.filter((object) => !isOfArgo(object))),
  };
}

function isOfArgo(object: Located): boolean {
  const kind = object.at('kind').text() ?? '';
  // Argo CD and Argo Workflows share the group.
  const isKnown = kind === 'Rollout' || TEMPLATES.includes(kind) || Object.hasOwn(ADVICE, kind);
  return isKnown && object.at('apiVersion').text()?.startsWith('argoproj.io/') === true;
}
