import type { AnalysisTemplate, Metric, TemplateRef } from '../api/analysis-template.ts';
import type { Argument } from '../api/argument.ts';
import type { Score } from '../api/judge-schemas.ts';
import type { SchemaFault } from '../api/kind.ts';

export type TemplateKind = NonNullable<TemplateRef['kind']>;
/** A template by its kind and name; an AnalysisTemplate is one of the namespace that is looked at. */
export interface TemplateName {
  kind: TemplateKind;
  name: string;
}

/** A template with all that it nests: nothing in it refers to another template. */
export interface MergedSpec {
  args: Argument[];
  metrics: Metric[];
  /** The only one of them all. */
  score?: Score;
}

export type MergedTemplate =
  /** `reached` are the template itself and all that it nests, each once. */
  { ok: true; spec: MergedSpec; reached: TemplateName[] } | { ok: false; faults: SchemaFault[] };

type Spec = AnalysisTemplate['spec'];
type Find = (wanted: TemplateName) => { spec: Spec } | undefined;

/** How deep templates may nest, and how much may come together in one run. */
const MAX_DEPTH = 10;
const MAX_METRICS = 50;

/**
 * A template with the metrics and arguments of all templates that it nests, its own first. One that is reached
 * twice counts once. Faults: a template that is not there, one that nests itself, two metrics of one name, an
 * argument that two templates declare in different ways while none that nests both declares it, a cluster
 * template that nests one of a namespace, two scores, no metrics at all. Their paths are those of the outermost template.
 */
export function mergeTemplates(root: TemplateName, find: Find): MergedTemplate {
  const found = find(root);
  if (!found) return { ok: false, faults: [{ path: 'template', message: `${label(root)} does not exist` }] };
  return mergeTemplateSpec(root, found.spec, find);
}

/** The same for a template that is not stored yet, as at admission. */
export function mergeTemplateSpec(root: TemplateName, spec: Spec, find: Find): MergedTemplate {
  const merge: Merge = {
    find,
    faults: [],
    reached: [],
    metrics: new Map(),
    declared: new Map(),
    score: undefined,
  };
  const args = visit(merge, root, spec, [], '');
  const metrics = [...merge.metrics.values()].map(({ metric }) => metric);
  if (merge.faults.length === 0 && metrics.length === 0) {
    merge.faults.push({ path: 'spec.metrics', message: 'a template needs a metric, or a template with one' });
  }
  if (metrics.length > MAX_METRICS) {
    const message = `${metrics.length} metrics come together, and one run has at most ${MAX_METRICS}; use several analyses`;
    merge.faults.push({ path: 'spec.templates', message });
  }
  if (merge.faults.length > 0) return { ok: false, faults: merge.faults };
  const merged = {
    args: args.map(({ argument }) => argument),
    metrics,
    ...(merge.score && { score: merge.score.score }),
  };
  return { ok: true, spec: merged, reached: merge.reached };
}

interface Merge {
  find: Find;
  faults: SchemaFault[];
  reached: TemplateName[];
  metrics: Map<string, { metric: Metric; from: TemplateName }>;
  score: { score: Score; from: TemplateName } | undefined;
  /** The arguments of each template that was taken in, with those that it nests. */
  declared: Map<string, Declared[]>;
}

interface Declared {
  argument: Argument;
  from: TemplateName;
}

/** Takes in one template and what it nests; answers the arguments that it and they declare. */
function visit(
  merge: Merge,
  here: TemplateName,
  spec: Spec,
  above: readonly TemplateName[],
  at: string,
): Declared[] {
  const path = [...above, here];
  merge.reached.push(here);
  for (const metric of spec.metrics) takeMetric(merge, metric, here, at);
  if (spec.score) takeScore(merge, spec.score, here, at);
  const nested = (spec.templates ?? []).flatMap((ref, index) =>
    descend(merge, ref, path, at || `spec.templates[${index}]`),
  );
  const declared = mergeArguments(merge, here, spec.args ?? [], nested, at);
  merge.declared.set(label(here), declared);
  return declared;
}

