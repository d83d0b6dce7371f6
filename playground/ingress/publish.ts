import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostRoutes } from './routes.ts';

/**
 * Answers a function that writes routes for the router, one file a host, and only those that changed. A file
 * is renamed into place, so that a request sees the old routes or the new ones, never half of them. Calls
 * must not overlap.
 */
export function routesPublisher(routesDir: string): (hosts: Map<string, HostRoutes>) => Promise<void> {
  const published = new Map<string, string>();
  return async (hosts) => {
    for (const [host, routes] of hosts) {
      const text = JSON.stringify(routes);
      if (published.get(host) === text) continue;
      const file = fileOf(routesDir, host);
      await writeFile(`${file}.new`, text);
      await rename(`${file}.new`, file);
      published.set(host, text);
    }
    for (const host of [...published.keys()].filter((known) => !hosts.has(known))) {
      await rm(fileOf(routesDir, host), { force: true });
      published.delete(host);
    }
  };
}

/** The router makes the same name of a Host header. */
function fileOf(routesDir: string, host: string): string {
  return join(routesDir, `${encodeURIComponent(host)}.json`);
}
