/** What is decided in the subscriber itself; with a publisher at the other end it is tested in stream.test.ts. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Port } from '../../../utils/stream/port';
import { type FeedBatch, type FeedInfo, type FeedStatus, PROTOCOL_VERSION } from '../../../utils/stream/protocol';
import { createSubscriber, type StreamState, type SubscriberOptions } from '../../../utils/stream/subscriber';
import { createPortPair, type FakePort } from '../../fakes/port';
import { createFakeWindow } from '../../fakes/window';

const LOG: FeedInfo = {
  id: 'log',
  name: 'Log',
  kind: 'event',
  unit: '',
  epoch: 'e',
  definition: 'd',
  staleAfterMs: null,
};
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
  /** Posts throw, and nobody said so. */
  const dead = { port: false };
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
      const { postMessage } = pair.page;
      pair.page.postMessage = (message) => {
        if (dead.port) throw new Error('Attempting to use a disconnected port object');
        postMessage(message);
      };
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
    dead,
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
    expect(received[0]).not.toHaveProperty('takesOver');
    expect(names()).toEqual(['connecting', 'live']);
    expect(feeds).toEqual([[LOG]]);
  });

  test('says how often it wants batches and that its window is private', async () => {
    const { received } = subscribe({ everyMs: 1_000, isPrivate: true });
    await settle();
    expect(received[0]).toMatchObject({ everyMs: 1_000, private: true });
  });

  test('says on each port that it takes over from an earlier script', async () => {
    const { say, received, ports } = subscribe({ takesOver: true });
    await say(STARTED);
    ports[0]?.disconnect();
    await vi.advanceTimersByTimeAsync(1_000);
    const starts = received.filter(({ type }) => type === 'START_UPDATES');
    expect(starts.map(({ takesOver }) => takesOver)).toEqual([true, true]);
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

  test('comes again on a new port when it could not be applied, and waits longer each time', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const broken = new Error('cannot draw');
    let breaks = true;
    const applied: unknown[] = [];
    const { say, ports, received, states } = subscribe({
      onBatch(told) {
        if (breaks) throw broken;
        applied.push(...told.flatMap(({ updates: list }) => list.map(({ value }) => value)));
      },
    });
    for (const waitMs of [1_000, 2_000, 4_000]) {
      const open = ports.length;
      await say(STARTED, updates(1, 1, 3));
      expect(states.at(-1)).toMatchObject({ name: 'waiting', reason: 'not-applied' });
      await vi.advanceTimersByTimeAsync(waitMs - 10);
      expect(ports).toHaveLength(open);
      await vi.advanceTimersByTimeAsync(100);
      expect(ports).toHaveLength(open + 1);
    }
    breaks = false;
    await say(STARTED, updates(1, 1, 3));
    expect(applied).toEqual([1, 2, 3]);
    const starts = received.filter(({ type }) => type === 'START_UPDATES');
    expect(starts.map(({ resume }) => resume)).toEqual([{}, {}, {}, {}]);
    expect(received.filter(({ type }) => type === 'ACK')).toHaveLength(1);
    expect(error.mock.calls).toEqual(Array.from({ length: 3 }, () => [expect.any(String), broken]));
    // What was applied starts the waits again.
    breaks = true;
    await say(updates(2, 4, 4));
    const open = ports.length;
    await vi.advanceTimersByTimeAsync(1_010);
    expect(ports).toHaveLength(open + 1);
    error.mockRestore();
  });

  test.each(['onStream', 'onFeeds', 'onStatus', 'onNote'])(
    '%s may throw: it is reported, and ends nothing',
    async (name) => {
      const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
      const { say, values, ports } = subscribe({
        [name]() {
          throw new Error('cannot draw');
        },
      });
      const status: FeedStatus = { feed: 'log', state: 'live', since: 1, reason: null, retryAt: null };
      await say(STARTED, { type: 'STATUS', ...status }, updates(1, 1, 3));
      expect(values()).toEqual([1, 2, 3]);
      expect(ports).toHaveLength(1);
      expect(error).toHaveBeenCalled();
      error.mockRestore();
    },
  );

  test('has the state of each feed as it comes', async () => {
    const { say, statuses } = subscribe();
    const status: FeedStatus = { feed: 'log', state: 'live', since: 1, reason: null, retryAt: null };
    await say(STARTED, { type: 'STATUS', ...status });
    expect(statuses).toEqual([expect.objectContaining(status)]);
  });
});

describe('note of a subscriber', () => {
  const notesIn = (received: readonly { type: string; [field: string]: unknown }[]): unknown[] =>
    received.filter(({ type }) => type === 'NOTE').map(({ note }) => note);

  test('is told after each handshake', async () => {
    const onNote = vi.fn<(note: unknown) => void>();
    const { say, ports } = subscribe({ onNote });
    await say({ ...STARTED, note: 1 });
    ports[0]?.disconnect();
    await vi.advanceTimersByTimeAsync(1_000);
    await say({ ...STARTED, note: 2 });
    expect(onNote.mock.calls.flat()).toEqual([1, 2]);
  });

  test('goes to the background at once', async () => {
    const { say, received, note } = subscribe();
    await say(STARTED);
    note({ left: 1 });
    await settle();
    expect(notesIn(received)).toEqual([{ left: 1 }]);
  });

  test('waits for a port, and is then newer than what the background has', async () => {
    const onNote = vi.fn<(note: unknown) => void>();
    const { say, received, note } = subscribe({ onNote });
    note(1);
    note(2);
    await settle();
    expect(notesIn(received)).toEqual([]);
    await say({ ...STARTED, note: 0 });
    expect(notesIn(received)).toEqual([2]);
    expect(onNote.mock.calls.flat()).toEqual([2]);
  });

  test('that meets a port which died in silence goes to the next', async () => {
    const { say, received, note, dead } = subscribe();
    await say(STARTED);
    dead.port = true;
    note(1);
    dead.port = false;
    await vi.advanceTimersByTimeAsync(1_000);
    await say(STARTED);
    expect(notesIn(received)).toEqual([1]);
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

  test.each<[string, object, string, number]>([
    ['the background sends', { type: 'NONSENSE' }, 'unknown type', 80],
    [
      'it sent',
      { type: 'CLOSE', reason: 'bad-message', detail: 'malformed ACK', retry: true, afterMs: 30_000 },
      'malformed ACK',
      30_080,
    ],
  ])('says what is wrong with a message that %s, and warns once', async (_, message, detail, waitMs) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const { say, states } = subscribe();
    for (let time = 0; time < 2; time += 1) {
      await say(STARTED, message);
      expect(states.at(-1)).toMatchObject({ name: 'waiting', reason: 'bad-message', detail });
      await vi.advanceTimersByTimeAsync(waitMs);
      expect(states.at(-1)).toMatchObject({ name: 'connecting', detail: '' });
    }
    expect(warn.mock.calls).toEqual([[expect.stringContaining(detail)]]);
    warn.mockRestore();
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
