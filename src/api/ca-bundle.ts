import { X509Certificate } from 'node:crypto';

export type CaBundle = { ok: true; pem: string } | { ok: false; message: string };

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/**
 * Reads certificates of authorities from PEM text, or from the base64 of PEM text, as webhook configurations
 * have it. Anything in it that is no certificate, such as a key, is refused.
 */
export function readCaBundle(text: string): CaBundle {
  const pem = text.includes('-----BEGIN') ? text : Buffer.from(text, 'base64').toString('utf8');
  const certificates = pem.match(CERTIFICATE) ?? [];
  if (certificates.length === 0) {
    return { ok: false, message: 'must hold certificates in PEM, or the base64 of such text' };
  }
  if (pem.replace(CERTIFICATE, '').includes('-----BEGIN')) {
    return { ok: false, message: 'must hold certificates only: take out keys and whatever else is there' };
  }
  const broken = certificates.findIndex((certificate) => !isCertificate(certificate));
  if (broken >= 0) return { ok: false, message: `certificate ${broken + 1} of it cannot be read` };
  return { ok: true, pem: certificates.join('\n') };
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== null;
  } catch {
    return false;
  }
}
