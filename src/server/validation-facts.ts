import type { Rollout } from '../api/rollout.ts';
import type { ControllerIdentity } from './controller-identity.ts';
import type { Lookup } from './lookup.ts';

/** What the checks of an object may know beside the object. */
export interface ValidationFacts {
  controller: ControllerIdentity;
  /** Those of the request's namespace. */
  rollouts: readonly Rollout[];
  lookup: Lookup;
}
