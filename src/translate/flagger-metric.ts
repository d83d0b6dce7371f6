import { builtInQuery, isBuiltIn } from './flagger-builtins.ts';
import { type FlaggerFacts, translateFlaggerQuery } from './flagger-query.ts';
import { fromGoDuration } from './go-duration.ts';
import type { Ledger } from './ledger.ts';
import { isAddress, type MetricSources, type SourceSettings } from './metric-sources.ts';
import type { Located } from './source-document.ts';

/** What a metric of a Canary becomes, without the limits that the Canary sets for all of its metrics. */
export interface FlaggerMetric {
  query: string;
  successCondition: string;
  source?: string;
  args: string[];
}

export interface FlaggerMetricContext {
  facts: Omit<FlaggerFacts, 'interval' | 'variables'>;
  provider: string;
  templates: readonly Located[];
  sources: MetricSources;
  ledger: Ledger;
  /** `spec.metricsServer` of the Canary, for Flagger's own metrics. */
  metricsServer: string | undefined;
}

const DEFAULT_INTERVAL = '1m';

/** One metric of a Canary; undefined where it was refused, for a reason that is in the ledger. */
export function translateFlaggerMetric(
  metric: Located,
  context: FlaggerMetricContext,
): FlaggerMetric | undefined {
  const { ledger } = context;
  ledger.refuseOthers(metric, [
    'name',
    'interval',
    'threshold',
    'thresholdRange',
    'query',
    'templateRef',
    'templateVariables',
  ]);
  const asked = metric.at('templateRef').isSet ? fromTemplate(metric, context) : byItself(metric, context);
  const successCondition = boundsOf(metric, ledger);
  return asked && successCondition !== undefined ? { ...asked, successCondition } : undefined;
}

function intervalOf(metric: Located, ledger: Ledger): string {
  const field = metric.at('interval');
  const text = field.text();
  if (text === undefined) return DEFAULT_INTERVAL;
  const interval = fromGoDuration(text);
  if (interval !== undefined) return interval;
  ledger.refused(field, `${JSON.stringify(text)} is no duration; {{ interval }} is ${DEFAULT_INTERVAL}`);
  return DEFAULT_INTERVAL;
}

function byItself(
  metric: Located,
  { facts, provider, sources, ledger, metricsServer }: FlaggerMetricContext,
): Omit<FlaggerMetric, 'successCondition'> | undefined {
  const name = metric.at('name').text() ?? '';
  const interval = intervalOf(metric, ledger);
  const source =
    metricsServer !== undefined && isAddress(metricsServer)
      ? sources.nameOf({ address: metricsServer, timeout: '5s' }, [])
      : undefined;
  const query = metric.at('query').text();
  if (query !== undefined && query !== '') {
    return translatedQuery(metric.at('query'), query, { ...facts, interval, variables: {} }, source, ledger);
  }
  if (!isBuiltIn(name)) {
    ledger.refused(
      metric,
      `${name} is none of Flagger's own metrics, and names neither a template nor a query`,
    );
    return undefined;
  }
  const builtIn = builtInQuery(name, provider, interval, facts.ingress);
  if (!builtIn) {
    ledger.refused(
      metric,
      `the series of ${provider} do not tell which pods they are about: use the template http-success-rate or latency-under on metrics of the pods themselves`,
    );
    return undefined;
  }
  ledger.changed(metric, `the query for ${provider} is written out; it ${builtIn.note}`);
  return { query: builtIn.query, ...(source !== undefined && { source }), args: [] };
}

