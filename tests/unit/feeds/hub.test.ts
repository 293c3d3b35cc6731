import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LOAD_LIMIT_MS } from '../../../utils/feeds/checkpoint';
import { connectionKey } from '../../../utils/feeds/connection';
import { parseFeed } from '../../../utils/feeds/feed';
import type { Feed } from '../../../utils/feeds/feed';
import { createHub } from '../../../utils/feeds/hub';
import type { Hub } from '../../../utils/feeds/hub';
import type { FeedReader } from '../../../utils/stream/feed-reader';
import { createMemorySegments } from './memory-segments';
import { answerOf, createWorld, settle, streamTo } from './world';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

const deaf = { onNews: () => {}, onStatus: () => {} };
const poll = { type: 'poll', address: 'https://example.com/x' };
const sse = { type: 'sse', address: 'https://example.com/events' };
const socket = { type: 'websocket', address: 'wss://example.com/live' };

function feedOf(id: string, fields: Record<string, unknown>): Feed {
  const parsed = parseFeed({ id, name: id, ...fields });
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.feed;
}

function makeHub() {
  const world = createWorld();
  const segments = createMemorySegments();
  const hub = createHub({
    deps: world.deps,
    segments,
    pulseStats: () => ({ openStreams: 3, updatesPerSecond: 0, roundTripMs: null }),
  });
  return { world, segments, hub };
}

async function readerOf(hub: Hub, id: string, isPrivate = false): Promise<FeedReader> {
  const reader = await hub.reader(id, { isPrivate });
  if (reader === null) throw new Error(`no feed ${id}`);
  return reader;
}

