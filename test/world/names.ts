import {
  CANARY_DEPLOYMENT_LABEL,
  CONTROLLER_REVISION_LABEL,
  POD_TEMPLATE_HASH_LABEL,
} from '../../src/api/annotations.ts';
import type {
  ControllerRevision,
  KubeObject,
  PodTemplate,
  ReplicaSet,
  Workload,
} from '../../src/api/kubernetes.ts';
import { keptTemplateOf } from '../../src/workload/controller-revisions.ts';
import { revisionOf } from '../../src/workload/pod-template.ts';
import { imageTag } from './kubelet.ts';

/** Stands for the extra Deployment, whose name is made of a hash. */
export const CANARY = '<canary>';

/** Words for what has a hash for a name: versions by their image tag, the extra Deployment. */
export interface Names {
  learn(object: KubeObject): void;
  /** The version that pods with this hash run. */
  version(hash: string | undefined): string;
  /** Text with every known hash replaced by its word. */
  plain(text: string): string;
}

export function versionOf(template: PodTemplate): string {
  return imageTag(template.spec);
}

export function worldNames(): Names {
  const words = new Map<string, string>();
  return {
    learn: (object) => {
      if (object.kind === 'ReplicaSet') {
        const { template } = (object as ReplicaSet).spec;
        const hash = object.metadata.labels?.[POD_TEMPLATE_HASH_LABEL];
        if (hash) words.set(hash, versionOf(template));
      }
      if (object.kind === 'ControllerRevision') {
        const template = keptTemplateOf(object as ControllerRevision);
        if (!template) return;
        const { name, labels } = object.metadata;
        const hashes = [labels?.[CONTROLLER_REVISION_LABEL] ?? name, name.slice(name.lastIndexOf('-') + 1)];
        for (const word of [name, ...hashes, revisionOf(template)]) words.set(word, versionOf(template));
      }
      if (object.kind === 'Deployment' || object.kind === 'CloneSet') {
        const { template } = (object as Workload).spec;
        words.set(revisionOf(template), versionOf(template));
        if (object.metadata.labels?.[CANARY_DEPLOYMENT_LABEL]) words.set(object.metadata.name, CANARY);
      }
    },
    version: (hash) => (hash ? (words.get(hash) ?? 'an unknown version') : 'none'),
    plain: (text) => [...words].reduce((rest, [hash, word]) => rest.replaceAll(hash, word), text),
  };
}
