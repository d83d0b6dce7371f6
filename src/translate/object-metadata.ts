import type { Emitted } from './emitted.ts';
import type { Located } from './source-document.ts';

/** Name, namespace and labels of an object; what a server has added to it is left out. */
export function keptMetadata(object: Located, namespaced = true): Emitted['object']['metadata'] {
  const metadata = object.at('metadata');
  const namespace = metadata.at('namespace').text();
  const labels = metadata.at('labels');
  const kept = Object.fromEntries(labels.keys().map((key) => [key, labels.at(key).text() ?? '']));
  return {
    name: metadata.at('name').text() ?? 'unnamed',
    ...(namespaced && namespace !== undefined && { namespace }),
    ...(Object.keys(kept).length > 0 && { labels: kept }),
  };
}

/** How messages call an object: `AnalysisTemplate shop/success-rate`. */
export function labelOf(object: Located): string {
  const [kind, name] = [
    object.at('kind').text() ?? 'object',
    object.at('metadata', 'name').text() ?? 'without a name',
  ];
  const namespace = object.at('metadata', 'namespace').text();
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}
