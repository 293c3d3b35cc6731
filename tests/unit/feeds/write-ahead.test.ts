/** What is promised of it: nothing counts as written before it is, in order, and what fails is not taken for written. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createCheckpointFile, joinSegments, SAVE_LIMIT_MS } from '../../../utils/feeds/checkpoint';
import { parseFeed } from '../../../utils/feeds/feed';
import type { KeptLog } from '../../../utils/feeds/log';
import { createPatience } from '../../../utils/feeds/patience';
import { createTrackedFeed, feedKey, type TrackedFeed } from '../../../utils/feeds/tracked-feed';
import { createWriteAhead, REFUSED_PAUSE_MS } from '../../../utils/feeds/write-ahead';
import type { Json } from '../../../utils/stream/protocol';
import { createMemorySegments } from './memory-segments';
import { createWorld, settle } from './world';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

let epochs = 0;

function track(id: string, restore?: KeptLog): TrackedFeed {
  const source = { type: 'sse', address: 'https://example.com/x' };
  const parsed = parseFeed({ id, name: id, kind: 'event', source });
  if (!parsed.ok) throw new Error(parsed.reason);
  return createTrackedFeed(parsed.feed, { now: () => Date.now(), newEpoch: () => `epoch ${++epochs}`, restore });
}

const take = (tracked: TrackedFeed, ...values: Json[]): void => {
  for (const value of values) tracked.take(value, { keep: true, onlyChanged: false });
};

/** The feeds `a` and `b` of one connection, and the disk. */
function createBench() {
  const segments = createMemorySegments();
  const [a, b] = [track('a'), track('b')];
  const outcomes: boolean[] = [];
  let lastEventId: string | null = null;
  const { save, beforeUnwritten, setWritten } = createWriteAhead(
    createCheckpointFile('c', segments, createPatience(createWorld().deps)),
    {
      now: () => Date.now(),
      feeds: () => [a, b],
      lastEventId: () => lastEventId,
      onOutcome: (isKept) => outcomes.push(isKept),
    },
  );
  const onDisk = () => joinSegments((segments.kept.get('c') ?? []).map(([, text]) => text));
  return {
    segments,
    a,
    b,
    outcomes,
    save,
    beforeUnwritten,
    setWritten,
    setLastEventId: (id: string) => (lastEventId = id),
    onDisk,
    /** What the disk has of a feed. */
    kept: (tracked: TrackedFeed) => onDisk()?.feeds[feedKey(tracked.feed)],
    keptValues: (tracked: TrackedFeed) => onDisk()?.feeds[feedKey(tracked.feed)]?.updates.map(([, , value]) => value),
    /** Saves, and says when that is done: whether it is by now. */
    watchSave() {
      const watched = { done: false };
      void save()?.then(() => (watched.done = true));
      return watched;
    },
  };
}

describe('write-ahead', () => {
  test('has nothing to write at first, and nothing after it wrote', async () => {
    const { a, save, segments } = createBench();
    expect(save()).toBeUndefined();
    take(a, 1);
    await save();
    expect(save()).toBeUndefined();
    expect(segments.writes).toHaveLength(1);
  });

  test('says that it is written when the disk has it, and not before', async () => {
    const { a, b, segments, watchSave, kept, keptValues, setLastEventId } = createBench();
    segments.mode = 'hold';
    take(a, 1, 2);
    take(b, 3);
    setLastEventId('id 3');
    const watched = watchSave();
    await vi.advanceTimersByTimeAsync(SAVE_LIMIT_MS - 1);
    expect([watched.done, kept(a)]).toEqual([false, undefined]);
    segments.release();
    await settle();
    expect([watched.done, keptValues(a), keptValues(b)]).toEqual([true, [1, 2], [3]]);
    expect(kept(a)).toMatchObject({ epoch: a.log.epoch, seq: a.log.seq });
  });

  test('writes how far the source was read together with what came', async () => {
    const { a, save, onDisk, setLastEventId } = createBench();
    take(a, 1);
    setLastEventId('id 1');
    await save();
    expect(onDisk()?.lastEventId).toBe('id 1');
  });

  test('writes what comes during a write after it, in one more for all that ask', async () => {
    const { a, segments, watchSave, keptValues } = createBench();
    segments.mode = 'hold';
    take(a, 1);
    const first = watchSave();
    await settle();
    take(a, 2);
    const second = watchSave();
    take(a, 3);
    const third = watchSave();
    await settle();
    segments.release();
    await settle();
    expect([first, second, third].map(({ done }) => done)).toEqual([true, false, false]);
    expect(keptValues(a)).toEqual([1]);
    segments.release();
    await settle();
    expect([second.done, third.done, keptValues(a)]).toEqual([true, true, [1, 2, 3]]);
    expect(segments.writes).toHaveLength(2);
  });

  test('makes who asks wait for the write under way, though it has nothing new', async () => {
    const { a, segments, watchSave } = createBench();
    segments.mode = 'hold';
    take(a, 1);
    watchSave();
    await settle();
    const second = watchSave();
    await settle();
    expect(second.done).toBe(false);
    segments.release();
    await settle();
    expect(second.done).toBe(true);
  });

  test('writes each update once', async () => {
    const { a, b, save, segments, keptValues } = createBench();
    const values = ['one', 'two', 'three', 'four', 'five'];
    for (const [n, value] of values.entries()) {
      take(n % 2 ? b : a, value);
      await save();
    }
    expect([keptValues(a), keptValues(b)]).toEqual([
      ['one', 'three', 'five'],
      ['two', 'four'],
    ]);
    for (const value of values) expect(segments.writes.filter((text) => text.includes(value))).toHaveLength(1);
  });

  test('has nothing to write of a log that is as the disk has it', async () => {
    const { a, setWritten, save } = createBench();
    take(a, 1);
    setWritten(a);
    expect(save()).toBeUndefined();
    take(a, 2);
    expect(save()).toBeInstanceOf(Promise);
    await settle();
  });

  test('tells the outcome of each write', async () => {
    const { a, save, segments, outcomes } = createBench();
    take(a, 1);
    await save();
    segments.mode = 'refuse';
    take(a, 2);
    await save();
    expect(outcomes).toEqual([true, false]);
  });
});

