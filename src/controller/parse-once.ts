import { type KubeObject, keyOf } from '../api/kubernetes.ts';
import type { Resource } from '../api/resource.ts';

/** Makes of an object as the API server sends it what the rest of the code is given; undefined for one that is not valid. */
export type Parse = (resource: Resource, raw: KubeObject) => KubeObject | undefined;

/** How many objects are remembered; those of writes under way are far fewer. */
const REMEMBERED_MAX = 1_000;

/**
 * Parses each version of an object once, though it comes by the watch and as the answer to its writer: both are given
 * the same value.
 */
export function parseOnce(parse: Parse): Parse {
  const known = new Map<string, { uid: string; version: string; object: KubeObject | undefined }>();
  return (resource, raw) => {
    const { uid, resourceVersion: version } = raw.metadata;
    if (uid === undefined || version === undefined) return parse(resource, raw);
    const key = `${resource.plural} ${keyOf(raw)}`;
    const last = known.get(key);
    known.delete(key);
    if (last?.uid === uid && last.version === version) return last.object;
    const object = parse(resource, raw);
    known.set(key, { uid, version, object });
    const [oldest] = known.keys();
    if (known.size > REMEMBERED_MAX && oldest !== undefined) known.delete(oldest);
    return object;
  };
}
