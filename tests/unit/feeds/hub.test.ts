import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LOAD_LIMIT_MS } from '../../../utils/feeds/checkpoint';
import { connectionKey } from '../../../utils/feeds/connection-key';
import { parseFeed } from '../../../utils/feeds/feed';
import type { Feed } from '../../../utils/feeds/feed';
import { createHub } from '../../../utils/feeds/hub';
import type { Hub } from '../../../utils/feeds/hub';
import type { FeedReader } from '../../../utils/stream/feed-reader';
import type { Cursor, Json } from '../../../utils/stream/protocol';
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

function makeHub(segments = createMemorySegments()) {
  const world = createWorld();
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
    const [one, two] = await Promise.all([readerOf(hub, 'a'), readerOf(hub, 'a')]);
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

const FAR = 10_000_000;

/** Events of which the number is the id, and the data with a word before it. */
const events = (from: number, to: number, word = 'event'): string =>
  Array.from({ length: to - from + 1 }, (_, i) => `id: ${from + i}\ndata: "${word} ${from + i}"\n\n`).join('');

const told = (from: number, to: number, word = 'event'): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => `${word} ${from + i}`);

/** Reads like a producer does: what is not written by then is read again where the epoch is another. */
async function see(reader: FeedReader, cursor: Cursor | null): Promise<{ cursor: Cursor; seen: Json[] }> {
  const before = reader.info.epoch;
  const { epoch, updates } = reader.read(cursor, FAR);
  await reader.save();
  if (reader.info.epoch !== before) return see(reader, cursor);
  return {
    cursor: { epoch, seq: updates.at(-1)?.seq ?? cursor?.seq ?? 0 },
    seen: updates.map(({ value }) => value),
  };
}

