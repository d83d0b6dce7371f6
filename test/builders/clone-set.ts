import { WORKLOAD_TYPE_LABEL } from '../../src/api/annotations.ts';
import type { CloneSet } from '../../src/api/clone-set.ts';
import type { Rollout } from '../../src/api/rollout.ts';
import { NAME, NAMESPACE, template } from './deployment.ts';
import { type RolloutPart, rollout } from './rollout.ts';

/** A CloneSet as its author applied it. */
export function cloneSet(spec: Partial<CloneSet['spec']> = {}): CloneSet {
  return {
    apiVersion: 'apps.kruise.io/v1alpha1',
    kind: 'CloneSet',
    metadata: {
      name: NAME,
      namespace: NAMESPACE,
      uid: `${NAME}-uid`,
      generation: 1,
      labels: { [WORKLOAD_TYPE_LABEL]: 'cloneset' },
    },
    spec: { replicas: 5, selector: { matchLabels: { app: NAME } }, template: template('v1'), ...spec },
  };
}

/** A Rollout of the CloneSet. */
export function cloneSetRollout(part: RolloutPart = {}): Rollout {
  const object = rollout(part);
  const { workloadRef, ...spec } = object.spec;
  return {
    ...object,
    spec: {
      ...spec,
      workloadRef: { ...workloadRef, apiVersion: 'apps.kruise.io/v1alpha1', kind: 'CloneSet' },
    },
  };
}
