import { type FileFault, faultLine } from './file-fault.ts';
import { LINT_RULES, type LintResult } from './lint-files.ts';

/** Without it a wrong folder would look like a clean one. */
const NOTHING_FOUND =
  '; there is no template, guard or Rollout of assay.dev or rollouts.kruise.io here, so nothing was checked';

/** A line for each fault, and one that sums up. */
export function lintText({ faults, objects }: LintResult): string {
  const count = (severity: FileFault['severity']) =>
    faults.filter((fault) => fault.severity === severity).length;
  const [errors, warnings] = [count('error'), count('warning')];
  const checked = `${objects} ${objects === 1 ? 'object' : 'objects'} checked`;
  const summary = `${checked}: ${errors} ${errors === 1 ? 'error' : 'errors'}, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`;
  return [...faults.map(faultLine), summary + (objects === 0 && errors === 0 ? NOTHING_FOUND : ''), ''].join(
    '\n',
  );
}

/** For scripts: the faults as they are. */
export function lintJson({ faults, objects }: LintResult): string {
  return `${JSON.stringify({ objects, faults }, null, 2)}\n`;
}

/**
 * For code scanning.
 *
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export function lintSarif({ faults }: LintResult): string {
  const ids = Object.keys(LINT_RULES);
  const rules = Object.entries(LINT_RULES).map(([id, text]) => ({ id, shortDescription: { text } }));
  const results = faults.map(({ file, line, column, severity, message, rule }) => ({
    ruleId: rule,
    ruleIndex: ids.indexOf(rule),
    level: severity,
    message: { text: message },
    locations: [
      {
        physicalLocation: {
          artifactLocation: {
            uri: encodeURI(file.replaceAll('\\', '/')).replace(/[?#]/g, encodeURIComponent),
          },
          region: { startLine: line, startColumn: column },
        },
      },
    ],
  }));
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{ tool: { driver: { name: 'assay', rules } }, columnKind: 'utf16CodeUnits', results }],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

/**
 * Workflow commands by which GitHub Actions shows faults beside the lines of a change.
 *
 * @see https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
 */
export function lintGithub({ faults }: LintResult): string {
  return faults
    .map(({ file, line, column, severity, message, rule }) => {
      const properties = { file, line, col: column, title: `assay lint (${rule})` };
      const given = Object.entries(properties).map(
        ([name, value]) => `${name}=${escapeProperty(String(value))}`,
      );
      return `::${severity} ${given.join(',')}::${escapeData(message)}\n`;
    })
    .join('');
}

/** The runner would read these as the end of the command. */
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