describe('a history', () => {
  const numbered = { source: { ...sse, consecutiveIds: true }, kind: 'event' };
  const a = feedOf('a', numbered);
  const b = feedOf('b', numbered);

  test('that a private page saw is not that of the next background', async () => {
    const { world, segments, hub } = makeHub();
    hub.configure([a]);
    const page = await readerOf(hub, 'a');
    const leave = page.follow(deaf);
    const body = streamTo(await world.request());
    body.write(events(1, 3));
    await settle();
    const before = await see(page, null);
    leave();
    // Nobody sees these, so that nobody had them written.
    body.write(events(4, 6));
    await settle();
    const hidden = await readerOf(hub, 'a', true);
    hidden.follow(deaf);
    streamTo(await world.request()).write(events(1, 6));
    await settle();
    const shown = await see(hidden, null);
    expect(shown.seen).toEqual(told(1, 6));

    const next = makeHub(segments.reopen());
    next.hub.configure([a]);
    const again = await readerOf(next.hub, 'a');
    again.follow(deaf);
    streamTo(await next.world.request()).write(events(4, 6, 'other'));
    await settle();
    const reading = again.read(before.cursor, FAR);
    expect(reading).toMatchObject({ epoch: before.cursor.epoch, continues: true });
    expect(reading.updates.map(({ value }) => value)).toEqual(told(4, 6, 'other'));
    expect(again.read(shown.cursor, FAR).continues).toBe(false);
    hub.end();
    next.hub.end();
  });

  test('of a feed that was removed is over, also where its sibling streamed on', async () => {
    const { world, segments, hub } = makeHub();
    hub.configure([a, b]);
    const page = await readerOf(hub, 'a');
    page.follow(deaf);
    const body = streamTo(await world.request());
    body.write(events(1, 3));
    await settle();
    const { cursor } = await see(page, null);
    hub.configure([b]);
    await settle();
    // It has left the disk before anything else happens.
    expect(JSON.stringify([...segments.kept.values()])).not.toContain(cursor.epoch);
    const sibling = await readerOf(hub, 'b');
    sibling.follow(deaf);
    body.write(events(4, 5));
    await settle();
    await see(sibling, null);

    const next = makeHub(segments.reopen());
    next.hub.configure([a, b]);
    const again = await readerOf(next.hub, 'a');
    again.follow(deaf);
    streamTo(await next.world.request()).write(events(6, 6));
    await settle();
    expect(again.read(cursor, FAR)).toMatchObject({ continues: false, updates: [{ seq: 1, value: 'event 6' }] });
    hub.end();
    next.hub.end();
  });

  test('of a feed that the settings do not have any more leaves the disk when its connection is read', async () => {
    const { world, segments, hub } = makeHub();
    hub.configure([a, b]);
    const page = await readerOf(hub, 'a');
    page.follow(deaf);
    streamTo(await world.request()).write(events(1, 3));
    await settle();
    const { cursor } = await see(page, null);
    const next = makeHub(segments.reopen());
    next.hub.configure([b]);
    await readerOf(next.hub, 'b');
    await settle();
    expect(JSON.stringify([...next.segments.kept.values()])).not.toContain(cursor.epoch);
    // And where nobody asks for its sibling, as soon as it is removed.
    const idle = makeHub(segments.reopen());
    idle.hub.configure([a, b]);
    idle.hub.configure([b]);
    await settle();
    expect(JSON.stringify([...idle.segments.kept.values()])).not.toContain(cursor.epoch);
    hub.end();
  });

  test.each([
    { others: [b], from: 'from its connection' },
    { others: [], from: 'with its connection' },
  ])(
    'of a feed that was removed $from while writing was refused is over as soon as it is added',
    async ({ others }) => {
      const { world, segments, hub } = makeHub();
      hub.configure([a, ...others]);
      const page = await readerOf(hub, 'a');
      page.follow(deaf);
      streamTo(await world.request()).write(events(1, 3));
      await settle();
      const { cursor } = await see(page, null);
      segments.mode = 'refuse';
      hub.configure(others);
      await settle();
      hub.end();

      const full = segments.reopen();
      full.mode = 'full';
      const next = makeHub(full);
      next.hub.configure(others);
      await settle();
      expect(JSON.stringify([...full.kept.values()])).toContain(cursor.epoch);
      full.mode = 'work';
      next.hub.configure([a, ...others]);
      await settle();
      // Nobody has streamed: the disk has lost it all the same.
      expect(JSON.stringify([...full.kept.values()])).not.toContain(cursor.epoch);
      const again = await readerOf(next.hub, 'a');
      again.follow(deaf);
      streamTo(await next.world.request()).write(events(4, 4));
      await settle();
      expect(again.read(cursor, FAR)).toMatchObject({ continues: false, updates: [{ seq: 1, value: 'event 4' }] });
      next.hub.end();
    },
  );

  test('goes on where other settings only stood in for those that have it', async () => {
    const { world, segments, hub } = makeHub();
    hub.configure([a]);
    const page = await readerOf(hub, 'a');
    page.follow(deaf);
    streamTo(await world.request()).write(events(1, 3));
    await settle();
    const { cursor } = await see(page, null);
    hub.end();
    const next = makeHub(segments.reopen());
    next.hub.configure([b], { prune: false });
    next.hub.configure([a]);
    expect((await readerOf(next.hub, 'a')).read(cursor, FAR)).toMatchObject({ continues: true, updates: [] });
    next.hub.end();
  });

  test('of a feed that is added while writing is refused says so from its first event on', async () => {
    const { world, segments, hub } = makeHub();
    hub.configure([a]);
    const page = await readerOf(hub, 'a');
    page.follow(deaf);
    const body = streamTo(await world.request());
    segments.mode = 'refuse';
    body.write(events(1, 3));
    await settle();
    await see(page, null);
    hub.configure([a, b]);
    const added = await readerOf(hub, 'b');
    body.write(events(4, 5));
    await settle();
    expect(added.status).toMatchObject({ state: 'live', reason: { code: 'not-kept' } });
    hub.end();
  });

  test('that was shown while writing was refused is followed by nothing again that the disk had', async () => {
    const { world, segments, hub } = makeHub();
    hub.configure([a]);
    const page = await readerOf(hub, 'a');
    page.follow(deaf);
    const body = streamTo(await world.request());
    body.write(events(1, 100));
    await settle();
    let { cursor } = await see(page, null);
    segments.mode = 'refuse';
    body.write(events(101, 103));
    await settle();
    ({ cursor } = await see(page, cursor));
    expect(cursor.seq).toBe(103);
    const next = makeHub(segments.reopen());
    next.hub.configure([a]);
    const again = await readerOf(next.hub, 'a');
    again.follow(deaf);
    const request = await next.world.request();
    expect(request.headers['Last-Event-ID']).toBe('100');
    streamTo(request).write(events(101, 104));
    await settle();
    // The source tells again what it was not kept of: that much comes twice, as another history.
    expect(again.read(cursor, FAR).continues).toBe(false);
    expect((await see(again, cursor)).seen).toEqual(told(101, 104));
    hub.end();
    next.hub.end();
  });

  test('goes on for a feed whose source may be silent for longer, or is sent something else', async () => {
    const { segments, hub, world } = makeHub();
    hub.configure([a]);
    const page = await readerOf(hub, 'a');
    page.follow(deaf);
    streamTo(await world.request()).write(events(1, 3));
    await settle();
    const { cursor } = await see(page, null);
    hub.configure([feedOf('a', { ...numbered, source: { ...numbered.source, silentAfterMs: 9_000 } })]);
    const same = await readerOf(hub, 'a');
    same.follow(deaf);
    const request = await world.request();
    expect(request.headers['Last-Event-ID']).toBe('3');
    expect(world.asked).toHaveLength(2);
    expect(same.read(cursor, FAR)).toMatchObject({ updates: [], continues: true });
    expect([...segments.kept.keys()]).toHaveLength(1);
    hub.end();
  });
});

