import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
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
 * The connections to one source. None is kept after its answer: seconds lie between measurements, so that a
 * kept one has often been closed by the other side, and the reset would look like an outage. An https agent
 * does keep TLS sessions, so that the next handshake is a short one.
 */
export function agentsOf(tls: TlsConfig = {}): { httpAgent: HttpAgent; httpsAgent: HttpsAgent } {
  const { ca, serverName, insecureSkipVerify } = tls;
  return {
    httpAgent: new HttpAgent({ keepAlive: false }),
    httpsAgent: new HttpsAgent({
      keepAlive: false,
      rejectUnauthorized: insecureSkipVerify !== true,
      ...(ca !== undefined && { ca }),
      ...(serverName !== undefined && { servername: serverName }),
    }),
  };
}

/**
 * The connections to a token endpoint, which may be a public one or have the same private authority. It is
 * given the client's secret, so its certificate is checked whatever the source says about its own.
 */
export function tokenAgentOf({ ca }: TlsConfig = {}): HttpsAgent {
  return new HttpsAgent({ keepAlive: false, ...(ca !== undefined && { ca: [...rootCertificates, ca] }) });
}