describe('the hub', () => {
  test('shares one connection among feeds and viewers of one address', async () => {
    const { world, hub } = makeHub();
    hub.configure([
      feedOf('a', { source: poll, path: '$.a' }),
      feedOf('b', { source: { address: 'https://EXAMPLE.com/x#b', type: 'poll' }, path: '$.b' }),
      feedOf('c', { source: { ...poll, address: 'https://example.com/y' } }),
    ]);
    for (const id of ['a', 'a', 'b']) (await readerOf(hub, id)).follow(deaf);
    (await world.request()).answer(answerOf('{"a":1,"b":2}'));
    await settle();
    expect(world.asked).toHaveLength(1);
    expect(hub.openConnections()).toBe(1);
    (await readerOf(hub, 'c')).follow(deaf);
    expect(hub.openConnections()).toBe(2);
    hub.end();
  });

  test('gives the same history to every viewer, and none of a feed it does not know', async () => {
    const { world, hub } = makeHub();
    expect(await hub.reader('a', { isPrivate: false })).toBeNull();
    hub.configure([feedOf('a', { source: poll })]);
    const [one, two] = await Promise.all([readerOf(hub, 'a'), readerOf(hub, 'a', false)]);
    one.follow(deaf);
    (await world.request()).answer(answerOf('1'));
    await settle();
    expect(two.read(null, 10_000)).toEqual(one.read(null, 10_000));
    expect(two.info).toEqual({ ...one.info, id: 'a', kind: 'state', staleAfterMs: 10_000 });
    expect(await hub.reader('other', { isPrivate: false })).toBeNull();
    hub.end();
  });

  test('has a pulse that needs no connection', async () => {
    const { hub } = makeHub();
    hub.configure([feedOf('pulse', { source: { type: 'pulse' } })]);
    const reader = await readerOf(hub, 'pulse');
    reader.follow(deaf);
    reader.sample?.();
    expect(reader.read(null, 10_000).updates[0]?.value).toEqual({
      uptime: 0,
      openStreams: 3,
      updatesPerSecond: 0,
      roundTripMs: null,
    });
    expect(hub.openConnections()).toBe(0);
  });

  test('ends the connections that new settings do not name, and what was kept of them', async () => {
    const { world, segments, hub } = makeHub();
    const [kept, gone] = [feedOf('kept', { source: sse }), feedOf('gone', { source: { ...sse, event: 'x' } })];
    hub.configure([kept, gone]);
    for (const id of ['kept', 'gone']) {
      const reader = await readerOf(hub, id);
      reader.follow(deaf);
      streamTo(await world.request()).write('event: x\ndata: 1\n\n');
      await settle();
      await reader.save();
    }
    expect([...segments.kept.keys()]).toEqual([connectionKey(kept.source), connectionKey(gone.source)]);
    hub.configure([kept]);
    await settle();
    expect([...segments.kept.keys()]).toEqual([connectionKey(kept.source)]);
    expect(hub.openConnections()).toBe(1);
    expect(world.asked.map(({ init }) => init.signal?.aborted)).toEqual([false, true]);
    expect(await hub.reader('gone', { isPrivate: false })).toBeNull();
    hub.end();
  });

  test('leaves what was kept where new settings only stand in for others', async () => {
    const { world, segments, hub } = makeHub();
    const feed = feedOf('a', { source: sse });
    hub.configure([feed]);
    const reader = await readerOf(hub, 'a');
    reader.follow(deaf);
    streamTo(await world.request()).write('data: 1\n\n');
    await settle();
    await reader.save();
    hub.configure([feedOf('pulse', { source: { type: 'pulse' } })], { prune: false });
    await settle();
    expect([...segments.kept.keys()]).toEqual([connectionKey(feed.source)]);
    expect(hub.openConnections()).toBe(0);
    hub.configure([feed]);
    expect((await readerOf(hub, 'a')).read(null, 10_000).updates).toMatchObject([{ value: 1 }]);
    hub.end();
  });

  test('survives a database that refuses to remove anything', async () => {
    const { segments, hub } = makeHub();
    segments.mode = 'refuse';
    hub.configure([feedOf('a', { source: sse })]);
    await settle();
    expect((await readerOf(hub, 'a')).status.state).toBe('waiting');
  });

  test('waits once for a database that hangs, whatever is opened after that', async () => {
    const { segments, hub } = makeHub();
    segments.mode = 'hang';
    hub.configure([feedOf('a', { source: sse }), feedOf('b', { source: { ...sse, event: 'x' } })]);
    const first = readerOf(hub, 'a');
    await vi.advanceTimersByTimeAsync(LOAD_LIMIT_MS);
    await first;
    expect((await readerOf(hub, 'b')).status.state).toBe('waiting');
    expect(vi.getTimerCount()).toBe(0);
    hub.end();
  });

  test('gives no reader of a feed that moved while it was loaded', async () => {
    const { segments, hub } = makeHub();
    segments.mode = 'hold';
    hub.configure([feedOf('a', { source: sse })]);
    const asked = hub.reader('a', { isPrivate: false });
    hub.configure([feedOf('a', { source: poll })]);
    segments.release();
    await settle();
    expect(await asked).toBeNull();
    expect((await readerOf(hub, 'a')).info.staleAfterMs).toBe(10_000);
  });

  test('hands a text to the WebSocket of a feed or says why not', async () => {
    const { world, hub } = makeHub();
    hub.configure([feedOf('ws', { source: socket }), feedOf('poll', { source: poll })]);
    expect(hub.send('ws', 'x')).toEqual({ ok: false, reason: 'not-open' });
    (await readerOf(hub, 'ws')).follow(deaf);
    (await world.socket()).open();
    expect(hub.send('ws', 'x')).toEqual({ ok: true });
    expect(hub.send('poll', 'x')).toEqual({ ok: false, reason: 'not-a-websocket' });
    expect(hub.send('none', 'x')).toEqual({ ok: false, reason: 'unknown-feed' });
    hub.end();
  });

  test('leaves nothing running when it ends', async () => {
    const { world, hub } = makeHub();
    hub.configure([feedOf('a', { source: poll }), feedOf('b', { source: sse }), feedOf('c', { source: socket })]);
    const unfollow: (() => void)[] = [];
    for (const id of ['a', 'b', 'c']) unfollow.push((await readerOf(hub, id)).follow(deaf));
    unfollow[2]?.();
    await settle();
    hub.end();
    await settle();
    expect(vi.getTimerCount()).toBe(0);
    expect(world.asked.every(({ init }) => init.signal?.aborted)).toBe(true);
    expect(world.sockets.map(({ readyState }) => readyState)).toEqual([3]);
    for (const end of unfollow) end();
    expect(hub.openConnections()).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('takes a burst of 20 000 events for one notice', async () => {
    const { world, hub } = makeHub();
    hub.configure([feedOf('a', { source: sse, kind: 'event' })]);
    const reader = await readerOf(hub, 'a');
    let news = 0;
    reader.follow({ onNews: () => (news += 1), onStatus: () => {} });
    const body = streamTo(await world.request());
    await settle();
    const burst = Array.from({ length: 20_000 }, (_, i) => `id: ${i}\ndata: {"line":"build ${i} finished"}\n\n`).join(
      '',
    );
    body.write(burst);
    await settle();
    expect(news).toBe(1);
    expect(reader.read(null, 10_000).updates.at(-1)?.seq).toBe(20_000);
    await reader.save();
    hub.end();
  });
});
