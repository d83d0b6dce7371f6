import { expect, test } from 'vitest';
import type { ReleaseRecord, ReleaseStage } from '../../src/api/rollout-record.ts';
import type { Reason } from '../../src/rollout/decision.ts';
import { type FinalisingStep, finalisingStepOf } from '../../src/rollout/finalising-step.ts';

const removed = { routesRemovedAt: '2026-01-01T00:00:10Z' };
const restored = { serviceRestoredAt: '2026-01-01T00:00:20Z' };
const removedLater = { routesRemovedAt: '2026-01-01T00:00:30Z', ...restored };

type Row = [
  ReleaseStage,
  Reason,
  Partial<ReleaseRecord>,
  canary: FinalisingStep | '',
  blueGreen: FinalisingStep | '',
];

const rows: Row[] = [
  ['InRolling', 'GracePeriod', {}, '', ''],
  ['Finalising', 'WaitingForCanaryPods', {}, '', ''],
  ['Finalising', 'WaitingForRoutes', {}, '', 'FinalisingStepRouteTrafficToNew'],
  ['Finalising', 'TrafficRouted', {}, '', 'FinalisingStepRouteTrafficToNew'],
  ['Finalising', 'GracePeriod', {}, '', 'FinalisingStepRouteTrafficToNew'],
  ['Finalising', 'StableServiceRestored', {}, 'RestoreStableService', 'RestoreStableService'],
  ['Finalising', 'GracePeriod', restored, 'RestoreStableService', 'RestoreStableService'],
  ['Finalising', 'WorkloadResumed', restored, 'ResumeWorkload', 'ResumeWorkload'],
  ['Finalising', 'WaitingForRollingUpdate', restored, 'ResumeWorkload', 'ResumeWorkload'],
  [
    'Finalising',
    'CanaryRoutesRemoved',
    restored,
    'FinalisingStepRouteTrafficToStable',
    'FinalisingStepRouteTrafficToStable',
  ],
  [
    'Finalising',
    'GracePeriod',
    removedLater,
    'FinalisingStepRouteTrafficToStable',
    'FinalisingStepRouteTrafficToStable',
  ],
  ['Finalising', 'WaitingForCanaryRemoval', removedLater, 'RemoveCanaryService', 'RemoveCanaryService'],
  ['Cancelling', 'WaitingForRoutes', {}, '', ''],
  [
    'Cancelling',
    'GracePeriod',
    removed,
    'FinalisingStepRouteTrafficToStable',
    'FinalisingStepRouteTrafficToStable',
  ],
  ['Cancelling', 'WaitingForWorkload', removed, 'ResumeWorkload', 'ResumeWorkload'],
  ['Aborting', 'CanaryRoutesRemoved', removed, '', ''],
  ['PostPromotion', 'WaitingForAnalysis', restored, 'END', 'END'],
  ['Completed', 'Promoted', restored, 'END', 'END'],
];

test.each(rows)('%s, %s with %j is %j for a canary and %j for blue-green', (...row) => {
  const [stage, reason, times, canary, blueGreen] = row;
  const release = { stage, ...times } as ReleaseRecord;
  expect([finalisingStepOf(release, reason, false), finalisingStepOf(release, reason, true)]).toEqual([
    canary,
    blueGreen,
  ]);
});
