import { describe, expect, test } from 'vitest';
import { createFrameQueue, FRAME_QUEUE_LIMITS } from '../../../utils/feeds/frame-queue';
import { createTurns } from '../../../utils/feeds/turns';

function createBench(costMs: number) {
  let now = 0;
  const waiting: (() => void)[] = [];
  const wait = (): Promise<void> =>
    new Promise((resolve) => {
      waiting.push(resolve);
    });
  const deps = { uptime: () => now, nextTask: wait, rest: wait };
  const taken: number[] = [];
  const turns = createTurns(deps);
  const take = (frame: number): void => {
    now += costMs;
    taken.push(frame);
  };
  const queue = createFrameQueue(take, { deps, turns });
  /** Lets one task or rest go by. */
  const step = async (): Promise<void> => {
    waiting.shift()?.();
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  };
  return { queue, taken, step, waiting };
}

const countTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

describe('a queue of frames', () => {
  test('takes a burst of 20 000 in the task in which it came', () => {
    const { queue, taken } = createBench(0.005);
    expect(countTo(20_000).every((n) => queue.push(n, 1))).toBe(true);
    expect(taken).toHaveLength(20_000);
  });

  test('takes in order what comes faster, a few ms at a time', async () => {
    const { queue, taken, step } = createBench(1);
    for (const n of countTo(500)) queue.push(n, 1);
    const atOnce = taken.length;
    expect(atOnce).toBeLessThan(200);
    await step();
    await step();
    expect(taken.length).toBeGreaterThan(atOnce);
    expect(taken.length).toBeLessThan(atOnce + 10);
    while (taken.length < 500) await step();
    expect(taken).toEqual(countTo(500));
    await step();
    queue.push(500, 1);
    await step();
    expect(taken.at(-1)).toBe(500);
  });

  test('refuses what is more than may wait, in frames and in bytes', () => {
    const { queue, taken } = createBench(200);
    queue.push(0, 1);
    expect(countTo(FRAME_QUEUE_LIMITS.frames).every((n) => queue.push(n, 1))).toBe(true);
    expect(queue.push(0, 1)).toBe(false);
    expect(taken).toHaveLength(1);
    const other = createBench(200);
    other.queue.push(0, 1);
    expect(other.queue.push(1, FRAME_QUEUE_LIMITS.bytes)).toBe(true);
    expect(other.queue.push(2, 1)).toBe(false);
  });

  test('gives all that waits when it is flushed, and nothing when it is ended', async () => {
    const { queue, taken, step } = createBench(200);
    for (const n of countTo(5)) queue.push(n, 1);
    queue.flush();
    expect(taken).toEqual(countTo(5));
    for (const n of countTo(5)) queue.push(n, 1);
    queue.end();
    for (let task = 0; task < 5; task += 1) await step();
    expect(taken).toHaveLength(5);
  });
});
