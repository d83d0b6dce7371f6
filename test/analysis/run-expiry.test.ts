import { describe, expect, test } from 'vitest';
import { expiresAt } from '../../src/analysis/run-expiry.ts';
import type { AnalysisPhase, AnalysisRun } from '../../src/api/analysis-run.ts';

const COMPLETED = Date.UTC(2026, 0, 1, 12);

function finished(phase: AnalysisPhase, ttlStrategy: AnalysisRun['spec']['ttlStrategy']): AnalysisRun {
  const isOver = phase !== 'Pending' && phase !== 'Running';
  return {
    apiVersion: 'assay.dev/v1alpha1',
    kind: 'AnalysisRun',
    metadata: { name: 'mine', namespace: 'shop' },
    spec: {
      metrics: [{ name: 'rate', query: 'rate', successCondition: 'value > 0' }],
      ...(ttlStrategy ? { ttlStrategy } : {}),
    },
    status: {
      phase,
      ...(isOver ? { completedAt: new Date(COMPLETED).toISOString() } : {}),
      metricResults: [],
    },
  };
}

describe('a run with a ttlStrategy is deleted so many seconds after its end', () => {
  const all = { secondsAfterCompletion: 60, secondsAfterFailure: 30, secondsAfterSuccess: 10 };
  const rows: [string, AnalysisPhase, AnalysisRun['spec']['ttlStrategy'], number | undefined][] = [
    ['Successful', 'Successful', all, 10],
    ['Failed', 'Failed', all, 30],
    ['Error counts as a failure', 'Error', all, 30],
    ['Inconclusive counts as a failure', 'Inconclusive', all, 30],
    ['Cancelled is neither success nor failure', 'Cancelled', all, 60],
    ['the earlier of two times counts', 'Failed', { secondsAfterCompletion: 5, secondsAfterFailure: 30 }, 5],
    ['0 is at once', 'Successful', { secondsAfterSuccess: 0 }, 0],
    ['a time for the other end says nothing', 'Failed', { secondsAfterSuccess: 10 }, undefined],
    ['without a strategy it stays', 'Successful', undefined, undefined],
    ['while it runs it stays', 'Running', all, undefined],
    ['before it begins it stays', 'Pending', all, undefined],
  ];
  test.each(rows)('%s', (_title, phase, strategy, seconds) => {
    const at = expiresAt(finished(phase, strategy));
    expect(at).toBe(seconds === undefined ? undefined : COMPLETED + seconds * 1_000);
  });
});
