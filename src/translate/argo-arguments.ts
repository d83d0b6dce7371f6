import { type ArgumentType, hasType } from '../analysis/arguments.ts';
import { splitPlain, splitQuery } from '../analysis/query-text.ts';
import type { Argument } from '../api/argument.ts';
import type { Ledger } from './ledger.ts';
import { asArgumentName } from './names.ts';
import type { Located } from './source-document.ts';

/** What `{{args.x}}` of a template of Argo Rollouts becomes. */
export type ArgumentMeaning =
  /** An argument of ours. */
  | { kind: 'argument'; name: string; value: string | undefined }
  /** Text that takes its place. */
  | { kind: 'text'; text: string }
  /** A key of a Secret: nothing for a query. */
  | { kind: 'secret'; name: string; key: string }
  /** Only known in Argo Rollouts. */
  | { kind: 'none' };

export type Meanings = ReadonlyMap<string, ArgumentMeaning>;

/** An argument of ours with the one that it comes from. */
export interface TranslatedArgument {
  source: string;
  declared: Located;
  argument: Argument;
}

/** How a template uses an argument. */
interface Use {
  argument: string;
  type: ArgumentType;
  /** Inside a string literal any text may stand. */
  literal: boolean;
}

/** What a Rollout gives for an argument where it is not text: the hash of the canary or of the stable version. */
export type HashArguments = ReadonlyMap<string, 'canary.hash' | 'stable.hash'>;

/**
 * The arguments of a template, each with the type that its uses ask for: a string may stand only inside
 * literals, and Argo puts in anything anywhere. A default that is no single word of PromQL is written into the
 * queries instead. Which of them are needed shows once the metrics are translated: see `neededArguments`.
 */
export function translateArguments(
  spec: Located,
  ledger: Ledger,
  hashes: HashArguments,
): { args: TranslatedArgument[]; meanings: Meanings } {
  const uses = usesIn(spec);
  const meanings = new Map<string, ArgumentMeaning>();
  const args: TranslatedArgument[] = [];
  for (const declared of spec.at('args').items()) {
    const source = declared.at('name').text() ?? '';
    const own = uses.filter(({ argument }) => argument === source);
    const meaning = meaningOf(declared, source, own, ledger, hashes.get(source));
    meanings.set(source, meaning);
    if (meaning.kind !== 'argument') continue;
    const type = typeOf(own, meaning.value);
    const argument = {
      name: meaning.name,
      ...(type !== 'string' && { type }),
      ...(meaning.value !== undefined && { value: meaning.value }),
    };
    args.push({ source, declared, argument });
  }
  return { args, meanings };
}

/** The arguments that still stand somewhere in the translated metrics, or all where other templates need them. */
export function neededArguments(
  args: readonly TranslatedArgument[],
  metrics: readonly unknown[],
  nests: boolean,
  ledger: Ledger,
): TranslatedArgument[] {
  const text = JSON.stringify(metrics);
  return args.filter(({ source, declared, argument: { name, type = 'string' } }) => {
    if (!nests && !text.includes(`{{args.${name}}}`)) {
      ledger.changed(declared, `the argument ${name} is left out, because nothing here uses it any more`);
      return false;
    }
    const what = {
      string: 'a string',
      number: 'a number',
      duration: 'a duration',
      identifier: 'an identifier',
    };
    const why = type === 'string' ? 'used inside literals only' : 'by how it is used';
    ledger.translated(declared, `the argument ${name} is ${what[type]}, ${why}`);
    if (name !== source) ledger.changed(declared.at('name'), `is called ${name} here`);
    return true;
  });
}

function meaningOf(
  declared: Located,
  source: string,
  uses: readonly Use[],
  ledger: Ledger,
  hash: 'canary.hash' | 'stable.hash' | undefined,
): ArgumentMeaning {
  const from = declared.at('valueFrom');
  const pod = from.at('podTemplateHashValue').text();
  const builtIn = hash ?? (pod === 'Latest' ? 'canary.hash' : pod === 'Stable' ? 'stable.hash' : undefined);
  if (builtIn) {
    const pods = builtIn.replace('hash', 'pods');
    ledger.changed(
      declared,
      `becomes {{${builtIn}}}, the value of the label pod-template-hash; pod=~"{{${pods}}}" selects the same pods without any label of the hash`,
    );
    return { kind: 'text', text: `{{${builtIn}}}` };
  }
  const secret = from.at('secretKeyRef');
  if (secret.isSet) {
    const [name, key] = [secret.at('name').text() ?? '', secret.at('key').text() ?? ''];
    ledger.changed(
      declared,
      `a template reads no Secret: a ClusterMetricSource has the credentials, from the Secret ${name} in the controller's namespace`,
    );
    return { kind: 'secret', name, key };
  }
  if (from.isSet) {
    ledger.refused(
      from,
      `a template cannot read fields: give the argument in the guard by valueFrom.fieldRef.fieldPath, such as rollout.metadata.labels['team']`,
    );
  }
  const value = declared.at('value').text();
  const type = typeOf(uses, value);
  if (value !== undefined && type !== 'string' && !hasType(value, type)) {
    ledger.changed(
      declared,
      `${JSON.stringify(value)} is written into the queries: an argument outside of a literal must be one word of PromQL, so nobody can give another value`,
    );
    return { kind: 'text', text: value };
  }
  const raw = unescaped(value, uses);
  if (raw !== value) {
    ledger.changed(
      declared.at('value'),
      'the escapes of PromQL are taken out of the value, because they are put in here',
    );
  }
  return { kind: 'argument', name: asArgumentName(source), value: raw };
}

