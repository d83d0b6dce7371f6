import fc from 'fast-check';

const name = fc.constantFrom('a', 'b', 'http_requests_total', 'job:rate5m', 'sum', 'by');
const label = fc.constantFrom('job', 'pod', 'le', 'bool');
const duration = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom('5m', '1h30m', '15s', '1d') },
  { weight: 1, arbitrary: fc.constant('0s') },
);
const number = fc.constantFrom('0', '1', '0.95', '1e3', '0x1f', 'Inf', 'NaN', '-2');
const literal = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom('"x"', "'y.*'", '`z\\d+`', '".+"', '"\\\\d"', '"[a-z]{2,}"') },
  { weight: 2, arbitrary: fc.constantFrom('""', '".*"', '"a|"', '"(a"', '"\\d"', '"(?=a)"') },
);
const blank = fc.constantFrom('', '', '', ' ', '\n', ' # why\n');

const matcher = fc
  .tuple(label, fc.constantFrom('=', '!=', '=~', '!~'), literal)
  .map((parts) => parts.join(''));
const matchers = fc.array(matcher, { maxLength: 2 }).map((list) => `{${list.join(',')}}`);
const selector = fc.oneof(
  { weight: 5, arbitrary: name },
  { weight: 3, arbitrary: fc.tuple(name, matchers).map((parts) => parts.join('')) },
  { weight: 1, arbitrary: matchers },
);

/** What is written behind an expression, most often nothing. */
const postfix = fc.oneof(
  { weight: 30, arbitrary: fc.constant('') },
  { weight: 2, arbitrary: duration.map((text) => `[${text}]`) },
  { weight: 2, arbitrary: duration.map((text) => `[${text}:]`) },
  { weight: 1, arbitrary: fc.tuple(duration, duration).map(([range, step]) => `[${range}:${step}]`) },
  { weight: 1, arbitrary: fc.constantFrom(' offset 5m', ' offset -1h', ' @ 1700000000', ' @ end()') },
);

const RANGE_FUNCTIONS = ['rate', 'increase', 'avg_over_time', 'changes', 'deriv', 'absent_over_time'];
const VECTOR_FUNCTIONS = ['abs', 'absent', 'ceil', 'sort', 'scalar', 'timestamp', 'hour', 'round', 'exp'];
const OTHER_FUNCTIONS = [
  ...['vector', 'time', 'pi', 'clamp', 'clamp_max', 'histogram_quantile', 'quantile_over_time'],
  ...['predict_linear', 'holt_winters', 'label_replace', 'label_join', 'nothing', 'day_of_week'],
];
const AGGREGATIONS = ['sum', 'avg', 'Max', 'topk', 'quantile', 'count_values', 'group', 'stddev'];
const OPERATORS = [
  '+',
  '-',
  '*',
  '/',
  '%',
  '^',
  'atan2',
  '==',
  '!=',
  '>',
  '<=',
  'and',
  'or',
  'unless',
  '= =',
];

const labels = fc.array(label, { maxLength: 2 }).map((list) => `(${list.join(', ')})`);
const grouping = fc.tuple(fc.constantFrom('by', 'without'), labels).map((parts) => parts.join(' '));
const matching = fc
  .tuple(
    fc.constantFrom('on', 'ignoring'),
    labels,
    fc.constantFrom('', '', ' group_left', ' group_right(pod)'),
  )
  .map(([word, list, group]) => ` ${word}${list}${group}`);

