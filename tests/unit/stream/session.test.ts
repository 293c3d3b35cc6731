import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { LostCause } from '../../../utils/stream/connection';
import type { Port } from '../../../utils/stream/port';
import { HANDSHAKE_LIMIT_MS, HEARTBEAT_MS, PONG_LIMIT_MS, type ToPage } from '../../../utils/stream/protocol';
import { openSession, type Session } from '../../../utils/stream/session';
import { createPortPair } from '../../fakes/port';

const STARTED: ToPage = { type: 'STARTED', protocol: 2, feeds: [], window: 8, maxMessageBytes: 262_144, note: null };
const updates = (batch: number): ToPage => ({ type: 'UPDATES', batch, feeds: [] });

let pair: ReturnType<typeof createPortPair>;
let session: Session;
let received: { type: string; [key: string]: unknown }[];
let lost: string[];
let details: string[];
let answer: LostCause | null;
/** As the subscriber does. */
let listenerEndsSession: boolean;

const say = (message: ToPage | object): void => {
  pair.background.postMessage(message);
  pair.flush();
};
const types = (): string[] => {
  pair.flush();
  return received.splice(0).map(({ type }) => type);
};

beforeEach(() => {
  vi.useFakeTimers();
  pair = createPortPair({ name: 'updates' });
  received = [];
  lost = [];
  details = [];
  answer = null;
  listenerEndsSession = false;
  pair.background.onMessage.addListener((message) => received.push(message as (typeof received)[number]));
  session = openSession(
    pair.page as unknown as Port,
    { streamId: 's', everyMs: 100, resume: {} },
    {
      onStarted: () => undefined,
      onBatch: () => answer,
      onStatus: () => undefined,
      onDismissed: ({ reason }) => lost.push(reason),
      onLost(why, detail) {
        lost.push(why);
        if (detail !== undefined) details.push(detail);
        if (listenerEndsSession) session.end();
      },
    },
  );
});
afterEach(() => {
  session.end();
  vi.useRealTimers();
});

