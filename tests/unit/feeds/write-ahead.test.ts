/** What is promised of it: nothing counts as written before it is, in order, and what fails is not taken for written. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createCheckpointFile, joinSegments, LOAD_LIMIT_MS, SAVE_LIMIT_MS } from '../../../utils/feeds/checkpoint';
import { parseFeed } from '../../../utils/feeds/feed';
import type { KeptLog } from '../../../utils/feeds/log';
import { createHeapBudget } from '../../../utils/feeds/heap-budget';
import { createPatience } from '../../../utils/feeds/patience';
import { createTrackedFeed, feedKey, type TrackedFeed } from '../../../utils/feeds/tracked-feed';
import { createWriteAhead, REFUSED_PAUSE_MS } from '../../../utils/feeds/write-ahead';
import type { Json } from '../../../utils/stream/protocol';
import { createWriteBudget, WRITE_LIMITS } from '../../../utils/feeds/write-budget';
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
  return createTrackedFeed(parsed.feed, {
    now: () => Date.now(),
    newEpoch: () => `epoch ${++epochs}`,
    heap: createHeapBudget(),
    restore,
  });
}

const take = (tracked: TrackedFeed, ...values: Json[]): void => {
  for (const value of values) tracked.take(value, { isWritten: true, onlyChanged: false });
};

/** The feeds `a` and `b` of one connection, and the disk. */
function createBench() {
  const segments = createMemorySegments();
  const [a, b] = [track('a'), track('b')];
  let feeds = [a, b];
  const outcomes: boolean[] = [];
  let lastEventId: string | null = null;
  const { deps } = createWorld();
  const file = createCheckpointFile('c', segments, {
    patience: createPatience(deps),
    budget: createWriteBudget(WRITE_LIMITS.connection, deps),
  });
  const writeAhead = createWriteAhead(file, {
    now: () => Date.now(),
    feeds: () => feeds,
    lastEventId: () => lastEventId,
    onOutcome: (isKept) => outcomes.push(isKept),
  });
  const { save } = writeAhead;
  const onDisk = () => joinSegments((segments.kept.get('c') ?? []).map(([, text]) => text));
  return {
    segments,
    a,
    b,
    outcomes,
    writeAhead,
    save,
    setLastEventId: (id: string) => (lastEventId = id),
    onDisk,
    /** It is no feed any more. */
    drop: (tracked: TrackedFeed) => void (feeds = feeds.filter((feed) => feed !== tracked)),
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
    const { a, writeAhead, save } = createBench();
    take(a, 1);
    writeAhead.setWritten(a);
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

  test('is tried again after a pause, with all that was missed', async () => {
    const { a, save, segments, keptValues, kept } = createBench();
    take(a, 1);
    await save();
    segments.mode = 'refuse';
    take(a, 2);
    await save();
    segments.mode = 'work';
    take(a, 3);
    await vi.advanceTimersByTimeAsync(REFUSED_PAUSE_MS.first - 1);
    expect(save()).toBeUndefined();
    expect(keptValues(a)).toEqual([1]);
    await vi.advanceTimersByTimeAsync(1);
    await save();
    expect(keptValues(a)).toEqual([1, 2, 3]);
    expect(kept(a)).toMatchObject({ epoch: a.log.epoch, seq: 3 });
  });

  test('is tried again ever more rarely, once in 10 s in the end, and at once more often after one was kept', async () => {
    const { a, save, segments } = createBench();
    const triesIn = async (ms: number): Promise<number> => {
      let tries = 0;
      for (let passed = 0; passed < ms; passed += 100) {
        take(a, passed);
        const saved = save();
        if (saved !== undefined) tries += 1;
        await saved;
        await vi.advanceTimersByTimeAsync(100);
      }
      return tries;
    };
    segments.mode = 'refuse';
    expect(await triesIn(15_600)).toBe(6);
    expect(await triesIn(100_000)).toBe(10);
    segments.mode = 'work';
    await triesIn(10_100);
    segments.mode = 'refuse';
    expect(await triesIn(1_500)).toBe(2);
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

  test('tells a page that saw what was not kept nothing again that was', async () => {
    const { a, save, segments, kept } = createBench();
    take(a, 1, 2);
    await save();
    segments.mode = 'refuse';
    take(a, 3);
    await save();
    take(a, 4);
    const restored = track('a', kept(a));
    take(restored, 'new');
    const reading = restored.log.read({ epoch: a.log.epoch, seq: 4 }, 1_000);
    expect(reading.continues).toBe(false);
    expect(reading.updates.map(({ value }) => value)).toEqual(['new']);
  });
});

describe('rewrite', () => {
  test('takes from the disk what is of no feed any more, though nothing is new', async () => {
    const { a, b, writeAhead, save, segments, onDisk, drop } = createBench();
    take(a, 1);
    take(b, 1);
    await save();
    drop(b);
    expect(writeAhead.mayHave(b)).toBe(true);
    writeAhead.rewrite();
    await settle();
    expect(Object.keys(onDisk()?.feeds ?? {})).toEqual([feedKey(a.feed)]);
    expect(segments.kept.get('c')).toHaveLength(1);
    expect(save()).toBeUndefined();
  });

  test('comes after a write under way that still has it', async () => {
    const { a, b, writeAhead, save, segments, onDisk, drop } = createBench();
    take(a, 1);
    take(b, 1);
    await save();
    segments.mode = 'hold';
    take(a, 2);
    take(b, 2);
    void save();
    await settle();
    drop(b);
    writeAhead.rewrite();
    for (let i = 0; i < 2; i += 1) {
      segments.release();
      await settle();
    }
    expect(Object.keys(onDisk()?.feeds ?? {})).toEqual([feedKey(a.feed)]);
  });

  test('that is refused comes with the next write that is not', async () => {
    const { a, b, writeAhead, save, segments, onDisk, drop } = createBench();
    take(a, 1);
    take(b, 1);
    await save();
    drop(b);
    segments.mode = 'refuse';
    writeAhead.rewrite();
    await settle();
    expect(Object.keys(onDisk()?.feeds ?? {})).toHaveLength(2);
    segments.mode = 'work';
    await vi.advanceTimersByTimeAsync(REFUSED_PAUSE_MS.max);
    await save();
    expect(Object.keys(onDisk()?.feeds ?? {})).toEqual([feedKey(a.feed)]);
  });

  test('that is refused is tried again, without a wait, when nobody watches any more', async () => {
    const { a, b, writeAhead, save, segments, onDisk, drop } = createBench();
    take(a, 1);
    take(b, 1);
    await save();
    drop(b);
    segments.mode = 'refuse';
    writeAhead.rewrite();
    await settle();
    segments.mode = 'work';
    expect(save()).toBeUndefined();
    await writeAhead.save({ isLast: true });
    expect(Object.keys(onDisk()?.feeds ?? {})).toEqual([feedKey(a.feed)]);
  });
});

test('logs that go on without being written do so under epochs that the disk does not have', async () => {
  const { a, writeAhead, save, keptValues, kept } = createBench();
  take(a, 1);
  await save();
  const { epoch } = a.log;
  writeAhead.stop();
  expect(kept(a)?.epoch).toBe(epoch);
  expect(a.log.epoch).not.toBe(epoch);
  take(a, 2);
  await save();
  expect(keptValues(a)).toEqual([1, 2]);
  const restored = track('a', kept(a));
  expect(restored.log.read({ epoch, seq: 1 }, 1_000).updates.map(({ value }) => value)).toEqual([2]);
});

type Step =
  | { take: 'a' | 'b'; count: number }
  | 'save'
  | 'restart a'
  | 'kill'
  | { disk: 'work' | 'refuse' | 'hang' | 'hold' }
  | { pass: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        take: fc.constantFrom('a' as const, 'b' as const),
        count: fc.integer({ min: 1, max: 4 }),
      }),
    },
    { weight: 4, arbitrary: fc.constant('save' as const) },
    { weight: 1, arbitrary: fc.constant('restart a' as const) },
    { weight: 2, arbitrary: fc.constant('kill' as const) },
    {
      weight: 3,
      arbitrary: fc.record({
        disk: fc.constantFrom('work' as const, 'work' as const, 'refuse' as const, 'hang' as const, 'hold' as const),
      }),
    },
    { weight: 3, arbitrary: fc.record({ pass: fc.constantFrom(0, 1_000, SAVE_LIMIT_MS, REFUSED_PAUSE_MS.max) }) },
  ),
  { maxLength: 60, size: 'max' },
);

