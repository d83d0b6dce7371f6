import { onTestFinished } from 'vitest';
import type { MetricQuery, QueryAnswer } from '../../src/analysis/query-answer.ts';
import { type PrometheusConfig, prometheusSource } from '../../src/prometheus/source.ts';
import { type Script, scriptedServer } from './scripted-server.ts';

export type ScriptedServer = Awaited<ReturnType<typeof scriptedServer>>;

/** A scripted server that is closed when the test ends. */
export async function serverFor(
  script: Script,
  tls?: { cert: string; key: string },
): Promise<ScriptedServer> {
  const server = await scriptedServer(script, tls);
  onTestFinished(server.close);
  return server;
}

/** How to ask the server of a test, with the settings that its table gives. */
export function openSource(
  address: string,
  config: Partial<PrometheusConfig> = {},
  clock = { now: () => Date.now() },
): (query?: Partial<MetricQuery>) => Promise<QueryAnswer> {
  const source = prometheusSource({ address, timeoutMs: 2_000, evaluationDelayMs: 0, ...config }, clock);
  return (query) =>
    source({ query: 'up', evaluateAt: 1_700_000_000_500, ...query }, new AbortController().signal);
}
