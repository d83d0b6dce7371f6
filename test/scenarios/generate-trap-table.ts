/** `npm run generate`: writes the table of traps into docs/migrate-from-kruise.md. */

import { readFile, writeFile } from 'node:fs/promises';
import { PAGE, withTrapTable } from './trap-table.ts';

const page = new URL(`../../${PAGE}`, import.meta.url);

await writeFile(page, withTrapTable(await readFile(page, 'utf8')));
process.stdout.write(`the table of traps written to ${PAGE}\n`);