/** Queries by the grammar of PromQL, which its types know nothing of: more than half of them are refused. */
export const queryArbitrary: fc.Arbitrary<string> = fc.letrec<{ query: string }>((tie) => {
  const query = tie('query');
  const vector = fc.oneof({ weight: 3, arbitrary: selector }, { weight: 2, arbitrary: query });
  const range = fc.oneof(
    { weight: 4, arbitrary: fc.tuple(selector, duration).map(([text, time]) => `${text}[${time}]`) },
    { weight: 1, arbitrary: query },
  );
  const call = fc.oneof(
    fc.tuple(fc.constantFrom(...RANGE_FUNCTIONS), range).map(([word, arg]) => `${word}(${arg})`),
    fc.tuple(fc.constantFrom(...VECTOR_FUNCTIONS), vector).map(([word, arg]) => `${word}(${arg})`),
    fc
      .tuple(
        fc.constantFrom(...OTHER_FUNCTIONS, ...VECTOR_FUNCTIONS),
        fc.array(fc.oneof(query, number, literal, range), { maxLength: 5 }),
      )
      .map(([word, args]) => `${word}(${args.join(', ')})`),
  );
  const aggregate = fc
    .tuple(
      fc.constantFrom(...AGGREGATIONS),
      fc.option(grouping, { nil: '' }),
      fc.oneof(
        vector,
        fc.tuple(fc.oneof(number, literal), vector).map((args) => args.join(', ')),
      ),
      fc.boolean(),
    )
    .map(([word, group, args, first]) =>
      first ? `${word} ${group} (${args})` : `${word}(${args}) ${group}`,
    );
  const binary = fc
    .tuple(
      vector,
      fc.constantFrom(...OPERATORS),
      fc.constantFrom('', '', '', '', '', '', '', ' bool'),
      fc.oneof({ weight: 8, arbitrary: fc.constant('') }, { weight: 1, arbitrary: matching }),
      fc.oneof({ weight: 3, arbitrary: vector }, { weight: 1, arbitrary: number }),
    )
    .map(([left, operator, bool, match, right]) => `${left} ${operator}${bool}${match} ${right}`);
  const primary = fc.oneof(
    { depthSize: 'small' },
    { weight: 8, arbitrary: selector },
    { weight: 1, arbitrary: number },
    { weight: 6, arbitrary: call },
    { weight: 6, arbitrary: aggregate },
    { weight: 6, arbitrary: binary },
    { weight: 2, arbitrary: query.map((text) => `(${text})`) },
    { weight: 1, arbitrary: query.map((text) => `-${text}`) },
  );
  return { query: fc.tuple(primary, postfix, blank).map((parts) => parts.join('')) };
}).query;

/** The same with a piece left out, doubled, or put somewhere else: what typing errors make of a query. */
export const brokenQueryArbitrary: fc.Arbitrary<string> = fc
  .tuple(queryArbitrary, fc.nat(), fc.nat(), fc.constantFrom('leave out', 'double', 'move'))
  .map(([query, at, to, how]) => {
    const pieces = query.match(/[\w:.]+|"(?:\\.|[^"\\])*"|'[^']*'|`[^`]*`|\s+|./gs) ?? [];
    const index = at % Math.max(pieces.length, 1);
    const piece = pieces[index] ?? '';
    if (how === 'double') return pieces.toSpliced(index, 0, piece).join('');
    const without = pieces.toSpliced(index, 1);
    return (how === 'move' ? without.toSpliced(to % Math.max(pieces.length, 1), 0, piece) : without).join('');
  });

const regexPiece = fc.constantFrom(
  ...['a', 'b', '.', '*', '+', '?', '|', '(', ')', '[', ']', '^', '$', '-', '{', '}', '{2}', '{0,3}', '{,3}'],
  ...['(?:', '(?i)', '(?P<n>', '(?=', '(?!', '(?i-s:', '[^', '[a-z]', '[[:alpha:]]', '[:x:]', 'é', '😀'],
  ...[
    '\\d',
    '\\.',
    '\\b',
    '\\B',
    '\\A',
    '\\z',
    '\\1',
    '\\x41',
    '\\x',
    '\\pL',
    '\\p{Han}',
    '\\Q',
    '\\E',
    '\\',
    '\\-',
  ],
);

/** Selectors with one regular expression, good or bad; the two known differences left out. */
export const regexQueryArbitrary: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom('', 'up'), fc.constantFrom('=~', '!~'), fc.array(regexPiece, { maxLength: 8 }))
  .map(([word, operator, pieces]) => `${word}{pod${operator}\`${pieces.join('')}\`}`)
  .filter((query) => !query.includes('{{') && !/\(\?i\)[*+?{]/.test(query));
