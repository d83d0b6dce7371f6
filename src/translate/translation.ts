import type { Emitted } from './emitted.ts';
import { ENTRY_STATUSES, type EntryStatus, type LedgerEntry } from './ledger.ts';
import { type Located, readObjects, type SourceFault, type SourceFile } from './source-document.ts';

/** What an import comes to: our objects in the order in which they should be applied, and the ledger. */
export interface Translation {
  documents: Emitted[];
  entries: LedgerEntry[];
  /** Kinds of objects that are not of the tool, each with how often it was passed over. */
  passedOver: Record<string, number>;
}

export type Translated = { ok: true; translation: Translation } | { ok: false; faults: SourceFault[] };

/** Reads all files, and translates what is in them unless one of them is no YAML. */
export function translateFiles(
  files: readonly SourceFile[],
  translate: (objects: readonly Located[]) => Translation,
): Translated {
  const read = files.map((file) => readObjects(file));
  const faults = read.flatMap((each) => ('fault' in each ? [each.fault] : []));
  if (faults.length > 0) return { ok: false, faults };
  return {
    ok: true,
    translation: translate(read.flatMap((each) => ('objects' in each ? each.objects : []))),
  };
}

/** How many entries there are of each status. */
export function countByStatus(entries: readonly LedgerEntry[]): Record<EntryStatus, number> {
  const counts = { translated: 0, changed: 0, 'not translated': 0 };
  for (const status of ENTRY_STATUSES) {
    counts[status] = entries.filter((entry) => entry.status === status).length;
  }
  return counts;
}

/** Counts the kinds of objects that a translation has nothing to do with. */
export function kindsOf(objects: readonly Located[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const object of objects) {
    const kind = object.at('kind').text() ?? 'object without a kind';
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}
