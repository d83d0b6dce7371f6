import { describe, expect, test } from 'vitest';
import { receiverRequest } from '../../src/alerting/receivers.ts';
import { slackMessage } from '../../src/alerting/slack.ts';
import { webhookMessage } from '../../src/alerting/webhook.ts';
import type { Alert } from '../../src/api/rollout-record.ts';

const rolledBack: Alert = {
  id: '4f2a9c01de',
  event: 'RolledBack',
  receiver: 'team',
  at: '2026-11-24T10:15:00.000Z',
  rollout: 'checkout',
  namespace: 'shop',
  workload: 'checkout',
  release: 3,
  step: 1,
  steps: 5,
  weight: 5,
  reason: 'AnalysisFailed',
  summary: 'Step 1/5 of release 3 failed: metric error-rate failed',
  evidence: [
    {
      analysis: 'success',
      metric: 'error-rate',
      value: '0.07',
      condition: 'value < 0.01',
      message: '0.07 fails value < 0.01; 2 failures & limit 1',
    },
  ],
  action: 'Rolled back: the stable pod template was restored in checkout.',
  next: 'Mend the new version and release it again.',
};

const completed: Alert = {
  id: 'c1',
  event: 'Completed',
  receiver: 'team',
  at: '2026-11-24T10:20:00.000Z',
  rollout: 'checkout',
  namespace: 'shop',
  workload: 'checkout-web',
  release: 4,
  reason: 'Promoted',
  summary: 'Release 4 is complete.',
  evidence: [],
  action: 'Promoted.',
  next: 'Nothing is left to do.',
};

const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });

describe('a message to Slack', () => {
  test('tells a failure with metric, value, condition, what was done and what comes next', () => {
    expect(slackMessage(rolledBack)).toEqual({
      text: 'Rolled back: shop/checkout, step 1/5 at 5 % of the traffic',
      blocks: [
        { type: 'header', text: { type: 'plain_text', text: 'Rolled back: shop/checkout', emoji: false } },
        section('*step 1/5 at 5 % of the traffic*\nStep 1/5 of release 3 failed: metric error-rate failed'),
        section(
          '*error-rate* (success): `0.07` against `value &lt; 0.01`\n0.07 fails value &lt; 0.01; 2 failures &amp; limit 1',
        ),
        section('*Done*\nRolled back: the stable pod template was restored in checkout.'),
        section(
          '*Next*\nMend the new version and release it again.\n```kubectl describe rollouts.rollouts.kruise.io checkout -n shop```',
        ),
        {
          type: 'context',
          elements: [
            {
              type: 'mrkdwn',
              text: 'Rollout shop/checkout, release 3, AnalysisFailed, 2026-11-24T10:15:00.000Z',
            },
          ],
        },
      ],
    });
  });

  test('leaves out what an alert does not have', () => {
    expect(slackMessage(completed, '#releases')).toEqual({
      text: 'Completed: shop/checkout-web',
      channel: '#releases',
      blocks: [
        { type: 'header', text: { type: 'plain_text', text: 'Completed: shop/checkout-web', emoji: false } },
        section('Release 4 is complete.'),
        section('*Done*\nPromoted.'),
        section('*Next*\nNothing is left to do.\n```kubectl describe rollouts.rollouts.kruise.io checkout -n shop```'),
        {
          type: 'context',
          elements: [
            { type: 'mrkdwn', text: 'Rollout shop/checkout, release 4, Promoted, 2026-11-24T10:20:00.000Z' },
          ],
        },
      ],
    });
  });

  test.each([
    ['Failed', 'Failed: shop/checkout'],
    ['RolledBack', 'Rolled back: shop/checkout'],
    ['Aborted', 'Aborted: shop/checkout'],
    ['Waiting', 'Waiting: shop/checkout'],
    ['Completed', 'Completed: shop/checkout'],
  ] as const)('calls %s by a word for people', (event, headline) => {
    expect(slackMessage({ ...rolledBack, event }).blocks[0]?.text?.text).toBe(headline);
  });

  test('a metric without a value shows its message only', () => {
    const evidence = [{ analysis: 'success', metric: 'p99', message: 'no data' }];
    expect(slackMessage({ ...rolledBack, evidence }).blocks[2]).toEqual(section('*p99* (success)\nno data'));
  });

  test('control characters of Slack and backticks cannot get out of their place', () => {
    const evidence = [
      {
        analysis: 'a',
        metric: 'm',
        value: '1',
        condition: '`<!channel>`',
        message: '<https://x|click> &amp;',
      },
    ];
    const { blocks } = slackMessage({ ...rolledBack, summary: '<!here>', evidence });
    expect(blocks[1]?.text?.text).toBe('*step 1/5 at 5 % of the traffic*\n&lt;!here&gt;');
    expect(blocks[2]?.text?.text).toBe(
      "*m* (a): `1` against `'&lt;!channel&gt;'`\n&lt;https://x|click&gt; &amp;amp;",
    );
  });

  test('keeps the limits of Slack, whatever an alert holds', () => {
    const long = '&'.repeat(20_000);
    const evidence = Array.from({ length: 40 }, (_, n) => ({
      analysis: long,
      metric: `m${n}`,
      value: long,
      condition: long,
      message: long,
    }));
    const name = 'n'.repeat(253);
    const { blocks, text } = slackMessage({
      ...rolledBack,
      namespace: name,
      workload: name,
      summary: long,
      action: long,
      next: long,
      evidence,
    });
    expect(blocks).toHaveLength(16);
    expect(blocks[12]).toEqual(section('and 30 more'));
    expect(blocks[0]?.text?.text).toHaveLength(150);
    expect(Math.max(text.length, ...blocks.map((block) => block.text?.text.length ?? 0))).toBeLessThanOrEqual(
      3_000,
    );
    expect(blocks[1]?.text?.text).toMatch(/(&amp;)+…$/);
  });
});

