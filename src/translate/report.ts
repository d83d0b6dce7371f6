import type { LedgerEntry } from './ledger.ts';
import { countByStatus, type Translation } from './translation.ts';

/** How the words of a report are shown. */
export interface ReportColors {
  bold(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  red(text: string): string;
}

const WORDS = { translated: 'translated', changed: 'changed', 'not translated': 'NOT translated' } as const;

/** What became of each field, an object after the other, and a summary. */
export function reportText(translation: Translation, colors: ReportColors): string {
  const { entries } = translation;
  const objects = [...new Set(entries.map(({ object }) => object))];
  const blocks = objects.map((object) => {
    const own = entries.filter((entry) => entry.object === object);
    return [colors.bold(object), ...table(own, colors)].join('\n');
  });
  return `${[...blocks, summary(translation)].join('\n\n')}\n`;
}

function table(entries: readonly LedgerEntry[], colors: ReportColors): string[] {
  const color = { translated: colors.green, changed: colors.yellow, 'not translated': colors.red };
  const rows = inFileOrder(entries).map((entry) => ({
    place: `${entry.file}:${entry.line}:${entry.column}`,
    entry,
  }));
  const width = (texts: string[]) => Math.max(...texts.map((text) => text.length));
  const places = width(rows.map(({ place }) => place));
  const fields = width(rows.map(({ entry }) => entry.what));
  const words = width(Object.values(WORDS));
  return rows.map(({ place, entry: { status, what, why } }) => {
    const word = color[status](WORDS[status].padEnd(words));
    return `  ${place.padEnd(places)}  ${word}  ${what.padEnd(fields)}  ${why}`;
  });
}

/** Entries as they stand in the file. */
export function inFileOrder(entries: readonly LedgerEntry[]): LedgerEntry[] {
  return entries.toSorted((a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column);
}

function summary({ documents, entries, passedOver }: Translation): string {
  const counts = countByStatus(entries);
  const others = Object.entries(passedOver).map(([kind, count]) => `${count} ${kind}`);
  return [
    `${documents.length} object${documents.length === 1 ? '' : 's'} written; ${counts.translated} translated, ${counts.changed} changed, ${counts['not translated']} NOT translated.`,
    ...(others.length > 0 ? [`Passed over: ${others.join(', ')}.`] : []),
    ...(counts['not translated'] > 0
      ? ['What was not translated is not guarded: go through those lines before you rely on the result.']
      : []),
  ].join('\n');
}
