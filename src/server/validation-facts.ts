import type { HorizontalPodAutoscaler } from '../api/kubernetes.ts';
import type { Rollout } from '../api/rollout.ts';
import type { RolloutGuard } from '../api/rollout-guard.ts';
import type { ControllerIdentity } from './controller-identity.ts';
import type { Lookup } from './lookup.ts';

/** What the checks of an object may know beside the object. */
export interface ValidationFacts {
  controller: ControllerIdentity;
  /** Those of the request's namespace. */
  rollouts: readonly Rollout[];
  /** Those of the request's namespace. */
  guards: readonly RolloutGuard[];
  /** Those of the request's namespace. */
  autoscalers: readonly HorizontalPodAutoscaler[];
  lookup: Lookup;
  /** Whether Kruise Rollouts goes through the steps, and Assay only judges them. */
  isBeside?: boolean;
}
