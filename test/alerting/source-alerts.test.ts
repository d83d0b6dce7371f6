import { expect, test } from 'vitest';
import { answeredAlerts, pendingAlerts } from '../../src/alerting/compose.ts';
import { receiverRequest } from '../../src/alerting/receivers.ts';
import { type HeldRollout, sourceAlerts } from '../../src/alerting/source-alerts.ts';
import type { Outage } from '../../src/api/metric-source.ts';
import type { Alert } from '../../src/api/rollout-record.ts';
import { formatTime } from '../../src/api/timestamp.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const SOURCE = { name: 'default', uid: 'u1' };
const OUTAGE: Outage = {
  since: formatTime(NOW - 10_000),
  reason: 'Timeout',
  message: 'no answer within 10 s',
  rollouts: ['bank/ledger', 'shop/billing', 'shop/checkout'],
};
const held = (namespace: string, rollout: string, ...receivers: string[]): HeldRollout => ({
  namespace,
  rollout,
  workload: rollout,
  release: 3,
  receivers,
});
const HELD = [
  held('bank', 'ledger', 'team'),
  held('shop', 'billing', 'team', 'boss'),
  held('shop', 'checkout', 'team'),
];
const told = (alerts: readonly Alert[]) =>
  alerts.map(({ event, namespace, receiver }) => `${event} ${namespace}/${receiver}`);
const DOWN = ['SourceDown bank/team', 'SourceDown shop/team', 'SourceDown shop/boss'];
const over = { ...OUTAGE, endedAt: formatTime(NOW + 50_000) };

test('each receiver is told once, in its own namespace', () => {
  const alerts = sourceAlerts(SOURCE, OUTAGE, HELD, [], NOW);
  expect(told(alerts)).toEqual(DOWN);
  expect(new Set(alerts.map(({ id }) => id)).size).toBe(3);
  expect(alerts[1]).toEqual({
    id: alerts[1]?.id,
    event: 'SourceDown',
    receiver: 'team',
    namespace: 'shop',
    rollout: 'billing',
    workload: 'billing',
    release: 3,
    source: 'default',
    at: formatTime(NOW),
    reason: 'Timeout',
    summary:
      'Metric source default is down for 3 Rollouts (shop/billing, shop/checkout, 1 in other namespaces): no answer within 10 s',
    evidence: [],
    action:
      'Held: none of them goes on without measurements, and each goes on by itself when the source answers.',
    next: 'Look at the source. There is one such alert for all Rollouts, and one when it is back.',
  });
});

test('again and again is once, whatever became of the alert', () => {
  const first = sourceAlerts(SOURCE, OUTAGE, HELD, [], NOW);
  const answered = answeredAlerts(first, first[0]?.id ?? '', true, NOW);
  expect(sourceAlerts(SOURCE, OUTAGE, HELD, answered, NOW + 5_000)).toEqual(answered);
});

test('who comes later with another receiver is told, and nobody else', () => {
  const first = sourceAlerts(SOURCE, OUTAGE, HELD.slice(0, 1), [], NOW);
  expect(told(sourceAlerts(SOURCE, OUTAGE, HELD, first, NOW))).toEqual(DOWN);
});

test('when it is back, those are told who were told before', () => {
  const first = sourceAlerts(SOURCE, OUTAGE, HELD, [], NOW);
  const delivered = first.reduce<Alert[]>((all, { id }) => answeredAlerts(all, id, true, NOW), first);
  const back = sourceAlerts(SOURCE, over, [...HELD, held('zoo', 'late', 'keeper')], delivered, NOW + 50_000);
  expect(told(back)).toEqual([...DOWN, ...DOWN.map((line) => line.replace('Down', 'Back'))]);
  expect(told(pendingAlerts({ alerts: back }))).toEqual(DOWN.map((line) => line.replace('Down', 'Back')));
  expect(back.at(-1)?.summary).toBe('Metric source default answers again, after 1m.');
  expect(sourceAlerts(SOURCE, over, HELD, back, NOW + 60_000)).toEqual(back);
});

test('the next outage is another, and of the last only what nobody took stays', () => {
  const first = sourceAlerts(SOURCE, OUTAGE, HELD.slice(0, 1), [], NOW);
  const next = { ...OUTAGE, since: formatTime(NOW + 100_000) };
  const answered = first.map((alert) => ({ ...alert, deliveredAt: formatTime(NOW) }));
  expect(told(sourceAlerts(SOURCE, next, HELD.slice(0, 1), answered, NOW))).toEqual(DOWN.slice(0, 1));
  expect(told(sourceAlerts(SOURCE, next, HELD.slice(0, 1), first, NOW))).toEqual([
    'SourceDown bank/team',
    'SourceDown bank/team',
  ]);
});

test('without an outage nobody is told', () => {
  expect(sourceAlerts(SOURCE, undefined, HELD, [], NOW)).toEqual([]);
});

test('Slack and webhooks speak of the source, and no Rollout', () => {
  const [, alert] = sourceAlerts(SOURCE, OUTAGE, HELD, [], NOW);
  if (!alert) throw new Error('there is an alert');
  const url = { secretKeyRef: { name: 's', key: 'k' } };
  const slack = JSON.stringify(receiverRequest({ slack: { url } }, alert)?.body);
  expect(slack).toContain('"text":"Source down: default"');
  expect(slack).toContain('kubectl describe clustermetricsource default');
  expect(slack).toContain(`Metric source default, Timeout, ${formatTime(NOW)}`);
  expect(receiverRequest({ webhook: { url } }, alert)?.body).toMatchObject({
    version: '1',
    event: 'SourceDown',
    source: 'default',
    namespace: 'shop',
    step: null,
  });
});
