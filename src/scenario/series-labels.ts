import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import { readLiteral } from '../analysis/promql-literal.ts';

export type Labels = Record<string, string>;

export type ParsedLabels = { ok: true; labels: Labels } | { ok: false; message: string; offset: number };

/**
 * The labels of one series, written as PromQL selects it: `up{job="web"}` has the labels `__name__` and
 * `job`. Only `=` can stand between name and value, since a series has its labels and no choice of them.
 */
export function parseSeriesLabels(text: string): ParsedLabels {
  const tree = parser.parse(text);
  const selector = tree.topNode.firstChild;
  let broken: number | undefined;
  tree.iterate({
    enter: (node) => {
      if (node.type.isError) broken ??= node.from;
    },
  });
  if (broken !== undefined || selector?.name !== 'VectorSelector') {
    return fault('write the name of a metric and its labels, as in up{job="web"}', broken ?? 0);
  }
  const read = (node: SyntaxNode | null) => (node ? text.slice(node.from, node.to) : '');
  const labels: Labels = {};
  const name = selector.getChild('Identifier');
  if (name) labels['__name__'] = read(name);
  for (let node = selector.getChild('LabelMatchers')?.firstChild; node; node = node.nextSibling) {
    const operator = node.getChild('MatchOp');
    const isName = node.name === 'QuotedLabelName';
    if (!isName && read(operator) !== '=') {
      return fault(`a series has a value for each label: write = and not ${read(operator)}`, node.from);
    }
    const label = isName ? '__name__' : labelName(node, read);
    const literal = node.getChild('StringLiteral');
    const value = literal && unquote(read(literal));
    if (label === undefined || typeof value !== 'string') {
      return fault('this text has an escape that Prometheus does not know', literal?.from ?? node.from);
    }
    if (Object.hasOwn(labels, label)) return fault(`the label ${label} is given twice`, node.from);
    // To Prometheus a label without a value is a label that is not there.
    if (value !== '') labels[label] = value;
  }
  if (!labels['__name__']) return fault('the series has no name: write it before the {', 0);
  return { ok: true, labels };
}

function labelName(matcher: SyntaxNode, read: (node: SyntaxNode | null) => string): string | undefined {
  const quoted = matcher.getChild('QuotedLabelName');
  return quoted ? unquote(read(quoted)) : read(matcher.getChild('LabelName'));
}

/** What a string literal of PromQL means; undefined for one that Prometheus does not read. */
function unquote(literal: string): string | undefined {
  const reading = readLiteral(literal);
  return reading.ok ? reading.text : undefined;
}

function fault(message: string, offset: number): ParsedLabels {
  return { ok: false, message, offset };
}
