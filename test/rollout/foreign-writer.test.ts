import { deployment, NAME } from '../builders/deployment.ts';
import { guardFacts } from '../builders/guard.ts';
import { ago, releasing } from '../builders/snapshot.ts';
import { service } from '../builders/traffic.ts';
import { table } from './decided.ts';

const RESUMED = { object: deployment({ version: 'v2', markedFor: NAME, updated: 0 }) };
const WORKLOAD = `spec.paused of Deployment ${NAME}`;
const SERVICE = `spec.selector of Service ${NAME}`;
const reverted = (field: string, seconds: number) => ({ reverts: [{ field, at: ago(seconds) }] });

table('a field of the release that somebody else changes', [
  {
    title: 'is set again the first time',
    given: releasing({ workload: RESUMED }),
    is: 'Wait WaitingForWorkload',
    acts: [`replace Deployment ${NAME}: hold the workload`],
  },
  {
    title: 'is set again the second time, and the step is held',
    given: releasing({ workload: RESUMED, release: reverted(WORKLOAD, 299), guards: [guardFacts()] }),
    is: 'Hold ForeignWriter',
    to: 'release 1 InRolling 1 StepPaused',
    acts: [`replace Deployment ${NAME}: hold the workload`],
    says: `${WORKLOAD} was changed twice within five minutes by somebody else`,
  },
  {
    title: 'is an accident where the first time is more than five minutes ago',
    given: releasing({ workload: RESUMED, release: reverted(WORKLOAD, 300) }),
    is: 'Wait WaitingForWorkload',
    acts: [`replace Deployment ${NAME}: hold the workload`],
  },
  {
    title: 'is another thing than a second field',
    given: releasing({ workload: RESUMED, release: reverted(SERVICE, 10) }),
    is: 'Wait WaitingForWorkload',
    acts: [`replace Deployment ${NAME}: hold the workload`],
  },
  {
    title: 'is the pin of the stable Service as well',
    given: releasing({ traffic: { service: service() } }),
    is: 'Wait WaitingForRoutes',
    acts: [expectedPin()],
  },
  {
    title: 'is the pin of the stable Service, the second time',
    given: releasing({
      traffic: { service: service() },
      release: reverted(SERVICE, 60),
      guards: [guardFacts()],
    }),
    is: 'Hold ForeignWriter',
    acts: [expectedPin()],
  },
  {
    title: 'does not hold a step that is held already',
    given: releasing({
      state: 'StepPaused',
      workload: RESUMED,
      release: reverted(WORKLOAD, 10),
      step: { hold: { reason: 'ForeignWriter', since: ago(10), message: 'two writers' } },
    }),
    is: 'Wait WaitingForWorkload',
    acts: [`replace Deployment ${NAME}: hold the workload`],
  },
]);

function expectedPin(): string {
  return `replace Service ${NAME}: pin the stable Service to pods hash-v1`;
}
