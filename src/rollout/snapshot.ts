import type { AnalysisRun } from '../api/analysis-run.ts';
import type { AnalysisTemplate } from '../api/analysis-template.ts';
import type { HorizontalPodAutoscaler, ObjectMeta, PodTemplate, Service } from '../api/kubernetes.ts';
import type { Outage } from '../api/metric-source.ts';
import type { Rollout } from '../api/rollout.ts';
import type { RolloutGuard } from '../api/rollout-guard.ts';
import type { RecordStatus } from '../api/rollout-record.ts';
import type { SharedRouting } from '../api/traffic-routing.ts';
import type { RouteFacts } from '../traffic/provider.ts';
import type { WorkloadFacts } from '../workload/style.ts';

/** The objects that the Rollout's one traffic routing names, and those made for the canary. */
export interface TrafficFacts {
  service: Service | undefined;
  canaryService: Service | undefined;
  routes: readonly RouteFacts[];
}

/** A guard that selects the Rollout, with the templates that its analyses name, and those that they nest. */
export interface GuardFacts {
  guard: RolloutGuard;
  /** Those that exist, each once. */
  templates: readonly AnalysisTemplate[];
}

/** A stable template that was kept for going back, under the revision that names it. */
export interface KeptTemplate {
  name: string;
  revision: string;
  template: PodTemplate;
  metadata: ObjectMeta;
}

/** The newest outage of a metric source, which may be over. */
export interface SourceOutage extends Outage {
  source: string;
}

/** Everything that one decision about one Rollout is made from, read at one time. */
export interface Snapshot {
  rollout: Rollout;
  record: RecordStatus;
  guards: readonly GuardFacts[];
  /** undefined where the Rollout names a workload that does not exist. */
  workload: WorkloadFacts | undefined;
  /** Those that scale the workload, or did before a blue-green release turned them off; known where it is gone, too. */
  autoscalers: readonly HorizontalPodAutoscaler[];
  traffic: TrafficFacts;
  /** The TrafficRouting that the Rollout names, where there is one. */
  shared: SharedRouting | undefined;
  kept: readonly KeptTemplate[];
  /** The runs owned by this Rollout, of every release. */
  runs: readonly AnalysisRun[];
  /** Of every metric source that was down for several Rollouts. */
  outages: readonly SourceOutage[];
  /** Name of the older Rollout that drives the same workload, if there is one. */
  rival: string | undefined;
  /** Whether any other Rollout names the same workload, an older or a younger one. */
  isShared: boolean;
  /** Who moves the pods where that is not Assay, as messages call it. */
  movedBy?: string;
}

export const EMPTY_RECORD: RecordStatus = { releaseId: 0, stepEntry: 0 };
