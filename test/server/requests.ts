import type { Deployment, KubeObject } from '../../src/api/kubernetes.ts';
import type { Rollout } from '../../src/api/rollout.ts';
import { type AdmissionRequest, decodeAdmission } from '../../src/server/admission-review.ts';

/** The controller's account, and a person's. */
export const CONTROLLER = { username: 'system:serviceaccount:assay-system:assay' };
export const ALICE = 'alice';

export interface RequestPart {
  object?: KubeObject;
  oldObject?: KubeObject;
  username?: string;
  fieldManager?: string;
  subResource?: string;
  operation?: string;
  name?: string;
  /** The version that the author wrote, where the API server converted it. */
  writtenIn?: string;
}

/** An AdmissionReview as the API server sends it: an UPDATE where there is an old object, else a CREATE. */
export function reviewOf(part: RequestPart): Record<string, unknown> {
  const object = part.object ?? part.oldObject;
  if (!object) throw new Error('a request needs an object');
  const [group = '', version = ''] = object.apiVersion.includes('/')
    ? object.apiVersion.split('/')
    : ['', object.apiVersion];
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'review-1',
      kind: { group, version, kind: object.kind },
      requestKind: { group, version: part.writtenIn ?? version, kind: object.kind },
      resource: { group, version, resource: `${object.kind.toLowerCase()}s` },
      ...(part.subResource === undefined ? {} : { subResource: part.subResource }),
      name: part.name ?? object.metadata.name,
      ...(object.metadata.namespace === undefined ? {} : { namespace: object.metadata.namespace }),
      operation: part.operation ?? (part.oldObject ? 'UPDATE' : 'CREATE'),
      userInfo: { username: part.username ?? ALICE, groups: ['system:authenticated'] },
      object: part.object ?? null,
      oldObject: part.oldObject ?? null,
      dryRun: false,
      options: {
        kind: 'PatchOptions',
        apiVersion: 'meta.k8s.io/v1',
        ...(part.fieldManager === undefined ? {} : { fieldManager: part.fieldManager }),
      },
    },
  };
}

export function requestOf(part: RequestPart): AdmissionRequest {
  const decoded = decodeAdmission(reviewOf(part));
  if (!decoded.ok) throw new Error(decoded.message);
  return decoded.request;
}

/** As the controller itself would send it. */
export function byController(part: RequestPart): AdmissionRequest {
  return requestOf({ ...part, username: CONTROLLER.username, fieldManager: 'assay' });
}

export interface DeploymentPart {
  image?: string;
  paused?: boolean;
  replicas?: number;
  labels?: Record<string, string>;
  templateLabels?: Record<string, string>;
  annotations?: Record<string, string>;
}

export function deployment(part: DeploymentPart = {}): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'echoserver',
      namespace: 'shop',
      uid: 'workload-uid',
      ...(part.labels ? { labels: part.labels } : {}),
      ...(part.annotations ? { annotations: part.annotations } : {}),
    },
    spec: {
      replicas: part.replicas ?? 5,
      ...(part.paused === undefined ? {} : { paused: part.paused }),
      selector: { matchLabels: { app: 'echoserver' } },
      template: {
        metadata: { labels: { app: 'echoserver', ...part.templateLabels } },
        spec: { containers: [{ name: 'echoserver', image: part.image ?? 'echo:1' }] },
      },
    },
  };
}

export interface RolloutPart {
  name?: string;
  uid?: string;
  createdAt?: string;
  deletedAt?: string;
  disabled?: boolean;
  workload?: string;
  status?: Record<string, unknown>;
}

export function rollout(part: RolloutPart = {}): Rollout {
  return {
    apiVersion: 'rollouts.kruise.io/v1beta1',
    kind: 'Rollout',
    metadata: {
      name: part.name ?? 'demo',
      namespace: 'shop',
      uid: part.uid ?? 'rollout-uid',
      creationTimestamp: part.createdAt ?? '2026-01-01T00:00:00Z',
      ...(part.deletedAt ? { deletionTimestamp: part.deletedAt } : {}),
    },
    spec: {
      ...(part.disabled === undefined ? {} : { disabled: part.disabled }),
      workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: part.workload ?? 'echoserver' },
      strategy: {
        canary: {
          enableExtraWorkloadForCanary: true,
          steps: [
            { replicas: 1, traffic: '5%', pause: {} },
            { replicas: '60%', traffic: '50%', pause: {} },
          ],
          trafficRoutings: [{ service: 'echoserver', ingress: { name: 'echoserver' } }],
        },
      },
    },
    ...(part.status ? { status: part.status as unknown as NonNullable<Rollout['status']> } : {}),
  };
}
