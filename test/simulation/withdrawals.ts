import { ROLLBACK_IN_BATCH_ANNOTATION } from '../../src/api/annotations.ts';
import type { Workload } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import { revisionOf } from '../../src/workload/pod-template.ts';
import type { Dice } from './dice.ts';
import { approve, type Happening, PEOPLE, releaseAnother, VERSIONS } from './people.ts';
import { authoredOf, ofVersion, patch, recordOf, type Stage, workloadOf } from './stage.ts';

/** What people do besides, where a release goes back in batches. */
export const PEOPLE_IN_BATCHES: readonly Happening[] = [
  ...PEOPLE,
  ...Array<Happening>(8).fill(tryOut),
  ...Array<Happening>(6).fill(approve),
  withdraw,
  async (stage, dice) => {
    const value = dice.happens(0.6) ? 'true' : null;
    await patch(stage, resources.rollout, {
      metadata: { annotations: { [ROLLBACK_IN_BATCH_ANNOTATION]: value } },
    });
    return `rollback in batches: ${value ?? 'no'}`;
  },
];

/** A version is released and withdrawn again, once pods of it are there or while they are being made. */
async function tryOut(stage: Stage, dice: Dice): Promise<string> {
  const told = await releaseAnother(stage, dice.oneOf(VERSIONS));
  await stage.world.clock.advance(dice.between(2, 12) * 1_000);
  const approved = await approve(stage);
  await stage.world.clock.advance(dice.between(2, 12) * 1_000);
  return [told, approved, await withdraw(stage)].join(', ');
}

/** The author of a release restores the template that was there before. */
async function withdraw(stage: Stage): Promise<string> {
  const version = stableVersion(stage);
  return version ? releaseAnother(stage, version) : 'there is nothing to go back to';
}

/** The version that counts as the stable one; undefined while none is known, or where nobody here has written it. */
export function stableVersion(stage: Stage): string | undefined {
  const { release: present, stable } = recordOf(stage)?.status ?? {};
  const revision = (present?.stable ?? stable)?.revision;
  return VERSIONS.find((version) => revisionOfVersion(stage, version) === revision);
}

function revisionOfVersion(stage: Stage, version: string): string {
  const workload = authoredOf(stage, workloadOf(stage).kind) as Workload;
  return revisionOf(ofVersion(workload, version).spec.template);
}
