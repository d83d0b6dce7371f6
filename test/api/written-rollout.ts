import { parseObject } from '../../src/api/kind.ts';
import { type Rollout, rolloutKind } from '../../src/api/rollout.ts';

export interface Written {
  /** Fields of the canary strategy that differ from the walkthrough's. */
  canary?: Record<string, unknown> | undefined;
  /** In place of the walkthrough's blue-green strategy: its fields. */
  blueGreen?: Record<string, unknown>;
  strategy?: Record<string, unknown>;
  workloadRef?: Record<string, unknown>;
  annotations?: Record<string, string>;
  phase?: string;
}

export const INGRESS = { service: 'echoserver', ingress: { name: 'echoserver' } };

export const CLONE_SET = { apiVersion: 'apps.kruise.io/v1alpha1', kind: 'CloneSet' };

/** The walkthrough's Rollout with these differences, as Assay reads it. */
export function written(part: Written = {}): Rollout {
  const parsed = parseObject(rolloutKind, {
    apiVersion: 'rollouts.kruise.io/v1beta1',
    kind: 'Rollout',
    metadata: { name: 'demo', ...(part.annotations ? { annotations: part.annotations } : {}) },
    spec: {
      workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'echoserver', ...part.workloadRef },
      strategy: part.strategy ?? strategy(part),
    },
    ...(part.phase ? { status: { phase: part.phase } } : {}),
  } as never);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return parsed.object;
}

function strategy({ canary, blueGreen }: Written): Record<string, unknown> {
  const usual = { steps: [{ traffic: '5%', replicas: '20%' }], trafficRoutings: [INGRESS] };
  if (blueGreen) return { blueGreen: { ...usual, ...blueGreen } };
  return { canary: { enableExtraWorkloadForCanary: true, ...usual, ...canary } };
}

/** With these steps in place of the walkthrough's. */
export const steps = (...all: object[]): Written => ({ canary: { steps: all } });

/** With this routing in place of the walkthrough's. */
export const routing = (...all: object[]): Written => ({ canary: { trafficRoutings: all } });
