import { Agent, request } from 'node:http';

export interface TrafficOptions {
  /** Where the requests go: the ingress. */
  url: string;
  /** The Host header by which the ingress routes. */
  host: string;
  path: string;
  ratePerSecond: number;
  /** It stops by itself after so many seconds, or so many requests, whichever comes first. */
  maxSeconds: number;
  maxRequests?: number;
}

/** What came of the requests so far. */
export interface TrafficCounts {
  sent: number;
  /** Answers by the pod that gave them; those of the ingress itself have no pod and are not here. */
  byPod: Record<string, number>;
  /** Answers by the pod template hash in the pod's name. */
  byHash: Record<string, number>;
  /** Answers by the image tag of the pod that gave them. */
  byVersion: Record<string, number>;
  /** Answers by HTTP status. */
  byStatus: Record<string, number>;
  /** Requests that got no answer: reset, refused or late. */
  unanswered: number;
}

export interface Traffic {
  /** Grows while the traffic runs. */
  readonly counts: TrafficCounts;
  /** Settles when the last answer is in, by itself or after `stop`. */
  readonly done: Promise<TrafficCounts>;
  stop(): Promise<TrafficCounts>;
}

/** Requests under way at once: beyond that new ones wait, so that a slow server is not buried. */
const inFlightMax = 128;
const tickMs = 10;
const answerWithinMs = 10_000;

/** Sends GET requests at an even rate over connections that are kept. It always ends by itself. */
export function startTraffic(options: TrafficOptions): Traffic {
  const maxRequests = options.maxRequests ?? Number.POSITIVE_INFINITY;
  const counts: TrafficCounts = {
    sent: 0,
    byPod: {},
    byHash: {},
    byVersion: {},
    byStatus: {},
    unanswered: 0,
  };
  const agent = new Agent({ keepAlive: true, maxSockets: inFlightMax });
  const target = new URL(options.path, options.url);
  const startedMs = performance.now();
  const done = Promise.withResolvers<TrafficCounts>();
  let inFlight = 0;
  let stopped = false;

  const timer = setInterval(() => {
    const elapsedMs = performance.now() - startedMs;
    if (elapsedMs >= options.maxSeconds * 1000) return finish();
    const due = Math.min(maxRequests, Math.floor((elapsedMs / 1000) * options.ratePerSecond));
    while (counts.sent < due && inFlight < inFlightMax) send();
    if (counts.sent >= maxRequests) finish();
  }, tickMs);

  function send(): void {
    counts.sent += 1;
    inFlight += 1;
    const outgoing = request(target, {
      agent,
      headers: { host: options.host },
      signal: AbortSignal.timeout(answerWithinMs),
    });
    outgoing.on('response', (answer) => {
      const { 'x-pod': pod, 'x-version': version } = answer.headers;
      answer.resume();
      answer.on('error', () => settle(() => lost()));
      answer.on('end', () =>
        settle(() => {
          count(counts.byStatus, String(answer.statusCode));
          if (typeof pod !== 'string') return;
          count(counts.byPod, pod);
          count(counts.byHash, hashOf(pod));
          count(counts.byVersion, String(version));
        }),
      );
    });
    let settled = false;
    const lost = () => {
      counts.unanswered += 1;
    };
    const settle = (record: () => void) => {
      if (settled) return;
      settled = true;
      record();
      inFlight -= 1;
      leaveIfOver();
    };
    outgoing.on('error', () => settle(lost));
    outgoing.end();
  }

  function finish(): void {
    clearInterval(timer);
    stopped = true;
    leaveIfOver();
  }

  function leaveIfOver(): void {
    if (!stopped || inFlight > 0) return;
    agent.destroy();
    done.resolve(counts);
  }

  return {
    counts,
    done: done.promise,
    stop: () => {
      finish();
      return done.promise;
    },
  };
}

function count(counters: Record<string, number>, name: string): void {
  counters[name] = (counters[name] ?? 0) + 1;
}

/** Requests that failed: without an answer, or answered with an error. */
export function failedRequests({ unanswered, byStatus }: TrafficCounts): number {
  const errors = Object.entries(byStatus).filter(([status]) => !/^[23]/.test(status));
  return errors.reduce((sum, [, answers]) => sum + answers, unanswered);
}

/** A Deployment's pods are called `<deployment>-<hash>-<five letters>`. */
function hashOf(pod: string): string {
  return pod.split('-').at(-2) ?? pod;
}
