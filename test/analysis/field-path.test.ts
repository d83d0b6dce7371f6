import { describe, expect, test } from 'vitest';
import { checkFieldPath, resolveFieldPath } from '../../src/analysis/field-path.ts';

const objects = {
  rollout: {
    metadata: { name: 'web', labels: { team: 'shop', 'app.kubernetes.io/name': 'web', "it's": 'odd' } },
    spec: { strategy: { canary: { steps: [{ weight: 5 }, { weight: 50 }] } }, disabled: false, note: null },
  },
  workload: { spec: { replicas: 0, template: { spec: { containers: [{ image: 'web:v2' }] } } } },
};

describe('a field is read by its path', () => {
  test.each<[path: string, value: string]>([
    ['rollout.metadata.name', 'web'],
    ["rollout.metadata.labels['team']", 'shop'],
    ['rollout.metadata.labels["app.kubernetes.io/name"]', 'web'],
    [`rollout.metadata.labels["it's"]`, 'odd'],
    ['rollout.metadata.labels.team', 'shop'],
    ['rollout.spec.strategy.canary.steps[1].weight', '50'],
    ['rollout.spec.disabled', 'false'],
    ['workload.spec.replicas', '0'],
    ['workload.spec.template.spec.containers[0].image', 'web:v2'],
  ])('%s', (path, value) => {
    expect(resolveFieldPath(objects, path)).toEqual({ ok: true, value });
  });
});

describe('a field that cannot be read says why', () => {
  const advice = 'set it, or give the argument a value';
  const examples = "`rollout.metadata.labels['team']` or `workload.spec.template.spec.containers[0].image`";
  test.each<[path: string, message: string]>([
    ["rollout.metadata.labels['tier']", `rollout.metadata.labels['tier'] is not set; ${advice}`],
    [
      'rollout.metadata.annotations.a',
      `rollout.metadata.annotations (of rollout.metadata.annotations.a) is not set; ${advice}`,
    ],
    ['rollout.spec.note', `rollout.spec.note is not set; ${advice}`],
    ['rollout.metadata.constructor', `rollout.metadata.constructor is not set; ${advice}`],
    ['rollout.metadata.name.length', `rollout.metadata.name.length is not set; ${advice}`],
    [
      'workload.spec.template.spec.containers[3].image',
      `workload.spec.template.spec.containers[3] (of workload.spec.template.spec.containers[3].image) is not set; ${advice}`,
    ],
    [
      'workload.spec.template.spec.containers.image',
      `workload.spec.template.spec.containers.image is not set; ${advice}`,
    ],
    [
      'rollout.metadata.labels',
      'rollout.metadata.labels is an object: name a field in it that is text or a number',
    ],
    [
      'rollout.spec.strategy.canary.steps',
      'rollout.spec.strategy.canary.steps is a list: name a field in it that is text or a number',
    ],
    ['metadata.name', `"metadata.name" must begin with rollout or workload, as ${examples} do`],
    ['', `"" must begin with rollout or workload, as ${examples} do`],
    ['rollouts.metadata', `"rollouts.metadata" must begin with rollout or workload, as ${examples} do`],
    ['rollout', `"rollout" names no field; write ${examples}`],
    [
      'rollout.metadata..name',
      `"rollout.metadata..name" cannot be read from position 16 on; write ${examples}`,
    ],
    [
      'rollout.metadata.labels[team]',
      `"rollout.metadata.labels[team]" cannot be read from position 23 on; write ${examples}`,
    ],
    [
      "rollout.metadata.labels['team'",
      `"rollout.metadata.labels['team'" cannot be read from position 23 on; write ${examples}`,
    ],
    [
      'rollout.metadata.name ',
      `"rollout.metadata.name " cannot be read from position 21 on; write ${examples}`,
    ],
  ])('%s', (path, message) => {
    expect(resolveFieldPath(objects, path)).toEqual({ ok: false, message });
  });
});

test('what is wrong with a path itself is found without the objects', () => {
  expect(checkFieldPath("rollout.metadata.labels['nobody']")).toBeUndefined();
  expect(checkFieldPath('pod.metadata.name')).toMatch(/must begin with rollout or workload/);
});
