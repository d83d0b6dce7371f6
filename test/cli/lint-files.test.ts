import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { lintTexts } from '../../src/cli/lint-files.ts';
import { lintGithub, lintJson, lintSarif, lintText } from '../../src/cli/lint-report.ts';

/** A template with these lines under its only metric, which begin in line 6. */
const template = (...lines: string[]) =>
  [
    'apiVersion: assay.dev/v1alpha1',
    'kind: AnalysisTemplate',
    'metadata: { name: share }',
    'spec:',
    '  metrics:',
    '    - name: share',
    ...lines.map((line) => `      ${line}`),
    '',
  ].join('\n');

const GOOD = template('query: up', 'successCondition: value >= 0.95');

const guard = (...lines: string[]) =>
  [
    'apiVersion: assay.dev/v1alpha1',
    'kind: RolloutGuard',
    'metadata: { name: web }',
    'spec:',
    '  rolloutRef: { name: web }',
    '  analyses:',
    '    - name: share',
    ...lines.map((line) => `      ${line}`),
    '',
  ].join('\n');

const counted = [
  'apiVersion: assay.dev/v1alpha1',
  'kind: ClusterAnalysisTemplate',
  'metadata: { name: counted }',
  'spec:',
  '  args:',
  '    - { name: count, type: number, value: "3" }',
  '    - { name: least, type: number }',
  '  metrics:',
  '    - { name: up, query: up, interval: 10s, count: "{{args.count}}", failureLimit: 1, successCondition: "value > {{args.least}}" }',
  '',
].join('\n');

const rollout = (kind: string, steps = 2) =>
  [
    'apiVersion: rollouts.kruise.io/v1beta1',
    'kind: Rollout',
    'metadata: { name: web }',
    'spec:',
    `  workloadRef: { apiVersion: apps/v1, kind: ${kind}, name: web }`,
    '  strategy:',
    '    canary:',
    '      enableExtraWorkloadForCanary: true',
    '      trafficRoutings: [{ service: web, ingress: { name: web } }]',
    '      steps:',
    ...Array.from({ length: steps }, (_, index) => `        - { traffic: ${index + 1}0%, replicas: 1 }`),
    '',
  ].join('\n');

function lines(...texts: string[]): string[] {
  const named = texts.map((text, index) => ({ file: String.fromCharCode(97 + index), text }));
  return lintText(lintTexts(named)).trimEnd().split('\n').slice(0, -1);
}

