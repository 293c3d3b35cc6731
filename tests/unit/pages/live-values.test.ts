import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { mountLiveValues } from '../../../utils/pages/live-values';
import type { FeedInfo, ToPage } from '../../../utils/stream/protocol';
import { PROTOCOL_VERSION } from '../../../utils/stream/protocol';
import { createDom, FRAME_MS } from '../../fakes/dom';
import { createPortPair, type FakePort } from '../../fakes/port';
import { createEnglish } from '../ui/english';

const QUEUE: FeedInfo = {
  id: 'queue',
  name: 'Queue',
  kind: 'state',
  unit: 'jobs',
  epoch: 'e',
  definition: 'd',
  staleAfterMs: null,
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const frame = (): Promise<unknown> => vi.advanceTimersByTimeAsync(FRAME_MS);

/** The values on a page, and the background: what each port of theirs got. */
function createBench({ isPrivate = false } = {}) {
  const { window, document, find, setHidden } = createDom('<main></main>');
  const ending = new AbortController();
  const ports: FakePort[] = [];
  const received: { type: string }[] = [];
  const announced: string[] = [];
  let isValid = true;
  mountLiveValues(find('main'), {
    t: createEnglish(),
    page: window,
    connect() {
      const { page, background } = createPortPair({ name: 'updates' });
      background.onMessage.addListener((message) => received.push(message as { type: string }));
      ports.push(background);
      return page;
    },
    isValid: () => isValid,
    isPrivate,
    announce: (text) => announced.push(text),
    signal: ending.signal,
  });
  const say = async (message: ToPage): Promise<void> => {
    ports.at(-1)?.postMessage(message);
    await frame();
  };
  return {
    document,
    find,
    setHidden,
    ending,
    ports,
    received,
    announced,
    say,
    invalidate: () => (isValid = false),
    state: () => [find('.values').dataset['stream'], find('.stream').textContent],
    pause: find<HTMLButtonElement>('.pause'),
    /** What it asked for, heartbeats aside. */
    asked: () => received.map(({ type }) => type).filter((type) => type !== 'PING'),
    start: async () => {
      await frame();
      await say({
        type: 'STARTED',
        protocol: PROTOCOL_VERSION,
        feeds: [QUEUE],
        window: 32,
        maxMessageBytes: 262_144,
        note: null,
      });
    },
    update: (seq: number, value: number) =>
      say({
        type: 'UPDATES',
        batch: seq,
        feeds: [
          {
            feed: 'queue',
            epoch: 'e',
            updates: [{ seq, at: Date.now(), value }],
            merged: 0,
            lost: 0,
            continues: true,
            confirmedAt: null,
          },
        ],
      }),
  };
}

describe('live values', () => {
  it('stream at once', async () => {
    const { ports, asked, state } = createBench();
    await frame();
    expect(ports).toHaveLength(1);
    expect(asked()).toEqual(['START_UPDATES']);
    expect(state()).toEqual(['connecting', 'Connecting']);
  });

  it('are a section named by its title', () => {
    const { find } = createBench();
    expect(find(`#${find('.values').getAttribute('aria-labelledby')}`).textContent).toBe('Live values');
  });

  it('show the feeds that the background names, and what comes of them', async () => {
    const { start, update, find, state } = createBench();
    await start();
    expect(state()).toEqual(['live', 'Live']);
    expect(find('.feed .name').textContent).toBe('Queue');
    await update(1, 42);
    expect(find('.feed .value').textContent).toBe('42');
  });

  it.each([true, false])('tell the background that the window is private: %j', async (isPrivate) => {
    const { received } = createBench({ isPrivate });
    await frame();
    expect('private' in (received[0] ?? {})).toBe(isPrivate);
  });

  it('pause and go on by one button', async () => {
    const { start, pause, asked, state } = createBench();
    await start();
    expect(pause.textContent).toBe('Pause');
    pause.click();
    await frame();
    expect([asked().at(-1), pause.textContent, ...state()]).toEqual(['PAUSE', 'Resume', 'paused', 'Paused']);
    pause.click();
    await frame();
    expect([asked().at(-1), pause.textContent, ...state()]).toEqual(['RESUME', 'Pause', 'live', 'Live']);
  });

  it('say why there is no stream, and nothing more when it is back', async () => {
    const { start, ports, find } = createBench();
    await start();
    expect(find('.notice').hidden).toBe(true);
    ports[0]?.disconnect();
    await frame();
    expect([find('.notice').hidden, find('.notice').textContent]).toEqual([
      false,
      'The background of Tidings stopped.',
    ]);
    await vi.advanceTimersByTimeAsync(1_000);
    await start();
    expect(find('.notice').hidden).toBe(true);
  });

  it('have it announced that the stream was lost for long, and that it is back', async () => {
    const { start, ports, announced } = createBench();
    await start();
    await vi.advanceTimersByTimeAsync(1_000);
    ports[0]?.disconnect();
    await vi.advanceTimersByTimeAsync(6_000);
    expect(announced).toEqual(['Connection lost']);
    // The port of the moment may be one that the page has given up.
    const before = ports.length;
    for (let n = 0; n < 1_000 && ports.length === before; n += 1) await vi.advanceTimersByTimeAsync(100);
    await start();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(announced).toEqual(['Connection lost', 'Connection is back']);
  });

  it('have nothing to pause once the extension is gone', async () => {
    const { start, ports, invalidate, pause, state } = createBench();
    await start();
    invalidate();
    ports[0]?.disconnect();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(state()).toEqual(['closed', 'Ended']);
    expect(pause.hidden).toBe(true);
  });

  it('end with their signal: stream, list and timers', async () => {
    const { start, ending, asked, document, pause, ports } = createBench();
    await start();
    ending.abort();
    pause.click();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked().at(-1)).toBe('STOP_UPDATES');
    expect(ports).toHaveLength(1);
    expect(document.querySelector('.feeds')).toBeNull();
    expect(vi.getTimerCount()).toBe(0);
  });
});
