import { stringify } from 'yaml';
import { type ConversionClient, crdOf } from '../api/crd.ts';
import { ASSAY_GROUP } from '../api/group.ts';
import type { KindDefinition } from '../api/kind.ts';
import { customKinds } from '../api/kinds.ts';

export interface ChartFile {
  name: string;
  text: string;
}

/** Stand-ins for what only Helm knows when it renders the chart. */
const PLACEHOLDERS = {
  'helm-release-namespace': '{{ .Release.Namespace }}',
  'helm-webhook-service': '{{ include "assay.fullname" . }}-webhook',
  'helm-labels: {}': 'labels:\n    {{- include "assay.labels" . | nindent 4 }}',
} as const;

const CONVERSION: ConversionClient = {
  service: { name: 'helm-webhook-service', namespace: 'helm-release-namespace', path: '/convert' },
};

/** The templates of the chart that define Assay's kinds, one a kind, named as the CRD is. */
export function chartCrds(): ChartFile[] {
  return customKinds.map(chartCrd);
}

function chartCrd(versions: readonly KindDefinition[]): ChartFile {
  const crd = crdOf(versions, versions.length > 1 ? CONVERSION : undefined);
  const { name } = crd.metadata;
  const metadata = {
    name,
    'helm-labels': {},
    // Uninstalling must not delete every object of the kind.
    annotations: { 'helm.sh/resource-policy': 'keep' },
  };
  // Helm and kubectl read YAML 1.1, in which `on` and `yes` without quotes are not text.
  const yaml = stringify({ ...crd, metadata }, { lineWidth: 0, version: '1.1' });
  return {
    name: `${name}.yaml`,
    text: [
      '{{- /* Generated from src/api by `npm run generate`: do not edit. */ -}}',
      `{{- if ${installed(versions)} }}`,
      `${asTemplate(yaml)}{{- end }}`,
      '',
    ].join('\n'),
  };
}

/** Beside Kruise Rollouts the kinds of its group are its own. */
function installed(versions: readonly KindDefinition[]): string {
  const isOwn = versions.every(({ resource }) => resource.group === ASSAY_GROUP);
  return isOwn ? '.Values.crds.install' : 'and .Values.crds.install (eq .Values.engine "builtin")';
}

/** Text that Helm renders to itself, apart from the placeholders. */
function asTemplate(text: string): string {
  const literal = text.replaceAll('{{', '{{ "{{" }}');
  return Object.entries(PLACEHOLDERS).reduce(
    (filled, [placeholder, expression]) => filled.replaceAll(placeholder, expression),
    literal,
  );
}
