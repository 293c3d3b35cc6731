import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createProducer, type Producer, type ProducerOptions } from '../../../utils/stream/producer';
import { type Cursor, EVERY_MS, MAX_MESSAGE_BYTES, type ToPage, WINDOW } from '../../../utils/stream/protocol';
import { MAX_UNHEARD } from '../../../utils/stream/status-queue';
import { createFakeFeed } from '../../fakes/feed';

type Sent = ToPage & { type: 'UPDATES' };

let sent: Sent[];
/** Batches that only say of histories that nothing is in them yet. */
let begun: Sent[];
let statuses: string[];
let portIsOpen: boolean;
let applied: Record<string, Cursor>[];
let failures: unknown[];
let holds: number;

const post: ProducerOptions['post'] = (message, bytes) => {
  if (!portIsOpen) return false;
  expect(JSON.stringify(message).length).toBeLessThanOrEqual(bytes);
  expect(bytes).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
  if (message.type === 'UPDATES') {
    const isEmpty = message.feeds.every(({ continues, updates }) => !continues && updates.length === 0);
    (isEmpty ? begun : sent).push(message);
  }
  if (message.type === 'STATUS') statuses.push(message.state);
  return true;
};

const start = (feeds: ReturnType<typeof createFakeFeed>[], options: Partial<ProducerOptions> = {}): Producer => {
  const producer = createProducer({
    readers: feeds.map((feed) => feed.reader()),
    everyMs: 100,
    resume: {},
    post,
    onSent: () => undefined,
    onApplied: (cursors) => applied.push(cursors),
    onHeld: () => (holds += 1),
    onFailed: (error) => failures.push(error),
    ...options,
  });
  producer.start();
  return producer;
};

/** A page that knows the history of `createFakeFeed()` and has nothing of it. */
const KNOWN = { resume: { feed: { epoch: 'epoch-1', seq: 0 } } };

const values = (): unknown[] =>
  sent.flatMap(({ feeds }) => feeds.flatMap(({ updates }) => updates.map(({ value }) => value)));

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  begun = [];
  statuses = [];
  portIsOpen = true;
  applied = [];
  failures = [];
  holds = 0;
});
afterEach(() => {
  vi.useRealTimers();
});

