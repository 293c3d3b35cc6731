/** Subscriber and publisher joined by fake ports: what the stream promises, in memory. Browsers follow in tests/browser. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Authorise } from '../../../utils/stream/accepted-port';
import { PROVEN_AFTER_MS } from '../../../utils/stream/connection';
import type { AcceptedPort, Port } from '../../../utils/stream/port';
import { type FeedBatch, PORT_NAME } from '../../../utils/stream/protocol';
import { createPublisher, type Publisher } from '../../../utils/stream/publisher';
import { createSubscriber, type StreamState, type Subscriber } from '../../../utils/stream/subscriber';
import { createFakeFeed, type FakeFeed } from '../../fakes/feed';
import { createFakeRuntime, type FakeRuntime, type Flavour } from '../../fakes/port';
import { createFakeWindow, type FakeWindow } from '../../fakes/window';

/** A page with a subscriber, as a content script would set it up. */
interface Viewer {
  page: ReturnType<FakeRuntime['openPage']>;
  window: FakeWindow;
  subscriber: Subscriber;
  states: StreamState[];
  values: unknown[];
  batches: FeedBatch[][];
  stop: AbortController;
  ports: Port[];
  state(): string | undefined;
}

let feed: FakeFeed;
let publisher: Publisher;
let authorise: Authorise;
let breaksAtStart: boolean;

const startRuntime = (flavour: Flavour): FakeRuntime =>
  createFakeRuntime({
    flavour,
    startBackground({ onConnect }) {
      if (breaksAtStart) throw new Error('thrown at start');
      publisher = createPublisher({ authorise: (sender) => authorise(sender) });
      const own = publisher;
      onConnect.addListener((port) => own.accept(port as unknown as AcceptedPort));
    },
  });

function openViewer(runtime: FakeRuntime, windowOptions = {}): Viewer {
  const page = runtime.openPage();
  const window = createFakeWindow(windowOptions);
  const viewer = { page, window, states: [], values: [], batches: [], stop: new AbortController(), ports: [] };
  const filled: Omit<Viewer, 'subscriber' | 'state'> = viewer;
  const subscriber = createSubscriber({
    connect() {
      const port = page.runtime.connect({ name: PORT_NAME }) as unknown as Port;
      filled.ports.push(port);
      return port;
    },
    isValid: () => page.runtime.id !== undefined,
    page: window.window,
    onStream: (state) => filled.states.push(state),
    onFeeds: () => undefined,
    onBatch(batches) {
      filled.batches.push(batches);
      filled.values.push(...batches.flatMap(({ updates }) => updates.map(({ value }) => value)));
    },
    onStatus: () => undefined,
    signal: filled.stop.signal,
  });
  return { ...filled, subscriber, state: () => filled.states.at(-1)?.name };
}

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n);
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers();
  feed = createFakeFeed();
  authorise = () => Promise.resolve({ allowed: true, open: () => Promise.resolve([feed.reader()]) });
  breaksAtStart = false;
});
afterEach(() => {
  vi.useRealTimers();
});

