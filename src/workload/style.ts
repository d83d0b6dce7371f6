import type { Act } from '../api/act.ts';
import type {
  ControllerRevision,
  Deployment,
  IntOrString,
  Pod,
  PodTemplate,
  ReplicaSet,
  Workload,
} from '../api/kubernetes.ts';
import type { Resource } from '../api/resource.ts';
import type { Rollout } from '../api/rollout.ts';
import type { StableRevision } from '../api/rollout-record.ts';

/** The extra Deployment with what it made. */
export interface CanaryFacts {
  deployment: Deployment | undefined;
  replicaSets: readonly ReplicaSet[];
  pods: readonly Pod[];
}

/** A workload with what its own controller made, read at one time. What its kind does not have is empty. */
export interface WorkloadFacts {
  object: Workload;
  /** Those of a Deployment itself. */
  replicaSets: readonly ReplicaSet[];
  /** What CloneSets, StatefulSets and DaemonSets keep of their templates. */
  revisions: readonly ControllerRevision[];
  /** The workload's own, of every version; left empty for a style that does not look at them. */
  pods: readonly Pod[];
  canary: CanaryFacts;
}

export const WORKLOAD_TYPES = ['deployment', 'cloneset', 'statefulset', 'daemonset'] as const;
export type WorkloadType = (typeof WORKLOAD_TYPES)[number];

/** What a release wants of its workload at this moment. */
export interface Order {
  rollout: Rollout;
  releaseId: number;
  /** Revision of the template that is released. */
  revision: string;
  stable: StableRevision;
  /** Name for an extra Deployment, where the style makes one. */
  canaryName: string;
  /** How many pods run the new version, once the order is carried out. Where it falls, only some styles give pods back. */
  goal: number;
  /** The same as the plan says it; undefined while no step has asked for pods. */
  granted: IntOrString | undefined;
  /** Whether requests are still routed to the new version's pods: then the last of them does not go yet. */
  isRouted?: boolean;
}

/** What a release that goes back in batches wants of its workload, whose template is the stable one again. */
export interface Retreat {
  rollout: Rollout;
  /** As the present template's pods carry it. */
  stable: StableRevision;
  /** How many pods may stay at another version for now. */
  left: number;
}

/** What is still to be written, or waited for where there are no acts; or what is in the way. */
export type Asked =
  | {
      acts: readonly Act[];
      message: string;
      /** The wish itself has changed, with the workload's size or its step: nobody has undone anything. */
      follows?: true;
    }
  | { fault: { reason: 'NameTaken' | 'UnsupportedWorkload'; message: string } };

/** How far the pods of the new version are. */
export interface CanaryState {
  /** Known once the workload's controller, or the engine, has made it. */
  version: StableRevision | undefined;
  /** Whether its controller has seen the newest spec, so that the numbers count. */
  settled: boolean;
  pods: number;
  ready: number;
}

/** How far the workload's own controller is in bringing every pod to the present template. */
export interface UpdateState {
  done: boolean;
  message: string;
}

/**
 * One way of bringing a new version to the pods of one kind of workload. Every function is pure: facts in, wanted
 * objects out, and safe to ask again after a crash at any line.
 */
export interface Style {
  readonly resource: Resource;
  readonly type: WorkloadType;
  /** The label that tells the pods of one version from those of another. */
  readonly podLabel: string;
  /** Whether the new version's pods come on top of the others, so that all stable pods stay during the steps. */
  readonly hasExtraPods: boolean;
  /**
   * Whether those are the workload's own pods: when the version is promoted they stay, and the stable ones go. Then a
   * release first gets a pod of the new version for each stable one, turns autoscalers off, and does not change its
   * version in the middle.
   */
  readonly isBlueGreen?: true;
  /** Whether a release cannot be aborted without its template: Abort restores the stable one then. */
  readonly abortRestores?: true;
  /** Paths of the fields that a release holds, as JSON pointers; admission keeps them as they are. */
  readonly heldFields: readonly string[];

  /** Whether a pod of one version has to go before one of the other can come. */
  makesRoomFirst?(object: Workload): boolean;
  /** Whether a goal that falls, after a jump back, brings stable pods back; where not, those of the new version stay. */
  readonly givesBack?: true;
  /** How many pods a step of the plan asks for, where this kind rounds in its own way. */
  batch?(replicas: IntOrString, total: number): number;
  /** Why a workload cannot be released as it is, and what to do about it; undefined where it can. */
  problem?(object: Workload): string | undefined;
  /** How many pods the workload is to have. */
  size(facts: WorkloadFacts): number;
  /** The version with this revision of the template, as far as the cluster still knows it. */
  version(facts: WorkloadFacts, revision: string): StableRevision | undefined;
  /** The template of that version, as its author wrote it. */
  template(facts: WorkloadFacts, revision: string): PodTemplate | undefined;
  /** The one version that the workload runs; undefined while its own controller goes from one to another. */
  running(facts: WorkloadFacts): StableRevision | undefined;
  /** Ready pods of this version among the workload's own. */
  ready(facts: WorkloadFacts, version: StableRevision): number;
  update(facts: WorkloadFacts): UpdateState;
  /** Whether the workload's own controller makes no more pods of this version while another template is there. */
  isGivenUp?(facts: WorkloadFacts, version: StableRevision): boolean;
  /** The command that lets a workload go whose release was left in the middle. */
  resumeCommand?(object: Workload): string;

  /** Whether no pod of a new template would be made by the workload's own controller. */
  isStill(object: Workload): boolean;
  /** The workload so that its own controller brings the present template to no pod. The same object if it is so. */
  still(object: Workload, rollout: Rollout): Workload;
  /**
   * Whether a blue-green workload was given back to its own controller, where it is marked until the last stable pod has
   * gone; where left out, the mark goes at once and tells.
   */
  isTurned?(object: Workload): boolean;
  /**
   * What an author's write comes to while a release holds the workload; where left out, the held fields stay as they
   * are. With it, what was written of them comes into force when the release has ended.
   */
  keep?(before: Workload, after: Workload): Workload;
  /** What holds the workload at the goal, so that its own controller goes no further; undefined once it is so. */
  hold(facts: WorkloadFacts, order: Order): Asked | undefined;
  /** What more brings up the pods of the goal; undefined once all is asked for. */
  grow(facts: WorkloadFacts, order: Order): Asked | undefined;
  canary(facts: WorkloadFacts, order: Order): CanaryState;
  /**
   * Gives the workload to its own controller, which brings its present template to every pod. What its author had
   * comes back with the last of it, and the mark of the release goes.
   */
  release(facts: WorkloadFacts, order: Pick<Order, 'rollout' | 'isRouted'>): Asked | undefined;
  /**
   * Lets pods go back to the stable template until only some of another version are left; undefined once that is asked
   * for. Those that are not ready go in any case: they serve nobody. Where left out, this kind goes back at once.
   */
  bringBack?(facts: WorkloadFacts, retreat: Retreat): Asked | undefined;
  /** The workload as its author has it, but still held, for one whose Rollout goes; the same object if it is so. */
  handBack?(object: Workload): Workload;
  /** Takes away the pods of the new version, and what else was made for them, while the workload stays held. */
  clear(facts: WorkloadFacts, order: Order): Asked | undefined;
}