describe('a message to a webhook', () => {
  test('has every field of version 1', () => {
    expect(webhookMessage(rolledBack)).toEqual({
      version: '1',
      id: '4f2a9c01de',
      event: 'RolledBack',
      at: '2026-11-24T10:15:00.000Z',
      namespace: 'shop',
      rollout: 'checkout',
      workload: 'checkout',
      release: 3,
      step: { index: 1, of: 5, weight: 5 },
      source: null,
      reason: 'AnalysisFailed',
      summary: 'Step 1/5 of release 3 failed: metric error-rate failed',
      metrics: [
        {
          analysis: 'success',
          metric: 'error-rate',
          value: '0.07',
          condition: 'value < 0.01',
          message: '0.07 fails value < 0.01; 2 failures & limit 1',
        },
      ],
      action: 'Rolled back: the stable pod template was restored in checkout.',
      next: 'Mend the new version and release it again.',
    });
  });

  test('has null for what an alert does not have', () => {
    const evidence = [{ analysis: 'success', metric: 'p99', message: 'no data' }];
    expect(webhookMessage({ ...completed, evidence })).toMatchObject({
      step: null,
      metrics: [{ analysis: 'success', metric: 'p99', value: null, condition: null, message: 'no data' }],
    });
    expect(webhookMessage({ ...completed, step: 2 }).step).toEqual({ index: 2, of: 2, weight: null });
  });
});

describe('a receiver', () => {
  const url = { secretKeyRef: { name: 'hooks', key: 'url' } };
  test.each([
    [
      'slack',
      { slack: { url, channel: '#releases' } },
      {
        urlFrom: { name: 'hooks', key: 'url' },
        headers: { 'content-type': 'application/json' },
        body: slackMessage(completed, '#releases'),
      },
    ],
    [
      'webhook',
      { webhook: { url, headers: { 'x-team': 'shop', 'Content-Type': 'text/plain' } } },
      {
        urlFrom: { name: 'hooks', key: 'url' },
        headers: { 'x-team': 'shop', 'content-type': 'application/json' },
        body: webhookMessage(completed),
      },
    ],
    ['nothing', {}, undefined],
  ])('of %s gets its request', (_title, spec, expected) => {
    expect(receiverRequest(spec, completed)).toEqual(expected);
  });
});
