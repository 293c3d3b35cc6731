import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LOAD_LIMIT_MS } from '../../../utils/feeds/checkpoint';
import { createConnection } from '../../../utils/feeds/connection';
import { createHeapBudget } from '../../../utils/feeds/heap-budget';
import { parseFeed } from '../../../utils/feeds/feed';
import type { Feed } from '../../../utils/feeds/feed';
import { createPatience } from '../../../utils/feeds/patience';
import { createWriteBudget, WRITE_LIMITS } from '../../../utils/feeds/write-budget';
import type { FeedReader } from '../../../utils/stream/feed-reader';
import type { Cursor, Json } from '../../../utils/stream/protocol';
import { createMemorySegments } from './memory-segments';
import type { MemorySegments } from './memory-segments';
import { answerOf, createWorld, settle, streamTo } from './world';

const FAR = 10_000_000;
const pollSource = { type: 'poll', address: 'https://example.com/x' };
const sseSource = { type: 'sse', address: 'https://example.com/events', consecutiveIds: true };
const socketSource = { type: 'websocket', address: 'wss://example.com/live' };

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

function feedOf(fields: Record<string, unknown>): Feed {
  const parsed = parseFeed({ id: 'a', name: 'A', ...fields });
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.feed;
}

let epochs = 0;

function connect(
  feeds: Feed[],
  segments: MemorySegments = createMemorySegments(),
  pulse: () => Json = () => null,
  isPrivate = false,
) {
  const world = createWorld();
  const [first] = feeds;
  if (first === undefined) throw new Error('no feed');
  const connection = createConnection(first.source, {
    deps: world.deps,
    disk: isPrivate
      ? null
      : { segments, patience: createPatience(world.deps), budget: createWriteBudget(WRITE_LIMITS.all, world.deps) },
    heap: createHeapBudget(),
    readPulse: pulse,
    newEpoch: () => `epoch-${(epochs += 1)}`,
  });
  connection.setFeeds(feeds);
  return { connection, world, segments };
}

type Started = ReturnType<typeof connect>;

async function readerOf({ connection }: Started, id = 'a'): Promise<FeedReader> {
  await connection.ready();
  const reader = connection.reader(id);
  if (reader === null) throw new Error(`no feed ${id}`);
  return reader;
}

const deaf = { onNews: () => {}, onStatus: () => {} };
const values = (reader: FeedReader, cursor: Cursor | null = null): Json[] =>
  reader.read(cursor, FAR).updates.map(({ value }) => value);

/** Reads like a producer does: everything after the cursor, written before it counts as seen. */
async function see(reader: FeedReader, cursor: Cursor | null): Promise<{ cursor: Cursor; seen: Json[]; lost: number }> {
  const { epoch, updates, lost } = reader.read(cursor, FAR);
  await reader.save();
  return {
    cursor: { epoch, seq: updates.at(-1)?.seq ?? cursor?.seq ?? 0 },
    seen: updates.map(({ value }) => value),
    lost,
  };
}