function descend(merge: Merge, ref: TemplateRef, path: readonly TemplateName[], at: string): Declared[] {
  const outer = path.at(-1);
  const wanted: TemplateName = { kind: ref.kind ?? outer?.kind ?? 'AnalysisTemplate', name: ref.name };
  const fault = (message: string): Declared[] => {
    merge.faults.push({ path: at, message });
    return [];
  };
  if (outer?.kind === 'ClusterAnalysisTemplate' && wanted.kind === 'AnalysisTemplate') {
    return fault(`${label(outer)} is for every namespace and cannot nest ${label(wanted)}, which is in one`);
  }
  const loop = path.findIndex((each) => sameTemplate(each, wanted));
  if (loop >= 0) {
    const names = [...path.slice(loop), wanted].map(({ name }) => name).join(' → ');
    return fault(`${label(wanted)} nests itself: ${names}; take one of these references away`);
  }
  if (path.length >= MAX_DEPTH) return fault(`templates nest more than ${MAX_DEPTH} deep`);
  // Its metrics are there already, and so are its faults; its arguments belong to this branch as well.
  const known = merge.declared.get(label(wanted));
  if (known) return known;
  const found = merge.find(wanted);
  if (!found) return fault(`${label(wanted)} does not exist; create it or name another`);
  return visit(merge, wanted, found.spec, path, at);
}

function takeMetric(merge: Merge, metric: Metric, from: TemplateName, at: string): void {
  const before = merge.metrics.get(metric.name);
  if (!before) {
    merge.metrics.set(metric.name, { metric, from });
    return;
  }
  const message = sameTemplate(before.from, from)
    ? `the name ${metric.name} is used twice in ${label(from)}`
    : `${label(before.from)} and ${label(from)} both have a metric ${metric.name}; rename one`;
  merge.faults.push({ path: at || 'spec.metrics', message });
}

/** One run has one verdict: scores within scores mean nothing. */
function takeScore(merge: Merge, score: Score, from: TemplateName, at: string): void {
  if (!merge.score) {
    merge.score = { score, from };
    return;
  }
  const message = `${label(merge.score.from)} and ${label(from)} both have a score, and one run has at most one; take one away`;
  merge.faults.push({ path: at || 'spec.score', message });
}

/** What the outer template declares stands for what it nests: it may set a default, and not change a type. */
function mergeArguments(
  merge: Merge,
  here: TemplateName,
  own: readonly Argument[],
  nested: readonly Declared[],
  at: string,
): Declared[] {
  const declared = new Map<string, Declared>(
    own.map((argument) => [argument.name, { argument, from: here }]),
  );
  for (const inner of nested) {
    const { name } = inner.argument;
    const known = declared.get(name);
    if (!known) {
      declared.set(name, inner);
      continue;
    }
    const clash = clashOf(known, inner, sameTemplate(known.from, here));
    if (clash) merge.faults.push({ path: at || 'spec.args', message: clash });
  }
  return [...declared.values()];
}

function clashOf(known: Declared, inner: Declared, isOuter: boolean): string | undefined {
  const both = `${label(known.from)} and ${label(inner.from)} both declare the argument ${known.argument.name}`;
  const types = [known, inner].map(({ argument }) => argument.type ?? 'string');
  if (types[0] !== types[1]) return `${both}, one as ${types[0]} and one as ${types[1]}`;
  if (isOuter || known.argument.value === inner.argument.value) return undefined;
  const defaults = [known, inner].map(({ argument }) =>
    argument.value === undefined ? 'none' : JSON.stringify(argument.value),
  );
  return `${both} with different defaults (${defaults.join(' and ')}); declare it in the template that nests them`;
}

function sameTemplate(one: TemplateName, other: TemplateName): boolean {
  return one.kind === other.kind && one.name === other.name;
}

function label({ kind, name }: TemplateName): string {
  return `${kind} ${name}`;
}
