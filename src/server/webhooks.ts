import type { SecureContextOptions } from 'node:tls';
import fastify, { type FastifyInstance } from 'fastify';
import type { HorizontalPodAutoscaler } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import type { Rollout } from '../api/rollout.ts';
import type { RolloutGuard } from '../api/rollout-guard.ts';
import type { RolloutRecord } from '../api/rollout-record.ts';
import type { Cluster, Store } from '../cluster/port.ts';
import {
  type AdmissionAnswer,
  type AdmissionRequest,
  decodeAdmission,
  deny,
  encodeAdmission,
} from './admission-review.ts';
import type { Certificates } from './certificate.ts';
import { type ControllerIdentity, isController } from './controller-identity.ts';
import { decodeConversion, encodeConversion } from './conversion-review.ts';
import { convert } from './convert.ts';
import type { Lookup } from './lookup.ts';
import { mutateRolloutStatus } from './mutate-rollout-status.ts';
import { mutateWorkload } from './mutate-workload.ts';
import { validate } from './validate.ts';

const BODY_LIMIT_BYTES = 10 * 1024 * 1024;

export interface WebhookOptions {
  certificates: Certificates;
  controller: ControllerIdentity;
  cluster: Cluster;
  rollouts: Store<Rollout>;
  guards: Store<RolloutGuard>;
  /** Not kept where Rollouts are admitted by somebody else. */
  autoscalers?: Store<HorizontalPodAutoscaler>;
  /** Beside Kruise Rollouts. */
  ownKindsOnly?: boolean;
  lookup: Lookup;
  /** Whether all local copies are filled: before that, admission answers 503. */
  isReady: () => boolean;
  /** Epoch milliseconds. */
  now: () => number;
  /** Told of every answer, for metrics. */
  onAnswer?: (webhook: string, allowed: boolean) => void;
  /** Told of a bug in a handler; the API server gets 500, and its failure policy decides. */
  onError?: (error: Error) => void;
}

export interface WebhookServer {
  /** Not yet listening. */
  server: FastifyInstance;
  /** Serves other certificates from the next connection on. */
  useCertificates(certificates: Certificates): void;
}

/** The HTTPS server that the API server asks before it stores objects, and to convert them. */
export function createWebhookServer(options: WebhookOptions): WebhookServer {
  const server = fastify({
    https: secureContext(options.certificates),
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: 30_000,
    logger: false,
  });
  server.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const code = error.statusCode ?? 500;
    if (code >= 500) options.onError?.(error);
    return reply.code(code).send({ message: error.message });
  });
  for (const [name, answer] of Object.entries(admissions(options))) {
    server.post(`/${name}`, async (request, reply) => {
      const decoded = decodeAdmission(request.body);
      if (!decoded.ok) return reply.code(400).send({ message: decoded.message });
      if (!options.isReady()) return reply.code(503).send({ message: 'assay is still reading the cluster' });
      const given = await answer(decoded.request);
      options.onAnswer?.(name, given.allowed);
      return encodeAdmission(decoded.request.uid, given);
    });
  }
  // Conversion needs nothing but the objects: the very first list may ask for it.
  server.post('/convert', (request, reply) => {
    const decoded = decodeConversion(request.body);
    if (!decoded.ok) return reply.code(400).send({ message: decoded.message });
    return reply.send(encodeConversion(decoded.request.uid, convert(decoded.request)));
  });
  return {
    server: server as unknown as FastifyInstance,
    useCertificates: (certificates) => server.server.setSecureContext(secureContext(certificates)),
  };
}

type Answer = (request: AdmissionRequest) => AdmissionAnswer | Promise<AdmissionAnswer>;

function admissions(options: WebhookOptions): Record<string, Answer> {
  const { controller, rollouts, cluster, now } = options;
  return {
    'mutate-workload': (request) =>
      mutateWorkload(request, { controller, rollouts: rollouts.list(request.namespace) }),
    'mutate-rollout-status': async (request) => {
      const read = isController(request, controller)
        ? undefined
        : await cluster.get<RolloutRecord>(resources.rolloutRecord, {
            name: request.name,
            namespace: request.namespace,
          });
      if (read && !read.ok && read.fault.kind !== 'NotFound') {
        return deny(503, `the record of this Rollout could not be read: ${read.fault.message}. Try again`);
      }
      return mutateRolloutStatus(request, {
        controller,
        record: read?.ok ? read.object : undefined,
        now: now(),
      });
    },
    validate: (request) =>
      validate(request, {
        controller,
        rollouts: rollouts.list(request.namespace),
        guards: options.guards.list(request.namespace),
        autoscalers: options.autoscalers?.list(request.namespace) ?? [],
        isBeside: options.ownKindsOnly === true,
        lookup: options.lookup,
      }),
  };
}

function secureContext({ cert, key }: Certificates): SecureContextOptions {
  return { cert, key };
}