describe.each<Flavour>(['chromium', 'firefox'])('stream with the ports of %s', (flavour) => {
  let runtime: FakeRuntime;
  beforeEach(() => {
    runtime = startRuntime(flavour);
  });

  test('hands over what the feed brings', async () => {
    const viewer = openViewer(runtime);
    await pass(10);
    expect(viewer.state()).toBe('live');
    feed.push('a');
    await pass(10);
    expect(viewer.values).toEqual(['a']);
  });

  test('resumes from its cursor when the worker restarts', async () => {
    const viewer = openViewer(runtime);
    await pass(10);
    for (const value of numbers(1, 50)) {
      feed.push(value);
      await pass(7);
      if (value % 10 === 0) runtime.killBackground({ arriving: value % 3 });
    }
    await pass(2_000);
    expect(viewer.state()).toBe('live');
    expect(viewer.values).toEqual(numbers(1, 50));
  });

  test('does not connect inside onDisconnect', async () => {
    const viewer = openViewer(runtime);
    await pass(10);
    runtime.killBackground();
    runtime.flush();
    await pass(0);
    expect(viewer.ports).toHaveLength(1);
    expect(viewer.state()).toBe('waiting');
    await pass(100);
    expect(viewer.ports).toHaveLength(2);
    expect(viewer.state()).toBe('live');
  });

  test('goes through the bfcache with one port, and catches up', async () => {
    const viewer = openViewer(runtime);
    await pass(10);
    feed.push(1);
    await pass(10);
    viewer.window.setHidden(true);
    viewer.window.fire('pagehide');
    viewer.page.cache();
    feed.push(2, 3);
    await pass(10_000);
    expect(publisher.stats().openStreams).toBe(0);
    viewer.page.restore();
    viewer.window.fire('pageshow');
    viewer.window.setHidden(false);
    await pass(100);
    expect(publisher.stats().openStreams).toBe(1);
    expect(viewer.values).toEqual([1, 2, 3]);
  });

  test('finds the worker dead after a thaw that no disconnect announced', async () => {
    const viewer = openViewer(runtime);
    await pass(10);
    viewer.page.freeze();
    viewer.window.fire('freeze');
    runtime.killBackground();
    feed.push(1);
    await pass(1_000);
    viewer.page.thaw();
    viewer.window.fire('resume');
    await pass(200);
    expect(viewer.values).toEqual([1]);
  });

  test('sends nothing while hidden and the newest at once when shown', async () => {
    feed = createFakeFeed({ kind: 'state' });
    const viewer = openViewer(runtime);
    await pass(10);
    viewer.window.setHidden(true);
    await pass(10);
    for (const value of numbers(1, 30)) {
      feed.push(value);
      await pass(100);
    }
    expect(viewer.values).toEqual([]);
    expect(feed.viewers()).toBe(0);
    viewer.window.setHidden(false);
    await pass(5);
    expect(viewer.values).toEqual([30]);
    expect(viewer.ports).toHaveLength(1);
  });

  test('a hidden page whose worker stopped has no timer, and connects when shown', async () => {
    const viewer = openViewer(runtime);
    await pass(10);
    viewer.window.setHidden(true);
    await pass(10);
    runtime.killBackground();
    await pass(1_000);
    expect(vi.getTimerCount()).toBe(0);
    expect(viewer.ports).toHaveLength(1);
    viewer.window.setHidden(false);
    await pass(100);
    expect(viewer.state()).toBe('live');
  });

  test('finds a port that died in silence while the page was hidden', async () => {
    const viewer = openViewer(runtime);
    await pass(10);
    viewer.window.setHidden(true);
    await pass(10);
    viewer.page.freeze();
    runtime.killBackground();
    viewer.page.thaw();
    viewer.window.setHidden(false);
    feed.push(1);
    await pass(5_500);
    expect(viewer.values).toEqual([1]);
  });

  test('opens no port while prerendered and one when shown', async () => {
    const viewer = openViewer(runtime, { prerendering: true });
    viewer.window.fire('pageshow');
    await pass(1_000);
    expect(viewer.ports).toHaveLength(0);
    viewer.window.fire('prerenderingchange');
    await pass(100);
    expect(viewer.ports).toHaveLength(1);
  });

  test('ignores lifecycle events that the page makes up', async () => {
    const viewer = openViewer(runtime);
    await pass(10);
    viewer.window.fire('pagehide', false);
    viewer.window.fire('freeze', false);
    await pass(10);
    expect(viewer.state()).toBe('live');
  });

  test('keeps quiet with a silent feed, and stays on its port', async () => {
    const viewer = openViewer(runtime);
    await pass(120_000);
    expect(viewer.state()).toBe('live');
    expect(viewer.ports).toHaveLength(1);
  });

  test('lets at most a few connects a minute through to a worker that throws at start, and recovers', async () => {
    breaksAtStart = true;
    const viewer = openViewer(runtime);
    await pass(60_000);
    expect(viewer.ports.length).toBeLessThanOrEqual(20);
    breaksAtStart = false;
    runtime.killBackground();
    // Longer than the longest wait between two retries.
    await pass(60_000);
    expect(viewer.state()).toBe('live');
  });

  test('stops for good without a timer or listener when it is told to', async () => {
    const viewer = openViewer(runtime);
    await pass(10);
    viewer.stop.abort();
    await pass(10);
    expect(viewer.state()).toBe('closed');
    expect(viewer.window.listenerCount()).toBe(0);
    expect(publisher.stats().openStreams).toBe(0);
    expect(feed.viewers()).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('the page can pause and resume', async () => {
    const viewer = openViewer(runtime);
    await pass(10);
    viewer.subscriber.pause();
    await pass(10);
    feed.push(1);
    await pass(60_000);
    expect(viewer.values).toEqual([]);
    viewer.subscriber.resume();
    await pass(10);
    expect(viewer.values).toEqual([1]);
  });

  test.each<[string, (viewer: Viewer) => Promise<void>]>([
    ['its worker stops', async () => runtime.killBackground()],
    [
      'it goes through the bfcache',
      async ({ window }) => {
        window.fire('pagehide');
        await pass(10);
        window.fire('pageshow');
      },
    ],
  ])('stays paused by the person when %s, and resumes', async (_, meanwhile) => {
    const viewer = openViewer(runtime);
    await pass(10);
    viewer.subscriber.pause();
    await pass(10);
    await meanwhile(viewer);
    await pass(1_000);
    expect(viewer.state()).toBe('paused');
    feed.push(1);
    await pass(1_000);
    expect(viewer.values).toEqual([]);
    viewer.subscriber.resume();
    await pass(100);
    expect(viewer.state()).toBe('live');
    expect(viewer.values).toEqual([1]);
  });

  test('can be paused while it waits for a port, and resumed', async () => {
    const viewer = openViewer(runtime);
    await pass(10);
    runtime.killBackground();
    await pass(10);
    viewer.subscriber.pause();
    expect(viewer.state()).toBe('paused');
    await pass(10_000);
    viewer.subscriber.resume();
    await pass(100);
    expect(viewer.state()).toBe('live');
  });

  test('says anew when it is tried again', async () => {
    breaksAtStart = true;
    const viewer = openViewer(runtime);
    await pass(60_000);
    const waits = viewer.states.filter(({ name }) => name === 'waiting').map(({ retryAt }) => retryAt);
    expect(waits.length).toBeGreaterThan(3);
    expect(new Set(waits).size).toBe(waits.length);
  });

  test('is told when it may not see anything, and stops', async () => {
    authorise = () => Promise.resolve({ allowed: false, reason: 'not-allowed' });
    const viewer = openViewer(runtime);
    await pass(60_000);
    expect(viewer.states.at(-1)).toMatchObject({ name: 'closed', reason: 'not-allowed' });
    expect(viewer.ports).toHaveLength(1);
  });

  test('takes the new feeds when they were changed', async () => {
    const viewer = openViewer(runtime);
    await pass(10);
    feed = createFakeFeed({ id: 'other' });
    publisher.closeAll('feed-removed');
    await pass(200);
    feed.push('new');
    await pass(10);
    expect(viewer.state()).toBe('live');
    expect(viewer.values).toEqual(['new']);
  });

  test('ends within a tick when its permission is taken away', async () => {
    const viewer = openViewer(runtime);
    await pass(10);
    authorise = () => Promise.resolve({ allowed: false, reason: 'permission-removed' });
    publisher.recheck();
    await pass(10);
    expect(viewer.states.at(-1)).toMatchObject({ name: 'closed', reason: 'permission-removed' });
    expect(feed.viewers()).toBe(0);
  });

  test('loses nothing and repeats nothing, wherever the worker dies', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({ afterMs: fc.nat({ max: 300 }), arriving: fc.nat({ max: 4 }), pushes: fc.nat({ max: 9 }) }),
          {
            maxLength: 12,
          },
        ),
        async (kills) => {
          feed = createFakeFeed();
          const own = startRuntime(flavour);
          const viewer = openViewer(own);
          await pass(10);
          // From its first update on: a stream that has none yet begins with a snapshot.
          let pushed = 1;
          feed.push(1);
          await pass(200);
          for (const { afterMs, arriving, pushes } of kills) {
            for (let count = 0; count < pushes; count += 1) feed.push((pushed += 1));
            await pass(afterMs);
            own.killBackground({ arriving });
          }
          await pass(90_000);
          expect(viewer.values).toEqual(numbers(1, pushed));
          viewer.stop.abort();
          await pass(0);
        },
      ),
      { numRuns: 60 },
    );
  });
});

