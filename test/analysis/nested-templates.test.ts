import { describe, expect, test } from 'vitest';
import {
  type MergedTemplate,
  mergeTemplates,
  type TemplateName,
} from '../../src/analysis/nested-templates.ts';
import type { AnalysisTemplate } from '../../src/api/analysis-template.ts';
import type { Argument } from '../../src/api/argument.ts';
import { metric } from './examples.ts';

type Spec = AnalysisTemplate['spec'];

const named = (name: string) => metric({ name });
/** `web` is an AnalysisTemplate, `cluster/web` a ClusterAnalysisTemplate. */
const nameOf = (text: string): TemplateName =>
  text.startsWith('cluster/')
    ? { kind: 'ClusterAnalysisTemplate', name: text.slice('cluster/'.length) }
    : { kind: 'AnalysisTemplate', name: text };

/** A template by its metrics, what it nests and its arguments. */
function spec(metrics: string[], nests: string[] = [], args: Argument[] = []): Spec {
  return {
    metrics: metrics.map(named),
    ...(nests.length > 0 && { templates: nests.map(nameOf) }),
    ...(args.length > 0 && { args }),
  };
}

function merge(templates: Record<string, Spec>, root = 'root'): MergedTemplate {
  const asked = new Map(
    Object.entries(templates).map(([name, each]) => [JSON.stringify(nameOf(name)), { spec: each }]),
  );
  return mergeTemplates(nameOf(root), ({ kind, name }) => asked.get(JSON.stringify({ kind, name })));
}

function summary(merged: MergedTemplate): unknown {
  if (!merged.ok) return merged.faults.map(({ path, message }) => `${path}: ${message}`);
  return {
    metrics: merged.spec.metrics.map(({ name }) => name),
    ...(merged.spec.args.length > 0 && { args: merged.spec.args }),
  };
}

describe('a template brings along what it nests', () => {
  test.each<[title: string, templates: Record<string, Spec>, expected: unknown]>([
    ['nothing', { root: spec(['a', 'b']) }, { metrics: ['a', 'b'] }],
    [
      'its own metrics come first, then depth by depth',
      { root: spec(['a'], ['b', 'd']), b: spec(['b'], ['c']), c: spec(['c']), d: spec(['d']) },
      { metrics: ['a', 'b', 'c', 'd'] },
    ],
    ['a template may consist of others only', { root: spec([], ['b']), b: spec(['b']) }, { metrics: ['b'] }],
    [
      'one that is reached twice counts once',
      { root: spec(['a'], ['b', 'c']), b: spec(['b'], ['d']), c: spec(['c'], ['d']), d: spec(['d']) },
      { metrics: ['a', 'b', 'd', 'c'] },
    ],
    [
      'the same name in both kinds is two templates',
      { root: spec([], ['web', 'cluster/web']), web: spec(['a']), 'cluster/web': spec(['b']) },
      { metrics: ['a', 'b'] },
    ],
    [
      'arguments come together',
      {
        root: spec(['a'], ['b'], [{ name: 'x' }]),
        b: spec(['b'], [], [{ name: 'y', type: 'number', value: '1' }]),
      },
      { metrics: ['a', 'b'], args: [{ name: 'x' }, { name: 'y', type: 'number', value: '1' }] },
    ],
    [
      'the outer template sets the default',
      {
        root: spec([], ['b', 'c'], [{ name: 'x', value: '3' }]),
        b: spec(['b'], [], [{ name: 'x', value: '1' }]),
        c: spec(['c'], [], [{ name: 'x' }]),
      },
      { metrics: ['b', 'c'], args: [{ name: 'x', value: '3' }] },
    ],
    [
      'the outer template may require what has a default inside',
      {
        root: spec([], ['b'], [{ name: 'x', required: true }]),
        b: spec(['b'], [], [{ name: 'x', value: '1' }]),
      },
      { metrics: ['b'], args: [{ name: 'x', required: true }] },
    ],
    [
      'equal declarations of siblings are one',
      {
        root: spec([], ['b', 'c']),
        b: spec(['b'], [], [{ name: 'x', type: 'string', value: '1' }]),
        c: spec(['c'], [], [{ name: 'x', value: '1' }]),
      },
      { metrics: ['b', 'c'], args: [{ name: 'x', type: 'string', value: '1' }] },
    ],
  ])('%s', (_title, templates, expected) => {
    expect(summary(merge(templates))).toEqual(expected);
  });

  test('and says which templates it reached', () => {
    const merged = merge({ root: spec(['a'], ['b', 'b']), b: spec(['b']) });
    expect(merged.ok && merged.reached).toEqual([nameOf('root'), nameOf('b')]);
  });
});

