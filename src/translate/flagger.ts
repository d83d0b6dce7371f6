import type { Emitted } from './emitted.ts';
import { translateCanary } from './flagger-canary.ts';
import { Ledger, type LedgerEntry } from './ledger.ts';
import { MetricSources } from './metric-sources.ts';
import { labelOf } from './object-metadata.ts';
import type { Located } from './source-document.ts';
import { kindsOf, type Translation } from './translation.ts';

const KINDS = ['Canary', 'MetricTemplate', 'AlertProvider'];

/** Translates the objects of Flagger: servers first, then for each Canary its template and its guard. */
export function translateFlagger(objects: readonly Located[], meshProvider: string): Translation {
  const own = objects.filter(isOfFlagger);
  const ofKind = (kind: string) => own.filter((object) => object.at('kind').text() === kind);
  const templates = ofKind('MetricTemplate');
  const sources = new MetricSources();
  const entries: LedgerEntry[] = [];
  const documents = ofKind('Canary').flatMap((canary): Emitted[] =>
    translateCanary(canary, {
      templates,
      sources,
      ledger: new Ledger(labelOf(canary), entries),
      meshProvider,
    }),
  );
  for (const template of templates.filter((each) => !isUsed(each, ofKind('Canary')))) {
    new Ledger(labelOf(template), entries).refused(
      template,
      'no Canary of this import uses it: what a good value is stands in the Canary, so name its file as well',
    );
  }
  for (const provider of ofKind('AlertProvider')) {
    new Ledger(labelOf(provider), entries).refused(
      provider,
      'create an AlertReceiver with its address in a Secret of its namespace, and name it in `alerts` of the guard',
    );
  }
  return {
    documents: [...sources.documents(), ...documents],
    entries,
    passedOver: kindsOf(objects.filter((object) => !isOfFlagger(object))),
  };
}

function isOfFlagger(object: Located): boolean {
  const isKnown = KINDS.includes(object.at('kind').text() ?? '');
  return isKnown && object.at('apiVersion').text()?.startsWith('flagger.app/') === true;
}

function isUsed(template: Located, canaries: readonly Located[]): boolean {
  const name = template.at('metadata', 'name').text();
  return canaries.some((canary) =>
    ['analysis', 'canaryAnalysis'].some((key) =>
      canary
        .at('spec', key, 'metrics')
        .items()
        .some((metric) => metric.at('templateRef', 'name').text() === name),
    ),
  );
}
