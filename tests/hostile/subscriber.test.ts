/** Hostile messages to a page on the `updates` port: a broken or foreign background. */
import fc from 'fast-check';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { parseToPage } from '../../utils/stream/protocol';
import { createSubscriber } from '../../utils/stream/subscriber';
import { createFeedModel, MAX_LINES, MAX_POINTS } from '../../utils/ui/feed-model';
import { createFormat } from '../../utils/ui/format';
import { createPortPair, type FakePort, type Flavour } from '../fakes/port';
import { createFakeWindow, type FakeWindow } from '../fakes/window';
import { campaign, watchEscapes } from './campaign';
import { guardPort, tryPost } from './guarded-port';
import { nearlyToPage, started } from './port-messages';

const escapes = watchEscapes();

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
  // Each of a million bad messages is told there.
  vi.spyOn(console, 'warn').mockReturnValue();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

type Life = 'hide' | 'show' | 'cache' | 'return';

const LIVE: Record<Life, (page: FakeWindow) => void> = {
  hide: (page) => page.setHidden(true),
  show: (page) => page.setHidden(false),
  cache: (page) => page.fire('pagehide'),
  return: (page) => page.fire('pageshow'),
};

interface Background {
  port: FakePort;
  flush(): void;
  isBroken: boolean;
}

const caseOf = fc.record({
  flavour: fc.constantFrom<Flavour>('chromium', 'firefox'),
  steps: fc.array(
    fc.record({
      answer: fc.option(started, { freq: 8 }),
      message: nearlyToPage,
      life: fc.option(fc.constantFrom<Life>('hide', 'show', 'cache', 'return'), { freq: 1, nil: null }),
      /** `breaks`: nothing is told, and posts throw from then on. */
      end: fc.constantFrom('none', 'none', 'none', 'disconnects', 'breaks'),
      waitMs: fc.constantFrom(0, 0, 0, 100, 6_000, 40_000),
    }),
    { minLength: 1, maxLength: 60, size: 'max' },
  ),
});

const format = createFormat((key) => key, 'en');

test('no message to a page throws, connects without end or leaves anything behind', async () => {
  await campaign(400_000, caseOf, async ({ flavour, steps }) => {
    vi.clearAllTimers();
    vi.clearAllMocks();
    const page = createFakeWindow();
    const model = createFeedModel();
    const ending = new AbortController();
    const ports: Background[] = [];
    const seen = new Map<string, number>();
    createSubscriber({
      connect() {
        const pair = createPortPair({ flavour, name: 'updates' });
        const background: Background = { port: pair.background, flush: pair.flush, isBroken: false };
        ports.push(background);
        const port = guardPort(pair.page, escapes);
        return {
          ...port,
          postMessage(message) {
            if (background.isBroken) throw new Error('Attempting to use a disconnected port object');
            port.postMessage(message);
          },
        };
      },
      isValid: () => true,
      page: page.window,
      ...model,
      onBatch(feeds) {
        for (const { feed, epoch, continues, updates } of feeds) {
          // A snapshot, or another history: it is applied whole.
          if (!continues) seen.delete(JSON.stringify([feed, epoch]));
          for (const { seq } of updates) {
            const key = JSON.stringify([feed, epoch]);
            if (seq <= (seen.get(key) ?? 0)) throw new Error(`${key} went back to ${seq}`);
            seen.set(key, seq);
          }
          // Another epoch began: an older one may come back, and then begins anew.
          for (const key of seen.keys()) {
            const [of, at] = JSON.parse(key) as [string, string];
            if (of === feed && at !== epoch) seen.delete(key);
          }
        }
        model.onBatch(feeds);
      },
      onFeeds(feeds) {
        for (const key of seen.keys()) {
          const [of] = JSON.parse(key) as [string];
          if (!feeds.some(({ id }) => id === of)) seen.delete(key);
        }
        model.onFeeds(feeds);
      },
      signal: ending.signal,
    });

    let answered: FakePort | null = null;
    for (const { answer, message, life, end, waitMs } of steps) {
      expect(typeof parseToPage(message).ok).toBe('boolean');
      const open = ports.at(-1);
      if (open !== undefined) {
        if (answer !== null && open.port !== answered) tryPost(open.port, answer);
        answered = open.port;
        tryPost(open.port, message);
        open.flush();
        if (end === 'disconnects') open.port.disconnect();
        if (end === 'breaks') open.isBroken = true;
      }
      if (life !== null) LIVE[life](page);
      if (waitMs > 0) vi.advanceTimersByTime(waitMs);
      open?.flush();
    }
    await escapes.check();

    for (const { entry } of model.snapshot(Date.now()).feeds ?? []) {
      expect(entry.points.length).toBeLessThanOrEqual(MAX_POINTS);
      expect(entry.lines.length).toBeLessThanOrEqual(MAX_LINES);
      format.trend(entry.points);
      for (const line of entry.lines) expect(format.value(line.value).length).toBeLessThanOrEqual(201);
    }
    ending.abort();
    for (const { flush } of ports) flush();
    // Nothing of a session that ended may wake up again.
    expect(vi.getTimerCount()).toBe(0);
    expect(page.listenerCount()).toBe(0);
    await setImmediate();
    await escapes.check();
    return steps.length;
  });
});

test('a background that asks to wait longer than a timer can is not asked again at once', () => {
  const page = createFakeWindow();
  const ending = new AbortController();
  let connects = 0;
  createSubscriber({
    connect() {
      connects += 1;
      const pair = createPortPair({ name: 'updates' });
      tryPost(pair.background, {
        type: 'CLOSE',
        reason: 'x',
        detail: '',
        retry: true,
        afterMs: Number.MAX_SAFE_INTEGER,
      });
      setTimeout(pair.flush, 1);
      return guardPort(pair.page, escapes);
    },
    isValid: () => true,
    page: page.window,
    ...createFeedModel(),
    signal: ending.signal,
  });
  vi.advanceTimersByTime(60_000);
  ending.abort();
  expect(connects).toBe(1);
});
