import { deleteActs, replaceActs } from '../api/act.ts';
import {
  CANARY_DEPLOYMENT_LABEL,
  CONTROL_INFO_ANNOTATION,
  IN_PROGRESSING_ANNOTATION,
  WORKLOAD_TYPE_LABEL,
} from '../api/annotations.ts';
import { shortHash } from '../api/canonical.ts';
import { controllerReference, type Deployment, isControlledBy, type PodTemplate } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import type { Rollout } from '../api/rollout.ts';
import { deploymentReadings, pausedDeployment } from './deployment.ts';
import { progressingNote, unmarkedWorkload } from './marks.ts';
import { authoredTemplate, podHashOf, replicaSetOf, revisionOf } from './pod-template.ts';
import type { Asked, CanaryState, Order, Style, WorkloadFacts } from './style.ts';

/** The new version runs in an extra Deployment beside the paused stable one, which keeps all its pods. */
export const deploymentCanary: Style = {
  ...deploymentReadings,
  hasExtraPods: true,
  heldFields: ['/spec/paused'],
  isStill: (object) => (object as Deployment).spec.paused === true,
  still: (object, rollout) => pausedDeployment(rollout, object),
  hold: ({ object }, { rollout }) => {
    const held = pausedDeployment(rollout, object);
    if (held === object) return undefined;
    return {
      acts: replaceActs(resources.deployment, object, held, 'hold the workload'),
      message: 'the workload is held again',
    };
  },
  grow: growCanary,
  canary: canaryState,
  release: ({ object }) => {
    const released = resumedWorkload(object as Deployment);
    if (released === object) return undefined;
    return {
      acts: replaceActs(resources.deployment, object, released, 'resume the workload'),
      message: `${object.metadata.name} is resumed`,
    };
  },
  clear: removeCanary,
};

/** The letters that Kubernetes uses in generated names: no vowels, so no words. */
const NAME_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

/**
 * The name of the extra Deployment of one release: `<workload>-<five letters>`. The letters follow from the
 * release, so that a pass that is repeated after a crash finds its Deployment and does not make a second one.
 */
export function canaryName(workload: string, rolloutUid: string, releaseId: number): string {
  const digits = BigInt(`0x${shortHash([rolloutUid, releaseId])}`);
  const base = BigInt(NAME_LETTERS.length);
  const letters = [0n, 1n, 2n, 3n, 4n].map((place) => NAME_LETTERS[Number((digits / base ** place) % base)]);
  return `${workload}-${letters.join('')}`;
}

function resumedWorkload(workload: Deployment): Deployment {
  const unmarked = unmarkedWorkload(workload);
  const { paused, ...spec } = workload.spec;
  return paused ? { ...unmarked, spec } : unmarked;
}

function growCanary({ object, canary }: WorkloadFacts, order: Order): Asked | undefined {
  const { rollout, canaryName: name, goal } = order;
  const { deployment: present } = canary;
  const why = `${goal} canary pods`;
  if (goal === 0) return undefined;
  if (!present) {
    const created = canaryDeployment(rollout, object as Deployment, name, goal);
    return {
      acts: [{ verb: 'create', resource: resources.deployment, object: created, why }],
      message: `creating ${name} with ${goal} pods`,
    };
  }
  if (!isControlledBy(present, rollout.metadata.uid)) {
    const message = `Deployment ${name} belongs to somebody else; rename or delete it so that the canary can be made`;
    return { fault: { reason: 'NameTaken', message } };
  }
  if ((present.spec.replicas ?? 0) >= goal) return undefined;
  const scaled: Deployment = { ...present, spec: { ...present.spec, replicas: goal } };
  return {
    acts: replaceActs(resources.deployment, present, scaled, why),
    message: `scaling ${name} to ${goal} pods`,
  };
}

/** The extra Deployment that runs the new template beside the paused stable one. */
export function canaryDeployment(
  rollout: Rollout,
  stable: Deployment,
  name: string,
  replicas: number,
): Deployment {
  const { [WORKLOAD_TYPE_LABEL]: _type, ...labels } = stable.metadata.labels ?? {};
  const owner = controllerReference(rollout);
  return {
    apiVersion: stable.apiVersion,
    kind: stable.kind,
    metadata: {
      name,
      ...(stable.metadata.namespace === undefined ? {} : { namespace: stable.metadata.namespace }),
      labels: { ...labels, [CANARY_DEPLOYMENT_LABEL]: stable.metadata.name },
      annotations: {
        [CONTROL_INFO_ANNOTATION]: JSON.stringify(owner),
        [IN_PROGRESSING_ANNOTATION]: progressingNote(rollout),
      },
      ownerReferences: [owner],
    },
    spec: {
      ...stable.spec,
      replicas,
      paused: false,
      template: patchedTemplate(rollout, authoredTemplate(stable.spec.template)),
    },
  };
}

/** The template of the extra Deployment, for the workload's. */
export function patchedTemplate(rollout: Rollout, template: PodTemplate): PodTemplate {
  const patch = rollout.spec.strategy.canary?.patchPodTemplateMetadata;
  if (!patch) return template;
  return {
    ...template,
    metadata: {
      ...template.metadata,
      labels: { ...template.metadata?.labels, ...patch.labels },
      annotations: { ...template.metadata?.annotations, ...patch.annotations },
    },
  };
}

/** For the extra Deployment a pod is ready when it is available, as upstream counts. */
function canaryState({ canary }: WorkloadFacts, { revision }: Order): CanaryState {
  const { deployment, replicaSets } = canary;
  if (!deployment) return { version: undefined, settled: false, pods: 0, ready: 0 };
  const replicaSet = replicaSetOf(revisionOf(deployment.spec.template), replicaSets);
  const { metadata, status = {} } = deployment;
  return {
    version: replicaSet && { revision, hash: podHashOf(replicaSet), replicaSet: replicaSet.metadata.name },
    settled: (status.observedGeneration ?? 0) >= (metadata.generation ?? 0),
    pods: status.updatedReplicas ?? 0,
    ready: status.availableReplicas ?? 0,
  };
}

/** The extra Deployment and every pod it made go. */
function removeCanary({ canary }: WorkloadFacts, { rollout }: Order): Asked | undefined {
  const { deployment, replicaSets, pods } = canary;
  const message = 'removing the canary pods';
  if (deployment && isControlledBy(deployment, rollout.metadata.uid)) {
    return { acts: deleteActs(resources.deployment, deployment, message), message };
  }
  return replicaSets.length + pods.length > 0 ? { acts: [], message } : undefined;
}
