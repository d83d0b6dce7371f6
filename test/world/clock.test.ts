import { describe, expect, test } from 'vitest';
import { virtualClock } from './clock.ts';

describe('the virtual clock', () => {
  test('wakes who is due in order, each at its own instant', async () => {
    const clock = virtualClock(1_000);
    const log: string[] = [];
    clock.after(30, () => log.push(`late at ${clock.now()}`));
    clock.after(10, () => log.push(`early at ${clock.now()}`));
    clock.after(10, () => log.push(`early too at ${clock.now()}`));
    clock.after(31, () => log.push('never'));
    await clock.advance(30);
    expect(log).toEqual(['early at 1010', 'early too at 1010', 'late at 1030']);
    expect([clock.now(), clock.monotonic()]).toEqual([1_030, 30]);
  });

  test('lets what was woken finish before the next is woken', async () => {
    const clock = virtualClock(0);
    const log: string[] = [];
    clock.after(1, async () => {
      for (let turn = 0; turn < 50; turn++) await Promise.resolve();
      log.push('first');
    });
    clock.after(2, () => log.push('second'));
    await clock.advance(5);
    expect(log).toEqual(['first', 'second']);
  });

  test('wakes who went to sleep meanwhile, if he is due as well', async () => {
    const clock = virtualClock(0);
    const log: number[] = [];
    const again = () => {
      log.push(clock.now());
      clock.after(10, again);
    };
    clock.after(10, again);
    await clock.advance(35);
    expect(log).toEqual([10, 20, 30]);
  });

  test('names who still sleeps', async () => {
    const clock = virtualClock(0);
    const stay = clock.named('queue').after(500, () => undefined);
    clock.named('kubelet').after(20, () => undefined);
    await clock.advance(5);
    expect(clock.sleepers()).toEqual([
      { label: 'kubelet', inMs: 15 },
      { label: 'queue', inMs: 495 },
    ]);
    stay();
    expect(clock.sleepers().map(({ label }) => label)).toEqual(['kubelet']);
  });

  test('finds who is woken again and again at one instant, and names him', async () => {
    const clock = virtualClock(0);
    const busy = clock.named('busy');
    const again = () => busy.after(0, again);
    again();
    await expect(clock.advance(1)).rejects.toThrow('time stands still: busy is woken again and again');
  });

  test('can jump, and the monotonic time does not notice', async () => {
    const clock = virtualClock(10_000);
    let woken = false;
    clock.after(100, () => {
      woken = true;
    });
    clock.jumpWall(-5_000);
    await clock.advance(100);
    expect([clock.now(), clock.monotonic(), woken]).toEqual([5_100, 100, true]);
  });
});