test('an update that was shown has its epoch and seq for itself, whatever becomes of disk and background', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      /** What each epoch and seq was shown as, in all lives. */
      const shown = new Map<string, Json>();
      let segments = createMemorySegments();
      let told = 0;
      const live = async () => {
        const { deps } = createWorld();
        const file = createCheckpointFile('c', segments, {
          patience: createPatience(deps),
          budget: createWriteBudget(WRITE_LIMITS.connection, deps),
        });
        const loading = file.load();
        segments.release();
        await vi.advanceTimersByTimeAsync(LOAD_LIMIT_MS);
        const restored = await loading;
        const feeds = new Map(
          ['a', 'b'].map((id) => [id, track(id, restored?.feeds[feedKey(track(id).feed)])] as const),
        );
        const writeAhead = createWriteAhead(file, {
          now: () => Date.now(),
          feeds: () => feeds.values(),
          lastEventId: () => null,
          onOutcome: () => {},
        });
        for (const feed of feeds.values()) if (restored?.feeds[feedKey(feed.feed)]) writeAhead.setWritten(feed);
        return { feeds, writeAhead };
      };
      let life = await live();
      /** Reads like a producer: waits for the write, and reads again where the epoch is another by then. */
      const show = async (): Promise<void> => {
        const { feeds, writeAhead } = life;
        const read = () => [...feeds.values()].map(({ log }) => log.read({ epoch: log.epoch, seq: 0 }, Infinity));
        const before = read();
        const saved = writeAhead.save();
        const watched = { done: saved === undefined };
        void saved?.then(() => (watched.done = true));
        await settle();
        if (!watched.done) return;
        const isSame = read().every(({ epoch }, i) => epoch === before[i]?.epoch);
        for (const { epoch, updates } of isSame ? before : []) {
          for (const { seq, value } of updates) {
            const key = `${epoch} ${seq}`;
            expect(shown.get(key) ?? value).toEqual(value);
            shown.set(key, value);
          }
        }
      };
      for (const step of script) {
        if (step === 'save') await show();
        else if (step === 'restart a') life.feeds.get('a')?.log.restart();
        else if (step === 'kill') {
          segments = segments.reopen();
          life = await live();
        } else if ('take' in step) {
          const feed = life.feeds.get(step.take);
          for (let i = 0; i < step.count; i += 1) if (feed) take(feed, (told += 1));
        } else if ('disk' in step) {
          segments.mode = step.disk;
          if (step.disk === 'work') segments.release();
        } else await vi.advanceTimersByTimeAsync(step.pass);
      }
    }),
    { numRuns: 150 },
  );
});
