import { formatTime } from '../api/timestamp.ts';
import type { Finding } from './incident.ts';
import type { BacktestReport } from './report.ts';

/** Raised when a field changes its meaning or goes; new fields do not raise it. */
const FORMAT_VERSION = 1;

/** The report for programs: every field is named here, so that none changes by accident. Times are RFC 3339. */
export function jsonReport(
  template: string,
  report: BacktestReport,
  skipped: readonly { name: string; reason: string }[],
) {
  const { period, healthy, incident } = report;
  return {
    formatVersion: FORMAT_VERSION,
    template,
    from: formatTime(period.from),
    to: formatTime(period.to),
    stepMs: report.stepMs,
    moments: report.moments,
    rate: report.rate,
    analysis: { lengthMs: report.lengthMs, spanMs: report.spanMs },
    metrics: report.metrics.map(
      ({ name, query, condition, lookbackMs, resolutionMs, exact, outcomes, thresholds, ...more }) => ({
        name,
        dryRun: more.dryRun,
        query,
        condition,
        lookbackMs,
        resolutionMs,
        exact,
        windowResolutionMs: more.windowResolutionMs ?? null,
        outcomes,
        thresholds: thresholds.map((each) => ({
          role: each.role,
          condition: each.condition,
          argument: each.argument ?? null,
          operator: each.operator ?? null,
          threshold: each.threshold ?? null,
          badShare: each.badShare ?? null,
          suggested: each.suggested ?? null,
          failedWithSuggested: each.failedWithSuggested ?? null,
          problem: each.problem ?? null,
        })),
      }),
    ),
    skipped,
    unanswered: report.unanswered.map(({ metric, query, from, to, moments, reason, message }) => ({
      metric,
      query,
      from: formatTime(from),
      to: formatTime(to),
      moments,
      reason,
      message,
    })),
    healthy: {
      analyses: healthy.analyses,
      independent: healthy.independent,
      falseAlarms: healthy.verdicts.Failed,
      verdicts: healthy.verdicts,
    },
    episodes: report.episodes.map(({ metric, dryRun, outcome, from, to, moments, worst }) => ({
      metric,
      dryRun,
      outcome,
      from: formatTime(from),
      to: formatTime(to),
      moments,
      worst: { at: formatTime(worst.at), value: numberOrText(worst.value), message: worst.message },
    })),
    incident: incident
      ? {
          from: formatTime(incident.from),
          to: formatTime(incident.to),
          analyses: incident.analyses,
          failed: incident.failed,
          stopped: incident.stopped,
          found: findingJson(incident.found),
          paused: findingJson(incident.paused),
        }
      : null,
  };
}

function findingJson(finding: Finding | undefined) {
  if (!finding) return null;
  const { at, delayMs, metric, message } = finding;
  return { at: formatTime(at), delayMs, metric, message };
}

/** JSON has no number for the infinities. */
function numberOrText(value: number | undefined): number | string | null {
  if (value === undefined) return null;
  return Number.isFinite(value) ? value : value > 0 ? '+Inf' : '-Inf';
}