describe('producer', () => {
  test('sends the first update after quiet at once, then one batch per interval', async () => {
    const feed = createFakeFeed();
    start([feed]);
    await vi.advanceTimersByTimeAsync(500);
    feed.push(1);
    expect(values()).toEqual([1]);
    feed.push(2);
    feed.push(3);
    expect(values()).toEqual([1]);
    await vi.advanceTimersByTimeAsync(99);
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent).toHaveLength(2);
    expect(values()).toEqual([1, 2, 3]);
  });

  test('has no timer when there is nothing to send', async () => {
    const feed = createFakeFeed();
    start([feed]);
    feed.push(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('puts all feeds with news into one batch', async () => {
    const [one, two] = [createFakeFeed({ id: 'one' }), createFakeFeed({ id: 'two', kind: 'state' })];
    start([one, two]);
    await vi.advanceTimersByTimeAsync(100);
    one.push(1);
    one.push(2);
    two.push('a');
    two.push('b');
    await vi.advanceTimersByTimeAsync(100);
    expect(sent.at(-1)?.feeds).toMatchObject([
      { feed: 'one', updates: [{ value: 2 }], merged: 0 },
      { feed: 'two', updates: [{ value: 'b' }], merged: 1 },
    ]);
  });

  test('merges the state of an interval and says how much', async () => {
    const feed = createFakeFeed({ kind: 'state' });
    start([feed]);
    await vi.advanceTimersByTimeAsync(100);
    feed.push(0);
    feed.push(1, 2, 3);
    await vi.advanceTimersByTimeAsync(100);
    expect(sent.at(-1)?.feeds).toMatchObject([{ updates: [{ value: 3 }], merged: 2 }]);
  });

  test('stops at its credit and goes on from there when the page acknowledges', async () => {
    const feed = createFakeFeed();
    const producer = start([feed], KNOWN);
    for (let value = 1; value <= 20; value += 1) {
      feed.push(value);
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(sent).toHaveLength(WINDOW);
    expect(vi.getTimerCount()).toBe(0);
    expect(producer.acknowledge(4)).toBe(true);
    expect(sent).toHaveLength(WINDOW + 1);
    expect(values()).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  });

  test.each([0, 9, 3])('refuses to be acknowledged batch %d when 4 were and 8 are under way', async (batch) => {
    const feed = createFakeFeed();
    const producer = start([feed], KNOWN);
    for (let value = 1; value <= 20; value += 1) {
      feed.push(value);
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(sent).toHaveLength(8);
    producer.acknowledge(4);
    expect(producer.acknowledge(batch === 9 ? 10 : batch)).toBe(false);
  });

  test('cuts a burst into messages under the limit and sends them without waiting', async () => {
    const feed = createFakeFeed();
    start([feed], KNOWN);
    feed.push(...Array.from({ length: 1_000 }, (_, n) => `${n}`.padEnd(1_000, '.')));
    await vi.advanceTimersByTimeAsync(0);
    expect(sent.length).toBeGreaterThan(3);
    expect(values()).toHaveLength(1_000);
  });

  test('events that fill a message do not wait for the tick, what is left over goes with them, and the pace comes back by and by', async () => {
    const feed = createFakeFeed();
    const producer = start([feed], KNOWN);
    const text = '.'.repeat(1_000);
    const third = Array.from({ length: 100 }, () => text);
    await vi.advanceTimersByTimeAsync(500);
    feed.push('first');
    feed.push(...third);
    feed.push(...third);
    expect(values()).toEqual(['first']);
    feed.push(...third);
    expect(sent).toHaveLength(3);
    expect(values()).toHaveLength(301);
    let count = 301;
    for (const waits of [EVERY_MS.min, 2 * EVERY_MS.min, 4 * EVERY_MS.min, 100, 100]) {
      feed.push('after it');
      await vi.advanceTimersByTimeAsync(waits - 1);
      expect(values()).toHaveLength(count);
      await vi.advanceTimersByTimeAsync(1);
      count += 1;
      expect(values()).toHaveLength(count);
    }
    producer.end();
  });

  test('sets one timer for a batch, whatever fraction of a ms is left', async () => {
    const feed = createFakeFeed({ kind: 'state' });
    // Browsers drop the fraction.
    const { setTimeout } = globalThis;
    const set = vi
      .spyOn(globalThis, 'setTimeout')
      .mockImplementation(((run: () => void, ms: number) =>
        setTimeout(run, Math.floor(ms))) as typeof globalThis.setTimeout);
    const producer = start([feed]);
    await vi.advanceTimersByTimeAsync(500);
    feed.push(1);
    await vi.advanceTimersByTimeAsync(10.3);
    feed.push(2);
    feed.push(3);
    await vi.advanceTimersByTimeAsync(100);
    expect(values()).toEqual([1, 3]);
    expect(set).toHaveBeenCalledTimes(1);
    set.mockRestore();
    producer.end();
  });

  test('several event feeds fill a message together', async () => {
    const feeds = [1, 2, 3].map((id) => createFakeFeed({ id: `${id}` }));
    start(feeds);
    await vi.advanceTimersByTimeAsync(500);
    for (const feed of feeds) feed.push('first');
    await vi.advanceTimersByTimeAsync(100);
    sent = [];
    for (const feed of feeds) feed.push(...Array.from({ length: 100 }, () => '.'.repeat(1_000)));
    expect(values()).toHaveLength(300);
  });

  test('state does not hurry, however large: it only grows newer by waiting', async () => {
    const feeds = [1, 2, 3, 4, 5].map((id) => createFakeFeed({ id: `${id}`, kind: 'state' }));
    start(feeds);
    await vi.advanceTimersByTimeAsync(500);
    for (const feed of feeds) feed.push('.'.repeat(60_000));
    await vi.advanceTimersByTimeAsync(500);
    sent = [];
    feeds[0]?.push('now');
    for (const feed of feeds) feed.push('!'.repeat(60_000));
    expect(values()).toEqual(['now']);
  });

  test('state that takes more than one message keeps the pace', async () => {
    const feeds = [1, 2, 3, 4, 5].map((id) => createFakeFeed({ id: `${id}`, kind: 'state' }));
    const producer = start(feeds);
    for (let times = 0; times < 10; times += 1) {
      for (const feed of feeds) feed.push('.'.repeat(60_000));
      await vi.advanceTimersByTimeAsync(20);
      if (sent.length > 1) producer.acknowledge(sent.length);
    }
    // The first alone, then at two ticks a message that is full and what is left over.
    expect(sent).toHaveLength(5);
  });

  test('a feed with a backlog does not hold up the others', async () => {
    const [busy, other] = [createFakeFeed({ id: 'busy' }), createFakeFeed({ id: 'other', kind: 'state' })];
    const producer = start([busy, other], {
      resume: { busy: { epoch: 'epoch-1', seq: 0 }, other: { epoch: 'epoch-1', seq: 0 } },
    });
    await vi.advanceTimersByTimeAsync(100);
    busy.push(...Array.from({ length: 4_000 }, (_, n) => `${n}`.padEnd(1_000, '.')));
    expect(sent).toHaveLength(WINDOW);
    other.push('waits no longer');
    sent = [];
    producer.acknowledge(4);
    expect(sent).toHaveLength(4);
    expect(sent.slice(0, 2).flatMap(({ feeds }) => feeds.map(({ feed }) => feed))).toContain('other');
  });

  test('saves before it sends, and sends what came meanwhile at the next tick', async () => {
    const feed = createFakeFeed();
    start([feed]);
    await vi.advanceTimersByTimeAsync(100);
    feed.holdSaves();
    feed.push(1);
    await vi.advanceTimersByTimeAsync(500);
    feed.push(2);
    await vi.advanceTimersByTimeAsync(500);
    expect(sent).toHaveLength(0);
    feed.finishSaves();
    await vi.advanceTimersByTimeAsync(0);
    expect(values()).toEqual([1]);
    await vi.advanceTimersByTimeAsync(100);
    expect(values()).toEqual([1, 2]);
  });

  test('sends under the new epoch what went on under one while it was being saved', async () => {
    const feed = createFakeFeed();
    start([feed]);
    await vi.advanceTimersByTimeAsync(100);
    feed.holdSaves();
    feed.push(1);
    feed.restart();
    feed.push(1);
    feed.finishSaves();
    await vi.advanceTimersByTimeAsync(0);
    expect(sent).toMatchObject([{ batch: 2, feeds: [{ epoch: 'epoch-2', updates: [{ seq: 1, value: 1 }] }] }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('sends nothing that was being saved when the page paused, and all of it when it resumes', async () => {
    const feed = createFakeFeed();
    const producer = start([feed]);
    feed.holdSaves();
    feed.push(1);
    producer.pause();
    feed.finishSaves();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sent).toHaveLength(0);
    feed.push(2);
    producer.resume();
    await vi.advanceTimersByTimeAsync(0);
    expect(values()).toEqual([1, 2]);
  });

  test('a paused page is no viewer and runs no timer', async () => {
    const feed = createFakeFeed();
    const sampled = createFakeFeed({ id: 'pulse', kind: 'state', sample: () => Date.now() });
    const producer = start([feed, sampled]);
    producer.pause();
    expect([feed.viewers(), sampled.viewers()]).toEqual([0, 0]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('reads a sampled feed at each tick and sends it when it changed', async () => {
    let value = 1;
    const feed = createFakeFeed({ kind: 'state', sample: () => value });
    start([feed]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(values()).toEqual([1]);
    value = 2;
    await vi.advanceTimersByTimeAsync(100);
    expect(values()).toEqual([1, 2]);
  });

  test('a sampled feed does not hold up the first update of another', async () => {
    const feed = createFakeFeed();
    start([feed, createFakeFeed({ id: 'pulse', kind: 'state', sample: () => 1 })]);
    await vi.advanceTimersByTimeAsync(1_050);
    feed.push('now');
    expect(values()).toContain('now');
  });

  test('resumes after the cursor the page names', async () => {
    const feed = createFakeFeed();
    feed.push(1, 2, 3);
    start([feed], { resume: { feed: { epoch: 'epoch-1', seq: 2 } } });
    await vi.advanceTimersByTimeAsync(0);
    expect(values()).toEqual([3]);
  });

  test('sends all of a burst to a viewer that was there before the first update', async () => {
    const feed = createFakeFeed();
    start([feed]);
    await vi.advanceTimersByTimeAsync(500);
    feed.push(...Array.from({ length: 50 }, (_, index) => index));
    expect(values()).toHaveLength(50);
  });

  test('sends a snapshot when the page names another history', async () => {
    const feed = createFakeFeed();
    feed.push(1, 2);
    start([feed], { resume: { feed: { epoch: 'another', seq: 1 } } });
    await vi.advanceTimersByTimeAsync(0);
    expect(values()).toEqual([1, 2]);
  });

  test('tells the status of each feed at the start and when it changes, once per interval', async () => {
    const feed = createFakeFeed();
    start([feed]);
    await vi.advanceTimersByTimeAsync(0);
    expect(statuses).toEqual(['live']);
    feed.setStatus({ state: 'stale' });
    feed.setStatus({ state: 'retrying' });
    await vi.advanceTimersByTimeAsync(100);
    expect(statuses).toEqual(['live', 'retrying']);
  });

  test('does nothing before it is started', async () => {
    const feed = createFakeFeed();
    feed.push(1);
    const begin = createProducer({
      readers: [feed.reader()],
      everyMs: 100,
      resume: {},
      post,
      onSent: () => undefined,
      onApplied: () => undefined,
      onHeld: () => undefined,
      onFailed: () => undefined,
    });
    await vi.advanceTimersByTimeAsync(1_000);
    expect([sent.length, statuses.length, feed.viewers(), vi.getTimerCount()]).toEqual([0, 0, 0, 0]);
    begin.start();
    expect(values()).toEqual([1]);
  });

  test('holds all once a status was told too often to a page that says nothing, until it is heard', async () => {
    const feed = createFakeFeed();
    const producer = start([feed, createFakeFeed({ id: 'pulse', kind: 'state', sample: () => Date.now() })]);
    for (let time = 0; time < 3 * MAX_UNHEARD; time += 1) {
      feed.setStatus({ since: time });
      await vi.advanceTimersByTimeAsync(100);
      producer.acknowledge(sent.length);
    }
    feed.push('held');
    await vi.advanceTimersByTimeAsync(1_000);
    // And one of the other feed.
    expect(statuses).toHaveLength(MAX_UNHEARD + 1);
    expect(values()).not.toContain('held');
    expect([holds, vi.getTimerCount()]).toEqual([1, 0]);
    producer.heard();
    expect(statuses).toHaveLength(MAX_UNHEARD + 2);
    expect(values()).toContain('held');
  });

  test('sends a batch that was being written when all was held, once the page is heard', async () => {
    const feed = createFakeFeed();
    const producer = start([feed]);
    for (let time = 1; time < MAX_UNHEARD; time += 1) {
      feed.setStatus({ since: time });
      await vi.advanceTimersByTimeAsync(100);
    }
    expect([statuses.length, holds]).toEqual([MAX_UNHEARD, 0]);
    feed.holdSaves();
    feed.push('held');
    feed.setStatus({ since: MAX_UNHEARD });
    feed.finishSaves();
    await vi.advanceTimersByTimeAsync(1_000);
    expect([values(), holds]).toEqual([[], 1]);
    producer.heard();
    await vi.advanceTimersByTimeAsync(0);
    expect(values()).toEqual(['held']);
  });

  test('says that a history continues, and that it does not', async () => {
    const feed = createFakeFeed();
    feed.push(1);
    start([feed], { resume: { feed: { epoch: 'another', seq: 9 } } });
    await vi.advanceTimersByTimeAsync(100);
    feed.push(2);
    await vi.advanceTimersByTimeAsync(100);
    expect(sent.flatMap(({ feeds }) => feeds.map(({ continues }) => continues))).toEqual([false, true]);
  });

  test('tells a page without a cursor of a history with nothing in it, once, and holds nothing up for it', async () => {
    const feed = createFakeFeed();
    const producer = start([feed]);
    const part = {
      feed: 'feed',
      epoch: 'epoch-1',
      continues: false,
      updates: [],
      merged: 0,
      lost: 0,
      confirmedAt: null,
    };
    expect(begun).toEqual([{ type: 'UPDATES', batch: 1, feeds: [part] }]);
    producer.acknowledge(1);
    expect(applied).toEqual([{ feed: { epoch: 'epoch-1', seq: 0 } }]);
    feed.push(...Array.from({ length: 30 }, (_, n) => n));
    expect(values()).toHaveLength(30);
    expect(sent.flatMap(({ feeds }) => feeds.map(({ continues }) => continues))).toEqual([true]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect([begun.length, sent.length]).toEqual([1, 1]);
  });

  test('says with its first update that a history is another, although it was empty when that was seen', async () => {
    const feed = createFakeFeed();
    start([feed], { resume: { feed: { epoch: 'another', seq: 9 } } });
    await vi.advanceTimersByTimeAsync(500);
    expect([begun.length, sent.length]).toEqual([0, 0]);
    feed.push(1);
    await vi.advanceTimersByTimeAsync(100);
    feed.push(2);
    await vi.advanceTimersByTimeAsync(100);
    expect(sent.flatMap(({ feeds }) => feeds.map(({ continues }) => continues))).toEqual([false, true]);
  });

  test('a page that lost its port before the first update of a history resumes from its beginning', () => {
    const feed = createFakeFeed();
    feed.push(...Array.from({ length: 30 }, (_, n) => n));
    start([feed], KNOWN);
    expect(values()).toHaveLength(30);
  });

  test('tells of a value that still holds without the value, once, and not of one that the page has not', async () => {
    const feed = createFakeFeed({ kind: 'state' });
    feed.push('a');
    const producer = start([feed], { resume: { feed: { epoch: 'epoch-1', seq: 1 } } });
    expect(sent).toHaveLength(0);
    feed.confirm(7);
    await vi.advanceTimersByTimeAsync(100);
    expect(sent.map(({ feeds }) => feeds)).toEqual([
      [{ feed: 'feed', epoch: 'epoch-1', continues: true, updates: [], merged: 0, lost: 0, confirmedAt: 7 }],
    ]);
    producer.pause();
    producer.resume();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sent).toHaveLength(1);
    feed.restart();
    feed.confirm(8);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sent).toHaveLength(1);
  });

  test('ends and tells when a feed cannot say whether it was kept', async () => {
    const feed = createFakeFeed();
    start([{ ...feed, reader: () => ({ ...feed.reader(), save: () => Promise.reject(new Error('broken')) }) }]);
    feed.push(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(failures).toEqual([new Error('broken')]);
    expect([sent.length, feed.viewers(), vi.getTimerCount()]).toEqual([0, 0, 0]);
  });

  test('tells before a batch what it knows by then, such as that it was not kept', async () => {
    const feed = createFakeFeed();
    const order: string[] = [];
    start([feed], {
      post(message) {
        order.push(message.type === 'STATUS' ? `${message.type} ${message.reason?.code}` : message.type);
        return true;
      },
    });
    await vi.advanceTimersByTimeAsync(10);
    order.length = 0;
    feed.setStatus({ reason: { code: 'not-kept', detail: '' } });
    feed.push(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(order).toEqual(['STATUS not-kept', 'UPDATES']);
  });

  test('ends itself when its port is gone', async () => {
    const feed = createFakeFeed();
    start([feed]);
    await vi.advanceTimersByTimeAsync(0);
    portIsOpen = false;
    feed.push(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(feed.viewers()).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('tells how far the page has got with each event feed, as of the batch it acknowledges', async () => {
    const [events, state] = [createFakeFeed({ id: 'events' }), createFakeFeed({ id: 'state', kind: 'state' })];
    const producer = start([events, state]);
    for (const value of [1, 2, 3]) {
      state.push(value);
      events.push(value);
      await vi.advanceTimersByTimeAsync(100);
    }
    const places = sent.map(({ feeds }) => feeds.find(({ feed }) => feed === 'events')?.updates.at(-1)?.seq);
    producer.acknowledge(begun.length + 2);
    expect(places.slice(0, 2)).toContain(1);
    expect(applied).toEqual([
      { events: { epoch: 'epoch-1', seq: Math.max(...places.slice(0, 2).map((at) => at ?? 0)) } },
    ]);
  });

  test('ends and tells when a feed throws, instead of falling silent', async () => {
    const feed = createFakeFeed();
    const reader = {
      ...feed.reader(),
      read() {
        throw new Error('broken');
      },
    };
    start([feed], { readers: [reader] });
    await vi.advanceTimersByTimeAsync(100);
    expect(failures).toEqual([new Error('broken')]);
    expect(feed.viewers()).toBe(0);
  });
});