const events = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, i) => `id: ${from + i}\ndata: ${from + i}\n\n`).join('');

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('a connection', () => {
  test('opens with its first viewer, lingers 5 s after the last, and leaves no timer', async () => {
    const started = connect([feedOf({ source: pollSource })]);
    const reader = await readerOf(started);
    expect(started.world.asked).toHaveLength(0);
    expect(vi.getTimerCount()).toBe(0);
    const [first, second] = [reader.follow(deaf), reader.follow(deaf)];
    (await started.world.request()).answer(answerOf('1'));
    first();
    first();
    await vi.advanceTimersByTimeAsync(6_000);
    expect(started.connection.openLines).toBe(1);
    second();
    await vi.advanceTimersByTimeAsync(4_999);
    expect(started.connection.openLines).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(started.connection.openLines).toBe(0);
    expect(reader.status).toMatchObject({ state: 'waiting', reason: null });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('stays open for a viewer that comes back within its linger', async () => {
    const started = connect([feedOf({ source: sseSource })]);
    const reader = await readerOf(started);
    reader.follow(deaf)();
    await vi.advanceTimersByTimeAsync(4_000);
    const unfollow = reader.follow(deaf);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(started.world.asked).toHaveLength(1);
    unfollow();
    started.connection.end();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('gives every feed its data, followed or not, and asks at the fastest pace', async () => {
    const started = connect([
      feedOf({ id: 'slow', source: pollSource, path: '$.a', paceMs: 60_000 }),
      feedOf({ id: 'fast', source: pollSource, path: '$.b', paceMs: 2_000 }),
    ]);
    const [slow, fast] = [await readerOf(started, 'slow'), await readerOf(started, 'fast')];
    slow.follow(deaf);
    (await started.world.request()).answer(answerOf('{"a":1,"b":2}'));
    await settle();
    expect([values(slow), values(fast)]).toEqual([[1], [2]]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(started.world.asked).toHaveLength(2);
  });

  test('tells a follower of its feed what is new and how it is', async () => {
    const started = connect([feedOf({ source: pollSource })]);
    const reader = await readerOf(started);
    const heard: string[] = [];
    reader.follow({ onNews: () => heard.push('news'), onStatus: () => heard.push(reader.status.state) });
    const request = await started.world.request();
    request.answer(answerOf('1'));
    await settle();
    await vi.advanceTimersByTimeAsync(5_000);
    (await started.world.request()).fail();
    await settle();
    expect(heard).toEqual(['live', 'news', 'retrying']);
  });

  test('of a poll takes a changed answer as an event, and the same one again not', async () => {
    const started = connect([feedOf({ source: pollSource, kind: 'event' })]);
    const reader = await readerOf(started);
    reader.follow(deaf);
    for (const body of ['"a"', '"a"', '"b"', '"a"']) {
      (await started.world.request()).answer(answerOf(body));
      await vi.advanceTimersByTimeAsync(5_000);
    }
    expect(values(reader)).toEqual(['a', 'b', 'a']);
  });

  test('counts events that the source numbered and did not send', async () => {
    const started = connect([feedOf({ source: sseSource, kind: 'event' })]);
    const reader = await readerOf(started);
    reader.follow(deaf);
    const body = streamTo(await started.world.request());
    body.write(events(1, 2));
    await settle();
    const { cursor } = await see(reader, null);
    body.write(events(6, 6));
    await settle();
    expect(await see(reader, cursor)).toMatchObject({ seen: [6], lost: 3 });
  });

  test('does not count them for a state, of which only the newest matters', async () => {
    const started = connect([feedOf({ source: sseSource })]);
    const reader = await readerOf(started);
    reader.follow(deaf);
    const body = streamTo(await started.world.request());
    body.write(events(1, 1));
    await settle();
    const { cursor } = await see(reader, null);
    body.write(events(9, 9));
    await settle();
    expect(reader.read(cursor, FAR)).toMatchObject({ updates: [{ seq: 2, value: 9 }], merged: 0, lost: 0 });
  });

  test('begins a new epoch when the source counts from the start again', async () => {
    const started = connect([feedOf({ source: sseSource, kind: 'event' })]);
    const reader = await readerOf(started);
    reader.follow(deaf);
    const body = streamTo(await started.world.request());
    body.write(events(1, 5));
    await settle();
    const { cursor } = await see(reader, null);
    const { epoch } = reader.info;
    body.end();
    await vi.advanceTimersByTimeAsync(1_000);
    streamTo(await started.world.request()).write(events(1, 2));
    await settle();
    expect(reader.info.epoch).not.toBe(epoch);
    expect(await see(reader, cursor)).toMatchObject({ seen: [1, 2], lost: 0 });
    expect((await started.world.request()).headers['Last-Event-ID']).toBe('5');
  });

  test.each([
    ['an event feed of a WebSocket', { source: socketSource, kind: 'event' }, 'may-have-missed'],
    ['a state feed of a WebSocket', { source: socketSource }, null],
  ])('of %s says after a reconnect that it may have missed something: %j %s', async (_, fields, code) => {
    const started = connect([feedOf(fields)]);
    const reader = await readerOf(started);
    reader.follow(deaf);
    const first = await started.world.socket();
    first.open();
    first.message('1');
    expect(reader.status).toMatchObject({ state: 'live', reason: null });
    first.closed(1006);
    await vi.advanceTimersByTimeAsync(1_000);
    (await started.world.socket()).open();
    expect(reader.status.state).toBe('live');
    expect(reader.status.reason?.code ?? null).toBe(code);
  });

  test('of an event stream may have missed something only without ids', async () => {
    for (const [text, code] of [
      ['data: 1\n\n', 'may-have-missed'],
      ['id: 1\ndata: 1\n\n', null],
    ]) {
      const started = connect([feedOf({ source: { ...sseSource, consecutiveIds: false }, kind: 'event' })]);
      const reader = await readerOf(started);
      reader.follow(deaf);
      const body = streamTo(await started.world.request());
      body.write(text ?? '');
      await settle();
      body.end();
      await vi.advanceTimersByTimeAsync(1_000);
      streamTo(await started.world.request());
      await settle();
      expect(reader.status.state).toBe('live');
      expect(reader.status.reason?.code ?? null).toBe(code);
    }
  });

  test('of a pulse is sampled, appends what changed, and needs no network', async () => {
    let uptime = 1;
    const started = connect([feedOf({ source: { type: 'pulse' }, path: '$.uptime' })], undefined, () => ({ uptime }));
    const reader = await readerOf(started);
    expect(reader.status.state).toBe('waiting');
    const unfollow = reader.follow(deaf);
    reader.sample?.();
    reader.sample?.();
    uptime = 2;
    reader.sample?.();
    expect(reader.read(null, FAR).updates).toMatchObject([{ seq: 2, value: 2 }]);
    expect(reader.status.state).toBe('live');
    expect(reader.save()).toBeUndefined();
    expect(started.connection.openLines).toBe(0);
    unfollow();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('of a pulse is as new as the last look, also while it stays the same', async () => {
    const started = connect([feedOf({ source: { type: 'pulse' }, path: '$', paceMs: 1_000 })], undefined, () => 7);
    const reader = await readerOf(started);
    reader.follow(deaf);
    for (let tick = 0; tick < 30; tick += 1) {
      reader.sample?.();
      await vi.advanceTimersByTimeAsync(100);
    }
    const { updates, confirmedAt } = reader.read(null, FAR);
    expect(updates).toMatchObject([{ seq: 1, at: Date.now() - 3_000, value: 7 }]);
    expect(confirmedAt).toBe(Date.now() - 100);
  });

  test('hands texts to its WebSocket and to nothing else', async () => {
    const started = connect([feedOf({ source: socketSource })]);
    const reader = await readerOf(started);
    expect(started.connection.send('a', 'x')).toEqual({ ok: false, reason: 'not-open' });
    reader.follow(deaf);
    const socket = await started.world.socket();
    socket.open();
    expect(started.connection.send('a', 'x')).toEqual({ ok: true });
    expect(socket.sent).toEqual(['x']);
    started.connection.end();
    expect(started.connection.send('a', 'x')).toEqual({ ok: false, reason: 'not-open' });
    expect(connect([feedOf({ source: pollSource })]).connection.send('a', 'x')).toEqual({
      ok: false,
      reason: 'not-a-websocket',
    });
  });
});

describe('a state that seldom changes', () => {
  /** A comment each 15 s. */
  const comments = async (body: { write(text: string): void }, count: number): Promise<void> => {
    for (let i = 0; i < count; i += 1) {
      await vi.advanceTimersByTimeAsync(15_000);
      body.write(': here\n\n');
      await settle();
    }
  };
  const ageOf = (reader: FeedReader): number => Date.now() - (reader.read(null, FAR).confirmedAt ?? 0);

  test('is as new as the last sign of life, comes once, and is written when it changes', async () => {
    const started = connect([feedOf({ source: sseSource })]);
    const reader = await readerOf(started);
    reader.follow(deaf);
    const body = streamTo(await started.world.request());
    body.write(events(1, 1));
    await settle();
    const { cursor } = await see(reader, null);
    for (let i = 0; i < 20; i += 1) {
      await comments(body, 1);
      expect((await see(reader, cursor)).seen).toEqual([]);
      expect(ageOf(reader)).toBe(0);
    }
    expect(reader.read(null, FAR).updates).toMatchObject([{ seq: 1, at: Date.now() - 300_000 }]);
    expect(started.segments.writes).toHaveLength(1);
    body.write(events(2, 2));
    await settle();
    expect(reader.read(cursor, FAR)).toMatchObject({ updates: [{ seq: 2, value: 2 }], merged: 0, continues: true });
    await reader.save();
    expect(started.segments.writes).toHaveLength(2);
  });

  test('comes once, and its next too, however often the background is stopped', async () => {
    let segments = createMemorySegments();
    let cursor: Cursor | null = null;
    const seen: Json[] = [];
    for (let life = 0; life < 5; life += 1) {
      const started = connect([feedOf({ source: sseSource })], segments);
      const reader = await readerOf(started);
      reader.follow(deaf);
      const body = streamTo(await started.world.request());
      await settle();
      if (life === 0 || life === 3) body.write(events(life + 1, life + 1));
      else body.write(': here\n\n');
      await settle();
      for (let i = 0; i < 3; i += 1) {
        const reading: ReturnType<FeedReader['read']> = reader.read(cursor, FAR);
        expect([reading.continues, reading.merged]).toEqual([cursor !== null, 0]);
        const next: Awaited<ReturnType<typeof see>> = await see(reader, cursor);
        seen.push(...next.seen);
        ({ cursor } = next);
        expect(ageOf(reader)).toBe(0);
        await comments(body, 1);
      }
      segments = segments.reopen();
      started.connection.end();
    }
    expect(seen).toEqual([1, 4]);
    expect(cursor?.seq).toBe(2);
  });

  test('of a connection that keeps nothing begins anew with each background', async () => {
    const feed = feedOf({ source: pollSource });
    const cursors: Cursor[] = [];
    for (let life = 0; life < 2; life += 1) {
      const started = connect([feed]);
      const reader = await readerOf(started);
      reader.follow(deaf);
      (await started.world.request()).answer(answerOf('7'));
      await settle();
      expect(reader.read(cursors[0] ?? null, FAR)).toMatchObject({
        updates: [{ seq: 1, value: 7 }],
        continues: false,
        merged: 0,
      });
      cursors.push((await see(reader, null)).cursor);
      started.connection.end();
    }
    expect(cursors[0]?.epoch).not.toBe(cursors[1]?.epoch);
  });

  test.each([
    ['where the source cannot tell what was missed', 'data: 1\n\n', false],
    ['where it could', 'id: 1\ndata: 1\n\n', true],
  ])('after a reconnect %s is proven by a sign of life: %j %s', async (_, text, isProven) => {
    const started = connect([feedOf({ source: { ...sseSource, consecutiveIds: false } })]);
    const reader = await readerOf(started);
    reader.follow(deaf);
    const body = streamTo(await started.world.request());
    body.write(text);
    await comments(body, 1);
    body.end();
    await vi.advanceTimersByTimeAsync(1_000);
    const next = streamTo(await started.world.request());
    await comments(next, 1);
    expect(ageOf(reader)).toBe(isProven ? 0 : 16_000);
    next.write('data: 2\n\n');
    await comments(next, 1);
    expect(ageOf(reader)).toBe(0);
  });

  test('is not proven after events that did not arrive', async () => {
    const started = connect([feedOf({ source: sseSource, path: '$.a' })]);
    const reader = await readerOf(started);
    reader.follow(deaf);
    const body = streamTo(await started.world.request());
    body.write('id: 1\ndata: {"a":1}\n\n');
    await comments(body, 1);
    expect(ageOf(reader)).toBe(0);
    body.write('id: 3\ndata: {"b":1}\n\n');
    await comments(body, 1);
    expect(ageOf(reader)).toBe(15_000);
  });

  test('of a WebSocket is as new as any frame', async () => {
    const started = connect([
      feedOf({ source: socketSource, path: '$.a' }),
      feedOf({ id: 'b', source: socketSource, path: '$.b', kind: 'event' }),
    ]);
    const [a, b] = [await readerOf(started), await readerOf(started, 'b')];
    a.follow(deaf);
    const socket = await started.world.socket();
    socket.open();
    socket.message('{"a":1,"b":1}');
    for (let i = 0; i < 100; i += 1) {
      await vi.advanceTimersByTimeAsync(1_000);
      socket.message('{"ping":1}');
    }
    expect(a.read(null, FAR).updates).toMatchObject([{ seq: 1, value: 1 }]);
    expect(ageOf(a)).toBe(0);
    expect(values(b)).toEqual([1]);
    socket.message('{"a":2}');
    expect(a.read(null, FAR).updates).toMatchObject([{ seq: 2, value: 2 }]);
  });
});

describe('new settings', () => {
  test('let a feed go on that has another name, unit or pace', async () => {
    const started = connect([feedOf({ source: pollSource })]);
    const reader = await readerOf(started);
    reader.follow(deaf);
    (await started.world.request()).answer(answerOf('1'));
    await settle();
    const { epoch } = reader.info;
    started.connection.setFeeds([feedOf({ source: pollSource, name: 'C' })]);
    await settle();
    expect(started.world.asked).toHaveLength(1);
    started.connection.setFeeds([feedOf({ source: pollSource, name: 'B', unit: 'ms', paceMs: 2_000 })]);
    expect(reader.info).toMatchObject({ name: 'B', unit: 'ms', epoch });
    expect(values(reader)).toEqual([1]);
    await settle();
    expect(started.world.asked).toHaveLength(2);
    expect(started.world.asked[0]?.init.signal?.aborted).toBe(true);
  });

  test('begin a feed anew that has another path, and close what nobody follows any more', async () => {
    const started = connect([feedOf({ source: sseSource })]);
    const reader = await readerOf(started);
    const unfollow = reader.follow(deaf);
    await settle();
    started.connection.setFeeds([feedOf({ source: sseSource, path: '$.a' })]);
    const next = await readerOf(started);
    expect(next.info.epoch).not.toBe(reader.info.epoch);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(started.connection.openLines).toBe(0);
    unfollow();
    reader.follow(deaf);
    await settle();
    expect(started.connection.openLines).toBe(0);
  });
});

describe('write ahead', () => {
  const eventFeed = (fields: Record<string, unknown> = {}): Feed =>
    feedOf({ source: sseSource, kind: 'event', ...fields });

  test('writes everything of the connection once for all who ask at once', async () => {
    const started = connect([eventFeed(), eventFeed({ id: 'b', kind: 'state' })]);
    const [a, b] = [await readerOf(started), await readerOf(started, 'b')];
    for (let i = 0; i < 5; i += 1) a.follow(deaf);
    expect(a.save()).toBeUndefined();
    const body = streamTo(await started.world.request());
    body.write(events(1, 3));
    await settle();
    await Promise.all([a.save(), a.save(), b.save(), a.save()]);
    expect(started.segments.writes).toHaveLength(1);
    expect(a.save()).toBeUndefined();
    expect(JSON.parse(started.segments.writes[0] ?? '')).toMatchObject({
      lastEventId: '3',
      feeds: { '["a","event","$"]': { seq: 3 }, '["b","state","$"]': { seq: 3, updates: [[3, Date.now(), 3]] } },
    });
    body.write(events(4, 4));
    await settle();
    await b.save();
    expect(JSON.parse(started.segments.writes[1] ?? '')).toMatchObject({
      isAll: false,
      feeds: { '["a","event","$"]': { seq: 4, updates: [[4, Date.now(), 4]] } },
    });
  });

  test('a save asked for while one runs resolves after a second that covers it', async () => {
    const started = connect([eventFeed()]);
    const reader = await readerOf(started);
    reader.follow(deaf);
    const body = streamTo(await started.world.request());
    body.write(events(1, 1));
    await settle();
    started.segments.mode = 'hold';
    const done: string[] = [];
    const first = reader.save()?.then(() => done.push('first'));
    // Nothing new: the write under way covers it.
    const same = reader.save()?.then(() => done.push('same'));
    body.write(events(2, 2));
    await settle();
    const second = reader.save()?.then(() => done.push('second'));
    const third = reader.save()?.then(() => done.push('third'));
    started.segments.release();
    await settle();
    expect(done).toEqual(['first', 'same']);
    expect(started.segments.writes).toHaveLength(1);
    started.segments.release();
    await settle();
    expect(done).toEqual(['first', 'same', 'second', 'third']);
    expect(started.segments.writes).toHaveLength(2);
    await Promise.all([first, same, second, third]);
  });

  test.each([
    ['a poll with a state feed', { source: pollSource }, false],
    ['a poll with an event feed', { source: pollSource, kind: 'event' }, true],
    ['a WebSocket with a state feed', { source: socketSource }, false],
    ['an event stream with a state feed', { source: sseSource }, true],
    ['a pulse with an event feed', { source: { type: 'pulse' }, kind: 'event' }, false],
  ])('is used for %s: %j %s', (_, fields, isDurable) => {
    expect(connect([feedOf(fields)]).connection.isDurable).toBe(isDurable);
  });

  test('resumes where it was after the background was stopped', async () => {
    const started = connect([eventFeed(), eventFeed({ id: 'b', path: '$.x' })]);
    const reader = await readerOf(started);
    reader.follow(deaf);
    streamTo(await started.world.request()).write(events(1, 30));
    await settle();
    const { cursor } = await see(reader, null);
    const next = connect([eventFeed(), eventFeed({ id: 'b', path: '$.y' })], started.segments.reopen());
    const again = await readerOf(next);
    expect(again.info.epoch).toBe(cursor.epoch);
    expect(values(again, { ...cursor, seq: 27 })).toEqual([28, 29, 30]);
    again.follow(deaf);
    const request = await next.world.request();
    expect(request.headers['Last-Event-ID']).toBe('30');
    streamTo(request).write(events(31, 32));
    await settle();
    expect(await see(again, cursor)).toMatchObject({ seen: [31, 32], lost: 0 });
    expect(again.status).toMatchObject({ state: 'live', reason: null });
  });

  test('resumes where it was after a read that took 5 s', async () => {
    const started = connect([eventFeed()]);
    const reader = await readerOf(started);
    reader.follow(deaf);
    streamTo(await started.world.request()).write(events(1, 30));
    await settle();
    const { cursor } = await see(reader, null);
    const busy = started.segments.reopen();
    busy.mode = 'hold';
    const next = connect([eventFeed()], busy);
    const waiting = readerOf(next);
    await vi.advanceTimersByTimeAsync(5_000);
    busy.release();
    const again = await waiting;
    again.follow(deaf);
    expect((await next.world.request()).headers['Last-Event-ID']).toBe('30');
    expect(values(again, { ...cursor, seq: 27 })).toEqual([28, 29, 30]);
  });

  test('says that it may have missed something where the read never ended', async () => {
    const hanging = createMemorySegments();
    hanging.mode = 'hang';
    const started = connect([eventFeed()], hanging);
    const waiting = readerOf(started);
    await vi.advanceTimersByTimeAsync(LOAD_LIMIT_MS);
    const reader = await waiting;
    reader.follow(deaf);
    streamTo(await started.world.request()).write(events(31, 31));
    await settle();
    expect(reader.status).toMatchObject({ state: 'live', reason: { code: 'may-have-missed' } });
  });

  test('writes only what is new after a restart', async () => {
    const started = connect([eventFeed()]);
    const reader = await readerOf(started);
    reader.follow(deaf);
    streamTo(await started.world.request()).write(events(1, 3));
    await settle();
    const { cursor } = await see(reader, null);
    const next = connect([eventFeed()], started.segments.reopen());
    const again = await readerOf(next);
    again.follow(deaf);
    expect(again.save()).toBeUndefined();
    streamTo(await next.world.request()).write(events(4, 4));
    await settle();
    await again.save();
    expect(next.segments.writes.map((text) => text.match(/"updates":\[\[(\d)/)?.[1])).toEqual(['4']);
    expect(again.info.epoch).toBe(cursor.epoch);
    next.connection.end();
  });

  test('of a WebSocket says after a restart of the background that it may have missed something', async () => {
    const feed = feedOf({ source: socketSource, kind: 'event' });
    const started = connect([feed]);
    const reader = await readerOf(started);
    reader.follow(deaf);
    const socket = await started.world.socket();
    socket.open();
    socket.message('1');
    const { cursor } = await see(reader, null);
    const next = connect([feed], started.segments.reopen());
    const again = await readerOf(next);
    again.follow(deaf);
    const other = await next.world.socket();
    other.open();
    expect(again.status).toMatchObject({ state: 'live', reason: { code: 'may-have-missed' } });
    other.message('2');
    expect(await see(again, cursor)).toMatchObject({ seen: [2], lost: 0 });
  });

  test('where it is refused the stream goes on, says so, tries again and says that too', async () => {
    const started = connect([eventFeed()]);
    const reader = await readerOf(started);
    reader.follow(deaf);
    const body = streamTo(await started.world.request());
    body.write(events(1, 1));
    await settle();
    let { cursor } = await see(reader, null);
    const { epoch } = cursor;
    started.segments.mode = 'refuse';
    const seen: Json[] = [];
    for (let i = 2; i <= 4; i += 1) {
      body.write(events(i, i));
      await settle();
      const next = await see(reader, cursor);
      seen.push(...next.seen);
      ({ cursor } = next);
    }
    expect(seen).toEqual([2, 3, 4]);
    expect(reader.save()).toBeUndefined();
    expect(reader.status).toMatchObject({ state: 'live', reason: { code: 'not-kept' } });
    // What the disk has is older than what was seen, so it is not of this epoch.
    expect(cursor.epoch).not.toBe(epoch);
    const stopped = connect([eventFeed()], started.segments.reopen());
    expect((await readerOf(stopped)).info.epoch).toBe(epoch);

    started.segments.mode = 'work';
    await vi.advanceTimersByTimeAsync(10_000);
    const unchanged = reader.info.epoch;
    await reader.save();
    expect(reader.status.reason).toBeNull();
    expect(reader.info.epoch).toBe(unchanged);
    const next = connect([eventFeed()], started.segments.reopen());
    expect(values(await readerOf(next), { ...cursor, seq: 2 })).toEqual([3, 4]);
  });

  test('where it is always refused the epoch stays', async () => {
    const segments = createMemorySegments();
    segments.mode = 'refuse';
    const started = connect([eventFeed()], segments);
    const reader = await readerOf(started);
    reader.follow(deaf);
    const body = streamTo(await started.world.request());
    const { epoch } = reader.info;
    for (let i = 1; i <= 5; i += 1) {
      body.write(events(i, i));
      await settle();
      await reader.save();
      await vi.advanceTimersByTimeAsync(10_000);
    }
    expect(reader.info.epoch).toBe(epoch);
    expect(values(reader)).toEqual([1, 2, 3, 4, 5]);
  });

  test('where it never answers the stream goes on after 2 s', async () => {
    const started = connect([eventFeed()]);
    const reader = await readerOf(started);
    reader.follow(deaf);
    streamTo(await started.world.request()).write(events(1, 1));
    await settle();
    started.segments.mode = 'hang';
    const saved = reader.save();
    await vi.advanceTimersByTimeAsync(2_000);
    await saved;
    expect(reader.status).toMatchObject({ state: 'live', reason: { code: 'not-kept' } });
  });
});

describe('for a private window', () => {
  const feed = feedOf({ source: sseSource, kind: 'event' });

  test('reads nothing that was kept, writes nothing, and says nothing of it', async () => {
    const started = connect([feed]);
    const reader = await readerOf(started);
    reader.follow(deaf);
    streamTo(await started.world.request()).write(events(1, 3));
    await settle();
    const { cursor } = await see(reader, null);

    const hidden = connect([feed], started.segments.reopen(), undefined, true);
    const other = await readerOf(hidden);
    other.follow(deaf);
    const request = await hidden.world.request();
    expect(request.headers).not.toHaveProperty('Last-Event-ID');
    streamTo(request).write(events(4, 4));
    await settle();
    expect(hidden.connection.isDurable).toBe(false);
    expect(other.save()).toBeUndefined();
    expect(hidden.segments.writes).toEqual([]);
    expect(other.info.epoch).not.toBe(cursor.epoch);
    expect(values(other)).toEqual([4]);
    expect(other.status).toMatchObject({ state: 'live', reason: null });
  });
});

test('a restart at any moment loses nothing and gives nothing twice', async () => {
  // The source has 1 to 60 and sends on from Last-Event-ID. At each cut the background is stopped after so many steps
  // of: some events come, the viewer reads, the write ends, the viewer sees.
  for (let cut = 0; cut < 40; cut += 1) {
    const feed = feedOf({ source: sseSource, kind: 'event' });
    let segments = createMemorySegments();
    const seen: Json[] = [];
    const page: { cursor: Cursor | null } = { cursor: null };
    const show = ({ epoch, updates }: ReturnType<FeedReader['read']>): void => {
      seen.push(...updates.map(({ value }) => value));
      page.cursor = { epoch, seq: updates.at(-1)?.seq ?? page.cursor?.seq ?? 0 };
    };
    for (let life = 0; life < 3; life += 1) {
      const started = connect([feed], segments);
      const reader = await readerOf(started);
      reader.follow(deaf);
      const request = await started.world.request();
      let next = Number(request.headers['Last-Event-ID'] ?? '0') + 1;
      const body = streamTo(request);
      segments.mode = 'hold';
      const steps = life === 2 ? Infinity : (cut * (life + 3)) % 17;
      for (let step = 0; step < steps && next <= 61; step += 1) {
        // At the end one more round without news, for what is left.
        const last = Math.min(60, next + (step % 4));
        if (next <= 60) body.write(events(next, last));
        next = last + 1 + Number(next > 60);
        await settle();
        if (step + 1 === steps) break;
        const reading = reader.read(page.cursor, 200);
        const saved = reader.save();
        if (step + 2 === steps) break;
        segments.release();
        await settle();
        segments.release();
        await saved;
        // Posted: the page has it, whatever becomes of the background.
        show(reading);
        expect(reading.lost).toBe(0);
      }
      if (life === 2) {
        for (let more = true; more;) {
          const reading = reader.read(page.cursor, 200);
          show(reading);
          ({ more } = reading);
        }
      }
      // The old background is gone with all that it had not written.
      segments = segments.reopen();
      started.connection.end();
    }
    const [first] = seen as number[];
    expect(seen, `cut ${cut}`).toEqual(range(first ?? 0, 60));
  }
});
