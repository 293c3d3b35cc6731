/** What is decided in the subscriber itself; with a publisher at the other end it is tested in stream.test.ts. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Port } from '../../../utils/stream/port';
import { type FeedBatch, type FeedInfo, type FeedStatus, PROTOCOL_VERSION } from '../../../utils/stream/protocol';
import { createSubscriber, type StreamState, type SubscriberOptions } from '../../../utils/stream/subscriber';
import { createPortPair, type FakePort } from '../../fakes/port';
import { createFakeWindow } from '../../fakes/window';

const LOG: FeedInfo = { id: 'log', name: 'Log', kind: 'event', unit: '', epoch: 'e', staleAfterMs: null };
const STARTED = {
  type: 'STARTED',
  protocol: PROTOCOL_VERSION,
  feeds: [LOG],
  window: 8,
  maxMessageBytes: 262_144,
  note: null,
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

const batchOf = (from: number, to: number): FeedBatch => ({
  feed: 'log',
  epoch: 'e',
  updates: Array.from({ length: to - from + 1 }, (_, n) => ({ seq: from + n, at: 1, value: from + n })),
  merged: 0,
  lost: 0,
  continues: true,
  confirmedAt: null,
});

function subscribe({
  isValid = true,
  throws = false,
  hidden = false,
  signal,
  ...options
}: Partial<Omit<SubscriberOptions, 'isValid'>> & { isValid?: boolean; throws?: boolean; hidden?: boolean } = {}) {
  const page = createFakeWindow({ hidden });
  const ending = new AbortController();
  const world = { isValid, throws };
  const ports: FakePort[] = [];
  const received: { type: string; [field: string]: unknown }[] = [];
  const states: StreamState[] = [];
  const feeds: FeedInfo[][] = [];
  const batches: FeedBatch[] = [];
  const handedOver: number[] = [];
  const statuses: FeedStatus[] = [];
  const subscriber = createSubscriber({
    connect() {
      if (world.throws) throw new Error('Extension context invalidated.');
      const pair = createPortPair({ name: 'updates' });
      pair.background.onMessage.addListener((message) => received.push(message as (typeof received)[number]));
      ports.push(pair.background);
      return pair.page as unknown as Port;
    },
    isValid: () => world.isValid,
    page: page.window,
    onStream: (state) => states.push(state),
    onFeeds: (told) => feeds.push(told),
    onBatch(told) {
      handedOver.push(told.length);
      batches.push(...told);
    },
    onStatus: (status) => statuses.push(status),
    signal: signal ?? ending.signal,
    ...options,
  });
  return {
    ...subscriber,
    page,
    ending,
    world,
    ports,
    received,
    states,
    feeds,
    handedOver,
    statuses,
    names: () => states.map(({ name }) => name),
    say: async (...messages: object[]) => {
      for (const message of messages) ports.at(-1)?.postMessage(message);
      await settle();
    },
    values: () => batches.flatMap(({ updates }) => updates.map(({ value }) => value)),
  };
}

const updates = (batch: number, from: number, to: number): object => ({
  type: 'UPDATES',
  batch,
  feeds: [batchOf(from, to)],
});

describe('start of a subscriber', () => {
  test('opens one port at once, asks for all, and is live with the answer', async () => {
    const { ports, received, states, names, feeds, say } = subscribe();
    expect([ports.length, states]).toEqual([1, [{ name: 'connecting', reason: null, detail: '', retryAt: null }]]);
    await say(STARTED);
    expect(received[0]).toMatchObject({ type: 'START_UPDATES', everyMs: 100, resume: {} });
    expect(received[0]).not.toHaveProperty('private');
    expect(names()).toEqual(['connecting', 'live']);
    expect(feeds).toEqual([[LOG]]);
  });

  test('says how often it wants batches and that its window is private', async () => {
    const { received } = subscribe({ everyMs: 1_000, isPrivate: true });
    await settle();
    expect(received[0]).toMatchObject({ everyMs: 1_000, private: true });
  });

  test('names its stream, and each its own', async () => {
    const subscribers = [subscribe(), subscribe()];
    await settle();
    const ids = subscribers.map(({ received }) => received[0]?.['streamId']);
    expect(ids[0]).toMatch(/^[a-z0-9-]{10,64}$/);
    expect(ids[0]).not.toBe(ids[1]);
  });

  test('opens no port for a hidden page', async () => {
    const { ports, page } = subscribe({ hidden: true });
    await settle();
    expect(ports).toHaveLength(0);
    page.setHidden(false);
    await settle();
    expect(ports).toHaveLength(1);
  });

  test.each([
    ['whose signal has aborted', { signal: AbortSignal.abort() }, 'stopped'],
    ['of an extension that is gone', { isValid: false }, 'invalidated'],
  ])('%s closes for good without a port', async (_, options, reason) => {
    const { ports, states, page } = subscribe(options);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(ports).toHaveLength(0);
    expect(states.at(-1)).toEqual({ name: 'closed', reason, detail: '', retryAt: null });
    expect([page.listenerCount(), vi.getTimerCount()]).toEqual([0, 0]);
  });

  test('waits and tries again where the browser gives no port', async () => {
    const { world, ports, states } = subscribe({ throws: true });
    expect(states.at(-1)).toMatchObject({ name: 'waiting', reason: 'connect-failed' });
    world.throws = false;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(ports.length).toBeGreaterThan(0);
  });

  test('closes for good when it finds the extension gone as it tries again', async () => {
    const { world, states, ports } = subscribe({ throws: true });
    world.isValid = false;
    await vi.advanceTimersByTimeAsync(600_000);
    expect(states.at(-1)).toMatchObject({ name: 'closed', reason: 'invalidated' });
    expect([ports.length, vi.getTimerCount()]).toEqual([0, 0]);
  });
});

describe('what a subscriber hands over', () => {
  test('is each update once and in order', async () => {
    const { say, values } = subscribe();
    await say(STARTED, updates(1, 1, 3), updates(2, 2, 5), updates(3, 6, 6));
    expect(values()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('has no batch in which nothing is new', async () => {
    const { say, handedOver } = subscribe();
    await say(STARTED, updates(1, 1, 3), updates(2, 1, 3));
    expect(handedOver).toEqual([1]);
  });

  test('goes on after a lost port where it ended, from the cursor that it names', async () => {
    const { say, ports, received, values } = subscribe();
    await say(STARTED, updates(1, 1, 3));
    ports[0]?.disconnect();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(received.findLast(({ type }) => type === 'START_UPDATES')?.['resume']).toEqual({
      log: { epoch: 'e', seq: 3 },
    });
    await say(STARTED, updates(1, 2, 4));
    expect(values()).toEqual([1, 2, 3, 4]);
  });

  test('leaves out what does not join, and asks for it by a new port', async () => {
    const { say, ports, values, states } = subscribe();
    await say(STARTED, updates(1, 1, 3), updates(2, 6, 7));
    expect(values()).toEqual([1, 2, 3]);
    expect(states.at(-1)).toMatchObject({ name: 'waiting', reason: 'gap' });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(ports).toHaveLength(2);
  });

  test('has the state of each feed as it comes', async () => {
    const { say, statuses } = subscribe();
    const status: FeedStatus = { feed: 'log', state: 'live', since: 1, reason: null, retryAt: null };
    await say(STARTED, { type: 'STATUS', ...status });
    expect(statuses).toEqual([expect.objectContaining(status)]);
  });
});

describe('state of a stream', () => {
  test('is told when it changes, and only then', async () => {
    const { say, states } = subscribe();
    await say(STARTED, updates(1, 1, 3));
    await vi.advanceTimersByTimeAsync(10);
    expect(states.map(({ name }) => name)).toEqual(['connecting', 'live']);
  });

  test('says at which time of day it is tried again', async () => {
    const { say, ports, states } = subscribe();
    await say(STARTED);
    ports[0]?.disconnect();
    await settle();
    const { name, reason, retryAt } = states.at(-1) ?? { name: '', reason: '', retryAt: null };
    expect([name, reason]).toEqual(['waiting', 'disconnect']);
    expect(retryAt).toBeGreaterThanOrEqual(Date.now());
    expect(retryAt).toBeLessThan(Date.now() + 1_000);
  });

  test('is over for good when the background says so', async () => {
    const { say, states, page, ports } = subscribe();
    await say(STARTED, { type: 'CLOSE', reason: 'permission-removed', detail: '', retry: false, afterMs: 0 });
    await vi.advanceTimersByTimeAsync(600_000);
    expect(states.at(-1)).toEqual({ name: 'closed', reason: 'permission-removed', detail: '', retryAt: null });
    expect([ports.length, page.listenerCount(), vi.getTimerCount()]).toEqual([1, 0, 0]);
  });

  test.each([30_000, 2 ** 40])('waits for no less than the background says: %d ms', async (afterMs) => {
    const { say, states, ports } = subscribe();
    await say(STARTED, { type: 'CLOSE', reason: 'too-many-ports', detail: '', retry: true, afterMs });
    await vi.advanceTimersByTimeAsync(29_999);
    expect([ports.length, states.at(-1)?.name]).toEqual([1, 'waiting']);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(ports.length > 1).toBe(afterMs === 30_000);
  });

  test('is paused by the person and resumed, with one port', async () => {
    const { say, pause, resume, names, received, ports } = subscribe();
    await say(STARTED);
    pause();
    pause();
    await settle();
    resume();
    await settle();
    expect(names()).toEqual(['connecting', 'live', 'paused', 'live']);
    expect(received.map(({ type }) => type).filter((type) => type === 'PAUSE' || type === 'RESUME')).toEqual([
      'PAUSE',
      'RESUME',
    ]);
    expect(ports).toHaveLength(1);
  });

  test('is over with its signal, and says so to the background', async () => {
    const { say, ending, states, received, page, resume } = subscribe();
    await say(STARTED);
    ending.abort();
    resume();
    await settle();
    expect(states.at(-1)).toMatchObject({ name: 'closed', reason: 'stopped' });
    expect(received.at(-1)?.type).toBe('STOP_UPDATES');
    expect([page.listenerCount(), vi.getTimerCount()]).toEqual([0, 0]);
  });
});
