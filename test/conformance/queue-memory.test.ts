import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { inProcessQueue } from '../../src/queue/in-process.ts';
import { measured, measureJob, queueContract } from './queue.contract.ts';

queueContract('the queue in one process', async () => {
  const { queue, workers } = inProcessQueue({ sleep });
  return { queue, workers, close: () => queue.close() };
});

test('a source with a rate gets no more jobs in a second, by the clock it is given', async () => {
  const sleepers: { ms: number; wake: () => void }[] = [];
  const { queue, workers } = inProcessQueue({
    sleep: (ms) => new Promise((wake) => sleepers.push({ ms, wake })),
  });
  const seen: string[] = [];
  await workers.serveMeasures({ name: 'default', concurrency: 10, perSecond: 2 }, async (job) => {
    seen.push(job.id);
    return measured(job);
  });
  for (const id of ['a', 'b', 'c', 'd', 'e']) await queue.addMeasure(measureJob(id));
  await vi.waitFor(() => expect(seen).toEqual(['a', 'b']));
  expect(sleepers.map(({ ms }) => ms)).toEqual([1_000, 1_000]);
  for (const { wake } of sleepers.splice(0)) wake();
  await vi.waitFor(() => expect(seen).toEqual(['a', 'b', 'c', 'd']));
  for (const { wake } of sleepers.splice(0)) wake();
  await vi.waitFor(() => expect(seen).toEqual(['a', 'b', 'c', 'd', 'e']));
});

test('what was given up is told', async () => {
  const givenUp: [string, unknown][] = [];
  const { queue, workers } = inProcessQueue({
    sleep,
    onGivenUp: (name, error) => givenUp.push([name, error]),
  });
  const bug = new Error('a bug');
  await workers.serveMeasures({ name: 'default', concurrency: 1 }, () => Promise.reject(bug));
  await queue.addMeasure(measureJob('a'));
  await vi.waitFor(() => expect(givenUp).toEqual([['measure-default', bug]]));
});
