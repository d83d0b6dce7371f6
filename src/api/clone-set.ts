import type { IntOrString, KubeObject, Workload } from './kubernetes.ts';

/** Of OpenKruise: like a Deployment, with pods of its own instead of ReplicaSets, and a partition. */
export interface CloneSet extends KubeObject {
  spec: Workload['spec'] & {
    updateStrategy?: {
      type?: string;
      /** How many pods, or what part of them, stay on the version before. */
      partition?: IntOrString;
      maxUnavailable?: IntOrString;
      maxSurge?: IntOrString;
      paused?: boolean;
    };
    minReadySeconds?: number;
    scaleStrategy?: {
      /** With so many pods that are not available its controller makes no further ones. */
      maxUnavailable?: IntOrString;
    };
  };
  status?: {
    observedGeneration?: number;
    replicas?: number;
    readyReplicas?: number;
    availableReplicas?: number;
    updatedReplicas?: number;
    updatedReadyReplicas?: number;
    updatedAvailableReplicas?: number;
    expectedUpdatedReplicas?: number;
    /** Names of ControllerRevisions: `<name>-<hash>`. */
    currentRevision?: string;
    updateRevision?: string;
    labelSelector?: string;
  };
}
