import pino from 'pino';
import { bullmqQueue, bullmqWorkers } from '../../src/queue/bullmq.ts';

/**
 * A process of its own for queue.test.ts: `node queue-worker.ts URL MODE`.
 * - hang: serves measurements and never answers them, until it is killed.
 * - close: opens both sides, closes them, and must then exit by itself.
 */
const [redisUrl = '', mode] = process.argv.slice(2);
const config = { redisUrl, prefix: 'test', key: 'secret', log: pino({ level: 'silent' }) };
const workers = bullmqWorkers(config);

if (mode === 'hang') {
  await workers.serveMeasures({ name: 'default', concurrency: 1 }, () => {
    process.stdout.write('taken\n');
    return new Promise(() => {});
  });
} else {
  const queue = bullmqQueue(config);
  await queue.onMeasured(async () => {});
  await queue.onAlerted(async () => {});
  await workers.serveMeasures({ name: 'default', concurrency: 2 }, () => {
    process.stdout.write('taken\n');
    return new Promise(() => {});
  });
  await workers.serveAlerts(async (job) => ({ job, finishedAt: 0, delivered: true, message: '' }));
  process.stdout.write('open\n');
  process.stdin.once('data', async () => {
    process.stdin.destroy();
    await Promise.all([queue.close(), workers.close()]);
    process.stdout.write('closed\n');
  });
}
