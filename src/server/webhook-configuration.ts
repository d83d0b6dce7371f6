import {
  DEPLOYMENT_STRATEGY_ANNOTATION,
  IN_PROGRESSING_ANNOTATION,
  WORKLOAD_TYPE_LABEL,
} from '../api/annotations.ts';
import { ASSAY_GROUP, ASSAY_NAME, KRUISE_GROUP } from '../api/group.ts';
import type { KubeObject } from '../api/kubernetes.ts';
import { apiVersionOf, resources } from '../api/resource.ts';

/** The name of both webhook configurations. */
export const CONFIGURATION_NAME = 'assay';

/** Where the API server finds the webhooks: through a Service, or at a base URL outside the cluster. */
export type WebhookTarget = { url: string } | { service: { namespace: string; name: string; port?: number } };

export interface WebhookSettings {
  /** PEM; left out where something else fills it in. */
  caBundle?: string | undefined;
  target: WebhookTarget;
  /** The controller's own: its own Deployment must be changeable while no webhook is up. */
  namespace: string;
  /** The controller's writes are then not sent to itself, and do not wait for its webhooks to be up. */
  controllerUsername?: string | undefined;
  /** Beside Kruise Rollouts: its kinds and the workloads are admitted by its own webhooks. */
  ownKindsOnly?: boolean;
}

export interface ClientConfig {
  caBundle?: string;
  url?: string;
  service?: { namespace: string; name: string; path: string; port: number };
}

export interface WebhookConfiguration extends KubeObject {
  webhooks: { name: string; clientConfig: ClientConfig; [field: string]: unknown }[];
}

interface MatchCondition {
  name: string;
  expression: string;
}

/** In CEL, what a field is when an object does not have it, so that both sides of a comparison exist. */
function annotationOf(object: string, name: string): string {
  const annotations = `${object}.metadata.annotations`;
  const key = `'${name}'`;
  return `(has(${annotations}) && ${key} in ${annotations} ? ${annotations}[${key}] : '')`;
}

/** Fields by which a workload is held, in one kind or another. */
const HELD_FIELDS = ['paused', 'strategy', 'updateStrategy', 'minReadySeconds', 'progressDeadlineSeconds'];

/** Annotations that a release keeps on a workload: they say whose it is, and what its author had set. */
const HELD_ANNOTATIONS = [IN_PROGRESSING_ANNOTATION, DEPLOYMENT_STRATEGY_ANNOTATION];

function isChanged(field: string): string {
  const [after, before] = [`object.spec.${field}`, `oldObject.spec.${field}`];
  return `has(${after}) != has(${before}) || (has(${after}) && ${after} != ${before})`;
}

/** Only what the webhook acts on: a scaling, a label or an annotation of somebody else's does not call it. */
const GUARDED_FIELDS: MatchCondition = {
  name: 'guarded-fields',
  expression: [
    'object.spec.template != oldObject.spec.template',
    ...HELD_FIELDS.map(isChanged),
    ...HELD_ANNOTATIONS.map(
      (name) => `${annotationOf('object', name)} != ${annotationOf('oldObject', name)}`,
    ),
  ].join(' || '),
};

/** Finalizers, owners and labels can be changed while no webhook is up, so that everything can be taken away. */
const SPEC_CHANGED: MatchCondition = {
  name: 'spec-changed',
  expression: "request.operation == 'CREATE' || object.spec != oldObject.spec",
};

function notByController(username: string | undefined): MatchCondition[] {
  if (!username) return [];
  const byManager = `has(request.options) && has(request.options.fieldManager) && request.options.fieldManager == '${ASSAY_NAME}'`;
  const byUser = `request.userInfo.username == ${JSON.stringify(username)}`;
  return [{ name: 'not-by-the-controller', expression: `!(${byUser} && ${byManager})` }];
}

/** How the API server calls one path of the webhook server. */
export function clientConfig(
  { caBundle, target }: Pick<WebhookSettings, 'caBundle' | 'target'>,
  path: string,
): ClientConfig {
  const ca = caBundle === undefined ? {} : { caBundle: Buffer.from(caBundle).toString('base64') };
  if ('url' in target) return { ...ca, url: `${target.url.replace(/\/+$/, '')}${path}` };
  const { namespace, name, port = 443 } = target.service;
  return { ...ca, service: { namespace, name, path, port } };
}