describe('session', () => {
  test('begins with START_UPDATES and gives a background that says nothing 3 s', () => {
    expect(types()).toEqual(['START_UPDATES']);
    vi.advanceTimersByTime(HANDSHAKE_LIMIT_MS - 1);
    expect(lost).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(lost).toEqual(['handshake-timeout']);
  });

  test('tells after the call when not even the first message can be posted', () => {
    const closed = createPortPair();
    closed.page.disconnect();
    const causes: string[] = [];
    const listener = { onStarted: vi.fn(), onBatch: () => null, onStatus: vi.fn(), onDismissed: vi.fn() };
    const opened = openSession(
      closed.page as unknown as Port,
      { streamId: 's', everyMs: 100, resume: {} },
      { ...listener, onLost: (cause) => causes.push(cause) },
    );
    expect(causes).toEqual([]);
    vi.advanceTimersByTime(0);
    expect(causes).toEqual(['connect-failed']);
    opened.end();
  });

  test('pings after 20 s of silence and gives up 5 s later', () => {
    say(STARTED);
    types();
    vi.advanceTimersByTime(HEARTBEAT_MS - 1);
    expect(types()).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(types()).toEqual(['PING']);
    vi.advanceTimersByTime(PONG_LIMIT_MS);
    expect(lost).toEqual(['pong-timeout']);
  });

  test('pings although updates come, when it has not sent for 20 s: browsers count what a page sends', () => {
    say(STARTED);
    types();
    say(updates(1));
    expect(types()).toEqual(['ACK']);
    for (let second = 1; second <= 20; second += 1) {
      vi.advanceTimersByTime(1_000);
      if (second % 9 === 0) say(updates(1 + second / 9));
    }
    expect(types()).toEqual(['PING']);
  });

  test('does not ping while acknowledgements flow', () => {
    say(STARTED);
    types();
    for (let batch = 1; batch <= 60; batch += 1) {
      vi.advanceTimersByTime(1_000);
      say(updates(batch));
    }
    expect(new Set(types())).toEqual(new Set(['ACK']));
  });

  test('stays when the pong comes', () => {
    say(STARTED);
    vi.advanceTimersByTime(HEARTBEAT_MS);
    say({ type: 'PONG', id: 1 });
    vi.advanceTimersByTime(PONG_LIMIT_MS);
    expect(lost).toEqual([]);
  });

  test('acknowledges the first batch, and each whose number is a multiple of half the window', () => {
    say(STARTED);
    types();
    for (let batch = 1; batch <= 9; batch += 1) say(updates(batch));
    pair.flush();
    expect(received).toEqual([1, 4, 8].map((batch) => ({ type: 'ACK', batch })));
  });

  test('answers the background', () => {
    say(STARTED);
    types();
    say({ type: 'PING', id: 9 });
    pair.flush();
    expect(received).toEqual([{ type: 'PONG', id: 9 }]);
  });

  test('a paused page is silent and has no timer', () => {
    say(STARTED);
    session.pause({ type: 'PAUSE', reason: 'hidden' });
    types();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(120_000);
    expect(types()).toEqual([]);
  });

  test('asks whether the port lives when it resumes', () => {
    say(STARTED);
    session.pause({ type: 'PAUSE', reason: 'hidden' });
    types();
    session.resume({ type: 'RESUME', reason: 'hidden' });
    expect(types()).toEqual(['RESUME', 'PING']);
    vi.advanceTimersByTime(PONG_LIMIT_MS);
    expect(lost).toEqual(['pong-timeout']);
  });

  test.each<[string, object[], string]>([
    ['junk', [{ type: 'NONSENSE' }], 'bad-message'],
    ['updates before the handshake', [updates(1)], 'bad-message'],
    ['a second handshake', [STARTED, STARTED], 'bad-message'],
    ['a batch that is missing', [STARTED, updates(1), updates(3)], 'gap'],
    ['a batch twice', [STARTED, updates(1), updates(1)], 'gap'],
    [
      'a reason to close',
      [{ type: 'CLOSE', reason: 'not-allowed', detail: '', retry: false, afterMs: 0 }],
      'not-allowed',
    ],
  ])('gives the port up on %s', (_, messages, cause) => {
    for (const message of messages) say(message);
    expect(lost).toEqual([cause]);
  });

  test.each<[string, object[], string]>([
    ['junk', [{ type: 'NONSENSE' }], 'unknown type'],
    ['updates before the handshake', [updates(1)], 'UPDATES before STARTED'],
    ['a second handshake', [STARTED, STARTED], 'STARTED twice'],
  ])('says what is wrong with %s', (_, messages, detail) => {
    for (const message of messages) say(message);
    expect(details).toEqual([detail]);
  });

  test('posts a note, also while it is paused, and says whether it could', () => {
    say(STARTED);
    session.pause({ type: 'PAUSE', reason: 'hidden' });
    types();
    expect(session.note({ left: 1 })).toBe(true);
    pair.flush();
    expect(received).toEqual([{ type: 'NOTE', note: { left: 1 } }]);
    pair.page.disconnect();
    expect(session.note(2)).toBe(false);
  });

  test('gives the port up when a batch does not join, and does not acknowledge it', () => {
    say(STARTED);
    for (const batch of [1, 2, 3]) say(updates(batch));
    types();
    answer = 'gap';
    say(updates(4));
    expect(lost).toEqual(['gap']);
    expect(types()).toEqual([]);
  });

  test.each<[string, () => void]>([
    ['heartbeat', () => vi.advanceTimersByTime(HEARTBEAT_MS)],
    [
      'RESUME',
      () => {
        session.pause({ type: 'PAUSE', reason: 'hidden' });
        session.resume({ type: 'RESUME', reason: 'hidden' });
      },
    ],
  ])('a %s that cannot be posted leaves no timer, which would give the next port up', (_, post) => {
    say(STARTED);
    listenerEndsSession = true;
    // Closed, and nobody told this end.
    pair.page.postMessage = () => {
      throw new Error('Attempting to use a disconnected port object');
    };
    post();
    expect(lost).toContain('disconnect');
    expect(vi.getTimerCount()).toBe(0);
  });

  test('says when it stops, leaves no timer and hears nothing more', () => {
    say(STARTED);
    types();
    session.end();
    expect(types()).toEqual(['STOP_UPDATES']);
    expect(vi.getTimerCount()).toBe(0);
    expect(pair.background.onMessage).toBeDefined();
  });
});
