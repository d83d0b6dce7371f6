import type { SchemaFault } from '../api/kind.ts';
import { type AdmissionAnswer, allow, deny } from './admission-review.ts';

/** What a check of an object came upon. */
export type Finding =
  /** The object is wrong here. */
  | { kind: 'fault'; path: string; message: string }
  /** Worth knowing, and no reason to refuse. */
  | { kind: 'warning'; message: string }
  /** The API server could not be asked about an object that this one names. */
  | { kind: 'unknown'; message: string };

const SHOWN = 10;

export function fault(path: string, message: string): Finding {
  return { kind: 'fault', path, message };
}

export function warning(message: string): Finding {
  return { kind: 'warning', message };
}

export function unknown(what: string, message: string): Finding {
  return { kind: 'unknown', message: `${what} could not be read: ${message}` };
}

/** Faults as findings, their paths put under `at` where it is given. */
export function faultsOf(faults: readonly SchemaFault[], at = ''): Finding[] {
  return faults.map(({ path, message }) => fault(at && path ? `${at}.${path}` : at || path, message));
}

/** The answer that follows from all findings about one object. */
export function answerOf(subject: string, findings: readonly Finding[]): AdmissionAnswer {
  const faults = findings.filter((finding) => finding.kind === 'fault');
  if (faults.length > 0) {
    const shown = faults.slice(0, SHOWN).map(({ path, message }) => (path ? `${path}: ${message}` : message));
    const rest = faults.length > SHOWN ? [`and ${faults.length - SHOWN} more`] : [];
    return deny(422, `${subject} is not valid: ${[...shown, ...rest].join('; ')}`);
  }
  const unasked = findings.find((finding) => finding.kind === 'unknown');
  if (unasked) return deny(503, `${subject} could not be checked: ${unasked.message}. Try again`);
  return allow({
    warnings: findings.filter((finding) => finding.kind === 'warning').map(({ message }) => message),
  });
}
