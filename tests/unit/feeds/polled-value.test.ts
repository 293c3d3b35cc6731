/** What a page says of a polled value that stays, with everything between source and model real. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parseFeed } from '../../../utils/feeds/feed';
import { createHub } from '../../../utils/feeds/hub';
import type { AcceptedPort, Port } from '../../../utils/stream/port';
import { createPublisher } from '../../../utils/stream/publisher';
import { createSubscriber } from '../../../utils/stream/subscriber';
import { createFeedModel, type FeedModel, type FeedView } from '../../../utils/ui/feed-model';
import { createFakeRuntime } from '../../fakes/port';
import { createFakeWindow, type FakeWindow } from '../../fakes/window';
import { createMemorySegments } from './memory-segments';
import { answerOf, createWorld } from './world';

const ADDRESS = 'https://example.com/queue.json';
const START = 1_700_000_000_000;
const MINUTE = 60_000;

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

/** A background that asks a source once a second, and a page. `depth`: what the source answers; `304` once it was asked. */
async function createBench() {
  const parsed = parseFeed({
    id: 'queue',
    name: 'Queue',
    kind: 'state',
    source: { type: 'poll', address: ADDRESS },
    path: '$.depth',
    paceMs: 1_000,
  });
  if (!parsed.ok) throw new Error(parsed.reason);
  const server = { depth: 5, asked: 0, knows304: false };
  const ask = (_: unknown, init?: RequestInit): Promise<Response> => {
    server.asked += 1;
    const etag = `"${server.depth}"`;
    const isSame = server.knows304 && new Headers(init?.headers).get('If-None-Match') === etag;
    const body = isSame ? null : JSON.stringify({ depth: server.depth });
    return Promise.resolve(answerOf(body, { url: ADDRESS, status: isSame ? 304 : 200, headers: { ETag: etag } }));
  };
  const window = createFakeWindow();
  const model = createFeedModel();
  const end = new AbortController();
  const disk = createMemorySegments();
  const runtime = createFakeRuntime({
    startBackground({ onConnect }) {
      const pulseStats = () => ({ openStreams: 0, updatesPerSecond: 0, roundTripMs: null });
      const deps = { ...createWorld().deps, fetch: ask as typeof fetch };
      const hub = createHub({ deps, segments: disk.reopen(), pulseStats });
      hub.configure([parsed.feed]);
      end.signal.addEventListener('abort', () => hub.end());
      const publisher = createPublisher({
        authorise: async () => ({
          allowed: true,
          open: async (options) => [await hub.reader('queue', options)].filter((reader) => reader !== null),
        }),
      });
      onConnect.addListener((port) => publisher.accept(port as unknown as AcceptedPort));
    },
  });
  const subscribe = (to: FeedModel, { window: place }: FakeWindow, tabId: number): void => {
    const page = runtime.openPage({ tabId });
    createSubscriber({
      connect: () => page.runtime.connect({ name: 'updates' }) as unknown as Port,
      isValid: () => true,
      page: place,
      ...to,
      signal: end.signal,
    });
  };
  subscribe(model, window, 1);
  // For this one the source is asked on while the other is hidden.
  subscribe(createFeedModel(), createFakeWindow(), 2);
  await pass(1_500);
  return {
    server,
    window,
    runtime,
    view(): FeedView {
      const [view] = model.snapshot(Date.now()).feeds ?? [];
      if (!view) throw new Error('no feed');
      return view;
    },
    end: () => end.abort(),
  };
}

beforeEach(() => void vi.useFakeTimers({ now: START }));
afterEach(() => {
  vi.clearAllTimers();
  vi.useRealTimers();
});

describe.each([
  ['whose source answers in full', false],
  ['whose source answers 304', true],
])('polled value %s', (_, knows304) => {
  test('stays live without a new update, as old as its arrival and confirmed a moment ago', async () => {
    const { server, view, end } = await createBench();
    server.knows304 = knows304;
    const { entry } = view();
    expect(entry.newest).toMatchObject({ value: 5 });
    await pass(10 * MINUTE);
    expect(server.asked).toBeGreaterThan(500);
    const { entry: after, state } = view();
    expect(state).toBe('live');
    expect(after).toMatchObject({ newest: entry.newest, received: 1, merged: 0, lost: 0, restarted: 0 });
    expect(Date.now() - (after.confirmedAt ?? 0)).toBeLessThan(3_000);
    end();
  });

  test('counts nothing as merged when a page was hidden for 10 minutes', async () => {
    const { server, window, view, end } = await createBench();
    server.knows304 = knows304;
    window.setHidden(true);
    await pass(10 * MINUTE);
    expect(server.asked).toBeGreaterThan(500);
    window.setHidden(false);
    await pass(3_000);
    expect(view()).toMatchObject({ state: 'live', entry: { newest: { value: 5 }, received: 1, merged: 0 } });
    end();
  });

  test('goes on with its sparkline and counts nothing when the background is another', async () => {
    const { server, runtime, view, end } = await createBench();
    server.knows304 = knows304;
    await pass(MINUTE);
    server.depth = 7;
    await pass(MINUTE);
    runtime.killBackground();
    await pass(MINUTE);
    const { state, entry } = view();
    expect(state).toBe('live');
    expect(entry).toMatchObject({ newest: { value: 7 }, change: 2, merged: 0, lost: 0, restarted: 0 });
    expect(entry.points.slice(0, 2).map(({ value }) => value)).toEqual([5, 5]);
    expect(entry.points.at(-1)).toEqual({ at: entry.confirmedAt, value: 7 });
    end();
  });
});
