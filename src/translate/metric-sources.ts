import { canonicalJson } from '../api/canonical.ts';
import type { Emitted } from './emitted.ts';
import { asName, unusedName } from './names.ts';

/** The part of a ClusterMetricSource that says which server it is and how it is asked. */
export interface SourceSettings {
  address: string;
  headers?: Record<string, string>;
  auth?: Record<string, unknown>;
  tls?: Record<string, unknown>;
  timeout?: string;
}

/** The servers that the templates of one import name, each once. */
export class MetricSources {
  private readonly known: { name: string; key: string; settings: SourceSettings; comments: string[] }[] = [];

  /** The name under which templates find the server. */
  nameOf(settings: SourceSettings, comments: readonly string[]): string {
    const key = canonicalJson(settings);
    const same = this.known.find((each) => each.key === key);
    if (same) return same.name;
    const wanted = nameForAddress(settings.address);
    const name = unusedName(
      wanted,
      this.known.map((each) => each.name),
    );
    this.known.push({ name, key, settings, comments: [...comments] });
    return name;
  }

  documents(): Emitted[] {
    return this.known.map(({ name, settings, comments }) => ({
      object: {
        apiVersion: 'assay.dev/v1alpha1',
        kind: 'ClusterMetricSource',
        metadata: { name },
        spec: { prometheus: settings },
      },
      comments: [
        'A proposal for the administrator: templates name a source and carry no address. If you have this server under another name, use that one.',
        ...comments,
      ],
    }));
  }
}

/** `http://prometheus.monitoring.svc:9090` is called `prometheus-monitoring`. */
function nameForAddress(address: string): string {
  const host = new URL(address).hostname;
  if (/^[\d.]+$|:/.test(host)) return asName(host);
  return asName(host.split('.').slice(0, 2).join('-'));
}

/** Whether it is an address that a source may have. */
export function isAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
