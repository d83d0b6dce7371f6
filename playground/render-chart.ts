import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../src/api/kubernetes.ts';

const CHART = fileURLToPath(new URL('../charts/assay', import.meta.url));

/** The oldest Kubernetes that the chart is for; a helm built from source takes every cluster for v1.20. */
const KUBE_VERSION = '1.29.0';

/** Values as a person gives them in a file. */
export type ChartValues = Record<string, unknown>;

export interface HelmAnswer {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs helm with the chart and values, for the release `assay`; it talks to no cluster. */
export async function helm(
  helmPath: string,
  command: 'lint' | 'template',
  values: ChartValues,
  namespace: string,
): Promise<HelmAnswer> {
  const args = {
    lint: ['lint', '--strict', CHART],
    template: ['template', 'assay', CHART],
  }[command];
  const child = spawn(
    helmPath,
    [...args, '--namespace', namespace, '--kube-version', KUBE_VERSION, '--values', '-'],
    { stdio: 'pipe' },
  );
  child.stdin.end(JSON.stringify(values));
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { code: code as number, stdout, stderr };
}

/**
 * The objects of the chart, in the order in which Helm installs them, hooks last.
 * Throws with Helm's own words when the chart refuses the values.
 */
export async function renderChart(
  helmPath: string,
  values: ChartValues,
  namespace: string,
): Promise<KubeObject[]> {
  const { code, stdout, stderr } = await helm(helmPath, 'template', values, namespace);
  if (code !== 0) throw new Error(`helm template ended with ${code}: ${stderr}`);
  // Kubernetes reads YAML 1.1, where an unquoted `on` is no text.
  return parseAllDocuments(stdout, { version: '1.1' })
    .map((document) => {
      const [fault] = document.errors;
      if (fault) throw new Error(`helm rendered what is not YAML: ${fault.message}`);
      return document.toJS() as KubeObject | null;
    })
    .filter((object) => object !== null);
}
