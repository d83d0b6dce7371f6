import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import { rootCertificates } from 'node:tls';

/** How the certificate of a server is checked. */
export interface TlsConfig {
  /** Certificates in PEM that are trusted in place of those that Node brings. */
  ca?: string | undefined;
  /** The name that the certificate must be for, when the address has another. */
  serverName?: string | undefined;
  insecureSkipVerify?: boolean | undefined;
}

/**
 * The connections to one source. One that has answered is kept for the moment, for many runs ask one source; after
 * seconds the other side has often closed it, and the reset would look like an outage. An https agent keeps TLS
 * sessions as well, so that the next handshake is a short one.
 */
export function agentsOf(tls: TlsConfig = {}): { httpAgent: HttpAgent; httpsAgent: HttpsAgent } {
  const { ca, serverName, insecureSkipVerify } = tls;
  return {
    httpAgent: keptBriefly(new HttpAgent({ keepAlive: true })),
    httpsAgent: keptBriefly(
      new HttpsAgent({
        keepAlive: true,
        rejectUnauthorized: insecureSkipVerify !== true,
        ...(ca !== undefined && { ca }),
        ...(serverName !== undefined && { servername: serverName }),
      }),
    ),
  };
}

/** For how long a connection is kept: far shorter than any server or proxy lets one be idle. */
const KEPT_MS = 1_000;

/** The agent, closing connections that nobody uses again. A request that takes long is not the agent's to end. */
function keptBriefly<A extends HttpAgent>(agent: A): A {
  const { keepSocketAlive, reuseSocket } = agent;
  agent.keepSocketAlive = (socket) => {
    const kept = keepSocketAlive.call(agent, socket) as unknown as boolean;
    if (kept) (socket as Socket).setTimeout(KEPT_MS);
    return kept;
  };
  agent.reuseSocket = (socket, request) => {
    (socket as Socket).setTimeout(0);
    reuseSocket.call(agent, socket, request);
  };
  return agent;
}

/**
 * The connections to a token endpoint, which may be a public one or have the same private authority. It is
 * given the client's secret, so its certificate is checked whatever the source says about its own.
 */
export function tokenAgentOf({ ca }: TlsConfig = {}): HttpsAgent {
  return new HttpsAgent({ keepAlive: false, ...(ca !== undefined && { ca: [...rootCertificates, ca] }) });
}
