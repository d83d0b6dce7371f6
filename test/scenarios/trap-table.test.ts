import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PAGE, withTrapTable } from './trap-table.ts';

const page = readFileSync(join(import.meta.dirname, '../..', PAGE), 'utf8');

test('the page about Kruise Rollouts has the table of traps that the scenarios make: run `npm run generate`', () => {
  expect(page).toBe(withTrapTable(page));
});