describe('one text', () => {
  const rows: [string, string, string[]][] = [
    ['nothing', '', []],
    ['a sound template', GOOD, []],
    [
      'objects of others',
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: 5\n---\nvalues: 1\n---\n- 1\n',
      [],
    ],
    [
      'broken YAML',
      'a: [\n',
      [
        'a:2:1: error: Flow sequence in block collection must be sufficiently indented and end with a ] (yaml)',
      ],
    ],
    [
      'a chart that is not rendered',
      '{{- if .Values.guard }}\na: 1\n{{- end }}\n',
      [
        'a:1:3: error: Block collections are not allowed within flow collections. A Helm chart must be rendered first: helm template … | assay lint - (yaml)',
      ],
    ],
    ['placeholders of ours are no chart', 'a: {{args.x}}: [\n', [expect.not.stringContaining('Helm')]],
    [
      'a key that is there twice',
      template('query: up', 'query: up', 'successCondition: value > 0'),
      ['a:8:7: error: the key query is there twice (yaml)'],
    ],
    [
      'a query and a number of a judge',
      template(
        'interval: 10s',
        'sequential:',
        '  events: { canary: "{{args.x}}", stable: b }',
        '  total: { canary: c, stable: d }',
        '  ratio: "0.5"',
      ),
      [
        'a:9:28: error: spec.metrics[0].sequential.events.canary: {{args.x}}: the template declares no such argument (query)',
        'a:11:16: error: spec.metrics[0].sequential.ratio: must be at least 1, and is 0.5 (metric)',
      ],
    ],
    [
      'the items of a List',
      [
        'apiVersion: v1',
        'kind: List',
        'items:',
        '  - { apiVersion: v1, kind: Service, metadata: { name: s } }',
        '  - apiVersion: assay.dev/v1alpha1',
        '    kind: AnalysisTemplate',
        '    metadata: { name: share }',
        '    spec:',
        '      metrics:',
        '        - name: share',
        '          query: sum(up',
        '          successCondition: value > 0',
        '  - { apiVersion: assay.dev/v1, kind: RolloutGuard }',
        '',
      ].join('\n'),
      [
        'a:11:21: error: spec.metrics[0].query: this ( is not closed: add ) (query)',
        'a:13:19: error: apiVersion: RolloutGuard has no version v1; write assay.dev/v1alpha1 (kind)',
      ],
    ],
    [
      'the second document',
      `${GOOD}---\n${template('query: up')}`,
      [
        'a:15:7: error: spec.metrics[0]: a metric needs a successCondition or a failureCondition, such as `value >= 0.95` (metric)',
      ],
    ],
    [
      'a kind that does not exist',
      'apiVersion: assay.dev/v1alpha1\nkind: AnalysisTemplat\n',
      ['a:2:7: error: kind: assay.dev has no kind AnalysisTemplat; did you mean AnalysisTemplate? (kind)'],
    ],
    [
      'a version that does not exist',
      GOOD.replace('v1alpha1', 'v1'),
      ['a:1:13: error: apiVersion: AnalysisTemplate has no version v1; write assay.dev/v1alpha1 (kind)'],
    ],
    ['no apiVersion', GOOD.replace(/.*\n/, ''), ['a:1:1: error: apiVersion: is missing (kind)']],
    ['no name', GOOD.replace('{ name: share }', '{}'), ['a:3:11: error: metadata.name: is missing (schema)']],
    [
      'a name that Kubernetes refuses',
      GOOD.replace('{ name: share }', '{ name: Share }'),
      ['a:3:19: error: metadata.name: must be a lower-case DNS name (schema)'],
    ],
    [
      'a field of a wrong type',
      template('query: 5', 'successCondition: value > 0'),
      ['a:7:14: error: spec.metrics[0].query: must be text, and is a number (schema)'],
    ],
    [
      'a field that is missing',
      guard('steps: [1]'),
      ['a:7:7: error: spec.analyses[0].template: is missing (schema)'],
    ],
    [
      'PromQL that ends too early, in a block of several lines',
      template('query: |', '  sum(', '    up', '  ) / (', 'successCondition: value > 0'),
      ['a:10:13: error: spec.metrics[0].query: this ( is not closed: add ) (query)'],
    ],
    [
      'a function that PromQL does not have, at its line and column',
      template('query: |', '  sum(', '    rat(up[5m])', '  )', 'successCondition: value > 0'),
      ['a:9:11: error: spec.metrics[0].query: rat() is no function of PromQL: did you mean rate()? (query)'],
    ],
    [
      'one of several queries',
      template(
        'queries:',
        '  good: { query: up }',
        '  bad: { query: "up{" }',
        'successCondition: good > bad',
      ),
      [
        expect.stringMatching(
          /^a:9:\d+: error: spec.metrics\[0\].queries.bad.query: .* \(query\)$/,
        ) as unknown as string,
      ],
    ],
    [
      'templates that nest each other',
      `${GOOD}  templates: [{ name: other }]\n---\n${GOOD.replaceAll('name: share', 'name: other')}  templates: [{ name: share }]\n`,
      [
        'a:9:15: error: spec.templates[0]: AnalysisTemplate share nests itself: share → other → share; take one of these references away (nesting)',
        'a:19:15: error: spec.templates[0]: AnalysisTemplate other nests itself: other → share → other; take one of these references away (nesting)',
      ],
    ],
    ['a template that nests one which is nowhere', `${GOOD}  templates: [{ name: elsewhere }]\n`, []],
    [
      'fields that do not exist',
      template('query: up', 'successCondition: value > 0', 'failurLimit: 1', 'colour: red'),
      [
        'a:9:7: warning: spec.metrics[0].failurLimit: there is no such field; did you mean failureLimit? (unknown-field)',
        'a:10:7: warning: spec.metrics[0].colour: there is no such field (unknown-field)',
      ],
    ],
    [
      'a condition, at its character',
      template('query: up', 'successCondition: value > 0 andd value'),
      [
        expect.stringMatching(
          /^a:8:\d+: error: spec.metrics\[0\].successCondition: .* \(condition\)$/,
        ) as unknown as string,
      ],
    ],
    [
      'a placeholder in a block, at its line',
      template('query: |', '  up', '    / sum(x{a="{{nobody}}"})', 'successCondition: value > 0'),
      [
        expect.stringMatching(
          /^a:9:22: error: spec.metrics\[0\].query: \{\{nobody\}\} is not known; .* \(query\)$/,
        ) as unknown as string,
      ],
    ],
    [
      'a placeholder in a folded block',
      template('query: >-', '  up', '  /', '  sum(x{a="{{nobody}}"})', 'successCondition: value > 0'),
      [expect.stringMatching(/^a:10:18: error: .* \(query\)$/) as unknown as string],
    ],
    [
      'a placeholder in quotes with escapes',
      template('query: "x{b=\\"\\u0041\\", a=\\"{{nobody}}\\"}"', 'successCondition: value > 0'),
      [expect.stringMatching(/^a:7:35: error: .* \(query\)$/) as unknown as string],
    ],
    [
      'a placeholder in single quotes',
      template("query: 'x{b=''A'', a=\"{{nobody}}\"}'", 'successCondition: value > 0'),
      [expect.stringMatching(/^a:7:29: error: .* \(query\)$/) as unknown as string],
    ],
    [
      'a limit that cannot be breached',
      template('query: up', 'successCondition: value > 0', 'interval: 10s', 'count: 3', 'failureLimit: 3'),
      [
        expect.stringMatching(
          /^a:11:21: error: spec.metrics\[0\].failureLimit: .* \(limits\)$/,
        ) as unknown as string,
      ],
    ],
    [
      'an interval that is too short',
      template('query: up', 'successCondition: value > 0', 'interval: 10ms', 'count: 3'),
      ['a:9:17: error: spec.metrics[0].interval: must be at least 1s (timing)'],
    ],
    [
      'an argument of a wrong type',
      counted.replace('"3"', 'three'),
      [
        'a:6:43: error: spec.args[0].value: the argument count must be a number such as 0.95, and is "three" (arguments)',
        expect.stringMatching(/^a:9:\d+: error: spec.metrics\[0\].count: /) as unknown as string,
      ],
    ],
    [
      'an AnalysisRun',
      GOOD.replace('AnalysisTemplate', 'AnalysisRun').replace('query: up', 'query: up{a="{{args.b}}"}'),
      ['a:7:20: error: spec.metrics[0].query: {{args.b}}: no such argument is given in spec.args (query)'],
    ],
    [
      'a ClusterMetricSource',
      'apiVersion: assay.dev/v1alpha1\nkind: ClusterMetricSource\nmetadata: { name: default }\nspec:\n  prometheus: { address: prometheus, timout: 1s }\n',
      [
        'a:5:26: error: spec.prometheus.address: Invalid URL (schema)',
        'a:5:38: warning: spec.prometheus.timout: there is no such field; did you mean timeout? (unknown-field)',
      ],
    ],
    [
      'an AlertReceiver of no sort',
      'apiVersion: assay.dev/v1alpha1\nkind: AlertReceiver\nmetadata: { name: x }\nspec: {}\n',
      ['a:4:7: error: spec: give exactly one of spec.slack and spec.webhook (schema)'],
    ],
    [
      'a guard of nothing',
      guard('template: { name: share }').replace('  rolloutRef: { name: web }\n', ''),
      ['a:4:1: error: spec: give exactly one of spec.rolloutRef and spec.selector (schema)'],
    ],
    [
      'a guard with a name twice',
      guard('template: { name: x }').replace(/( {4}- name[\s\S]*)/, '$1$1'),
      ['a:9:13: error: spec.analyses[1].name: the name share is used twice (guard)'],
    ],
    [
      'a Rollout that cannot be driven',
      rollout('Job'),
      [
        expect.stringMatching(
          /^a:5:16: error: spec.workloadRef: a workload of kind Job .* \(rollout\)$/,
        ) as unknown as string,
      ],
    ],
    ['a Rollout of Kruise Rollouts', rollout('Deployment'), []],
    [
      'a TrafficRouting without a route',
      'apiVersion: rollouts.kruise.io/v1alpha1\nkind: TrafficRouting\nmetadata: { name: x }\nspec:\n  objectRef: [{ service: web }]\n  strategy: { weight: 5 }\n',
      ['a:5:15: error: spec.objectRef[0]: name a route: ingress, gateway or customNetworkRefs (routing)'],
    ],
    [
      'another kind of Kruise',
      'apiVersion: rollouts.kruise.io/v1alpha1\nkind: BatchRelease\nmetadata: { name: x }\n',
      [],
    ],
    [
      'aliases that explode',
      `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n`,
      ['a:1:1: error: Excessive alias count indicates a resource exhaustion attack (yaml)'],
    ],
  ];

  test.each(rows)('%s', (_, text, expected) => {
    expect(lines(text)).toEqual(expected);
  });
});