function webhook(
  settings: WebhookSettings,
  path: string,
  own: { name: string; matchConditions: readonly MatchCondition[]; [field: string]: unknown },
): WebhookConfiguration['webhooks'][number] {
  return {
    clientConfig: clientConfig(settings, path),
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    matchPolicy: 'Equivalent',
    failurePolicy: 'Fail',
    timeoutSeconds: 5,
    namespaceSelector: {},
    objectSelector: {},
    ...own,
    matchConditions: [...own.matchConditions, ...notByController(settings.controllerUsername)],
  };
}

function rule(
  operations: readonly string[],
  { group, version }: { group: string; version: string },
  plurals: readonly string[],
): Record<string, unknown> {
  return { operations, apiGroups: [group], apiVersions: [version], resources: plurals, scope: '*' };
}

/** The webhooks that change objects: workloads under release, and approvals of steps. */
export function mutatingWebhooks(settings: WebhookSettings): WebhookConfiguration {
  const workload = {
    rules: [
      rule(['UPDATE'], resources.deployment, ['deployments', 'statefulsets', 'daemonsets']),
      rule(['UPDATE'], resources.cloneSet, ['clonesets']),
    ],
    namespaceSelector: {
      matchExpressions: [
        {
          key: 'kubernetes.io/metadata.name',
          operator: 'NotIn',
          values: [...new Set(['kube-system', settings.namespace])],
        },
      ],
    },
    matchConditions: [GUARDED_FIELDS],
    reinvocationPolicy: 'Never',
  };
  return {
    apiVersion: apiVersionOf(resources.mutatingWebhook),
    kind: resources.mutatingWebhook.kind,
    metadata: { name: CONFIGURATION_NAME },
    // An empty list takes away what an earlier start without Kruise Rollouts has registered.
    webhooks: settings.ownKindsOnly
      ? []
      : [
          webhook(settings, '/mutate-workload', {
            ...workload,
            name: `guarded-workloads.${ASSAY_GROUP}`,
            objectSelector: { matchExpressions: [{ key: WORKLOAD_TYPE_LABEL, operator: 'Exists' }] },
          }),
          // A workload gets its label a moment after its Rollout; the rest of the cluster must not depend on us.
          webhook(settings, '/mutate-workload', {
            ...workload,
            name: `other-workloads.${ASSAY_GROUP}`,
            objectSelector: { matchExpressions: [{ key: WORKLOAD_TYPE_LABEL, operator: 'DoesNotExist' }] },
            failurePolicy: 'Ignore',
            timeoutSeconds: 2,
          }),
          webhook(settings, '/mutate-rollout-status', {
            name: `approvals.${KRUISE_GROUP}`,
            rules: [rule(['UPDATE'], resources.rollout, ['rollouts/status'])],
            matchConditions: [],
            reinvocationPolicy: 'Never',
          }),
        ],
  };
}

/** The webhooks that refuse what is wrong, and what only the controller may write. */
export function validatingWebhooks(settings: WebhookSettings): WebhookConfiguration {
  const written = ['CREATE', 'UPDATE'];
  const authored = [
    resources.analysisTemplate,
    resources.clusterAnalysisTemplate,
    resources.rolloutGuard,
    resources.clusterMetricSource,
    resources.alertReceiver,
  ];
  return {
    apiVersion: apiVersionOf(resources.validatingWebhook),
    kind: resources.validatingWebhook.kind,
    metadata: { name: CONFIGURATION_NAME },
    webhooks: [
      ...(settings.ownKindsOnly
        ? []
        : [
            webhook(settings, '/validate', {
              name: `rollouts.${KRUISE_GROUP}`,
              rules: [
                rule(written, resources.rollout, [resources.rollout.plural]),
                rule(written, resources.trafficRouting, [resources.trafficRouting.plural]),
              ],
              matchConditions: [SPEC_CHANGED],
            }),
          ]),
      webhook(settings, '/validate', {
        name: `authored.${ASSAY_GROUP}`,
        rules: [
          rule(
            written,
            resources.rolloutGuard,
            authored.map(({ plural }) => plural),
          ),
        ],
        matchConditions: [SPEC_CHANGED],
      }),
      // Labels and owners decide whose verdict this is, so that every change of these kinds is looked at.
      webhook(settings, '/validate', {
        name: `controlled.${ASSAY_GROUP}`,
        rules: [
          rule(written, resources.analysisRun, [
            resources.analysisRun.plural,
            `${resources.analysisRun.plural}/status`,
            resources.rolloutRecord.plural,
          ]),
        ],
        matchConditions: [],
      }),
    ],
  };
}
