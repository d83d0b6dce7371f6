import type { ClusterFault, ClusterResult } from './cluster/port.ts';

/** Something outside the process is not as it must be for Assay to start; the message says what to do. */
export class StartFault extends Error {}

/** The object that the API server answered, or the end of starting. */
export function required<T>(what: string, result: ClusterResult<T>): T {
  if (result.ok) return result.object;
  throw new StartFault(`${what}: ${describeFault(result.fault)}`);
}

/** Ends starting where there is a fault. */
export function requireDone(what: string, fault: ClusterFault | undefined): void {
  if (fault) throw new StartFault(`${what}: ${describeFault(fault)}`);
}

function describeFault({ kind, message }: ClusterFault): string {
  return kind === 'Unavailable' ? `the API server does not answer: ${message}` : message;
}

/** What `attempt` gives; what it throws is told as it is, without a stack: it is about the surroundings. */
export async function surrounding<T>(what: string, attempt: () => T | Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    throw new StartFault(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
