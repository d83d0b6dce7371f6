import { POD_TEMPLATE_HASH_LABEL } from '../api/annotations.ts';
import { shortHash } from '../api/canonical.ts';
import { controllerReference, type Deployment, type ReplicaSet } from '../api/kubernetes.ts';

/**
 * The ReplicaSet of a Deployment's present template, as its own controller would make it and finds it again: that
 * looks at the template and not at the name. Name and hash follow from the template, so that a repeated pass makes no
 * second one.
 */
export function newReplicaSet(deployment: Deployment, replicas: number): ReplicaSet {
  const { metadata, spec } = deployment;
  const { template, selector, minReadySeconds } = spec;
  const hash = shortHash(['replica-set', template]);
  const labels = { ...template.metadata?.labels, [POD_TEMPLATE_HASH_LABEL]: hash };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${metadata.name}-${hash}`,
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      labels,
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas,
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
      selector: {
        ...selector,
        matchLabels: { ...selector.matchLabels, [POD_TEMPLATE_HASH_LABEL]: hash },
      },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}
