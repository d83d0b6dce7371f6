import { ROUTE_NOTES_ANNOTATION } from '../api/annotations.ts';
import type { KubeObject } from '../api/kubernetes.ts';

/** What of a user's route cannot be computed back from what a canary made of it. */
export interface RouteNotes {
  /** Weights as their owner wrote them, null for none, by the backend they belong to. */
  weights: Record<string, number | null>;
  /** Hashes of the rules that were made for the canary. */
  made: string[];
  /** Whether the owner had written an empty list of subsets. */
  emptySubsets: boolean;
}

export const NO_NOTES: RouteNotes = { weights: {}, made: [], emptySubsets: false };

/** What was noted on the object; nothing where somebody has made it unreadable. */
export function notesOf({ metadata }: KubeObject): RouteNotes {
  try {
    const { weights, made, emptySubsets } = JSON.parse(
      metadata.annotations?.[ROUTE_NOTES_ANNOTATION] ?? '{}',
    ) as Partial<RouteNotes>;
    return {
      weights: weights && typeof weights === 'object' ? weights : {},
      made: Array.isArray(made) ? made : [],
      emptySubsets: emptySubsets === true,
    };
  } catch {
    return NO_NOTES;
  }
}

/** The object with these notes and no others; where there is nothing to note it has no annotation of ours. */
export function withNotes<T extends KubeObject>(object: T, notes: RouteNotes): T {
  const { annotations: present, ...rest } = object.metadata;
  const { [ROUTE_NOTES_ANNOTATION]: before, ...others } = present ?? {};
  const text = textOf(notes);
  if (text === before) return object;
  const annotations = text === undefined ? others : { ...others, [ROUTE_NOTES_ANNOTATION]: text };
  // The API server keeps no empty map: where nothing is left there was none.
  const isEmpty = Object.keys(annotations).length === 0;
  return { ...object, metadata: isEmpty ? rest : { ...object.metadata, annotations } };
}

function textOf({ weights, made, emptySubsets }: RouteNotes): string | undefined {
  const noted = {
    ...(Object.keys(weights).length === 0 ? {} : { weights }),
    ...(made.length === 0 ? {} : { made }),
    ...(emptySubsets ? { emptySubsets } : {}),
  };
  return Object.keys(noted).length === 0 ? undefined : JSON.stringify(noted);
}
