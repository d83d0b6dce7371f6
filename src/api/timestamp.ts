/** Epoch milliseconds of a Kubernetes timestamp; undefined for none or for text that is not one. */
export function parseTime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** Epoch milliseconds as Assay writes them into objects: RFC 3339 with milliseconds, in UTC. */
export function formatTime(ms: number): string {
  return new Date(ms).toISOString();
}
