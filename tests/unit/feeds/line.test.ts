/** The lines of one WebSocket address: feeds that send something else when it opens must not see what answers another. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parseFeed, type Feed } from '../../../utils/feeds/feed';
import { createHub } from '../../../utils/feeds/hub';
import { LINGER_MS } from '../../../utils/feeds/line';
import type { FeedReader } from '../../../utils/stream/feed-reader';
import type { Json } from '../../../utils/stream/protocol';
import { createMemorySegments } from './memory-segments';
import { createWorld, settle } from './world';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

const deaf = { onNews: () => {}, onStatus: () => {} };

function feedOf(id: string, source: Record<string, unknown> = {}): Feed {
  const parsed = parseFeed({
    id,
    name: id,
    kind: 'event',
    source: { type: 'websocket', address: 'wss://example.com/live', ...source },
  });
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.feed;
}

function makeHub() {
  const world = createWorld();
  const segments = createMemorySegments();
  const pulseStats = () => ({ openStreams: 0, updatesPerSecond: 0, roundTripMs: null });
  const hub = createHub({ deps: world.deps, segments, pulseStats });
  const readerOf = async (id: string): Promise<FeedReader> => {
    const reader = await hub.reader(id, { isPrivate: false });
    if (reader === null) throw new Error(`no feed ${id}`);
    return reader;
  };
  return { world, segments, hub, readerOf };
}

const values = (reader: FeedReader): Json[] => reader.read(null, 10_000).updates.map(({ value }) => value);

describe('a line', () => {
  test('is shared by feeds that send the same, and gives its messages to no other', async () => {
    const { world, segments, hub, readerOf } = makeHub();
    hub.configure([
      feedOf('a', { onConnect: ['one'] }),
      feedOf('b', { onConnect: ['one'] }),
      feedOf('c', { onConnect: ['two'] }),
    ]);
    const [a, b, c] = [await readerOf('a'), await readerOf('b'), await readerOf('c')];
    for (const reader of [a, b, c]) reader.follow(deaf);
    await settle();
    const [one, two] = world.sockets;
    for (const socket of world.sockets) socket.open();
    expect(world.sockets.map(({ sent }) => sent)).toEqual([['one'], ['two']]);
    one?.message('"for a and b"');
    two?.message('"for c"');
    expect([a, b, c].map(values)).toEqual([['for a and b'], ['for a and b'], ['for c']]);
    expect(hub.openConnections()).toBe(2);
    hub.send('c', 'to two');
    expect(world.sockets.map(({ sent }) => sent)).toEqual([['one'], ['two', 'to two']]);
    // They have one history and one place on the disk.
    await a.save();
    expect([...segments.kept.keys()]).toHaveLength(1);
    hub.end();
  });

  test('opens and closes with the viewers of its own feeds', async () => {
    const { world, hub, readerOf } = makeHub();
    hub.configure([feedOf('a', { onConnect: ['one'] }), feedOf('c', { onConnect: ['two'] })]);
    const [a, c] = [await readerOf('a'), await readerOf('c')];
    const leave = a.follow(deaf);
    await settle();
    expect(world.sockets).toHaveLength(1);
    leave();
    await vi.advanceTimersByTimeAsync(LINGER_MS - 2_000);
    // Somebody else comes and goes: the time goes on.
    c.follow(deaf)();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(world.sockets.map(({ readyState }) => readyState)).toEqual([3, 0]);
    await vi.advanceTimersByTimeAsync(LINGER_MS - 2_000);
    expect(hub.openConnections()).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('has the shortest silence of its feeds', async () => {
    const { world, hub, readerOf } = makeHub();
    hub.configure([feedOf('a', { silentAfterMs: 60_000 }), feedOf('b', { silentAfterMs: 2_000 })]);
    const a = await readerOf('a');
    a.follow(deaf);
    (await world.socket()).open();
    expect(a.status.state).toBe('live');
    await vi.advanceTimersByTimeAsync(2_000);
    expect(a.status).toMatchObject({ state: 'stale', reason: { code: 'silent' } });
    hub.end();
  });

  test('opens again when it is to send something else, and the feed goes on with its history', async () => {
    const { world, hub, readerOf } = makeHub();
    hub.configure([feedOf('a', { onConnect: ['one'] })]);
    const a = await readerOf('a');
    a.follow(deaf);
    const first = await world.socket();
    first.open();
    first.message('1');
    const { epoch } = a.info;
    hub.configure([feedOf('a', { onConnect: ['two'] })]);
    const second = await world.socket();
    second.open();
    second.message('2');
    expect(first.readyState).toBe(3);
    expect(second.sent).toEqual(['two']);
    expect(a.info.epoch).toBe(epoch);
    expect(values(a)).toEqual([1, 2]);
    expect(a.status).toMatchObject({ state: 'live', reason: { code: 'may-have-missed' } });
    hub.end();
  });

  test('stays open for new settings that ask for it in the same way', async () => {
    const { world, hub, readerOf } = makeHub();
    hub.configure([feedOf('a', { onConnect: ['one'] })]);
    (await readerOf('a')).follow(deaf);
    (await world.socket()).open();
    hub.configure([{ ...feedOf('a', { onConnect: ['one'] }), name: 'other', paceMs: 9_000 }, feedOf('b')]);
    await settle();
    expect(world.sockets.map(({ readyState }) => readyState)).toEqual([1]);
    // A feed that is new has missed nothing.
    hub.configure([feedOf('a', { onConnect: ['one'] }), feedOf('c', { onConnect: ['one'] })]);
    expect((await readerOf('c')).status).toMatchObject({ state: 'live', reason: null });
    hub.end();
  });
});
