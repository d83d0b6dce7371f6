import { shortHash } from '../api/canonical.ts';
import { ASSAY_NAME } from '../api/group.ts';
import type { KubeObject } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import { formatTime } from '../api/timestamp.ts';
import type { Log } from '../cluster/log.ts';
import type { Cluster } from '../cluster/port.ts';

export interface EventNote {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
}

/** The API server refuses longer ones. */
const MESSAGE_MAX = 1_024;

/**
 * Writes a Kubernetes Event about an object. Its name follows from `identity`, so that a pass that is repeated
 * after a crash writes the same Event once. Trouble is logged and nothing more: no release waits for an Event.
 */
export type RecordEvent = (
  subject: KubeObject,
  note: EventNote,
  identity: unknown,
  now: number,
) => Promise<void>;

export function eventRecorder(cluster: Cluster, log: Log): RecordEvent {
  return async (subject, note, identity, now) => {
    const { name, namespace = 'default', uid, resourceVersion } = subject.metadata;
    const at = formatTime(now);
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${name.slice(0, 200)}.${shortHash([uid, note, identity])}`, namespace },
      involvedObject: {
        apiVersion: subject.apiVersion,
        kind: subject.kind,
        name,
        namespace,
        uid,
        resourceVersion,
      },
      type: note.type,
      reason: note.reason,
      message:
        note.message.length > MESSAGE_MAX ? `${note.message.slice(0, MESSAGE_MAX - 1)}…` : note.message,
      source: { component: ASSAY_NAME },
      reportingComponent: ASSAY_NAME,
      firstTimestamp: at,
      lastTimestamp: at,
      count: 1,
    };
    const result = await cluster.create(resources.event, event);
    if (!result.ok && result.fault.kind !== 'AlreadyExists') {
      log.warn(
        { subject: `${subject.kind} ${name}`, reason: note.reason, fault: result.fault },
        'an Event could not be written',
      );
    }
  };
}
