import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where the playground keeps what it need not make again: `ASSAY_CACHE`, or `~/.cache/assay`. */
export function cacheDir(): string {
  return process.env.ASSAY_CACHE || join(homedir(), '.cache', 'assay');
}
