import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

interface AuditLine {
  verb: string;
  user: { username: string };
  objectRef?: { resource?: string; subresource?: string };
}

/** What every process writes to live, whatever it works on. */
const NOT_WORK = ['leases', 'selfsubjectreviews'];

/**
 * From now on counts what was written, from the API server's audit log. Answers how to read the counts: how often each
 * kind of object was created or changed by users whose name begins so.
 */
export async function countWrites(
  logsDir: string,
): Promise<(user: string) => Promise<Record<string, number>>> {
  const file = join(logsDir, 'audit.log');
  const from = (await stat(file)).size;
  return async (user) => {
    const lines = (await readFile(file)).subarray(from).toString('utf8').trimEnd().split('\n');
    const counts: Record<string, number> = {};
    for (const line of lines.filter((text) => text !== '')) {
      const { verb, user: by, objectRef } = JSON.parse(line) as AuditLine;
      const { resource = '', subresource } = objectRef ?? {};
      if (!by.username.startsWith(user) || verb === 'delete' || NOT_WORK.includes(resource)) continue;
      const name = subresource ? `${resource}/${subresource}` : resource;
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  };
}
