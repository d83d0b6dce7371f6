import { type Fault, fault } from './fault.ts';

/** Why there is no response, as Node's sockets, TLS and zlib say it. */
export interface ConnectionTrouble {
  code: string;
  message: string;
}

/** Codes of a certificate that nobody we trust vouches for. */
const UNKNOWN_ISSUER = [
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'INVALID_CA',
];

/** What it means that a request ended without a response that was read to its end. */
export function connectionFault(server: string, { code, message }: ConnectionTrouble): Fault {
  if (UNKNOWN_ISSUER.includes(code)) {
    return fault(
      'Untrusted',
      `${server} shows a certificate of an authority that is not trusted (${code}); put the authority's certificate into tls.caBundle of the source`,
    );
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return fault(
      'Untrusted',
      `${server} shows a certificate for another name; set tls.serverName of the source to a name that the certificate is for`,
    );
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    const when = code === 'CERT_HAS_EXPIRED' ? 'has expired' : 'is not valid yet';
    return fault('Untrusted', `the certificate of ${server} ${when}; renew it, or check the clock`);
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) {
    return fault('NotPrometheus', `${server} does not speak TLS as https asks for (${code}); is it http?`);
  }
  if (/^(Z_|ERR__?ERROR_FORMAT|ERR_BROTLI|ERR_PADDING)/.test(code)) {
    return fault('BrokenAnswer', `the compressed answer of ${server} is broken (${code})`);
  }
  return fault('Unreachable', `${server} cannot be reached: ${message || code}`);
}
