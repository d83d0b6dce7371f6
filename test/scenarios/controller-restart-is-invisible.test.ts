import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { playScenario } from './run-scenario.ts';
import { readScenario, SCENARIOS, type Scenario, scenarioNames } from './scenario.ts';

/** Between two kills of the controller. Not a part of any interval in a scenario, so that they fall anywhere. */
const KILL_EVERY_MS = 2_700;

const undisturbed = scenarioNames()
  .map((name) => ({ name, scenario: readScenario(join(SCENARIOS, name, 'scenario.yaml')) }))
  .filter(({ scenario }) => isUndisturbed(scenario));

/**
 * Refused writes and lost jobs meet a controller that was killed elsewhere, and the tries against a source that is
 * down are remembered in memory only: there the trace differs, though not its end. A controller that is stopped
 * cannot be killed.
 */
function isUndisturbed({ events }: Scenario): boolean {
  return events.every(
    ({ refuse, queue, source, controller }) => !refuse && !queue && !source && controller !== 'stop',
  );
}

for (const { name, scenario } of undisturbed) {
  test(`${name} is the same when the controller is killed every few seconds`, async () => {
    const { trace } = await playScenario(scenario, { killEveryMs: KILL_EVERY_MS });
    expect(trace).toEqual(
      readFileSync(join(SCENARIOS, name, 'expected.trace'), 'utf8')
        .trimEnd()
        .split('\n'),
    );
  });
}
