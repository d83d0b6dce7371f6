import { describe, expect, test } from 'vitest';
import { type ArgumentType, hasType, readArguments, resolveArguments } from '../../src/analysis/arguments.ts';

describe('arguments of a template get the given values or their defaults', () => {
  const declared = [
    { name: 'threshold', type: 'number', value: '0.95' },
    { name: 'service', type: 'string' },
  ] as const;

  test('in the order of declaration', () => {
    expect(resolveArguments(declared, [{ name: 'service', value: 'shop' }])).toEqual({
      ok: true,
      args: [
        { name: 'threshold', value: '0.95' },
        { name: 'service', value: 'shop' },
      ],
    });
  });

  test('an empty text is a value', () => {
    expect(resolveArguments([{ name: 'suffix' }], [{ name: 'suffix', value: '' }])).toEqual({
      ok: true,
      args: [{ name: 'suffix', value: '' }],
    });
  });

  test.each<[title: string, given: { name: string; value: string }[], path: string, message: string]>([
    ['a missing one is named', [], 'args', 'the argument service has no default and must be given'],
    [
      'an unknown one is named with those that there are',
      [
        { name: 'service', value: 'shop' },
        { name: 'treshold', value: '1' },
      ],
      'args[1].name',
      'the template has no argument "treshold"; it takes threshold, service',
    ],
    [
      'one that is given twice is refused',
      [
        { name: 'service', value: 'shop' },
        { name: 'service', value: 'cart' },
      ],
      'args[1].name',
      'the argument service is given twice',
    ],
    [
      'a value of the wrong type is refused',
      [
        { name: 'service', value: 'shop' },
        { name: 'threshold', value: '95%' },
      ],
      'args[1].value',
      'the argument threshold must be a number such as 0.95, and is "95%"',
    ],
  ])('%s', (_title, given, path, message) => {
    expect(resolveArguments(declared, given)).toEqual({ ok: false, faults: [{ path, message }] });
  });

  test('a template without arguments says that it takes none', () => {
    expect(resolveArguments([], [{ name: 'x', value: '1' }])).toEqual({
      ok: false,
      faults: [{ path: 'args[0].name', message: 'the template has no argument "x"; it takes none' }],
    });
  });
});

describe('a value has the shape of its type', () => {
  test.each<[type: ArgumentType, fits: string[], fitsNot: string[]]>([
    ['string', ['', 'a "quoted" text\nof two lines', '`'], []],
    [
      'number',
      ['0', '0.95', '-3', '+1', '.5', '1e3', '1.5E-7'],
      ['', ' 1', '1 ', '1.', '0x1F', 'NaN', 'Inf', 'Infinity', '1e999', '5m', '1_000', '1,5', '1\n', '--1'],
    ],
    [
      'duration',
      ['5m', '1h30m', '250ms', '1d', '2w', '1y2w3d4h5m6s7ms', '0s'],
      ['', '5', '1.5h', 'm', '5m ', '30m1h', '5min', '5m]) or vector(1', '5m\n'],
    ],
    [
      'identifier',
      ['http_requests_total', 'job:rate:sum', '_x', 'le'],
      ['', '1x', 'a-b', 'a b', 'a"', 'a{', 'ä', 'a\n', 'a}) or (up'],
    ],
  ])('%s', (type, fits, fitsNot) => {
    expect(fits.filter((value) => !hasType(value, type))).toEqual([]);
    expect(fitsNot.filter((value) => hasType(value, type))).toEqual([]);
  });
});

describe('a required argument', () => {
  test('must be given, whatever default an inner template has', () => {
    expect(resolveArguments([{ name: 'service', required: true, value: 'shop' }], [])).toEqual({
      ok: false,
      faults: [{ path: 'args', message: 'the argument service is required and must be given' }],
    });
  });

  test('has the value that is given', () => {
    const given = [{ name: 'service', value: 'cart' }];
    expect(resolveArguments([{ name: 'service', required: true }], given)).toEqual({ ok: true, args: given });
  });
});

describe('arguments of a guard are read when a release starts', () => {
  const roots = {
    rollout: { metadata: { name: 'web', labels: { team: 'shop' } } },
    workload: { spec: { replicas: 3 } },
  };
  const from = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });

  test('from fields of the Rollout and of its workload', () => {
    const given = [
      { name: 'a', value: '1' },
      from('b', "rollout.metadata.labels['team']"),
      from('c', 'workload.spec.replicas'),
    ];
    expect(readArguments(given, roots)).toEqual({
      ok: true,
      args: [
        { name: 'a', value: '1' },
        { name: 'b', value: 'shop' },
        { name: 'c', value: '3' },
      ],
    });
  });

  test.each([
    [
      from('a', 'rollout.metadata.labels.tier'),
      'args[0].valueFrom.fieldRef.fieldPath',
      'the argument a: rollout.metadata.labels.tier is not set; set it, or give the argument a value',
    ],
    [{ name: 'a' }, 'args[0]', 'the argument a needs exactly one of value and valueFrom'],
    [
      { ...from('a', 'rollout.metadata.name'), value: '1' },
      'args[0]',
      'the argument a needs exactly one of value and valueFrom',
    ],
  ])('or the trouble is named: %j', (given, path, message) => {
    expect(readArguments([given], roots)).toEqual({ ok: false, faults: [{ path, message }] });
  });
});
