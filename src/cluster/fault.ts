import { z } from 'zod';
import type { ClusterFault } from './port.ts';
import type { HttpAnswer } from './transport.ts';

/** What the API server says when it did not do what was asked. */
const statusSchema = z.object({
  reason: z.string().optional(),
  message: z.string().optional(),
  details: z
    .object({
      retryAfterSeconds: z.number().optional(),
      causes: z.array(z.unknown()).optional(),
    })
    .optional(),
});
type Status = z.output<typeof statusSchema>;

/** Longer texts than this, such as the page of a proxy, are cut. */
const MESSAGE_MAX = 2_000;

/**
 * Makes of an answer that is no success the fault it stands for. `request` names what was asked, and `hasTests`
 * tells whether that was a JSON patch with tests.
 */
export function faultOf(request: string, answer: HttpAnswer, hasTests: boolean): ClusterFault {
  const status = statusOf(answer.text);
  const said = status.message || answer.text.trim().slice(0, MESSAGE_MAX) || 'no reason given';
  const kind = kindOf(answer.status, status, hasTests);
  const fault: ClusterFault = {
    kind,
    message: `${request}: the API server answered ${answer.status}: ${said}`,
  };
  const retryAfterMs = kind === 'Unavailable' ? retryAfterOf(answer, status) : undefined;
  if (retryAfterMs !== undefined) fault.retryAfterMs = retryAfterMs;
  return fault;
}

/** The fault of a request that had no complete answer. */
export function unreachable(request: string, server: string, error: unknown): ClusterFault {
  const cause = error instanceof Error ? error.message || error.name : String(error);
  return {
    kind: 'Unavailable',
    message: `${request}: ${cause}. Is the API server at ${server} up and reachable?`,
  };
}

function kindOf(code: number, status: Status, hasTests: boolean): ClusterFault['kind'] {
  if (code === 409) return status.reason === 'AlreadyExists' ? 'AlreadyExists' : 'Conflict';
  if (code === 404) return 'NotFound';
  if (code === 408 || code === 410 || code === 429 || code >= 500) return 'Unavailable';
  // The API server answers every JSON patch that does not fit the object with the same words and no details, one
  // whose test does not hold included. With tests in it, it was made for an object that looked otherwise.
  if (code === 422 && hasTests && !status.details?.causes?.length) return 'Conflict';
  return 'Refused';
}

function retryAfterOf(answer: HttpAnswer, status: Status): number | undefined {
  const seconds = Number(answer.retryAfter ?? status.details?.retryAfterSeconds ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

function statusOf(text: string): Status {
  try {
    const parsed = statusSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : {};
  } catch {
    return {};
  }
}
