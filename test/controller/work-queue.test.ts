import { describe, expect, test } from 'vitest';
import { type Next, type WorkQueue, workQueue } from '../../src/controller/work-queue.ts';
import { virtualClock } from '../world/clock.ts';

const ON_CHANGE: Next = { kind: 'on change' };

/** A queue of toys: each pass takes `passMs` and answers what the test says. */
function toys(
  options: { concurrency?: number; passMs?: number; next?: (key: string, time: number) => Next } = {},
) {
  const clock = virtualClock(0);
  const log: string[] = [];
  const errors: string[] = [];
  const running = new Set<string>();
  let most = 0;
  const queue: WorkQueue = workQueue(
    {
      clock,
      concurrency: options.concurrency ?? 16,
      onError: (key, error) => errors.push(`${key}: ${String(error)}`),
    },
    async (key) => {
      expect(running.has(key)).toBe(false);
      running.add(key);
      most = Math.max(most, running.size);
      log.push(`${clock.now()} ${key}`);
      if (options.passMs) await new Promise<void>((wake) => clock.after(options.passMs ?? 0, wake));
      running.delete(key);
      return options.next?.(key, clock.now()) ?? ON_CHANGE;
    },
  );
  return { clock, queue, log, errors, most: () => most };
}

describe('when a key is passed', () => {
  test('a key that is added is passed at once', async () => {
    const { clock, queue, log } = toys();
    queue.add('a');
    await clock.advance(0);
    expect(log).toEqual(['0 a']);
  });

  test('a key that is added for later is passed then', async () => {
    const { clock, queue, log } = toys();
    queue.add('a', 500);
    await clock.advance(499);
    expect(log).toEqual([]);
    await clock.advance(1);
    expect(log).toEqual(['500 a']);
  });

  test('of several wishes the earliest counts, and is enough for all', async () => {
    const { clock, queue, log } = toys();
    for (const at of [900, 300, 600]) queue.add('a', at);
    await clock.advance(2_000);
    expect(log).toEqual(['300 a']);
  });

  test('a key that asks for another time is passed then', async () => {
    const { clock, queue, log } = toys({
      next: (_, time) => (time < 900 ? { kind: 'at', at: time + 400 } : ON_CHANGE),
    });
    queue.add('a');
    await clock.advance(5_000);
    expect(log).toEqual(['0 a', '400 a', '800 a', '1200 a']);
  });

  test('a change comes before the time that the key asked for', async () => {
    const { clock, queue, log } = toys({
      next: (_, time) => (time === 0 ? { kind: 'at', at: 900 } : ON_CHANGE),
    });
    queue.add('a');
    await clock.advance(100);
    queue.add('a');
    await clock.advance(2_000);
    expect(log).toEqual(['0 a', '100 a']);
  });

  test('the key that has waited longest is passed first', async () => {
    const { clock, queue, log } = toys({ concurrency: 1, passMs: 100 });
    queue.add('a');
    queue.add('late', 90);
    queue.add('early', 10);
    await clock.advance(1_000);
    expect(log).toEqual(['0 a', '100 early', '200 late']);
  });
});

describe('one pass at a time', () => {
  test('a key that is added while it is passed is passed once more after that', async () => {
    const { clock, queue, log } = toys({ passMs: 100 });
    queue.add('a');
    await clock.advance(10);
    for (let times = 0; times < 5; times++) queue.add('a');
    await clock.advance(1_000);
    expect(log).toEqual(['0 a', '100 a']);
  });

  test('a wish for later that comes while the key is passed is kept', async () => {
    const { clock, queue, log } = toys({ passMs: 100 });
    queue.add('a');
    await clock.advance(10);
    queue.add('a', 700);
    await clock.advance(1_000);
    expect(log).toEqual(['0 a', '700 a']);
  });

  test('other keys are passed meanwhile, as many as are allowed', async () => {
    const { clock, queue, log, most } = toys({ concurrency: 2, passMs: 100 });
    for (const key of ['a', 'b', 'c', 'd', 'e']) queue.add(key);
    await clock.advance(1_000);
    expect(log).toEqual(['0 a', '0 b', '100 c', '100 d', '200 e']);
    expect(most()).toBe(2);
  });

  test('the depth is what is due or being worked on', async () => {
    const { clock, queue } = toys({ concurrency: 1, passMs: 100 });
    for (const key of ['a', 'b', 'c']) queue.add(key);
    queue.add('later', 5_000);
    await clock.advance(50);
    expect(queue.depth).toBe(3);
    await clock.advance(100);
    expect(queue.depth).toBe(2);
    await clock.advance(1_000);
    expect(queue.depth).toBe(0);
  });
});

describe('a pass that does not succeed', () => {
  test('is tried again after 50 ms, and after twice as long each time, up to 10 s', async () => {
    const { clock, queue, log } = toys({ next: () => ({ kind: 'retry' }) });
    queue.add('a');
    await clock.advance(40_000);
    const times = log.map((line) => Number(line.split(' ')[0]));
    const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(pauses).toEqual([50, 100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
  });

  test('begins with 50 ms again after one that succeeded', async () => {
    const answers: Next[] = [
      { kind: 'retry' },
      { kind: 'retry' },
      { kind: 'at', at: 1_000 },
      { kind: 'retry' },
    ];
    const { clock, queue, log } = toys({ next: () => answers.shift() ?? ON_CHANGE });
    queue.add('a');
    await clock.advance(5_000);
    expect(log).toEqual(['0 a', '50 a', '150 a', '1000 a', '1050 a']);
  });

  test('does not wait when something changes', async () => {
    const answers: Next[] = [{ kind: 'retry' }, { kind: 'retry' }, { kind: 'retry' }, { kind: 'retry' }];
    const { clock, queue, log } = toys({ next: () => answers.shift() ?? ON_CHANGE });
    queue.add('a');
    await clock.advance(400);
    queue.add('a');
    await clock.advance(5_000);
    expect(log).toEqual(['0 a', '50 a', '150 a', '350 a', '400 a']);
  });

  test('does not hold up other keys', async () => {
    const { clock, queue, log } = toys({
      concurrency: 1,
      next: (key) => (key === 'bad' ? { kind: 'retry' } : ON_CHANGE),
    });
    queue.add('bad');
    queue.add('good');
    await clock.advance(10);
    expect(log).toEqual(['0 bad', '0 good']);
  });

  test('because it threw is told, and tried again', async () => {
    let times = 0;
    const { clock, queue, log, errors } = toys({
      next: () => {
        times += 1;
        if (times === 1) throw new Error('a bug');
        return ON_CHANGE;
      },
    });
    queue.add('a');
    await clock.advance(1_000);
    expect(log).toEqual(['0 a', '50 a']);
    expect(errors).toEqual(['a: Error: a bug']);
  });
});

describe('stopping', () => {
  test('waits for the passes that are running, and begins no others', async () => {
    const { clock, queue, log } = toys({ concurrency: 1, passMs: 100 });
    queue.add('a');
    queue.add('b');
    await clock.advance(50);
    let stopped = false;
    void queue.stop().then(() => {
      stopped = true;
    });
    queue.add('c');
    await clock.advance(49);
    expect(stopped).toBe(false);
    await clock.advance(1);
    expect(stopped).toBe(true);
    await clock.advance(1_000);
    expect(log).toEqual(['0 a']);
  });

  test('leaves nobody sleeping', async () => {
    const { clock, queue } = toys();
    queue.add('a', 5_000);
    await queue.stop();
    expect(clock.sleepers()).toEqual([]);
  });
});
