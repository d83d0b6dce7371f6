import { describe, expect, test } from 'vitest';
import type { FailureAction } from '../../src/api/rollout-guard.ts';
import { decideGuard } from '../../src/rollout/decide-guard.ts';
import { analysesOfStep, effectiveGuard, holdsOnSuccess, selects } from '../../src/rollout/guard.ts';
import { analysis, analysisTemplate, guard, guardFacts, METRIC, pinned } from '../builders/guard.ts';
import { rollout } from '../builders/rollout.ts';
import { ago, NOW } from '../builders/snapshot.ts';

describe('a guard selects a Rollout', () => {
  const labelled = rollout({ labels: { team: 'shop', tier: 'web' } });
  const rows: [string, ReturnType<typeof guard>, boolean][] = [
    ['by its name', guard(), true],
    ['not by another name', guard({ rolloutRef: { name: 'another' } }), false],
    ['by one label', guard({ selector: { matchLabels: { team: 'shop' } } }), true],
    ['by all of several labels', guard({ selector: { matchLabels: { team: 'shop', tier: 'web' } } }), true],
    [
      'not by some of several labels',
      guard({ selector: { matchLabels: { team: 'shop', tier: 'db' } } }),
      false,
    ],
    ['not by no label at all', guard({ selector: { matchLabels: {} } }), false],
    ['also while it is suspended', guard({ suspend: true }), true],
  ];
  for (const [title, object, selected] of rows) {
    test(title, () => expect(selects(object, labelled)).toBe(selected));
  }

  test('not while it is being deleted', () => {
    const object = guard();
    const going = { ...object, metadata: { ...object.metadata, deletionTimestamp: ago(1) } };
    expect(selects(going, labelled)).toBe(false);
  });
});

describe('a guard that says nothing', () => {
  test('promotes, rolls back, holds for 30 min and then aborts, waits 1 h for an analysis and 10 min for pods', () => {
    expect(pinned(guardFacts())).toEqual({
      analyses: [
        {
          name: 'success-rate',
          guard: { name: 'echoserver', uid: 'echoserver-guard-uid', generation: 1 },
          mode: 'Step',
          metrics: [METRIC],
          args: [{ name: 'threshold', value: '0.95' }],
        },
      ],
      onSuccess: 'Promote',
      onFailure: 'Rollback',
      onTimeout: 'Abort',
      onInconclusive: 'Pause',
      onError: 'Retry',
      rollback: { gitOps: 'Auto', urgent: false },
      retry: { attempts: 3, delayMs: 30_000 },
      runHistoryLimit: 10,
      holdTimeoutMs: 1_800_000,
      maxDurationMs: 3_600_000,
      progressDeadlineMs: 600_000,
      alerts: [],
    });
  });

  test('alerts of what went wrong and of what waits', () => {
    expect(pinned(guardFacts({ alerts: [{ receiver: 'team' }] })).alerts).toEqual([
      { receiver: 'team', on: ['Failed', 'RolledBack', 'Aborted', 'Waiting'] },
    ]);
  });
});

describe('several guards combine', () => {
  const both = (...actions: FailureAction[]) =>
    pinned(...actions.map((onFailure, index) => guardFacts({ name: `guard-${index}`, onFailure })));

  test('every analysis of each counts', () => {
    const all = pinned(
      guardFacts({ name: 'one' }),
      guardFacts({ name: 'two', analyses: [analysis(), analysis({ name: 'latency' })] }),
    );
    expect(all.analyses.map(({ guard: of, name }) => `${of.name}/${name}`)).toEqual([
      'one/success-rate',
      'two/success-rate',
      'two/latency',
    ]);
  });

  const strictest: [FailureAction[], FailureAction][] = [
    [['Pause', 'Abort'], 'Abort'],
    [['Abort', 'Pause'], 'Abort'],
    [['Abort', 'Rollback'], 'Rollback'],
    [['Rollback', 'Pause', 'Abort'], 'Rollback'],
    [['Pause', 'Pause'], 'Pause'],
  ];
  for (const [actions, action] of strictest) {
    test(`of ${actions.join(', ')} on failure ${action} counts`, () =>
      expect(both(...actions).onFailure).toBe(action));
  }

  test('one that holds on success is enough', () => {
    const combined = pinned(guardFacts({ name: 'one' }), guardFacts({ name: 'two', onSuccess: 'Hold' }));
    expect(combined.onSuccess).toBe('Hold');
  });

  test('the strictest action on timeout and the shortest of each limit counts', () => {
    const combined = pinned(
      guardFacts({ name: 'one', onTimeout: 'Rollback', holdTimeout: '1h', maxDuration: '10m' }),
      guardFacts({ name: 'two', onTimeout: 'Pause', holdTimeout: '5m', progressDeadlineSeconds: 30 }),
    );
    expect(combined).toMatchObject({
      onTimeout: 'Rollback',
      holdTimeoutMs: 300_000,
      maxDurationMs: 600_000,
      progressDeadlineMs: 30_000,
    });
  });

  test('a suspended one does not count', () => {
    const combined = pinned(
      guardFacts({ name: 'one', onFailure: 'Pause' }),
      guardFacts({ name: 'two', suspend: true }),
    );
    expect(combined).toMatchObject({ onFailure: 'Pause', analyses: [{ guard: { name: 'one' } }] });
  });

  test('a faulty one makes the whole faulty: a release must not go on with less than was asked for', () => {
    const faulty = { guard: guard({ name: 'two' }), templates: [] };
    expect(effectiveGuard([guardFacts(), faulty], undefined)).toEqual({
      kind: 'faulty',
      message:
        'RolloutGuard two: analysis success-rate names AnalysisTemplate success-rate, which does not exist; create it',
    });
  });

  test('none, or suspended ones only, guard nothing', () => {
    expect(effectiveGuard([], undefined)).toEqual({ kind: 'none' });
    expect(effectiveGuard([guardFacts({ suspend: true })], undefined)).toEqual({ kind: 'none' });
  });
});

