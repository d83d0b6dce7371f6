/**
 * The few fields of Kubernetes' own objects that Assay reads or writes, as JSON has them.
 * Everything else in an object is carried along untouched.
 */

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
}

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

export type IntOrString = number | string;

export interface PodTemplate {
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: Record<string, unknown>;
}

export interface LabelSelector {
  matchLabels?: Record<string, string>;
}

export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason?: string | undefined;
  message?: string | undefined;
  lastTransitionTime?: string | undefined;
  lastUpdateTime?: string | undefined;
}

/** What every kind of workload has. */
export interface Workload extends KubeObject {
  spec: { replicas?: number; selector: LabelSelector; template: PodTemplate };
}

export interface HorizontalPodAutoscaler extends KubeObject {
  spec: { scaleTargetRef: { apiVersion?: string; kind: string; name: string } };
}

export interface Deployment extends KubeObject {
  spec: {
    replicas?: number;
    paused?: boolean;
    selector: LabelSelector;
    template: PodTemplate;
    strategy?: { type?: string; rollingUpdate?: { maxSurge?: IntOrString; maxUnavailable?: IntOrString } };
    minReadySeconds?: number;
    progressDeadlineSeconds?: number;
    revisionHistoryLimit?: number;
  };
  status?: {
    observedGeneration?: number;
    replicas?: number;
    updatedReplicas?: number;
    readyReplicas?: number;
    availableReplicas?: number;
    conditions?: Condition[];
  };
}

export interface StatefulSet extends KubeObject {
  spec: Workload['spec'] & {
    /** Of the first pod; 0 where it says nothing. */
    ordinals?: { start?: number };
    updateStrategy?: {
      type?: 'RollingUpdate' | 'OnDelete';
      rollingUpdate?: { partition?: number; maxUnavailable?: IntOrString };
    };
  };
  status?: {
    observedGeneration?: number;
    replicas?: number;
    updatedReplicas?: number;
    readyReplicas?: number;
    availableReplicas?: number;
    /** Names of ControllerRevisions. */
    currentRevision?: string;
    updateRevision?: string;
  };
}

export interface DaemonSet extends KubeObject {
  spec: Workload['spec'] & {
    updateStrategy?: {
      type?: 'RollingUpdate' | 'OnDelete';
      rollingUpdate?: { maxUnavailable?: IntOrString; maxSurge?: IntOrString };
    };
  };
  status?: {
    observedGeneration?: number;
    desiredNumberScheduled?: number;
    currentNumberScheduled?: number;
    updatedNumberScheduled?: number;
    numberReady?: number;
    numberAvailable?: number;
  };
}

export interface ReplicaSet extends KubeObject {
  spec: { replicas?: number; minReadySeconds?: number; selector?: LabelSelector; template: PodTemplate };
  status?: { replicas?: number; readyReplicas?: number; availableReplicas?: number };
}

export interface Pod extends KubeObject {
  spec: { containers: { name: string; image?: string }[]; nodeName?: string };
  status?: {
    phase?: string;
    podIP?: string;
    conditions?: Condition[];
    containerStatuses?: {
      name: string;
      ready: boolean;
      restartCount: number;
      state?: { waiting?: { reason?: string; message?: string } };
    }[];
  };
}

export interface Service extends KubeObject {
  spec: { selector?: Record<string, string>; [field: string]: unknown };
}

export interface IngressBackend {
  service?: { name: string; port?: { number?: number; name?: string } };
  [field: string]: unknown;
}

export interface IngressRule {
  host?: string;
  http?: { paths: { path?: string; pathType: string; backend: IngressBackend }[] };
}

export interface Ingress extends KubeObject {
  spec: {
    ingressClassName?: string;
    defaultBackend?: IngressBackend;
    rules?: IngressRule[];
    tls?: unknown[];
  };
}

/** What a rule of a route does to the headers of a request, as the Gateway API writes it. */
export interface HeaderModifier {
  set?: { name: string; value: string }[] | undefined;
  add?: { name: string; value: string }[] | undefined;
  remove?: string[] | undefined;
}

export interface HttpRouteFilter {
  type: string;
  requestHeaderModifier?: HeaderModifier;
  [field: string]: unknown;
}

export interface HttpBackendRef {
  name: string;
  group?: string;
  kind?: string;
  namespace?: string;
  port?: number;
  weight?: number;
  filters?: HttpRouteFilter[];
}

export interface HttpNamedCondition {
  type?: string | undefined;
  name: string;
  value: string;
}

export interface HttpRouteMatch {
  path?: { type?: string; value?: string };
  headers?: HttpNamedCondition[];
  queryParams?: HttpNamedCondition[];
  [field: string]: unknown;
}

export interface HttpRouteRule {
  matches?: HttpRouteMatch[];
  filters?: HttpRouteFilter[];
  backendRefs?: HttpBackendRef[];
  [field: string]: unknown;
}

/** Of the Gateway API. */
export interface HttpRoute extends KubeObject {
  spec: { hostnames?: string[]; rules?: HttpRouteRule[]; [field: string]: unknown };
}

/** How Istio compares a text; one of the three is given. */
export interface IstioStringMatch {
  exact?: string;
  prefix?: string;
  regex?: string;
}

export interface IstioMatch {
  uri?: IstioStringMatch;
  headers?: Record<string, IstioStringMatch>;
  queryParams?: Record<string, IstioStringMatch>;
  ignoreUriCase?: boolean;
  [field: string]: unknown;
}

export interface IstioDestination {
  destination: { host: string; subset?: string; port?: { number?: number } };
  weight?: number;
  headers?: { request?: IstioHeaderOperations; [field: string]: unknown };
  [field: string]: unknown;
}

export interface IstioHeaderOperations {
  set?: Record<string, string>;
  add?: Record<string, string>;
  remove?: string[];
}

export interface IstioRoute {
  name?: string;
  match?: IstioMatch[];
  route?: IstioDestination[];
  [field: string]: unknown;
}

export interface VirtualService extends KubeObject {
  spec: { http?: IstioRoute[]; tcp?: IstioRoute[]; tls?: IstioRoute[]; [field: string]: unknown };
}

export interface IstioSubset {
  name: string;
  labels?: Record<string, string>;
  [field: string]: unknown;
}

export interface DestinationRule extends KubeObject {
  spec: { host: string; subsets?: IstioSubset[]; [field: string]: unknown };
}

export interface ControllerRevision extends KubeObject {
  revision: number;
  data?: unknown;
}

export interface Secret extends KubeObject {
  type?: string;
  data?: Record<string, string>;
}

/** `namespace/name`, or the bare name of a cluster-scoped object: how caches and queues name an object. */
export function keyOf(object: { metadata: Pick<ObjectMeta, 'name' | 'namespace'> }): string {
  const { namespace, name } = object.metadata;
  return namespace ? `${namespace}/${name}` : name;
}

/** The reference by which an owned object names its controlling owner. */
export function controllerReference(owner: KubeObject): OwnerReference {
  const { name, uid } = owner.metadata;
  if (!uid) throw new Error(`${owner.kind} ${keyOf(owner)} has no uid, so nothing can be owned by it`);
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name,
    uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** Whether `object` is controlled by the object with this uid. */
export function isControlledBy(object: KubeObject, ownerUid: string | undefined): boolean {
  return object.metadata.ownerReferences?.some((ref) => ref.controller && ref.uid === ownerUid) ?? false;
}
