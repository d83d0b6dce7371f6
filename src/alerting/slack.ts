import type { Alert, Evidence } from '../api/rollout-record.ts';

/** How people call the events; the first thing they read. */
const STATUS_WORD = {
  Failed: 'Failed',
  RolledBack: 'Rolled back',
  Aborted: 'Aborted',
  Waiting: 'Waiting',
  Completed: 'Completed',
  SourceDown: 'Source down',
  SourceBack: 'Source back',
} as const satisfies Record<Alert['event'], string>;

/** Slack refuses a whole message for one text that is too long. */
const HEADER_MAX = 150;
const TEXT_MAX = 2_900;
const METRICS_SHOWN = 10;

interface SlackBlock {
  type: 'header' | 'section' | 'context';
  text?: { type: 'plain_text' | 'mrkdwn'; text: string; emoji?: boolean };
  elements?: { type: 'mrkdwn'; text: string }[];
}

export interface SlackMessage {
  /** What a notification shows, and a reader that does not know blocks. */
  text: string;
  channel?: string;
  blocks: SlackBlock[];
}

/** An alert as the body of a POST to a Slack incoming webhook: short lines, the most important first. */
export function slackMessage(alert: Alert, channel?: string): SlackMessage {
  const subject = alert.source ?? `${alert.namespace}/${alert.workload}`;
  const headline = `${STATUS_WORD[alert.event]}: ${subject}`;
  const step = stepLine(alert);
  return {
    text: plain(step ? `${headline}, ${step}` : headline, TEXT_MAX),
    ...(channel === undefined ? {} : { channel }),
    blocks: [
      {
        type: 'header',
        text: { type: 'plain_text', text: shortened(headline, HEADER_MAX), emoji: false },
      },
      section(`${step ? `*${step}*\n` : ''}${plain(alert.summary, TEXT_MAX - 100)}`),
      ...alert.evidence.slice(0, METRICS_SHOWN).map((evidence) => section(metricText(evidence))),
      ...moreMetrics(alert.evidence.length - METRICS_SHOWN),
      section(`*Done*\n${plain(alert.action, TEXT_MAX)}`),
      section(`*Next*\n${plain(alert.next, TEXT_MAX - 500)}\n\`\`\`${lookCommand(alert)}\`\`\``),
      {
        type: 'context',
        elements: [
          {
            type: 'mrkdwn',
            text: plain(`${originOf(alert)}, ${alert.reason}, ${alert.at}`, TEXT_MAX),
          },
        ],
      },
    ],
  };
}

function stepLine({ step, steps, weight }: Alert): string | undefined {
  if (step === undefined) return undefined;
  const share = weight === undefined ? '' : ` at ${weight} % of the traffic`;
  return `step ${step}/${steps ?? step}${share}`;
}

function metricText({ analysis, metric, value, condition, message }: Evidence): string {
  const against = condition === undefined ? '' : ` against ${code(condition)}`;
  const measured = value === undefined ? '' : `: ${code(value)}${against}`;
  return `*${plain(metric, 200)}* (${plain(analysis, 200)})${measured}\n${plain(message, 1_500)}`;
}

function moreMetrics(count: number): SlackBlock[] {
  return count > 0 ? [section(`and ${count} more`)] : [];
}

function originOf({ source, namespace, rollout, release }: Alert): string {
  return source === undefined
    ? `Rollout ${namespace}/${rollout}, release ${release}`
    : `Metric source ${source}`;
}

/** Shows where the release is and, in its Events, every decision with its reason. */
function lookCommand({ rollout, namespace, source }: Alert): string {
  if (source !== undefined) return `kubectl describe clustermetricsource ${source}`;
  return `kubectl describe rollouts.rollouts.kruise.io ${rollout} -n ${namespace}`;
}

function section(text: string): SlackBlock {
  return { type: 'section', text: { type: 'mrkdwn', text } };
}

/** A backtick would end the code it stands in. */
function code(text: string): string {
  return `\`${plain(text.replaceAll('`', "'"), 500)}\``;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** Text without Slack's control characters, cut where it would become longer than `limit`. */
function plain(text: string, limit: number): string {
  let escaped = '';
  for (const character of text) {
    const next = ENTITIES[character] ?? character;
    if (escaped.length + next.length > limit - 1) return `${escaped}…`;
    escaped += next;
  }
  return escaped;
}

function shortened(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;
}