describe('for private windows the hub', () => {
  test('has connections of their own', async () => {
    const { world, segments, hub } = makeHub();
    hub.configure([feedOf('a', { source: sse, kind: 'event' })]);
    const [open, hidden] = [await readerOf(hub, 'a'), await readerOf(hub, 'a', true)];
    open.follow(deaf);
    streamTo(await world.request()).write('id: 7\ndata: "open"\n\n');
    await settle();
    hidden.follow(deaf);
    const request = await world.request();
    expect(hub.openConnections()).toBe(2);
    expect(request.headers).not.toHaveProperty('Last-Event-ID');
    streamTo(request).write('id: 8\ndata: "secret"\n\n');
    await settle();
    await Promise.all([open.save(), hidden.save()]);
    expect(segments.writes.join()).toContain('open');
    expect(segments.writes.join()).not.toContain('secret');
    expect(open.info.epoch).not.toBe(hidden.info.epoch);
    expect(open.read(null, FAR).updates.map(({ value }) => value)).toEqual(['open']);
    hub.end();
  });

  test('forgets what they got when it is told to, and nothing of the normal ones', async () => {
    const { world, hub } = makeHub();
    hub.configure([feedOf('a', { source: sse, kind: 'event' })]);
    const hidden = await readerOf(hub, 'a', true);
    hidden.follow(deaf);
    streamTo(await world.request()).write('data: "secret"\n\n');
    await settle();
    const open = await readerOf(hub, 'a');
    open.follow(deaf);
    streamTo(await world.request()).write('data: "open"\n\n');
    await settle();
    hub.forgetPrivate();
    expect(hub.openConnections()).toBe(1);
    const next = await readerOf(hub, 'a', true);
    expect(next.read(null, FAR).updates).toEqual([]);
    expect(next.info.epoch).not.toBe(hidden.info.epoch);
    expect(open.read(null, FAR).updates).toHaveLength(1);
    hub.end();
  });

  test('sends to their own socket, and by default to that of the normal ones', async () => {
    const { world, hub } = makeHub();
    hub.configure([feedOf('ws', { source: socket })]);
    (await readerOf(hub, 'ws', true)).follow(deaf);
    const own = await world.socket();
    own.open();
    expect(hub.send('ws', 'x')).toEqual({ ok: false, reason: 'not-open' });
    expect(hub.send('ws', 'x', { isPrivate: true })).toEqual({ ok: true });
    (await readerOf(hub, 'ws')).follow(deaf);
    const normal = await world.socket();
    normal.open();
    expect(hub.send('ws', 'y')).toEqual({ ok: true });
    expect([own.sent, normal.sent]).toEqual([['x'], ['y']]);
    hub.end();
  });
});

describe('recheckAccess', () => {
  test('opens again at once what the browser lets the extension read no more, or now', async () => {
    const { world, hub } = makeHub();
    hub.configure([feedOf('a', { source: sse, kind: 'event' }), feedOf('b', { source: poll })]);
    const [normal, hidden] = [await readerOf(hub, 'a'), await readerOf(hub, 'a', true)];
    normal.follow(deaf);
    hidden.follow(deaf);
    await settle();
    const asked = [...world.asked];
    await hub.recheckAccess();
    expect(world.asked).toHaveLength(2);
    for (const hasAccess of [false, true]) {
      const before = [...world.asked];
      world.state.hasAccess = hasAccess;
      await hub.recheckAccess();
      expect(before.every(({ init }) => init.signal?.aborted)).toBe(true);
      expect(world.asked).toHaveLength(before.length + 2);
    }
    expect(asked).toHaveLength(2);
    hub.end();
  });

  test('leaves closed what nobody watches any more, and has no timer after it', async () => {
    const { world, hub } = makeHub();
    hub.configure([feedOf('a', { source: sse, kind: 'event' })]);
    (await readerOf(hub, 'a')).follow(deaf)();
    await settle();
    world.state.hasAccess = false;
    await hub.recheckAccess();
    await settle();
    expect(world.asked).toHaveLength(1);
    expect(hub.openConnections()).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
