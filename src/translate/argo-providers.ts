/** What to do about a metric that Argo Rollouts takes from elsewhere than Prometheus. */
const ADVICE: Record<string, string> = {
  web: 'only Prometheus is asked: let the service export what the address answers as a metric, or probe it with the blackbox exporter',
  job: 'no Job is run: let it push its result to a Pushgateway, or run it before the release and export what it measures',
  datadog: 'only Prometheus is asked: write the query in PromQL against the metrics that the pods export',
  newRelic:
    'only Prometheus is asked: New Relic has a Prometheus-compatible API; write the NRQL as PromQL and name it as a source',
  wavefront: 'only Prometheus is asked: write the query in PromQL against the metrics that the pods export',
  kayenta: 'use the judge `mannWhitney`, which compares canary and stable pods by Prometheus alone',
  graphite: 'only Prometheus is asked: export the series by the graphite exporter',
  cloudWatch: 'only Prometheus is asked: export the series by the cloudwatch exporter',
  influxdb: 'only Prometheus is asked: write the query in PromQL against the metrics that the pods export',
  skywalking: 'only Prometheus is asked: SkyWalking answers PromQL; name its address as a source',
  plugin: 'there are no plugins: let what the plugin asks export a metric',
};

export const PROVIDER_NAMES = Object.keys(ADVICE);

/** Why a provider is not translated and what is nearest to it. */
export function adviceFor(provider: string): string {
  return ADVICE[provider] ?? 'is no provider that is known; only Prometheus is asked';
}
