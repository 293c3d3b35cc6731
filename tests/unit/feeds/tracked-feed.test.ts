import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parseFeed } from '../../../utils/feeds/feed';
import type { Feed } from '../../../utils/feeds/feed';
import { createHeapBudget } from '../../../utils/feeds/heap-budget';
import { createTrackedFeed, feedKey, staleAfterMs } from '../../../utils/feeds/tracked-feed';
import type { TrackedFeed } from '../../../utils/feeds/tracked-feed';
import type { SourceStatus } from '../../../utils/feeds/source';
import type { Json } from '../../../utils/stream/protocol';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

const poll = { type: 'poll', address: 'https://example.com/x' };
const sse = { type: 'sse', address: 'https://example.com/x', silentAfterMs: 7_000 };
const LIVE: SourceStatus = { state: 'live', reason: null, retryAt: null };

function feedOf(fields: Record<string, unknown> = {}): Feed {
  const parsed = parseFeed({ id: 'a', name: 'A', source: poll, ...fields });
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.feed;
}

function track(fields: Record<string, unknown> = {}) {
  const tracked = createTrackedFeed(feedOf(fields), {
    now: () => Date.now(),
    newEpoch: () => 'e',
    heap: createHeapBudget(),
    restore: undefined,
  });
  const heard = { news: 0, statuses: [] as string[] };
  const unfollow = tracked.follow({
    onNews: () => (heard.news += 1),
    onStatus: () => heard.statuses.push(`${tracked.status.state} ${tracked.status.reason?.code ?? ''}`.trim()),
  });
  return { tracked, heard, unfollow };
}

const take = (tracked: TrackedFeed, data: Json, onlyChanged = false): void =>
  tracked.take(data, { isWritten: true, onlyChanged });
const values = ({ log }: TrackedFeed): Json[] => log.read(null, 100_000).updates.map(({ value }) => value);

