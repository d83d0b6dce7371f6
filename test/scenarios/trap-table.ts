import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { readScenario, SCENARIOS, scenarioNames } from './scenario.ts';

/** The page that has the table, from the root of the repository. */
export const PAGE = 'docs/migrate-from-kruise.md';

const BEGIN = '<!-- traps: written by `npm run generate` -->';
const END = '<!-- /traps -->';

const trapsSchema = z.record(
  z.string(),
  z.strictObject({ upstream: z.string(), proof: z.string().optional() }),
);

/** The page with its table as the scenarios have it. */
export function withTrapTable(page: string): string {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined)
    throw new Error(`${PAGE} has no place for the table of traps`);
  return `${before}${BEGIN}\n${trapTable()}\n${END}${after}`;
}

/** One row a trap that is shown to be closed. */
function trapTable(): string {
  const traps = trapsSchema.parse(parse(readFileSync(join(SCENARIOS, 'traps.yaml'), 'utf8')));
  const scenarios = scenarioNames().map((name) => ({
    name,
    ...readScenario(join(SCENARIOS, name, 'scenario.yaml')),
  }));
  const rows = Object.entries(traps).flatMap(([trap, { upstream, proof }]) => {
    const shown = scenarios.filter((scenario) => scenario.traps.includes(trap));
    const proofs = [
      ...shown.map(({ name }) => `[${name}](../test/scenarios/${name}/expected.trace)`),
      ...(proof ? [`[${proof}](../${proof})`] : []),
    ];
    const does = shown.map(({ title }) => title).join(' ') || 'See the test.';
    return proofs.length > 0 ? [`| ${trap} | ${upstream} | ${does} | ${proofs.join(', ')} |`] : [];
  });
  return ['', '| | Kruise Rollouts | Assay | shown by |', '| --- | --- | --- | --- |', ...rows, ''].join(
    '\n',
  );
}