describe('write that is refused', () => {
  test('resolves, and what is shown after it counts under an epoch that the disk does not have', async () => {
    const { a, b, save, segments, kept } = createBench();
    take(a, 1);
    take(b, 1);
    await save();
    const [epochOfA, epochOfB] = [a.log.epoch, b.log.epoch];
    segments.mode = 'refuse';
    take(a, 2);
    await save();
    expect(kept(a)).toMatchObject({ epoch: epochOfA, seq: 1 });
    expect(a.log.epoch).not.toBe(epochOfA);
    // It had nothing to write, but what comes to it next is shown without being written.
    expect(b.log.epoch).not.toBe(epochOfB);
  });

  test('changes nothing of a history that the disk never had', async () => {
    const { a, save, segments } = createBench();
    const { epoch } = a.log;
    segments.mode = 'refuse';
    take(a, 1);
    await save();
    expect(a.log.epoch).toBe(epoch);
  });

  test('is not tried again for 10 s, then with all that was missed', async () => {
    const { a, save, segments, keptValues, kept } = createBench();
    take(a, 1);
    await save();
    segments.mode = 'refuse';
    take(a, 2);
    await save();
    segments.mode = 'work';
    take(a, 3);
    await vi.advanceTimersByTimeAsync(REFUSED_PAUSE_MS - 1);
    expect(save()).toBeUndefined();
    expect(keptValues(a)).toEqual([1]);
    await vi.advanceTimersByTimeAsync(1);
    await save();
    expect(keptValues(a)).toEqual([1, 2, 3]);
    expect(kept(a)).toMatchObject({ epoch: a.log.epoch, seq: 3 });
  });

  test('lets who waited for the next one go on', async () => {
    const { a, segments, watchSave } = createBench();
    segments.mode = 'hold';
    take(a, 1);
    const first = watchSave();
    await settle();
    take(a, 2);
    const second = watchSave();
    await vi.advanceTimersByTimeAsync(SAVE_LIMIT_MS);
    expect([first.done, second.done]).toEqual([true, true]);
  });

  test('that may have been kept all the same makes a new epoch of every history', async () => {
    const { a, save, segments, kept, outcomes } = createBench();
    const { epoch } = a.log;
    segments.mode = 'hold';
    take(a, 1);
    const saved = save();
    await vi.advanceTimersByTimeAsync(SAVE_LIMIT_MS);
    await saved;
    segments.release();
    await settle();
    expect(outcomes).toEqual([false]);
    expect(kept(a)).toMatchObject({ epoch, seq: 1 });
    expect(a.log.epoch).not.toBe(epoch);
  });
});

describe('log that moves on without being written', () => {
  test('goes on under an epoch that the disk does not have', async () => {
    const { a, save, beforeUnwritten, kept } = createBench();
    take(a, 1);
    await save();
    const { epoch } = a.log;
    beforeUnwritten(a);
    expect(kept(a)?.epoch).toBe(epoch);
    expect(a.log.epoch).not.toBe(epoch);
  });

  test('keeps its epoch where the disk has nothing of it', () => {
    const { a, beforeUnwritten } = createBench();
    const { epoch } = a.log;
    beforeUnwritten(a);
    take(a, 1);
    beforeUnwritten(a);
    expect(a.log.epoch).toBe(epoch);
  });

  test('is written whole when it is written again, and still read by the cursors of before', async () => {
    const { a, save, beforeUnwritten, keptValues, kept } = createBench();
    take(a, 1);
    await save();
    const { epoch } = a.log;
    beforeUnwritten(a);
    take(a, 2);
    await save();
    expect(keptValues(a)).toEqual([1, 2]);
    const restored = track('a', kept(a));
    expect(restored.log.read({ epoch, seq: 1 }, 1_000).updates.map(({ value }) => value)).toEqual([2]);
  });
});