describe('a tracked feed', () => {
  test('appends what its path leads to and tells news once for all that comes in one go', async () => {
    const { tracked, heard } = track({ path: '$.a', kind: 'event' });
    for (let i = 0; i < 1_000; i += 1) take(tracked, { a: i });
    expect(heard.news).toBe(0);
    await Promise.resolve();
    expect(heard.news).toBe(1);
    expect(tracked.log.seq).toBe(1_000);
    take(tracked, { a: 1 });
    await Promise.resolve();
    expect(heard.news).toBe(2);
  });

  test('refuses an answer nested too deep to be compared with the value before', () => {
    const { tracked } = track({ kind: 'event' });
    tracked.takeStatus(LIVE);
    take(tracked, 1, true);
    take(tracked, JSON.parse('['.repeat(500_000) + ']'.repeat(500_000)) as Json, true);
    expect(tracked.status.reason?.code).toBe('bad-data');
    expect(values(tracked)).toEqual([1]);
  });

  test('is live with its first value and knows since when', () => {
    const { tracked, heard } = track();
    tracked.takeStatus(LIVE);
    expect(tracked.status).toEqual({ feed: 'a', state: 'waiting', since: 1_000_000, reason: null, retryAt: null });
    vi.advanceTimersByTime(50);
    take(tracked, 1);
    expect(tracked.status).toMatchObject({ state: 'live', since: 1_000_050 });
    vi.advanceTimersByTime(50);
    take(tracked, 2);
    expect(tracked.status).toMatchObject({ state: 'live', since: 1_000_050 });
    expect(heard.statuses).toEqual(['live']);
  });

  test('of a poll shows at once that its path finds nothing', () => {
    const { tracked, heard } = track({ path: '$.a' });
    tracked.takeStatus(LIVE);
    take(tracked, { b: 1 });
    expect(tracked.status.reason).toEqual({ code: 'path', detail: '$.a' });
    take(tracked, { a: 1 });
    take(tracked, {});
    // A 304 says that nothing is still nothing.
    tracked.takeFresh();
    expect(tracked.log.seq).toBe(1);
    expect(heard.statuses).toEqual(['waiting path', 'live', 'stale path']);
  });

  test('of a stream shows that its path finds nothing only until it has found something', () => {
    const { tracked, heard } = track({ path: '$.a', source: sse });
    tracked.takeStatus(LIVE);
    take(tracked, { b: 1 });
    take(tracked, { a: 1 });
    take(tracked, { b: 1 });
    expect(heard.statuses).toEqual(['waiting path', 'live']);
    tracked.takeStatus({ state: 'waiting', reason: null, retryAt: null });
    tracked.takeStatus(LIVE);
    take(tracked, { b: 1 });
    expect(tracked.status).toMatchObject({ state: 'stale', reason: { code: 'path' } });
  });

  test('takes a poll that says nothing is newer as a word on its state, and as none on an event', () => {
    const state = track().tracked;
    take(state, 5);
    vi.advanceTimersByTime(1_000);
    state.takeFresh();
    expect(state.log.newest).toEqual({ seq: 1, at: 1_000_000, value: 5 });
    expect(state.log.confirmedAt).toBe(1_001_000);
    const event = track({ kind: 'event' }).tracked;
    take(event, 5);
    event.takeFresh();
    expect([event.log.seq, event.log.confirmedAt]).toEqual([1, null]);
  });

  test('takes an answer that is the newest value again as a word on its state', () => {
    const { tracked } = track();
    for (let i = 0; i < 3; i += 1) {
      take(tracked, { a: [1] }, true);
      vi.advanceTimersByTime(60_000);
    }
    expect(tracked.log.newest).toEqual({ seq: 1, at: 1_000_000, value: { a: [1] } });
    expect(tracked.log.confirmedAt).toBe(1_120_000);
    take(tracked, { a: [2] }, true);
    expect(tracked.log.newest).toEqual({ seq: 2, at: 1_180_000, value: { a: [2] } });
  });

  test('takes each message of a source that sends by itself for a value, also the same again', () => {
    const { tracked } = track({ source: sse });
    for (let i = 0; i < 3; i += 1) take(tracked, 5);
    expect(tracked.log.seq).toBe(3);
  });

  test.each([
    [{ paceMs: 5_000 }, 5_000, 10],
    [{ paceMs: 5_000 }, 4_600, 10],
    [{ paceMs: 60_000 }, 1_000, 60],
    [{ paceMs: 60_000 }, 54_000, 5],
  ])('of a poll with %j tells once a pace that its value holds, asked every %i ms', async (fields, everyMs, rounds) => {
    const { tracked, heard } = track(fields);
    take(tracked, 5, true);
    await Promise.resolve();
    const before = heard.news;
    for (let i = 0; i < rounds; i += 1) {
      vi.advanceTimersByTime(everyMs);
      take(tracked, 5, true);
      await Promise.resolve();
    }
    const paces = (everyMs * rounds) / fields.paceMs;
    expect(heard.news - before).toBeGreaterThanOrEqual(Math.floor(paces));
    expect(heard.news - before).toBeLessThanOrEqual(Math.ceil(paces / 0.9));
  });

  test('takes a poll that has nothing newer than a value that was refused as no word on the one before', () => {
    const { tracked } = track();
    tracked.takeStatus(LIVE);
    take(tracked, 5);
    take(tracked, 'x'.repeat(70_000));
    vi.advanceTimersByTime(1_000);
    tracked.takeFresh();
    expect(tracked.log.confirmedAt).toBe(1_000_000);
    expect(tracked.status.reason?.code).toBe('too-large');
    // Asked without a validator it answers with the value before: that one is good again.
    take(tracked, 5, true);
    expect(tracked.log.confirmedAt).toBe(1_001_000);
    expect(tracked.status.reason).toBeNull();
  });

  test.each([
    [{}, 5_000],
    [{ paceMs: 1_000 }, 1_000],
    [{ paceMs: 3_600_000 }, 22_500],
  ])('of a stream with %j is confirmed by each sign of life, and tells so once in %j ms', async (fields, everyMs) => {
    const { tracked, heard } = track({ source: { ...sse, silentAfterMs: 45_000 }, ...fields });
    take(tracked, 5);
    await Promise.resolve();
    const before = heard.news;
    for (let passedMs = everyMs / 50; passedMs <= 10 * everyMs; passedMs += everyMs / 50) {
      vi.advanceTimersByTime(everyMs / 50);
      tracked.takeLife();
      await Promise.resolve();
      expect(tracked.log.confirmedAt).toBe(Date.now());
    }
    expect(tracked.log.newest).toEqual({ seq: 1, at: 1_000_000, value: 5 });
    expect(heard.news - before).toBeGreaterThanOrEqual(10);
    expect(heard.news - before).toBeLessThanOrEqual(11);
  });

  test('confirms no event, and no state that it has not', () => {
    for (const fields of [{ kind: 'event' }, { kind: 'event', source: sse }, { source: sse }]) {
      const { tracked } = track(fields);
      if (tracked.feed.kind === 'event') take(tracked, 5);
      vi.advanceTimersByTime(60_000);
      tracked.takeLife();
      expect([tracked.log.seq, tracked.log.confirmedAt]).toEqual([tracked.feed.kind === 'event' ? 1 : 0, null]);
    }
  });

  test.each<[string, (tracked: TrackedFeed) => void]>([
    ['a message that was refused', (tracked) => tracked.takeBad('bad-data', 'not JSON')],
    ['a value that was refused', (tracked) => take(tracked, Infinity)],
    ['messages that it may have missed', (tracked) => tracked.note({ mayHaveMissed: true })],
  ])('does not confirm its state after %s, until there is another', (_, happen) => {
    const { tracked } = track({ source: sse });
    take(tracked, 5);
    happen(tracked);
    vi.advanceTimersByTime(5_000);
    tracked.note({ mayHaveMissed: false });
    tracked.takeLife();
    expect(tracked.log.confirmedAt).toBe(1_000_000);
    take(tracked, 6);
    vi.advanceTimersByTime(5_000);
    tracked.takeLife();
    expect(tracked.log.confirmedAt).toBe(1_010_000);
    expect(tracked.log.newest).toMatchObject({ seq: 2, at: 1_005_000, value: 6 });
  });

  test('of a state shows no event that it may have missed', () => {
    const { tracked } = track({ source: sse });
    tracked.takeStatus(LIVE);
    take(tracked, 5);
    tracked.note({ mayHaveMissed: true });
    expect(tracked.status).toMatchObject({ state: 'live', reason: null });
  });

  test('takes only what changed where it is asked to', () => {
    const { tracked } = track({ kind: 'event' });
    for (const value of [1, 1, { a: [2] }, { a: [2] }, 1]) take(tracked, value, true);
    expect(values(tracked)).toEqual([1, { a: [2] }, 1]);
  });

  test('shows bad data, tells its followers ever more rarely, and forgets it with the next good answer of a poll', () => {
    const { tracked, heard } = track();
    tracked.takeStatus(LIVE);
    take(tracked, 1);
    for (let i = 0; i < 1_000; i += 1) tracked.takeBad('bad-data', 'not JSON');
    expect(tracked.status).toMatchObject({
      state: 'live',
      reason: { code: 'bad-data', detail: 'not JSON (512 times)' },
    });
    expect(heard.statuses).toHaveLength(1 + 10);
    tracked.takeBad('too-large', 'more than 1 MiB');
    expect(tracked.status.reason).toEqual({ code: 'too-large', detail: 'more than 1 MiB' });
    take(tracked, 2);
    expect(tracked.status.reason).toBeNull();
  });

  test('of a stream shows bad data for 10 s at least, though good data comes between', () => {
    const { tracked, heard } = track({ source: sse });
    tracked.takeStatus(LIVE);
    for (let i = 0; i < 20; i += 1) {
      tracked.takeBad('bad-data', 'x');
      take(tracked, i);
      vi.advanceTimersByTime(100);
    }
    expect(tracked.status).toMatchObject({ state: 'live', reason: { code: 'bad-data' } });
    expect(heard.statuses.length).toBeLessThan(8);
    vi.advanceTimersByTime(10_000);
    expect(tracked.status.reason?.code).toBe('bad-data');
    take(tracked, 1);
    expect(tracked.status.reason).toBeNull();
  });

  test.each([
    ['a value over 64 KiB', 'x'.repeat(70_000), 'too-large'],
    ['a number that JSON cannot hold', Infinity, 'bad-data'],
  ])('refuses %s and goes on', (_, value, code) => {
    const { tracked } = track();
    tracked.takeStatus(LIVE);
    take(tracked, 1);
    take(tracked, value);
    expect(tracked.status).toMatchObject({ state: 'live', reason: { code } });
    expect(values(tracked)).toEqual([1]);
  });

  test('of a poll is stale when good answers stop, although it still answers', () => {
    const { tracked } = track({ paceMs: 4_000 });
    tracked.takeStatus(LIVE);
    take(tracked, 1);
    vi.advanceTimersByTime(8_000);
    tracked.takeBad('bad-data', 'not JSON');
    expect(tracked.status.state).toBe('live');
    vi.advanceTimersByTime(1);
    tracked.takeBad('bad-data', 'not JSON');
    expect(tracked.status).toMatchObject({ state: 'stale', reason: { code: 'bad-data' } });
    take(tracked, 2);
    expect(tracked.status.state).toBe('live');
  });

  test('of a poll that says the same again is as new as the look, although the clock was set back', () => {
    const { tracked } = track({ paceMs: 5_000 });
    tracked.takeStatus(LIVE);
    take(tracked, 'same', true);
    vi.setSystemTime(Date.now() - 900_000);
    take(tracked, 'same', true);
    expect(tracked.log.confirmedAt).toBe(Date.now());
    expect(tracked.status.state).toBe('live');
  });

  test('without a value is not stale however long its answers were bad', () => {
    const { tracked } = track();
    tracked.takeStatus(LIVE);
    vi.advanceTimersByTime(100_000);
    tracked.takeBad('bad-data', 'x');
    expect(tracked.status.state).toBe('waiting');
  });

  test('notes what is promised less', () => {
    const { tracked } = track({ kind: 'event' });
    tracked.takeStatus(LIVE);
    tracked.note({ mayHaveMissed: true });
    expect(tracked.status.reason?.code).toBe('may-have-missed');
    tracked.note({ notKept: true });
    expect(tracked.status.reason?.code).toBe('not-kept');
    tracked.note({ notKept: false, mayHaveMissed: false });
    expect(tracked.status.reason).toBeNull();
  });

  test('tells nothing to who has left, also of news that were about to be told', async () => {
    const { tracked, heard, unfollow } = track();
    take(tracked, 1);
    unfollow();
    await Promise.resolve();
    tracked.takeStatus(LIVE);
    expect(heard).toEqual({ news: 0, statuses: [] });
  });

  test('gives up its memory when it ends', () => {
    const heap = createHeapBudget(1_000);
    const options = { now: () => Date.now(), newEpoch: () => 'e', heap, restore: undefined };
    const gone = createTrackedFeed(feedOf({ kind: 'event' }), options);
    take(gone, 'x'.repeat(600));
    gone.end();
    const here = createTrackedFeed(feedOf({ kind: 'event' }), options);
    take(here, 'a');
    take(here, 'b');
    expect(values(here)).toEqual(['a', 'b']);
  });

  test('refuses a path that does not parse', () => {
    expect(() =>
      createTrackedFeed(
        { ...feedOf(), path: 'x' },
        { now: Date.now, newEpoch: () => 'e', heap: createHeapBudget(), restore: undefined },
      ),
    ).toThrow(new TypeError('Cannot track the path "x": a path starts with $ (character 1)'));
  });
});

test.each([
  [{ paceMs: 1_000 }, 5_000],
  [{ paceMs: 10_000 }, 20_000],
  [{ source: sse }, 7_000],
  [{ source: { type: 'websocket', address: 'wss://example.com', silentAfterMs: 9_000 } }, 9_000],
  [{ source: { type: 'pulse' } }, 10_000],
  [{ kind: 'event' }, null],
  [{ kind: 'event', source: sse }, null],
])('a feed with %j is stale after %j ms', (fields, ms) => {
  expect(staleAfterMs(feedOf(fields))).toBe(ms);
});

test('feedKey changes with id, kind and path, and with nothing else', () => {
  const key = feedKey(feedOf());
  expect(feedKey(feedOf({ name: 'B', unit: 'ms', paceMs: 9_000 }))).toBe(key);
  for (const other of [{ id: 'b' }, { kind: 'event' }, { path: '$.a' }]) expect(feedKey(feedOf(other))).not.toBe(key);
});
