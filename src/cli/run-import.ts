import pc from 'picocolors';
import { translateArgo } from '../translate/argo.ts';
import { toYaml } from '../translate/emitted.ts';
import { translateFlagger } from '../translate/flagger.ts';
import { inFileOrder, reportText } from '../translate/report.ts';
import type { Located, SourceFault } from '../translate/source-document.ts';
import { countByStatus, type Translation, translateFiles } from '../translate/translation.ts';
import { readSources } from './read-sources.ts';

export interface ImportOptions {
  report: 'text' | 'json';
  strict: boolean;
  /** For Canaries of Flagger that name no provider. */
  meshProvider?: string;
}

/** Where a command reads and writes. */
export interface Streams {
  stdin: NodeJS.ReadableStream;
  stdout: { write(text: string): unknown };
  stderr: { write(text: string): unknown; isTTY?: boolean | undefined };
}

const NOT_TRANSLATED = 1;
const BAD_INPUT = 3;

/** Imports, and answers the exit code: 0, 1 where --strict is not fulfilled, 3 where the input cannot be read. */
export async function runImport(
  tool: 'argo' | 'flagger',
  paths: readonly string[],
  { report, strict, meshProvider = 'istio' }: ImportOptions,
  { stdin, stdout, stderr }: Streams,
): Promise<number> {
  const sources = await readSources(paths, stdin);
  if (!sources.ok) {
    stderr.write(`${sources.message}\n`);
    return BAD_INPUT;
  }
  const translate = (objects: readonly Located[]): Translation =>
    tool === 'argo' ? translateArgo(objects) : translateFlagger(objects, meshProvider);
  const translated = translateFiles(sources.files, translate);
  if (!translated.ok) {
    for (const fault of translated.faults) stderr.write(`${faultText(fault, tool)}\n`);
    return BAD_INPUT;
  }
  const { translation } = translated;
  const { documents, entries, passedOver } = translation;
  stdout.write(toYaml(documents));
  const counts = countByStatus(entries);
  const text =
    report === 'json'
      ? `${JSON.stringify({ entries: inFileOrder(entries), counts, passedOver }, undefined, 2)}\n`
      : reportText(translation, pc.createColors(stderr.isTTY === true && pc.isColorSupported));
  stderr.write(text);
  return strict && counts['not translated'] > 0 ? NOT_TRANSLATED : 0;
}

function faultText({ file, line, column, message }: SourceFault, tool: string): string {
  return `${file}:${line}:${column}: this is no YAML: ${message}. A Helm chart must be rendered first: helm template … | assay import ${tool} -`;
}
