import { splitQuery } from '../analysis/query-text.ts';

/** What Flagger's functions stand for in the queries of one Canary. */
export interface FlaggerFacts {
  name: string;
  namespace: string | undefined;
  target: string;
  service: string;
  ingress: string | undefined;
  interval: string;
  variables: Readonly<Record<string, string>>;
}

export interface FlaggerQuery {
  query: string;
  /** The variables that became arguments. */
  args: string[];
  /** What is different, in sentences. */
  changes: string[];
  /** Why it cannot be translated; nothing else counts then. */
  refusals: string[];
}

const ACTION = /\{\{-?\s*([^{}]*?)\s*-?\}\}/g;
/** The label of a series and what it must be, with text that names the Deployment. */
const MATCHER = /([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*("[^"\n]*"|'[^'\n]*'|`[^`]*`)/g;
/** Labels that a series has from the Deployment of its pod, so that their value tells canary and stable apart there. */
const OF_WORKLOAD = /pod|deployment|workload|replicaset|^(?:app|app_kubernetes_io_name|kubernetes_name)$/i;
const TARGET = /\{\{-?\s*target\s*-?\}\}/;

/**
 * A query of a MetricTemplate as ours. In Flagger the canary's pods belong to a Deployment of their own name and
 * the stable ones to `<name>-primary`; here both are of the same workload, so that a matcher by that name would
 * see both, and becomes one by pods.
 */
export function translateFlaggerQuery(text: string, facts: FlaggerFacts): FlaggerQuery {
  const result: FlaggerQuery = { query: '', args: [], changes: [], refusals: [] };
  const byPods = text.trim().replace(MATCHER, (whole, label: string, operator: string, value: string) => {
    if (!TARGET.test(value) || /\{\{-?\s*target\s*-?\}\}-canary/.test(value)) return whole;
    if (!OF_WORKLOAD.test(label) && !/-primary/.test(value)) return whole;
    return podMatcher(whole, label, operator, value, result);
  });
  result.query = withoutActions(byPods, facts, result);
  if (!/canary/.test(result.query)) {
    result.changes.push(
      'nothing in it selects the canary, so it is about both versions: add pod=~"{{canary.pods}}" to its selectors',
    );
  }
  return result;
}

function podMatcher(
  whole: string,
  label: string,
  operator: string,
  value: string,
  result: FlaggerQuery,
): string {
  const version = /\{\{-?\s*target\s*-?\}\}-primary/.test(value) ? 'stable' : 'canary';
  if (operator.startsWith('!')) {
    result.refusals.push(
      `${whole} leaves out the pods of a Deployment that is not there here: select by {{canary.pods}} or {{stable.pods}}`,
    );
    return whole;
  }
  const podLabel = /pod/i.test(label) ? label : 'pod';
  const matcher = `${podLabel}=~"{{${version}.pods}}"`;
  const why =
    podLabel === label
      ? 'which matches exactly the pods of that version'
      : `because both versions belong to one workload here; the series need a label ${podLabel}`;
  result.changes.push(`${label}${operator}${value} becomes ${matcher}, ${why}`);
  return matcher;
}

function withoutActions(text: string, facts: FlaggerFacts, result: FlaggerQuery): string {
  const inLiterals = literalOffsets(text);
  return text.replace(ACTION, (whole, action: string, offset: number) => {
    // What stands here already is a placeholder of ours.
    if (action === 'canary.pods' || action === 'stable.pods') return whole;
    const literal = inLiterals.has(offset);
    const variable = variableIn(action);
    if (variable !== undefined) return variableText(variable, literal, facts, result, whole);
    if (action === 'namespace' && literal) return '{{namespace}}';
    if (action === 'target' && literal) return '{{workload.name}}';
    const value = factOf(action, facts);
    if (value !== undefined) return value;
    result.refusals.push(
      ['namespace', 'ingress', 'route'].includes(action)
        ? `{{ ${action} }} is not known from the Canary: write it into the query`
        : `{{ ${action} }} is nothing that Flagger offers a query: write its value`,
    );
    return whole;
  });
}

function factOf(action: string, facts: FlaggerFacts): string | undefined {
  const known: Record<string, string | undefined> = {
    name: facts.name,
    namespace: facts.namespace,
    target: facts.target,
    service: facts.service,
    ingress: facts.ingress,
    interval: facts.interval,
  };
  return Object.hasOwn(known, action) ? known[action] : undefined;
}

/** `variables.code`, `index variables "code"` */
function variableIn(action: string): string | undefined {
  const [, dotted, indexed] = /^variables\.([\w-]+)$|^index\s+variables\s+"([^"]+)"$/.exec(action) ?? [];
  return dotted ?? indexed;
}

function variableText(
  name: string,
  literal: boolean,
  { variables }: FlaggerFacts,
  result: FlaggerQuery,
  whole: string,
): string {
  const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
  if (value === undefined) {
    result.refusals.push(`the Canary gives no templateVariables.${name}`);
    return whole;
  }
  if (literal && /^[a-zA-Z][-\w]*$/.test(name) && !/[\\"'`]/.test(value)) {
    result.args.push(name);
    return `{{args.${name}}}`;
  }
  return value;
}

/** Where the actions stand that are inside of string literals. */
function literalOffsets(text: string): Set<number> {
  const { pieces } = splitQuery(text);
  return new Set(
    pieces.flatMap((piece) =>
      piece.kind === 'placeholder' && piece.place !== 'code' && piece.place !== 'comment'
        ? [piece.offset]
        : [],
    ),
  );
}
