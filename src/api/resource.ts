import { ASSAY_GROUP, KRUISE_GROUP } from './group.ts';

/** Where the API server serves one kind. */
export interface Resource {
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

function resource(group: string, version: string, kind: string, plural: string, namespaced = true): Resource {
  return { group, version, kind, plural, namespaced };
}

/** The kinds that Assay touches, by the name it uses for them. */
export const resources = {
  pod: resource('', 'v1', 'Pod', 'pods'),
  service: resource('', 'v1', 'Service', 'services'),
  secret: resource('', 'v1', 'Secret', 'secrets'),
  event: resource('', 'v1', 'Event', 'events'),
  namespace: resource('', 'v1', 'Namespace', 'namespaces', false),
  deployment: resource('apps', 'v1', 'Deployment', 'deployments'),
  replicaSet: resource('apps', 'v1', 'ReplicaSet', 'replicasets'),
  controllerRevision: resource('apps', 'v1', 'ControllerRevision', 'controllerrevisions'),
  ingress: resource('networking.k8s.io', 'v1', 'Ingress', 'ingresses'),
  statefulSet: resource('apps', 'v1', 'StatefulSet', 'statefulsets'),
  daemonSet: resource('apps', 'v1', 'DaemonSet', 'daemonsets'),
  cloneSet: resource('apps.kruise.io', 'v1alpha1', 'CloneSet', 'clonesets'),
  autoscaler: resource('autoscaling', 'v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers'),
  httpRoute: resource('gateway.networking.k8s.io', 'v1beta1', 'HTTPRoute', 'httproutes'),
  virtualService: resource('networking.istio.io', 'v1beta1', 'VirtualService', 'virtualservices'),
  destinationRule: resource('networking.istio.io', 'v1beta1', 'DestinationRule', 'destinationrules'),
  lease: resource('coordination.k8s.io', 'v1', 'Lease', 'leases'),
  crd: resource('apiextensions.k8s.io', 'v1', 'CustomResourceDefinition', 'customresourcedefinitions', false),
  mutatingWebhook: resource(
    'admissionregistration.k8s.io',
    'v1',
    'MutatingWebhookConfiguration',
    'mutatingwebhookconfigurations',
    false,
  ),
  validatingWebhook: resource(
    'admissionregistration.k8s.io',
    'v1',
    'ValidatingWebhookConfiguration',
    'validatingwebhookconfigurations',
    false,
  ),
  selfSubjectReview: resource(
    'authentication.k8s.io',
    'v1',
    'SelfSubjectReview',
    'selfsubjectreviews',
    false,
  ),
  rollout: resource(KRUISE_GROUP, 'v1beta1', 'Rollout', 'rollouts'),
  trafficRouting: resource(KRUISE_GROUP, 'v1alpha1', 'TrafficRouting', 'trafficroutings'),
  analysisTemplate: resource(ASSAY_GROUP, 'v1alpha1', 'AnalysisTemplate', 'analysistemplates'),
  clusterAnalysisTemplate: resource(
    ASSAY_GROUP,
    'v1alpha1',
    'ClusterAnalysisTemplate',
    'clusteranalysistemplates',
    false,
  ),
  analysisRun: resource(ASSAY_GROUP, 'v1alpha1', 'AnalysisRun', 'analysisruns'),
  rolloutGuard: resource(ASSAY_GROUP, 'v1alpha1', 'RolloutGuard', 'rolloutguards'),
  rolloutRecord: resource(ASSAY_GROUP, 'v1alpha1', 'RolloutRecord', 'rolloutrecords'),
  clusterMetricSource: resource(
    ASSAY_GROUP,
    'v1alpha1',
    'ClusterMetricSource',
    'clustermetricsources',
    false,
  ),
  alertReceiver: resource(ASSAY_GROUP, 'v1alpha1', 'AlertReceiver', 'alertreceivers'),
} as const satisfies Record<string, Resource>;

/** `apiVersion` as objects of the kind carry it. */
export function apiVersionOf({ group, version }: Pick<Resource, 'group' | 'version'>): string {
  return group ? `${group}/${version}` : version;
}
