import { parseObject } from '../api/kind.ts';
import type { KubeObject } from '../api/kubernetes.ts';
import { trafficRoutingKind } from '../api/traffic-routing.ts';
import {
  checkTrafficRouting,
  checkTrafficRoutingUpdate,
  trafficRoutingWarnings,
} from '../api/traffic-routing-validation.ts';
import { type AdmissionAnswer, type AdmissionRequest, subjectOf } from './admission-review.ts';
import { answerOf, faultsOf, warning } from './finding.ts';

/** Checks a TrafficRouting by itself, and against what it was while its routes are set. */
export function validateTrafficRouting(request: AdmissionRequest, raw: KubeObject): AdmissionAnswer {
  const subject = subjectOf(request);
  const parsed = parseObject(trafficRoutingKind, raw);
  if (!parsed.ok) return answerOf(subject, faultsOf(parsed.faults));
  const after = parsed.object;
  const former = request.oldObject ? parseObject(trafficRoutingKind, request.oldObject) : undefined;
  return answerOf(subject, [
    ...faultsOf(checkTrafficRouting(after)),
    ...(former?.ok ? faultsOf(checkTrafficRoutingUpdate(former.object, after)) : []),
    ...trafficRoutingWarnings(after).map((text) => warning(text)),
  ]);
}
