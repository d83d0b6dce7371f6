import {
  CANARY_DEPLOYMENT_LABEL,
  CONTROL_INFO_ANNOTATION,
  IN_PROGRESSING_ANNOTATION,
  progressingRollout,
  RESTORE_ANNOTATION,
  WORKLOAD_TYPE_LABEL,
} from '../api/annotations.ts';
import { shortHash } from '../api/canonical.ts';
import {
  controllerReference,
  type Deployment,
  type IntOrString,
  type PodTemplate,
} from '../api/kubernetes.ts';
import type { Rollout } from '../api/rollout.ts';
import { authoredTemplate } from './pod-template.ts';

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

/**
 * How many canary pods a step asks for: a percentage of the workload's replicas is rounded up, a number is
 * cut to the workload's replicas. Both as upstream does.
 */
export function canaryReplicas(replicas: IntOrString, total: number): number {
  if (typeof replicas === 'number') return Math.min(replicas, total);
  const percent = Number(replicas.replace(/%$/, ''));
  return replicas.endsWith('%')
    ? Math.min(Math.ceil((total * percent) / 100), total)
    : Math.min(percent, total);
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

function patchedTemplate(rollout: Rollout, template: PodTemplate): PodTemplate {
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

function progressingNote(rollout: Rollout): string {
  return JSON.stringify({ rolloutName: rollout.metadata.name });
}

/** The workload as it must be while a release is under way: paused and marked. The same object when it is so already. */
export function heldWorkload(rollout: Rollout, workload: Deployment): Deployment {
  const marked = progressingRollout(workload.metadata.annotations) === rollout.metadata.name;
  if (workload.spec.paused && marked) return workload;
  return {
    ...workload,
    metadata: {
      ...workload.metadata,
      annotations: {
        ...workload.metadata.annotations,
        [IN_PROGRESSING_ANNOTATION]: progressingNote(rollout),
      },
    },
    spec: { ...workload.spec, paused: true },
  };
}

/** The workload given back to its own controller: running and unmarked. The same object when it is so already. */
export function releasedWorkload(workload: Deployment): Deployment {
  const marked = workload.metadata.annotations?.[IN_PROGRESSING_ANNOTATION] !== undefined;
  if (!workload.spec.paused && !marked) return workload;
  return { ...unmarkedWorkload(workload), spec: { ...workload.spec, paused: false } };
}

/** The workload without the mark of a release, paused or not as it was. The same object when it has none. */
export function unmarkedWorkload(workload: Deployment): Deployment {
  const { [IN_PROGRESSING_ANNOTATION]: mark, ...annotations } = workload.metadata.annotations ?? {};
  return mark === undefined ? workload : { ...workload, metadata: { ...workload.metadata, annotations } };
}

/** The workload with this label set, or removed where `value` is undefined. The same object when it is so already. */
export function labelledWorkload(workload: Deployment, value: string | undefined): Deployment {
  const { [WORKLOAD_TYPE_LABEL]: present, ...others } = workload.metadata.labels ?? {};
  if (present === value) return workload;
  const labels = value === undefined ? others : { ...others, [WORKLOAD_TYPE_LABEL]: value };
  return { ...workload, metadata: { ...workload.metadata, labels } };
}

/** The workload with this former pod template, and a note of the release that it was put back for. */
export function restoredWorkload(workload: Deployment, template: PodTemplate, releaseId: number): Deployment {
  const annotations = { ...workload.metadata.annotations, [RESTORE_ANNOTATION]: String(releaseId) };
  return {
    ...workload,
    metadata: { ...workload.metadata, annotations },
    spec: { ...workload.spec, template },
  };
}

/** Whether the Deployment's controller has brought every pod to its present template. */
export function isRolledOut(workload: Deployment): boolean {
  const wanted = workload.spec.replicas ?? 1;
  const status = workload.status ?? {};
  return (
    (status.observedGeneration ?? 0) >= (workload.metadata.generation ?? 0) &&
    (status.updatedReplicas ?? 0) === wanted &&
    (status.replicas ?? 0) === wanted &&
    (status.availableReplicas ?? 0) === wanted
  );
}

/** Whether this many pods of the extra Deployment are available, apart from the tolerated number. */
export function isCanaryReady(canary: Deployment, wanted: number, tolerated: number): boolean {
  const status = canary.status ?? {};
  if ((status.observedGeneration ?? 0) < (canary.metadata.generation ?? 0)) return false;
  const available = status.availableReplicas ?? 0;
  return (
    (status.updatedReplicas ?? 0) >= wanted &&
    available + tolerated >= wanted &&
    (available > 0 || wanted === 0)
  );
}
