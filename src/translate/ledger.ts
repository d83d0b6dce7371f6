import { fieldPath } from '../api/kind.ts';
import type { Located } from './source-document.ts';

export const ENTRY_STATUSES = ['translated', 'changed', 'not translated'] as const;
export type EntryStatus = (typeof ENTRY_STATUSES)[number];

/** What became of one field of a source. */
export interface LedgerEntry {
  file: string;
  line: number;
  column: number;
  /** `AnalysisTemplate success-rate` */
  object: string;
  status: EntryStatus;
  /** The field: `spec.metrics[0].interval`. */
  what: string;
  /** What it became, how that differs, or why it became nothing and what to do. */
  why: string;
}

/** Collects what became of the fields of one object. */
export class Ledger {
  readonly object: string;
  private readonly entries: LedgerEntry[];

  constructor(object: string, entries: LedgerEntry[]) {
    this.object = object;
    this.entries = entries;
  }

  translated(field: Located, why: string): void {
    this.add('translated', field, why);
  }

  changed(field: Located, why: string): void {
    this.add('changed', field, why);
  }

  refused(field: Located, why: string): void {
    this.add('not translated', field, why);
  }

  /** Names every field that nobody has an eye on, so that nothing is dropped in silence. */
  refuseOthers(field: Located, known: readonly string[]): void {
    for (const key of field.keys()) {
      if (!known.includes(key)) this.refused(field.at(key), 'the field is not known');
    }
  }

  private add(status: EntryStatus, field: Located, why: string): void {
    const { line, column } = field.position();
    const what = fieldPath(field.path) || 'the object';
    this.entries.push({ file: field.file, line, column, object: this.object, status, what, why });
  }
}
