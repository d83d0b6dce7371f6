/** `npm run generate`: writes the chart's CRDs, and removes those of kinds that are no more. */

import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { chartCrds } from './chart-crds.ts';

const folder = new URL('../../charts/assay/templates/crds/', import.meta.url);

await mkdir(folder, { recursive: true });
const files = chartCrds();
const names = new Set(files.map(({ name }) => name));
const stale = (await readdir(folder)).filter((name) => !names.has(name));
await Promise.all(stale.map((name) => rm(new URL(name, folder))));
await Promise.all(files.map(({ name, text }) => writeFile(new URL(name, folder), text)));
process.stdout.write(`${files.length} CRDs written to charts/assay/templates/crds\n`);
