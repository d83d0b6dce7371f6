import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Names that mean the kinds of Argo Rollouts as well, where its definitions are installed. */
const AMBIGUOUS = ['rollout', 'analysisrun', 'analysistemplate', 'clusteranalysistemplate'].join('|');
const SHORT_NAME = new RegExp(
  `kubectl[^\`'"\\n]* (get|describe|annotate|patch|edit|delete|wait|label|approve|undo) (\\S+,)*(${AMBIGUOUS})s?[/, \`'"]`,
);

/** Everything that shows commands to people. */
const shown = execFileSync(
  'git',
  ['ls-files', '*.md', 'src', 'playground', 'charts', 'examples', 'docker-compose.yml'],
  { cwd: ROOT, encoding: 'utf8' },
)
  .split('\n')
  .filter((path) => path !== '');

it('shows no command with a name that kubectl may take for a kind of Argo Rollouts', () => {
  const short = shown.flatMap((path) =>
    readFileSync(join(ROOT, path), 'utf8')
      .split('\n')
      .filter((line) => SHORT_NAME.test(line))
      .map((line) => `${path}: ${line.trim()}`),
  );
  expect(short).toEqual([]);
});