/** Argo puts values into literals as they are, with the escapes that their author wrote. */
function unescaped(value: string | undefined, uses: readonly Use[]): string | undefined {
  return uses.some(({ literal }) => literal) ? value?.replace(/\\(["'\\])/g, '$1') : value;
}

function typeOf(uses: readonly Use[], value: string | undefined): ArgumentType {
  const outside = uses.filter(({ literal }) => !literal).map(({ type }) => type);
  const [first] = outside;
  if (first === undefined) return 'string';
  if (outside.includes('number') && first !== 'number') return 'number';
  if (value === undefined || hasType(value, first)) return first;
  return (['number', 'duration', 'identifier'] as const).find((type) => hasType(value, type)) ?? first;
}

function usesIn(spec: Located): Use[] {
  return spec
    .at('metrics')
    .items()
    .flatMap((metric) => {
      const query = metric.at('provider', 'prometheus', 'query').text() ?? '';
      const numbers = [
        'count',
        'failureLimit',
        'inconclusiveLimit',
        'consecutiveErrorLimit',
        'consecutiveSuccessLimit',
        'successCondition',
        'failureCondition',
      ];
      return [
        ...usesInQuery(query),
        ...numbers.flatMap((field) => usesInNumbers(metric.at(field).text() ?? '')),
      ];
    });
}

function usesInNumbers(text: string): Use[] {
  return splitPlain(text).pieces.flatMap((piece) =>
    piece.kind === 'placeholder'
      ? [{ argument: argumentIn(piece.name), type: 'number', literal: false }]
      : [],
  );
}

function usesInQuery(query: string): Use[] {
  return splitQuery(query).pieces.flatMap((piece): Use[] => {
    if (piece.kind !== 'placeholder') return [];
    const argument = argumentIn(piece.name);
    if (piece.place !== 'code') return [{ argument, type: 'string', literal: true }];
    const before = query.slice(0, piece.offset);
    const after = query.slice(piece.offset + piece.width);
    return [{ argument, type: typeInCode(before, after), literal: false }];
  });
}

/** What PromQL has at such a place: `[{{…}}]` is a duration, `{{…}}{` a metric, `> {{…}}` a number. */
function typeInCode(before: string, after: string): ArgumentType {
  if (/(?:\[|\[[^\]]*:|\boffset\s)\s*$/.test(before))
    return /^(?:ms|[smhdwy])/.test(after) ? 'number' : 'duration';
  if (/[\w:]$/.test(before) || /^[\w:{[]/.test(after)) return 'identifier';
  if (/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*$/.test(before)) return 'identifier';
  if (/[{,]\s*$/.test(before) && /^\s*(?:=|!=|=~|!~)/.test(after)) return 'identifier';
  if (/\(\s*$/.test(before) && /^\s*\)/.test(after)) return 'identifier';
  return 'number';
}

function argumentIn(name: string): string {
  return name.replace(/^args\./, '');
}

/** A text with its `{{args.x}}` as ours; what has no meaning here is answered as well. */
export function withArguments(text: string, meanings: Meanings): { text: string; missing: string[] } {
  const missing: string[] = [];
  const replaced = text.replace(/\{\{\s*([^{}]*?)\s*\}\}/g, (_, name: string) => {
    const meaning = name.startsWith('args.') ? meanings.get(argumentIn(name)) : undefined;
    if (meaning?.kind === 'text') return meaning.text;
    if (meaning?.kind === 'argument') return `{{args.${meaning.name}}}`;
    missing.push(name);
    return `{{${name}}}`;
  });
  return { text: replaced, missing };
}

/** A text with the defaults of its arguments, where a placeholder may not stand; undefined without a default. */
export function withDefaults(text: string, meanings: Meanings): string | undefined {
  let known = true;
  const replaced = text.replace(/\{\{\s*args\.([^{}\s]+)\s*\}\}/g, (_, name: string) => {
    const meaning = meanings.get(name);
    const value =
      meaning?.kind === 'text' ? meaning.text : meaning?.kind === 'argument' ? meaning.value : undefined;
    if (value === undefined) known = false;
    return value ?? '';
  });
  return known ? replaced : undefined;
}