describe('a guard and what it names, in two files', () => {
  const TEMPLATE = 'template: { kind: ClusterAnalysisTemplate, name: counted }';
  const rows: [string, string, string, string[]][] = [
    ['all arguments', guard(TEMPLATE, 'args: [{ name: least, value: "1" }]'), counted, []],
    [
      'an argument that is missing',
      guard(TEMPLATE),
      counted,
      [
        'a:7:7: error: spec.analyses[0].args: the argument least has no default and must be given (arguments)',
      ],
    ],
    [
      'an argument that does not exist',
      guard(TEMPLATE, 'args: [{ name: least, value: "1" }, { name: lest, value: "1" }]'),
      counted,
      [
        'a:9:51: error: spec.analyses[0].args[1].name: the template has no argument "lest"; it takes count, least (arguments)',
      ],
    ],
    [
      'a value that breaks a limit',
      guard(TEMPLATE, 'args: [{ name: least, value: "1" }, { name: count, value: "1" }]'),
      counted,
      [
        expect.stringMatching(
          /^a:9:13: error: spec.analyses\[0\].args: with these arguments, spec.metrics\[0\].failureLimit of the template is at fault/,
        ) as unknown as string,
      ],
    ],
    [
      'a template of the other kind',
      guard('template: { name: counted }'),
      counted,
      [
        'a:8:17: warning: spec.analyses[0].template: the files have a ClusterAnalysisTemplate of this name and no AnalysisTemplate: write kind: ClusterAnalysisTemplate (guard)',
      ],
    ],
    [
      'a template of another namespace',
      guard('template: { name: share }', 'args: [{ name: x, value: y }]').replace(
        'name: web }',
        'name: web, namespace: b }',
      ),
      GOOD.replace('name: share }', 'name: share, namespace: c }'),
      [],
    ],
    [
      'an endless metric as the analysis of a step',
      guard('template: { name: share }'),
      template('query: up', 'successCondition: value > 0', 'interval: 10s'),
      [
        'a:7:7: error: spec.analyses[0].args: with these arguments, spec.metrics[0].count of the template is at fault: is needed beside interval: the analysis of a step must end (consecutiveSuccessLimit does as well) (arguments)',
      ],
    ],
    [
      'an endless metric in the background, which has no steps',
      guard('template: { name: share }', 'mode: Background', 'steps: [1]'),
      template('query: up', 'successCondition: value > 0', 'interval: 10s'),
      [
        'a:10:14: error: spec.analyses[0].steps: is for Step analyses, and this one is Background: take it away (guard)',
      ],
    ],
    [
      'an argument of a template that the template nests',
      guard('template: { kind: ClusterAnalysisTemplate, name: outer }'),
      `${counted}---\n${counted
        .replace('name: counted', 'name: outer')
        .replace(/ {2}metrics:[\s\S]*/, '  templates: [{ name: counted }]\n')
        .replace('    - { name: least, type: number }\n', '')}`,
      [
        'a:7:7: error: spec.analyses[0].args: the argument least has no default and must be given (arguments)',
      ],
    ],
    [
      'a score whose groups no metric of all that is nested names',
      `${template('query: up', 'successCondition: value > 0').trimEnd()}
  templates: [{ kind: ClusterAnalysisTemplate, name: counted }]
  score: { pass: 95, marginal: 75, groups: [{ name: errors, weight: 100 }] }
`,
      counted
        .replace('value > {{args.least}}', 'value > 0')
        .replace('    - { name: least, type: number }\n', ''),
      [
        'a:10:10: error: spec.score: with all that is nested, spec.score: joins mannWhitney metrics, and there is none that is no dry run; take the score away (score)',
      ],
    ],
    ['a template that is nowhere', guard('template: { name: elsewhere }'), counted, []],
    [
      'a template with faults of its own',
      guard('template: { name: share }', 'args: [{ name: x, value: y }]'),
      template('query: up'),
      [expect.stringMatching(/^b:6:7: error: /) as unknown as string],
    ],
    [
      'a step that the Rollout does not have',
      guard('template: { name: elsewhere }', 'steps: [1, 3]'),
      rollout('Deployment'),
      ['a:9:18: warning: spec.analyses[0].steps[1]: Rollout web has 2 steps, and none is step 3 (guard)'],
    ],
  ];

  test.each(rows)('%s', (_, first, second, expected) => {
    expect(lines(first, second)).toEqual(expected);
  });
});

