import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lauxlib, lua, lualib, to_luastring } from 'fengari';
import { expect, test } from 'vitest';
import type { KubeObject } from '../../src/api/kubernetes.ts';
import { playScenario } from '../scenarios/run-scenario.ts';
import { readScenario, SCENARIOS } from '../scenarios/scenario.ts';

const SCRIPT = readFileSync(new URL('../../charts/assay/files/argocd-health.lua', import.meta.url), 'utf8');

/** What the script answers of an object, as Argo CD runs it: the object is the global `obj`, the answer a table. */
function healthOf(object: unknown): { status: string; message: string } {
  const state = lauxlib.luaL_newstate();
  lualib.luaL_openlibs(state);
  const source = `obj = ${luaLiteral(object)}\nlocal answer = (function() ${SCRIPT} end)()\nreturn answer.status, answer.message`;
  if (lauxlib.luaL_dostring(state, to_luastring(source)) !== lua.LUA_OK) {
    throw new Error(lua.lua_tojsstring(state, -1));
  }
  return { status: lua.lua_tojsstring(state, -2), message: lua.lua_tojsstring(state, -1) };
}

function luaLiteral(value: unknown): string {
  if (Array.isArray(value)) return `{${value.map(luaLiteral).join(',')}}`;
  if (value === null || value === undefined) return 'nil';
  if (typeof value !== 'object') return JSON.stringify(value);
  const fields = Object.entries(value).filter(([, field]) => field !== null && field !== undefined);
  return `{${fields.map(([key, field]) => `[${JSON.stringify(key)}]=${luaLiteral(field)}`).join(',')}}`;
}

/** What Argo CD shows of the Rollout, one after another, as the scenario goes on. */
async function healthDuring(scenario: string): Promise<string[]> {
  const { writes } = await playScenario(readScenario(join(SCENARIOS, scenario, 'scenario.yaml')));
  return writes
    .filter(({ object }) => object.kind === 'Rollout')
    .map(({ object }) => healthOf(object).status)
    .filter((status, index, all) => status !== all[index - 1]);
}

test.each([
  ['healthy-canary-is-promoted', ['Progressing', 'Healthy', 'Progressing', 'Healthy']],
  ['errors-roll-back', ['Progressing', 'Healthy', 'Progressing', 'Degraded']],
  ['abort-keeps-stable', ['Progressing', 'Healthy', 'Progressing', 'Degraded', 'Progressing', 'Healthy']],
  ['unguarded-walkthrough', ['Progressing', 'Healthy', 'Progressing', 'Suspended', 'Progressing', 'Healthy']],
  ['missing-service-stalls', ['Progressing', 'Healthy', 'Degraded', 'Progressing', 'Healthy']],
])('of %s Argo CD shows %j', async (scenario, expected) => {
  expect(await healthDuring(scenario)).toEqual(expected);
});

test('a failed release says why', async () => {
  const { writes } = await playScenario(readScenario(join(SCENARIOS, 'errors-roll-back', 'scenario.yaml')));
  const last = writes.findLast(({ object }) => object.kind === 'Rollout')?.object as KubeObject;
  expect(healthOf(last)).toEqual({ status: 'Degraded', message: expect.stringContaining('RolledBack: ') });
});

test.each([
  ['nothing that Assay wrote', { metadata: { generation: 1 } }, 'Progressing'],
  [
    'a status of a former spec',
    {
      metadata: { generation: 2 },
      status: { observedGeneration: 1, conditions: [{ type: 'Ready', status: 'True', reason: 'Healthy' }] },
    },
    'Progressing',
  ],
  [
    'a disabled Rollout',
    {
      metadata: { generation: 1 },
      status: { observedGeneration: 1, conditions: [{ type: 'Ready', status: 'True', reason: 'Disabled' }] },
    },
    'Suspended',
  ],
])('%s is told', (_what, object, status) => {
  expect(healthOf(object).status).toBe(status);
});
