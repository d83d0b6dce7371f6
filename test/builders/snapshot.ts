import { controllerReference, type Workload } from '../../src/api/kubernetes.ts';
import type { Rollout, StepState } from '../../src/api/rollout.ts';
import type {
  RecordStatus,
  ReleaseRecord,
  StableRevision,
  StepRecord,
} from '../../src/api/rollout-record.ts';
import { formatTime } from '../../src/api/timestamp.ts';
import { planHash, replicasOf } from '../../src/rollout/plan.ts';
import type { GuardFacts, KeptTemplate, Snapshot } from '../../src/rollout/snapshot.ts';
import { batchSize } from '../../src/workload/batch-size.ts';
import { canaryName } from '../../src/workload/deployment-canary.ts';
import { revisionOf } from '../../src/workload/pod-template.ts';
import type { WorkloadFacts } from '../../src/workload/style.ts';
import { deployment, NAME, podHash, replicaSet, template } from './deployment.ts';
import { pinned } from './guard.ts';
import { ROLLOUT_UID, rollout } from './rollout.ts';
import { canaryRoutes, ingress, service, type TrafficPart, trafficOf } from './traffic.ts';

/** The instant at which tables decide. */
export const NOW = Date.UTC(2026, 0, 1, 12);

/** A timestamp this many seconds before NOW. */
export function ago(seconds: number): string {
  return formatTime(NOW - seconds * 1_000);
}

/** The generated name of the extra Deployment of release 1. */
export const CANARY_NAME = canaryName(NAME, ROLLOUT_UID, 1);

export function stableOf(version = 'v1'): StableRevision {
  return {
    revision: revisionOf(template(version)),
    hash: podHash(version),
    replicaSet: `${NAME}-${podHash(version)}`,
  };
}

/** A healthy Rollout whose workload runs v1, with no release under way. */
export function calm(part: Partial<Snapshot> = {}): Snapshot {
  return {
    rollout: rollout(),
    record: { releaseId: 0, stepEntry: 0, stable: stableOf() },
    guards: [],
    workload: workloadOf(deployment()),
    traffic: trafficOf({ service: service(), ingress: ingress() }),
    autoscalers: [],
    shared: undefined,
    kept: [],
    runs: [],
    outages: [],
    rival: undefined,
    isShared: false,
    ...part,
  };
}

/** A workload with the ReplicaSet of v1, and no canary unless told. */
export function workloadOf(of: Workload, part: Partial<WorkloadFacts> = {}): WorkloadFacts {
  return {
    object: of,
    replicaSets: [replicaSet()],
    revisions: [],
    pods: [],
    canary: { deployment: undefined, replicaSets: [], pods: [] },
    ...part,
  };
}

/** The workload as admission and the controller hold it: v2 is wanted, v1 runs. */
export function held(version = 'v2') {
  return deployment({ version, paused: true, markedFor: NAME, updated: 0 });
}

/** A canary of one ready pod of v2, in the extra Deployment of release 1. */
export function readyCanary(replicas = 1, version = 'v2'): WorkloadFacts['canary'] {
  return {
    deployment: deployment({
      name: CANARY_NAME,
      version,
      replicas,
      ownerUid: ROLLOUT_UID,
    }),
    replicaSets: [replicaSet({ version, of: CANARY_NAME, replicas })],
    pods: [],
  };
}

export interface ReleasePart {
  stage?: ReleaseRecord['stage'];
  state?: StepState;
  step?: Partial<StepRecord>;
  release?: Partial<ReleaseRecord>;
  record?: Partial<RecordStatus>;
  /** The guards that are there now; the release began under `pinnedGuards`, the same unless told. */
  guards?: GuardFacts[];
  pinnedGuards?: GuardFacts[];
  rollout?: Rollout;
  workload?: Partial<WorkloadFacts>;
  traffic?: TrafficPart;
  autoscalers?: Snapshot['autoscalers'];
  shared?: Snapshot['shared'];
  kept?: KeptTemplate[];
  runs?: Snapshot['runs'];
  rival?: string;
  isShared?: boolean;
}

const STATES: StepState[] = [
  'BeforeStepUpgrade',
  'StepUpgrade',
  'StepTrafficRouting',
  'StepMetricsAnalysis',
  'StepPaused',
];

/** Release 1, of v2, in a state of step 1, with everything in the cluster that it has by then. */
export function releasing(part: ReleasePart = {}): Snapshot {
  const { state = 'StepMetricsAnalysis', guards = [], pinnedGuards = guards } = part;
  const object = part.rollout ?? rollout();
  const reached = (other: StepState) => STATES.indexOf(state) >= STATES.indexOf(other);
  const index = part.step?.index ?? 1;
  const routed = reached('StepMetricsAnalysis');
  const hasCanary = reached('StepTrafficRouting');
  const release: ReleaseRecord = {
    startedAt: ago(600),
    stage: part.stage ?? 'InRolling',
    revision: revisionOf(template('v2')),
    stable: stableOf(),
    canary: {
      name: CANARY_NAME,
      ...(hasCanary ? { hash: podHash('v2'), replicaSet: `${CANARY_NAME}-${podHash('v2')}` } : {}),
    },
    planHash: planHash(object),
    ...(reached('StepUpgrade') ? { granted: replicasOf(object, index) } : {}),
    ...(pinnedGuards.length > 0 ? { guard: pinned(...pinnedGuards) } : {}),
    ...(reached('StepUpgrade') ? { stablePinnedAt: ago(590) } : {}),
    ...(routed ? { routedAt: ago(500), trafficSince: ago(497) } : {}),
    step: {
      index,
      entry: 1,
      state,
      enteredAt: ago(600),
      attempt: 1,
      ...(reached('StepUpgrade') ? { upgradeStartedAt: ago(580) } : {}),
      ...(routed ? { routedAt: ago(500), trafficSince: ago(497) } : {}),
      ...part.step,
    },
    ...part.release,
  };
  const weight = index === 1 ? 5 : 50;
  return calm({
    rollout: object,
    record: { releaseId: 1, stepEntry: 1, stable: stableOf(), release, ...part.record },
    guards,
    workload: workloadOf(held(), {
      canary: hasCanary
        ? readyCanary(batchSize(replicasOf(object, index), 5))
        : { deployment: undefined, replicaSets: [], pods: [] },
      ...part.workload,
    }),
    traffic: trafficOf({
      service: service(reached('StepUpgrade') ? 'v1' : undefined),
      ingress: ingress(),
      ...(routed ? canaryRoutes('v2', weight, object) : {}),
      ...part.traffic,
    }),
    autoscalers: part.autoscalers ?? [],
    shared: part.shared,
    kept: part.kept ?? [keptTemplate()],
    runs: part.runs ?? [],
    rival: part.rival,
    isShared: part.isShared ?? false,
  });
}

/** The stable template as it was kept when the release began. */
export function keptTemplate(version = 'v1'): KeptTemplate {
  const revision = revisionOf(template(version));
  const name = `${NAME}-stable-${revision}`;
  return {
    name,
    revision,
    template: template(version),
    metadata: {
      name,
      namespace: 'shop',
      uid: `${name}-uid`,
      ownerReferences: [controllerReference(rollout())],
    },
  };
}