test('the last line sums up', () => {
  const summary = (...texts: string[]) => lintText(lintTexts(texts.map((text) => ({ file: 'a', text }))));
  expect(summary('')).toMatch(/^0 objects checked: 0 errors, 0 warnings; .* nothing was checked\n$/);
  expect(summary('a: [')).toMatch(/\n0 objects checked: 1 error, 0 warnings\n$/);
  expect(summary(GOOD)).toBe('1 object checked: 0 errors, 0 warnings\n');
  const text = template('query: up', 'colour: red');
  expect(summary(GOOD, text).trimEnd().split('\n').at(-1)).toBe('2 objects checked: 1 error, 1 warning');
});

describe('the formats for machines', () => {
  const file = 'a folder/x,y:100%.yaml';
  const result = lintTexts([
    { file, text: template('query: up', 'colour: red').replace('name: share }', 'name: "a\\nb" }') },
  ]);

  test('JSON has the faults as they are', () => {
    expect(JSON.parse(lintJson(result))).toEqual({
      objects: 1,
      faults: [
        {
          file,
          line: 3,
          column: 19,
          severity: 'error',
          rule: 'schema',
          message: 'metadata.name: must be a lower-case DNS name',
        },
        expect.objectContaining({ line: 6, column: 7, severity: 'error', rule: 'metric' }),
        {
          file,
          line: 8,
          column: 7,
          severity: 'warning',
          rule: 'unknown-field',
          message: 'spec.metrics[0].colour: there is no such field',
        },
      ],
    });
  });

  test('GitHub gets one command a fault, with nothing in it that would end it', () => {
    const commands = lintGithub({
      objects: 1,
      faults: [{ file, line: 1, column: 2, severity: 'error', rule: 'yaml', message: '50 %\nof\r: it, all' }],
    });
    expect(commands).toBe(
      '::error file=a folder/x%2Cy%3A100%25.yaml,line=1,col=2,title=assay lint (yaml)::50 %25%0Aof%0D: it, all\n',
    );
    expect(
      lintGithub(result)
        .split('\n')
        .map((line) => line.split(' ')[0]),
    ).toEqual(['::error', '::error', '::warning', '']);
  });

  test('SARIF has what the standard asks of a log', () => {
    const text = {
      type: 'object',
      required: ['text'],
      properties: { text: { type: 'string', minLength: 1 } },
    };
    const positive = { type: 'integer', minimum: 1 };
    const essentials = {
      type: 'object',
      required: ['version', 'runs'],
      properties: {
        $schema: { type: 'string', format: 'uri' },
        version: { const: '2.1.0' },
        runs: {
          type: 'array',
          items: {
            type: 'object',
            required: ['tool', 'results'],
            additionalProperties: false,
            properties: {
              columnKind: { enum: ['utf16CodeUnits', 'unicodeCodePoints'] },
              tool: {
                type: 'object',
                required: ['driver'],
                properties: {
                  driver: {
                    type: 'object',
                    required: ['name'],
                    properties: {
                      name: { type: 'string', minLength: 1 },
                      rules: {
                        type: 'array',
                        uniqueItems: true,
                        items: {
                          type: 'object',
                          required: ['id'],
                          properties: { id: { type: 'string' }, shortDescription: text },
                        },
                      },
                    },
                  },
                },
              },
              results: {
                type: 'array',
                items: {
                  type: 'object',
                  required: ['message'],
                  additionalProperties: false,
                  properties: {
                    ruleId: { type: 'string' },
                    ruleIndex: { type: 'integer', minimum: 0 },
                    level: { enum: ['none', 'note', 'warning', 'error'] },
                    message: text,
                    locations: {
                      type: 'array',
                      items: {
                        type: 'object',
                        properties: {
                          physicalLocation: {
                            type: 'object',
                            required: ['artifactLocation'],
                            properties: {
                              artifactLocation: {
                                type: 'object',
                                properties: {
                                  uri: { type: 'string', pattern: '^[^\\s%]*(%[0-9A-F]{2}[^\\s%]*)*$' },
                                },
                              },
                              region: {
                                type: 'object',
                                additionalProperties: false,
                                properties: { startLine: positive, startColumn: positive },
                              },
                            },
                          },
                        },
                      },
                    },
                  },
                },
              },
            },
          },
        },
      },
    };
    const log = JSON.parse(lintSarif(result)) as {
      runs: {
        tool: { driver: { rules: { id: string }[] } };
        results: { ruleId: string; ruleIndex: number }[];
      }[];
    };
    const ajv = new Ajv({ strict: false, validateFormats: false });
    ajv.validate(essentials, log);
    expect(ajv.errors).toBe(null);
    const [run] = log.runs;
    expect(run?.results.map(({ ruleId }) => ruleId)).toEqual(['schema', 'metric', 'unknown-field']);
    expect(run?.results.map(({ ruleIndex }) => run.tool.driver.rules[ruleIndex]?.id)).toEqual([
      'schema',
      'metric',
      'unknown-field',
    ]);
  });
});
