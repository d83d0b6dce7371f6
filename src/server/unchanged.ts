import { sameJson } from '../api/canonical.ts';
import type { AdmissionRequest } from './admission-review.ts';
import { isKubernetes } from './controller-identity.ts';

/** Whether an update leaves everything but the metadata as it was. */
export function onlyMetadataChanges({ operation, object, oldObject }: AdmissionRequest): boolean {
  if (operation !== 'UPDATE' || !object || !oldObject) return false;
  return sameJson({ ...object, metadata: undefined }, { ...oldObject, metadata: undefined });
}

/**
 * Whether an update only takes owners or finalizers off, as Kubernetes does when it collects garbage. To deny
 * that would leave objects that nobody can delete.
 */
export function isCollection(request: AdmissionRequest): boolean {
  const leaving = request.oldObject?.metadata.deletionTimestamp !== undefined;
  return (leaving || isKubernetes(request)) && onlyMetadataChanges(request);
}
