import { alertReceiverKind } from './alert-receiver.ts';
import { analysisRunKind } from './analysis-run.ts';
import { analysisTemplateKind, clusterAnalysisTemplateKind } from './analysis-template.ts';
import type { KindDefinition } from './kind.ts';
import { clusterMetricSourceKind } from './metric-source.ts';
import type { Resource } from './resource.ts';
import { rolloutKind } from './rollout.ts';
import { rolloutGuardKind } from './rollout-guard.ts';
import { rolloutRecordKind } from './rollout-record.ts';
import { rolloutV1alpha1Kind } from './rollout-v1alpha1.ts';
import { trafficRoutingKind } from './traffic-routing.ts';

/** Every custom kind: one list a CRD, of its versions, the stored one last. */
export const customKinds: readonly (readonly KindDefinition[])[] = [
  [rolloutV1alpha1Kind, rolloutKind],
  [trafficRoutingKind],
  [rolloutGuardKind],
  [rolloutRecordKind],
  [analysisTemplateKind],
  [clusterAnalysisTemplateKind],
  [analysisRunKind],
  [clusterMetricSourceKind],
  [alertReceiverKind],
];

/** The definition of one version of a custom kind; undefined for a kind that is not Assay's to define. */
export function kindOf({
  group,
  version,
  kind,
}: Pick<Resource, 'group' | 'version' | 'kind'>): KindDefinition | undefined {
  return customKinds
    .flat()
    .find(
      ({ resource }) => resource.group === group && resource.version === version && resource.kind === kind,
    );
}
