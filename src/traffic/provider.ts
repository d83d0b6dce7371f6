import type { KubeObject } from '../api/kubernetes.ts';
import type { Resource } from '../api/resource.ts';
import type { RequestMatch, RolloutStep } from '../api/rollout.ts';

/** Where a route object is, in the namespace of who names it. */
export interface RouteRef {
  resource: Resource;
  name: string;
}

/** What share of the requests the canary gets. Where there are matches they alone decide, as upstream has it. */
export interface Share {
  /** Percent of the requests to the stable Service. */
  weight: number | undefined;
  matches: readonly RequestMatch[];
  requestHeaderModifier?: RolloutStep['requestHeaderModifier'];
}

/** What a provider is asked for at one moment of a release. */
export interface RouteRequest {
  /** What the objects that are made for the canary go with. */
  owner: KubeObject;
  /** Whether a DestinationRule is named beside the route, which defines the subsets of the Service. */
  hasSubsets: boolean;
  /** Names of the Services; the same name twice where no canary Service is to be made. */
  services: { stable: string; canary: string };
  /**
   * The label that tells the versions apart, and its value for each. undefined where the route marks requests and no
   * more: they all go to the stable Service, and those of the share with other headers.
   */
  versions: { label: string; stable: string; canary: string } | undefined;
  /** The labels of the stable pods' template. */
  podLabels: Readonly<Record<string, string>>;
  share: Share;
}

/** The route objects of one provider as they are. */
export interface RouteObjects {
  /** The one that is named, its user's own. */
  own: KubeObject;
  /** The one beside it that was made for the canary, where the provider makes one. */
  made: KubeObject | undefined;
}

/**
 * One kind of route object. Every function is pure: objects as they are in, wanted objects out. What the user wrote
 * is kept: `unrouted` of what `routed` answers is the object as it was, and a change that somebody makes in the
 * middle stays in.
 */
export interface Provider {
  readonly own: RouteRef;
  /** Where the object for the canary is made; undefined where the user's own object is changed in place. */
  readonly made: RouteRef | undefined;
  /** Why this object cannot send requests to a canary of the Service, and what to do; undefined where it can. */
  problem(own: KubeObject, request: RouteRequest): string | undefined;
  /** The objects that give the canary its share; the same objects where they do so already. */
  routed(objects: RouteObjects, request: RouteRequest): { own: KubeObject; made: KubeObject | undefined };
  /** The user's object as it is without a canary; the same object where it is so already. */
  unrouted(own: KubeObject, request: Pick<RouteRequest, 'services'>): KubeObject;
}

/** A provider with what the cluster has of its objects. */
export interface RouteFacts {
  provider: Provider;
  own: KubeObject | undefined;
  made: KubeObject | undefined;
}
