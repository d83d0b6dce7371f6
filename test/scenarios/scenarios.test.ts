import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../src/api/kubernetes.ts';
import type { RolloutRecord } from '../../src/api/rollout-record.ts';
import type { DecisionWord } from '../../src/rollout/decision.ts';
import { isForPeople } from '../../src/rollout/remember.ts';
import { type Played, playScenario, WARM_UP_MS } from './run-scenario.ts';
import { readScenario, SCENARIOS, scenarioNames } from './scenario.ts';

const UPDATES = process.env['UPDATE_TRACES'] === '1';

describe.each(scenarioNames())('%s', (name) => {
  const folder = join(SCENARIOS, name);
  const scenario = readScenario(join(folder, 'scenario.yaml'));

  it(scenario.title, async () => {
    const played = await playScenario(scenario);
    const expected = join(folder, 'expected.trace');
    const text = `${played.trace.join('\n')}\n`;
    if (UPDATES) writeFileSync(expected, text);
    expect(text).toBe(readFileSync(expected, 'utf8'));
    expect(toldDecisions(played)).toEqual(recordedDecisions(played));
  });
});

it('causes no writes when nothing is to be done', async () => {
  const scenario = readScenario(join(SCENARIOS, 'healthy-canary-is-promoted', 'scenario.yaml'));
  const { writes } = await playScenario({ ...scenario, end: scenario.end + 600_000 });
  const late = writes.filter(({ at, actor }) => actor === 'assay' && at > WARM_UP_MS + scenario.end);
  expect(late.map(({ verb, object }) => `${verb} ${object.kind}`)).toEqual([]);
});

/** What Events say of Rollouts, each once, in the order of the words. */
function toldDecisions({ writes }: Played): string[] {
  return writes
    .filter(({ verb, object }) => verb === 'create' && object.kind === 'Event')
    .map(({ object }) => object as KubeObject & EventFields)
    .filter(({ involvedObject }) => involvedObject.kind === 'Rollout')
    .map(({ involvedObject, reason, message }) => `${involvedObject.name}: ${message} (${reason})`)
    .filter((line) => !line.includes('Complete: ') || !line.endsWith('(RolloutDeleted)'))
    .toSorted();
}

interface EventFields {
  involvedObject: { kind: string; name: string };
  reason: string;
  message: string;
}

/** What the records have for people, in the same words. The last decision about a deleted Rollout is told and not recorded. */
function recordedDecisions({ writes }: Played): string[] {
  const lines = new Map<string, string>();
  for (const { object } of writes) {
    if (object.kind !== 'RolloutRecord') continue;
    const { metadata, status } = object as RolloutRecord;
    for (const { sequence, decision, reason, message } of status.decisions ?? []) {
      if (!isForPeople({ decision: decision as DecisionWord })) continue;
      lines.set(`${metadata.uid} ${sequence}`, `${metadata.name}: ${decision}: ${message} (${reason})`);
    }
  }
  return [...lines.values()].toSorted();
}
