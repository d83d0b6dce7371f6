import { convertRollout } from '../api/rollout-conversion.ts';
import type { ConversionAnswer, ConversionRequest } from './conversion-review.ts';

/** Converts every object of the request, or none: the API server would reject a list with gaps. */
export function convert(request: ConversionRequest): ConversionAnswer {
  const objects = [];
  for (const object of request.objects) {
    const converted = convertRollout(object, request.desiredAPIVersion);
    if (!converted.ok) return { ok: false, message: converted.message };
    objects.push(converted.object);
  }
  return { ok: true, objects };
}