/** Nobody told the one that died: a fake leaves its timer. */
const TIMERS_OF_BACKGROUND = 1;

test('an old script stops without an error when the extension is updated in Chromium', async () => {
  const runtime = startRuntime('chromium');
  const viewer = openViewer(runtime);
  await pass(10);
  runtime.updateExtension();
  await pass(20);
  runtime.invalidateOldPages();
  await pass(200);
  expect(viewer.states.at(-1)).toMatchObject({ name: 'closed', reason: 'invalidated' });
  expect(viewer.ports).toHaveLength(1);
  expect(vi.getTimerCount()).toBe(TIMERS_OF_BACKGROUND);
  expect(viewer.window.listenerCount()).toBe(0);
});

test('a script that got a silent port from an extension that is being updated stops within 80 ms', async () => {
  const runtime = startRuntime('chromium');
  const viewer = openViewer(runtime);
  await pass(PROVEN_AFTER_MS + 10);
  runtime.updateExtension();
  await pass(50);
  expect(viewer.ports).toHaveLength(2);
  expect(viewer.state()).toBe('connecting');
  runtime.invalidateOldPages();
  await pass(30);
  expect(viewer.states.at(-1)).toMatchObject({ name: 'closed', reason: 'invalidated' });
  expect(vi.getTimerCount()).toBe(TIMERS_OF_BACKGROUND);
  expect(viewer.window.listenerCount()).toBe(0);
});

test('a page connects again within 20 ms after a worker that had worked was stopped', async () => {
  const runtime = startRuntime('chromium');
  const viewer = openViewer(runtime);
  await pass(PROVEN_AFTER_MS + 10);
  runtime.killBackground();
  await pass(21);
  expect(viewer.ports).toHaveLength(2);
});

test('a hidden script stops too when the extension is updated in Chromium', async () => {
  const runtime = startRuntime('chromium');
  const viewer = openViewer(runtime);
  await pass(10);
  viewer.window.setHidden(true);
  runtime.updateExtension();
  runtime.invalidateOldPages();
  await pass(200);
  expect(viewer.states.at(-1)).toMatchObject({ name: 'closed', reason: 'invalidated' });
});

test('a script on a plain http page, where crypto.randomUUID is missing, streams', async () => {
  vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) });
  const viewer = openViewer(startRuntime('chromium'));
  await pass(10);
  expect(viewer.state()).toBe('live');
  vi.unstubAllGlobals();
});
