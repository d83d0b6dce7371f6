import { resources } from '../api/resource.ts';
import type { Rollout } from '../api/rollout.ts';
import type { RolloutGuard } from '../api/rollout-guard.ts';
import type { Clock } from '../clock.ts';
import { reachOf } from '../gate/reach.ts';
import { decideGuard } from '../rollout/decide-guard.ts';
import { selects } from '../rollout/guard.ts';
import type { GuardFacts } from '../rollout/snapshot.ts';
import { writeStatus } from './apply.ts';
import type { EngineName } from './engine.ts';
import type { RecordEvent } from './event-recorder.ts';
import type { Freshest } from './freshest.ts';
import { guardFacts } from './observe-rollout.ts';
import type { Next } from './work-queue.ts';

/** A pass over one RolloutGuard: says in its status whether all that it names exists and fits. */
export function guardPass(deps: {
  engine: EngineName;
  cache: Freshest;
  recordEvent: RecordEvent;
  clock: Clock;
}) {
  const { cache, clock } = deps;
  return async (key: string): Promise<Next> => {
    const [namespace = '', name = ''] = key.split('/');
    const guard = cache.get<RolloutGuard>(resources.rolloutGuard, { namespace, name });
    if (!guard || guard.metadata.deletionTimestamp) return { kind: 'on change' };
    const now = clock.now();
    const facts = guardFacts(cache, guard);
    const beside = deps.engine === 'kruise' ? reachOf(guard, rolloutsOf(cache, guard)) : undefined;
    const { status, note } = decideGuard(facts, missingSource(cache, facts), now, beside);
    const written = await writeStatus(cache, resources.rolloutGuard, guard, status);
    if (!written.ok) return { kind: 'retry' };
    if (note) await deps.recordEvent(guard, note, [guard.metadata.generation, note.message], now);
    return { kind: 'on change' };
  };
}

function rolloutsOf(cache: Freshest, guard: RolloutGuard): Rollout[] {
  return cache
    .list<Rollout>(resources.rollout, guard.metadata.namespace)
    .filter((rollout) => selects(guard, rollout));
}

/** The first metric source that a template of the guard names and nobody made. */
function missingSource(cache: Freshest, { templates }: GuardFacts): string | undefined {
  return templates
    .flatMap(({ spec }) => spec.metrics.map((metric) => metric.source ?? 'default'))
    .find((source) => !cache.get(resources.clusterMetricSource, { name: source }));
}
