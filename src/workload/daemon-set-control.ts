import {
  DAEMON_SET_CONTROL_ANNOTATION,
  DAEMON_SET_ORIGINAL_STRATEGY_ANNOTATION,
  DAEMON_SET_REVISION_ANNOTATION,
} from '../api/annotations.ts';
import type { DaemonSet } from '../api/kubernetes.ts';
import type { Rollout } from '../api/rollout.ts';
import { markedWorkload, unmarkedWorkload, withoutAnnotation } from './marks.ts';

/** What a step asks of a DaemonSet, as its annotations tell it to people and to Kruise's tools. */
export interface Control {
  /** Of the version that is released. */
  hash: string;
  /** How many pods stay on the former one. */
  partition: number;
}

/** Whether its own controller replaces no pod. */
export function isOnDelete({ spec }: DaemonSet): boolean {
  return spec.updateStrategy?.type === 'OnDelete';
}

/** Marked, and its pods replaced by nobody but the engine; its own type of strategy is noted. The same object if it is so. */
export function heldDaemonSet(set: DaemonSet, rollout: Rollout): DaemonSet {
  const { type = 'RollingUpdate' } = set.spec.updateStrategy ?? {};
  const marked = markedWorkload(rollout, set);
  const noted =
    DAEMON_SET_ORIGINAL_STRATEGY_ANNOTATION in (set.metadata.annotations ?? {})
      ? marked
      : annotated(marked, { [DAEMON_SET_ORIGINAL_STRATEGY_ANNOTATION]: type });
  return isOnDelete(set) ? noted : typed(noted, 'OnDelete');
}

/** With a note of what the step asks for. The same object where that stands there. */
export function controlledDaemonSet(set: DaemonSet, { hash, partition }: Control): DaemonSet {
  return annotated(set, {
    [DAEMON_SET_REVISION_ANNOTATION]: hash,
    [DAEMON_SET_CONTROL_ANNOTATION]: `partition=${partition},revision=${hash}`,
  });
}

/** As its author had it. The same object where nothing of the release is left. */
export function ownDaemonSet(set: DaemonSet): DaemonSet {
  const original = set.metadata.annotations?.[DAEMON_SET_ORIGINAL_STRATEGY_ANNOTATION];
  const bare = [
    DAEMON_SET_REVISION_ANNOTATION,
    DAEMON_SET_CONTROL_ANNOTATION,
    DAEMON_SET_ORIGINAL_STRATEGY_ANNOTATION,
  ].reduce<DaemonSet>(withoutAnnotation, unmarkedWorkload(set));
  return isOnDelete(set) && original === 'RollingUpdate' ? typed(bare, original) : bare;
}

function typed(set: DaemonSet, type: 'RollingUpdate' | 'OnDelete'): DaemonSet {
  return { ...set, spec: { ...set.spec, updateStrategy: { ...set.spec.updateStrategy, type } } };
}

function annotated(set: DaemonSet, wanted: Record<string, string>): DaemonSet {
  const present = set.metadata.annotations ?? {};
  if (Object.entries(wanted).every(([key, value]) => present[key] === value)) return set;
  return { ...set, metadata: { ...set.metadata, annotations: { ...present, ...wanted } } };
}