describe('what does not go together is a fault', () => {
  test.each<[title: string, templates: Record<string, Spec>, faults: string[]]>([
    ['the template is not there', {}, ['template: AnalysisTemplate root does not exist']],
    [
      'one that it nests is not there',
      { root: spec(['a'], ['b']) },
      ['spec.templates[0]: AnalysisTemplate b does not exist; create it or name another'],
    ],
    [
      'a template that nests itself',
      { root: spec(['a'], ['root']) },
      [
        'spec.templates[0]: AnalysisTemplate root nests itself: root → root; take one of these references away',
      ],
    ],
    [
      'a loop further inside',
      { root: spec(['a'], ['b']), b: spec(['b'], ['c']), c: spec(['c'], ['b']) },
      ['spec.templates[0]: AnalysisTemplate b nests itself: b → c → b; take one of these references away'],
    ],
    [
      'two metrics of one name',
      { root: spec(['a'], ['b', 'c']), b: spec(['b']), c: spec(['b']) },
      ['spec.templates[1]: AnalysisTemplate b and AnalysisTemplate c both have a metric b; rename one'],
    ],
    [
      'two metrics of one name in one template',
      { root: spec(['a', 'a']) },
      ['spec.metrics: the name a is used twice in AnalysisTemplate root'],
    ],
    [
      'siblings with different defaults',
      {
        root: spec([], ['b', 'c']),
        b: spec(['b'], [], [{ name: 'x', value: '1' }]),
        c: spec(['c'], [], [{ name: 'x' }]),
      },
      [
        'spec.args: AnalysisTemplate b and AnalysisTemplate c both declare the argument x with different ' +
          'defaults ("1" and none); declare it in the template that nests them',
      ],
    ],
    [
      'different types, even if the outer template declares it',
      {
        root: spec([], ['b'], [{ name: 'x', type: 'number' }]),
        b: spec(['b'], [], [{ name: 'x' }]),
      },
      [
        'spec.args: AnalysisTemplate root and AnalysisTemplate b both declare the argument x, one as number ' +
          'and one as string',
      ],
    ],
    [
      'no metric anywhere',
      { root: spec([], ['b']), b: spec([]) },
      ['spec.metrics: a template needs a metric, or a template with one'],
    ],
    [
      'more metrics than one run may have',
      {
        root: spec(['a'], ['b']),
        b: spec(Array.from({ length: 50 }, (_, index) => `b${index}`)),
      },
      ['spec.templates: 51 metrics come together, and one run has at most 50; use several analyses'],
    ],
  ])('%s', (_title, templates, faults) => {
    expect(summary(merge(templates))).toEqual(faults);
  });

  test('a template for every namespace cannot nest one of a namespace', () => {
    expect(summary(merge({ 'cluster/root': spec(['a'], ['b']), b: spec(['b']) }, 'cluster/root'))).toEqual([
      'spec.templates[0]: ClusterAnalysisTemplate root is for every namespace and cannot nest AnalysisTemplate b, which is in one',
    ]);
  });

  test('nesting has an end', () => {
    const chain = Object.fromEntries(
      Array.from({ length: 12 }, (_, index) => [
        index === 0 ? 'root' : `t${index}`,
        spec([`m${index}`], [`t${index + 1}`]),
      ]),
    );
    expect(summary(merge(chain))).toEqual(['spec.templates[0]: templates nest more than 10 deep']);
  });
});

test('layers that all reach the next layer twice are read once each', () => {
  const layers = Object.fromEntries(
    Array.from({ length: 9 }, (_, depth) => [
      depth === 0 ? 'root' : `t${depth}`,
      spec(
        [`m${depth}`],
        Array.from({ length: 50 }, () => `t${depth + 1}`),
        [{ name: `x${depth}` }],
      ),
    ]),
  );
  let reads = 0;
  const merged = mergeTemplates(nameOf('root'), ({ name }) => {
    reads += 1;
    return { spec: layers[name] ?? spec(['last']) };
  });
  expect(merged.ok && merged.spec.metrics.length).toBe(10);
  expect(reads).toBe(10);
});

test('a reference without a kind means the kind of the template that names it', () => {
  const merged = mergeTemplates(nameOf('cluster/root'), ({ kind, name }) =>
    name === 'root'
      ? { spec: { metrics: [], templates: [{ name: 'b' }] } }
      : { spec: spec([kind.toLowerCase()]) },
  );
  expect(summary(merged)).toEqual({ metrics: ['clusteranalysistemplate'] });
});

describe('of all that nest together, one has a score', () => {
  const score = { pass: 95, marginal: 75, groups: [{ name: 'errors', weight: 100 }] };

  test('the outer one, or an inner one', () => {
    const outer = merge({ root: { ...spec(['a'], ['x']), score }, x: spec(['b']) });
    expect(outer).toMatchObject({ ok: true, spec: { score } });
    const inner = merge({
      root: spec(['a'], ['x', 'y']),
      x: { ...spec(['b']), score },
      y: spec(['c'], ['x']),
    });
    expect(inner).toMatchObject({ ok: true, spec: { score } });
    expect(merge({ root: spec(['a']) })).not.toHaveProperty('spec.score');
  });

  test('two are one too many', () => {
    const merged = merge({ root: { ...spec(['a'], ['x']), score }, x: { ...spec(['b']), score } });
    expect(summary(merged)).toEqual([
      'spec.templates[0]: AnalysisTemplate root and AnalysisTemplate x both have a score, and one run has at most one; take one away',
    ]);
  });
});
