import { describe, expect, test } from 'vitest';
import { createUpdateQueue, type QueueLimits, type UpdateQueue } from '../../../utils/feeds/update-queue';
import type { Update } from '../../../utils/stream/protocol';

const WIDE: QueueLimits = { updates: 1_000, bytes: 1_000_000, heapBytes: 1_000_000 };

function fill(limits: Partial<QueueLimits>, seqs: readonly number[]): UpdateQueue {
  const queue = createUpdateQueue({ ...WIDE, ...limits }, () => {});
  for (const seq of seqs) {
    const text = JSON.stringify(`value ${seq}`);
    queue.push({ seq, at: seq, value: `value ${seq}` }, { text, bytes: text.length, heapBytes: 50 }, true);
  }
  return queue;
}

const seqsOf = ({ updates }: { updates: Update[] }): number[] => updates.map(({ seq }) => seq);

describe('update queue', () => {
  test('gives what comes after a place, also where places were left out', () => {
    const queue = fill({}, [1, 2, 5, 6, 9]);
    expect(seqsOf(queue.after(2, Infinity))).toEqual([5, 6, 9]);
    expect(seqsOf(queue.after(3, Infinity))).toEqual([5, 6, 9]);
    expect(seqsOf(queue.after(9, Infinity))).toEqual([]);
    expect(queue.firstAfter(6)).toMatchObject({ seq: 9 });
    expect(queue.firstAfter(9)).toBeNull();
    expect(seqsOf(queue.last(2, Infinity))).toEqual([6, 9]);
  });

  test('gives one at least, and says that there are more', () => {
    const queue = fill({}, [1, 2, 3]);
    expect(queue.after(0, 1)).toMatchObject({ updates: [{ seq: 1 }], more: true });
    expect(seqsOf(queue.last(3, 1))).toEqual([3]);
    expect(queue.after(0, Infinity).more).toBe(false);
  });

  test.each([
    ['count', { updates: 2 }],
    ['bytes', { bytes: 100 }],
    ['memory', { heapBytes: 600 }],
  ])('keeps its newest within a limit of %s', (_, limits) => {
    const queue = fill(limits, [1, 2, 3, 4, 5]);
    expect(seqsOf(queue.after(0, Infinity))).toEqual([4, 5]);
  });

  test.each([{ updates: 0 }, { bytes: 1 }, { heapBytes: 1 }])('keeps its newest beyond a limit of %j', (limits) => {
    expect(seqsOf(fill(limits, [1, 2]).after(0, Infinity))).toEqual([2]);
  });

  test('gives each as JSON, the same however often it is asked', () => {
    const queue = fill({}, [1, 2]);
    for (let time = 0; time < 2; time += 1) expect(queue.jsonAfter(1)).toEqual(['[2,2,"value 2"]']);
  });

  test('knows the bytes of what it gives', () => {
    const queue = fill({}, [1, 2, 30]);
    for (const seq of [0, 1, 2, 30]) {
      expect(queue.bytesAfter(seq)).toBe(queue.after(seq, Infinity).bytes);
      expect(queue.bytesAfter(seq)).toBeGreaterThanOrEqual(
        seq === 30 ? 0 : JSON.stringify(queue.after(seq, Infinity).updates).length,
      );
    }
  });

  test('takes less memory once its texts are written, and none when it is cleared', () => {
    const queue = fill({}, [1, 2]);
    const before = queue.heapBytes;
    queue.jsonAfter(0);
    expect(before - queue.heapBytes).toBe(2 * '"value 1"'.length);
    queue.clear();
    expect([queue.heapBytes, queue.newest]).toEqual([0, null]);
  });
});
