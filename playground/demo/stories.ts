import type { Deployment, KubeObject } from '../../src/api/kubernetes.ts';
import type { Rollout } from '../../src/api/rollout.ts';
import type { RolloutRecord } from '../../src/api/rollout-record.ts';
import { imageIn, imageOf } from '../walkthrough.ts';

/** What there is to see when a story has ended. */
export interface Ending {
  rollout: Rollout;
  record: RolloutRecord;
  deployment: Deployment;
  /** Every Deployment, Service and Ingress of the namespace but the walkthrough's own three. */
  leftOver: readonly KubeObject[];
  alerts: number;
}

export interface Story {
  title: string;
  text: string;
  /** The tag of the image that is released. */
  tag: string;
  /** How the release must end, and why. */
  outcome: 'Promoted' | 'RolledBack';
  reason: string;
  /** The tag that every pod runs at the end. */
  finalTag: string;
  /** At which weight the verdict fell; undefined where the canary never got traffic. */
  weight: number | undefined;
  alerts: number;
}

export const stories: readonly Story[] = [
  {
    title: '1. A healthy version',
    text: 'echoserver 1.10.2 → 1.10.3. Its own metrics let it pass, with no hand on it.',
    tag: '1.10.3',
    outcome: 'Promoted',
    reason: 'AnalysisSuccessful',
    finalTag: '1.10.3',
    weight: 5,
    alerts: 0,
  },
  {
    title: '2. A version whose pods answer some requests with errors',
    text: 'echoserver 1.10.3 → 1.10.4-errors. Found at 5 % of the traffic, and taken back.',
    tag: '1.10.4-errors',
    outcome: 'RolledBack',
    reason: 'AnalysisFailed',
    finalTag: '1.10.3',
    weight: 5,
    alerts: 1,
  },
  {
    title: '3. An image that cannot be pulled',
    text: 'echoserver 1.10.3 → failed. No pod becomes ready within 20 s, so it is taken back.',
    tag: 'failed',
    outcome: 'RolledBack',
    reason: 'ProgressDeadlineExceeded',
    finalTag: '1.10.3',
    weight: undefined,
    alerts: 1,
  },
];

/** What differs from how the story is told, each in a sentence; none when it ended as told. */
export function differences(story: Story, ending: Ending): string[] {
  const { release, decisions = [] } = ending.record.status;
  const { deployment, rollout } = ending;
  const succeeded = rollout.status?.conditions?.find(({ type }) => type === 'Succeeded')?.status;
  const wanted = deployment.spec.replicas ?? 1;
  const image = imageIn(deployment);
  const routed = decisions.some(
    ({ release: id, reason }) => id === ending.record.status.releaseId && reason === 'TrafficRouted',
  );
  const expectations: [boolean, string][] = [
    [rollout.status?.phase === 'Healthy', `the Rollout is ${rollout.status?.phase}, not Healthy`],
    [release?.outcome === story.outcome, `the release ended as ${release?.outcome}, not ${story.outcome}`],
    [release?.reason === story.reason, `the reason is ${release?.reason}, not ${story.reason}`],
    [succeeded === (story.outcome === 'Promoted' ? 'True' : 'False'), `condition Succeeded is ${succeeded}`],
    [image === imageOf(story.finalTag), `the pods run ${image}, not ${imageOf(story.finalTag)}`],
    [
      deployment.status?.updatedReplicas === wanted,
      `${deployment.status?.updatedReplicas} of ${wanted} pods are updated`,
    ],
    [
      deployment.status?.availableReplicas === wanted,
      `${deployment.status?.availableReplicas} of ${wanted} pods are available`,
    ],
    [
      routed === (story.weight !== undefined),
      routed ? 'the canary got traffic' : 'the canary never got traffic',
    ],
    [
      ending.leftOver.length === 0,
      `left over: ${ending.leftOver.map(({ kind, metadata }) => `${kind} ${metadata.name}`).join(', ')}`,
    ],
    [ending.alerts === story.alerts, `${ending.alerts} alerts arrived, not ${story.alerts}`],
  ];
  return expectations.filter(([met]) => !met).map(([, sentence]) => sentence);
}