function fromTemplate(
  metric: Located,
  { facts, templates, sources, ledger }: FlaggerMetricContext,
): Omit<FlaggerMetric, 'successCondition'> | undefined {
  const reference = metric.at('templateRef');
  const name = reference.at('name').text() ?? '';
  const namespace = reference.at('namespace').text();
  const found = templates.find(
    (each) =>
      each.at('metadata', 'name').text() === name &&
      [undefined, each.at('metadata', 'namespace').text() ?? facts.namespace].includes(
        namespace ?? facts.namespace,
      ),
  );
  if (!found) {
    ledger.refused(reference, `the MetricTemplate ${name} is not in this import: name its file as well`);
    return undefined;
  }
  const type = found.at('spec', 'provider', 'type').text() ?? 'prometheus';
  if (type !== 'prometheus') {
    ledger.refused(
      found.at('spec', 'provider', 'type'),
      `only Prometheus is asked, and not ${type}: write the query in PromQL against metrics of the pods`,
    );
    return undefined;
  }
  const fields = metric.at('templateVariables');
  const variables = Object.fromEntries(fields.keys().map((key) => [key, fields.at(key).text() ?? '']));
  const source = sourceOf(found.at('spec', 'provider'), sources, ledger);
  const query = found.at('spec', 'query');
  const interval = intervalOf(metric, ledger);
  return translatedQuery(query, query.text() ?? '', { ...facts, interval, variables }, source, ledger);
}

function translatedQuery(
  field: Located,
  text: string,
  facts: FlaggerFacts,
  source: string | undefined,
  ledger: Ledger,
): Omit<FlaggerMetric, 'successCondition'> | undefined {
  const { query, args, changes, refusals } = translateFlaggerQuery(text, facts);
  for (const why of refusals) ledger.refused(field, why);
  if (refusals.length > 0) return undefined;
  const last = 'several series are an Error here, and the last one counts there';
  for (const change of new Set(changes)) ledger.changed(field, change);
  ledger.changed(field, `{{ interval }} is ${facts.interval}; ${last}`);
  return { query, ...(source !== undefined && { source }), args };
}

function sourceOf(provider: Located, sources: MetricSources, ledger: Ledger): string | undefined {
  const address = provider.at('address');
  const text = address.text() ?? '';
  if (!isAddress(text)) {
    if (address.isSet)
      ledger.refused(address, 'is no address; the metric asks the source that is called default');
    return undefined;
  }
  const settings: SourceSettings = { address: text.replace(/\/+$/, ''), timeout: '5s' };
  const headers = provider.at('headers');
  if (headers.keys().length > 0) {
    settings.headers = Object.fromEntries(
      headers.keys().map((key) => {
        const values = headers.at(key);
        return [
          key,
          values.text() ??
            values
              .items()
              .flatMap((each) => each.text() ?? [])
              .join(', '),
        ];
      }),
    );
  }
  if (provider.at('insecureSkipVerify').value === true) settings.tls = { insecureSkipVerify: true };
  const secret = provider.at('secretRef', 'name');
  if (secret.isSet) {
    ledger.refused(
      secret,
      `whether the Secret ${secret.text()} has a token or a password is not known here: copy it into the controller's namespace and write auth.bearer or auth.basic of the source`,
    );
  }
  const name = sources.nameOf(settings, []);
  ledger.changed(address, `the address is in the ClusterMetricSource ${name}, and the metric names that`);
  return name;
}

/** Both bounds are good values themselves. */
function boundsOf(metric: Located, ledger: Ledger): string | undefined {
  const range = metric.at('thresholdRange');
  const [min, max] = (['min', 'max'] as const).map((key) => range.at(key).text());
  const old = metric.at('threshold').text();
  const parts = [
    ...(min === undefined ? [] : [`value >= ${min}`]),
    ...(max === undefined ? [] : [`value <= ${max}`]),
  ];
  if (parts.length > 0) {
    const condition = parts.join(' and ');
    ledger.translated(range, condition);
    return condition;
  }
  if (old === undefined) {
    ledger.refused(
      metric,
      'has no thresholdRange, so nothing is compared: give min or max, or leave the metric out',
    );
    return undefined;
  }
  const condition = `value ${metric.at('name').text() === 'request-success-rate' ? '>=' : '<='} ${old}`;
  ledger.translated(metric.at('threshold'), condition);
  return condition;
}
