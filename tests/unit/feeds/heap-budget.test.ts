import { describe, expect, test } from 'vitest';
import { createHeapBudget, type Held, type HeapBudget } from '../../../utils/feeds/heap-budget';
import { createLog } from '../../../utils/feeds/log';

/** Takes memory, and gives back all but the last 10 bytes. */
function createHeld(budget: HeapBudget): Held & { grow(bytes: number): void } {
  let heapBytes = 0;
  const change = (bytes: number): void => {
    heapBytes += bytes;
    budget.take(bytes);
  };
  const held = {
    get heapBytes() {
      return heapBytes;
    },
    shed: (bytes: number) => change(-Math.max(0, Math.min(bytes, heapBytes - 10))),
    grow: change,
  };
  budget.add(held);
  return held;
}

describe('heap budget', () => {
  test('takes from the largest when all together pass the limit', () => {
    const budget = createHeapBudget(6_400);
    const [small, large] = [createHeld(budget), createHeld(budget)];
    small.grow(2_000);
    large.grow(4_400);
    expect([small.heapBytes, large.heapBytes]).toEqual([2_000, 4_400]);
    // In pieces of a 64th, so that it is not looked for with each update.
    small.grow(1);
    expect([small.heapBytes, large.heapBytes]).toEqual([2_001, 4_300]);
    small.grow(99);
    expect([small.heapBytes, large.heapBytes]).toEqual([2_100, 4_300]);
  });

  test('takes from the next where the largest has no more to give', () => {
    const budget = createHeapBudget(100);
    const held = [createHeld(budget), createHeld(budget), createHeld(budget)];
    for (const one of held) one.grow(1_000);
    expect(held.reduce((sum, { heapBytes }) => sum + heapBytes, 0)).toBeLessThanOrEqual(100);
    for (const { heapBytes } of held) expect(heapBytes).toBeGreaterThanOrEqual(10);
  });

  test('has the memory back of what is given up', () => {
    const budget = createHeapBudget(1_000);
    const [gone, here] = [createHeld(budget), createHeld(budget)];
    gone.grow(900);
    budget.remove(gone);
    here.grow(1_000);
    expect(here.heapBytes).toBe(1_000);
  });

  test('bounds the memory of many logs, each within its own limit, and what they drop reads as lost', () => {
    const limit = 1024 * 1024;
    const budget = createHeapBudget(limit);
    const logs = Array.from({ length: 8 }, () => createLog('event', { onHeap: budget.take }));
    for (const log of logs) budget.add(log);
    for (let n = 1; n <= 2_000; n += 1) {
      for (const [i, log] of logs.entries()) if (n % (i + 1) === 0) log.append(`${n} ${'x'.repeat(100)}`, n, true);
      expect(logs.reduce((sum, { heapBytes }) => sum + heapBytes, 0)).toBeLessThanOrEqual(limit);
    }
    for (const log of logs) {
      const { updates, lost } = log.read({ epoch: log.epoch, seq: 0 }, Infinity);
      expect(updates.length + lost).toBe(log.seq);
      expect(updates.at(-1)?.seq).toBe(log.seq);
    }
    expect(logs.at(-1)?.read({ epoch: logs.at(-1)?.epoch ?? '', seq: 0 }, Infinity).lost).toBe(0);
  });
});