describe('the analyses of a step', () => {
  const all = pinned(
    guardFacts({
      analyses: [
        analysis(),
        analysis({ name: 'first', steps: [1] }),
        analysis({ name: 'later', steps: [2, 3], onSuccess: 'Hold' }),
      ],
    }),
  );
  const names = (step: number) => analysesOfStep(all, step).map(({ name }) => name);

  test('are those that name it and those that name none', () => {
    expect(names(1)).toEqual(['success-rate', 'first']);
    expect(names(2)).toEqual(['success-rate', 'later']);
    expect(names(4)).toEqual(['success-rate']);
    expect(analysesOfStep(undefined, 1)).toEqual([]);
  });

  test('hold on success where one of them says so', () => {
    expect([1, 2, 3, 4].map((step) => holdsOnSuccess(all, step))).toEqual([false, true, true, false]);
  });
});

describe('the status of a guard', () => {
  const ready = {
    type: 'Ready',
    status: 'True',
    reason: 'Ready',
    message: 'every template, argument and metric source was found',
  } as const;

  test('is Ready where all that it names is there', () => {
    expect(decideGuard(guardFacts(), undefined, NOW)).toEqual({
      status: { observedGeneration: 1, conditions: [{ ...ready, lastTransitionTime: ago(0) }] },
      note: { type: 'Normal', reason: 'Ready', message: ready.message },
    });
  });

  const faults: [string, Parameters<typeof decideGuard>[0], string | undefined, string, RegExp][] = [
    [
      'while it is suspended',
      guardFacts({ suspend: true }),
      undefined,
      'Suspended',
      /this guard guards nothing/,
    ],
    [
      'where a template does not exist',
      { guard: guard(), templates: [] },
      undefined,
      'GuardNotReady',
      /which does not exist; create it/,
    ],
    [
      'where an argument is missing',
      {
        guard: guard(),
        templates: [{ ...analysisTemplate(), spec: { args: [{ name: 'service' }], metrics: [METRIC] } }],
      },
      undefined,
      'GuardNotReady',
      /the argument service has no default and must be given/,
    ],
    [
      'where a metric source does not exist',
      guardFacts(),
      'thanos',
      'UnknownSource',
      /ClusterMetricSource thanos does not exist; create it/,
    ],
  ];
  for (const [title, facts, missing, reason, message] of faults) {
    test(`is not Ready ${title}, and says what to do`, () => {
      const { status, note } = decideGuard(facts, missing, NOW);
      expect(status.conditions).toMatchObject([
        { type: 'Ready', status: 'False', reason, message: expect.stringMatching(message) },
      ]);
      expect(note).toMatchObject({ type: 'Warning', reason });
    });
  }

  test('keeps its time and says nothing while nothing changes', () => {
    const before = { ...ready, lastTransitionTime: ago(60) };
    const facts = guardFacts();
    const known = { ...facts, guard: { ...facts.guard, status: { conditions: [before] } } };
    expect(decideGuard(known, undefined, NOW)).toEqual({
      status: { observedGeneration: 1, conditions: [before] },
      note: undefined,
    });
  });

  test('keeps its time when only the reason of a fault changes', () => {
    const before = {
      type: 'Ready',
      status: 'False' as const,
      reason: 'Suspended',
      lastTransitionTime: ago(60),
    };
    const facts = guardFacts();
    const known = { ...facts, guard: { ...facts.guard, status: { conditions: [before] } } };
    const { status, note } = decideGuard(known, 'thanos', NOW);
    expect(status.conditions).toMatchObject([{ reason: 'UnknownSource', lastTransitionTime: ago(60) }]);
    expect(note?.reason).toBe('UnknownSource');
  });
});
