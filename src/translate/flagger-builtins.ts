/** What Flagger's `-mesh-provider` can be, without versions. */
export const MESH_PROVIDERS = [
  'apisix',
  'appmesh',
  'contour',
  'gatewayapi',
  'gloo',
  'istio',
  'knative',
  'kubernetes',
  'kuma',
  'linkerd',
  'nginx',
  'osm',
  'skipper',
  'smi',
  'traefik',
];

export const BUILT_IN_METRICS = ['request-success-rate', 'request-duration'] as const;
export type BuiltInMetric = (typeof BUILT_IN_METRICS)[number];

interface BuiltInQuery {
  query: string;
  note: string;
}

/** Selectors of one provider: which series, and which of them are the canary's. */
interface Series {
  requests: string;
  good: string;
  canary: string;
  duration: { buckets: string; toMs: string } | { sum: string; count: string; toMs: string };
  note: string;
}

const CANARY_PODS = 'pod=~"{{canary.pods}}"';
const POD_LABEL =
  'selects the canary by a label pod, which the series must have, and not by the name of a Deployment';

const http: Series = {
  requests: 'http_request_duration_seconds_count',
  good: 'status!~"5.*"',
  canary: 'kubernetes_namespace="{{namespace}}",kubernetes_pod_name=~"{{canary.pods}}"',
  duration: { buckets: 'http_request_duration_seconds_bucket', toMs: ' * 1000' },
  note: 'asks the same series; the template http-success-rate judges requests by other names',
};

const SERIES: Record<string, Series> = {
  istio: {
    requests: 'istio_requests_total',
    good: 'response_code!~"5.*"',
    canary: `reporter="destination",destination_workload_namespace="{{namespace}}",${CANARY_PODS}`,
    duration: { buckets: 'istio_request_duration_milliseconds_bucket', toMs: '' },
    note: POD_LABEL,
  },
  linkerd: {
    requests: 'response_total',
    good: 'classification!="failure"',
    canary: `namespace="{{namespace}}",direction="inbound",${CANARY_PODS}`,
    duration: { buckets: 'response_latency_ms_bucket', toMs: '' },
    note: POD_LABEL,
  },
  nginx: {
    requests: 'nginx_ingress_controller_requests',
    good: 'status!~"5.*"',
    canary: 'namespace="{{namespace}}",ingress="INGRESS",canary!=""',
    duration: {
      sum: 'nginx_ingress_controller_ingress_upstream_latency_seconds_sum',
      count: 'nginx_ingress_controller_ingress_upstream_latency_seconds_count',
      toMs: ' * 1000',
    },
    note: 'asks the ingress controller, which labels what went to the canary Ingress',
  },
  kubernetes: http,
  gatewayapi: http,
};

/**
 * The query of one of Flagger's own metrics, in its units (percent, milliseconds), so that thresholds stay what
 * they are; undefined for a provider whose series do not tell canary and stable pods apart here.
 */
export function builtInQuery(
  metric: BuiltInMetric,
  provider: string,
  interval: string,
  ingress: string | undefined,
): BuiltInQuery | undefined {
  const name = provider.split(':')[0] ?? '';
  const series = Object.hasOwn(SERIES, name) ? SERIES[name] : undefined;
  if (!series || (series.canary.includes('INGRESS') && ingress === undefined)) return undefined;
  const canary = series.canary.replace('INGRESS', ingress ?? '');
  const rate = (selector: string, more = '') =>
    `sum(rate(${selector}{${canary}${more === '' ? '' : `,${more}`}}[${interval}]))`;
  if (metric === 'request-success-rate') {
    const query = `${rate(series.requests, series.good)}\n/\n${rate(series.requests)}\n* 100`;
    return { query, note: series.note };
  }
  const { duration } = series;
  const note = `${series.note}; fractions of a millisecond count here`;
  if ('sum' in duration) {
    return { query: `${rate(duration.sum)}\n/\n${rate(duration.count)}\n${duration.toMs.trim()}`, note };
  }
  const buckets = `sum by (le) (rate(${duration.buckets}{${canary}}[${interval}]))`;
  return { query: `histogram_quantile(0.99, ${buckets})${duration.toMs}`, note };
}

export function isBuiltIn(name: string): name is BuiltInMetric {
  return BUILT_IN_METRICS.some((each) => each === name);
}
