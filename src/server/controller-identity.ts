import { ASSAY_NAME } from '../api/group.ts';
import type { AdmissionRequest } from './admission-review.ts';

/** Who the controller is to the API server. */
export interface ControllerIdentity {
  /** As a SelfSubjectReview of the controller's own credentials says it. */
  username: string;
}

/**
 * Whether the controller itself sent the request. The field manager is asked for as well, because outside a
 * cluster the controller may run under the account of the person at the keyboard.
 */
export function isController(request: AdmissionRequest, controller: ControllerIdentity): boolean {
  return (
    controller.username !== '' &&
    request.userInfo.username === controller.username &&
    request.options?.fieldManager === ASSAY_NAME
  );
}

/** Whether one of Kubernetes' own controllers sent it, such as the garbage collector taking an owner away. */
export function isKubernetes(request: AdmissionRequest): boolean {
  const { username } = request.userInfo;
  return (
    username === 'system:kube-controller-manager' || username.startsWith('system:serviceaccount:kube-system:')
  );
}
