import { afterEach, beforeEach, describe, expect, type Mock, test, vi } from 'vitest';
import {
  type AcceptedPortHandle,
  type AcceptedPortListener,
  acceptPort,
  type Authorisation,
  MAX_SILENT_LOOKS,
  MESSAGES_AT_ONCE,
  MESSAGES_PER_SECOND,
  NOTE_LIMIT_MS,
  START_LIMIT_MS,
} from '../../../utils/stream/accepted-port';
import type { FeedReader } from '../../../utils/stream/feed-reader';
import type { AcceptedPort, Sender } from '../../../utils/stream/port';
import { type Cursor, type Json, PROTOCOL_VERSION } from '../../../utils/stream/protocol';
import { MAX_UNHEARD } from '../../../utils/stream/status-queue';
import { createFakeFeed, type FakeFeed } from '../../fakes/feed';
import { createPortPair, type FakeSender } from '../../fakes/port';

const SENDER: FakeSender = { id: 'tidings', url: 'http://localhost/', origin: 'http://localhost', frameId: 0 };
const START = { type: 'START_UPDATES', protocol: PROTOCOL_VERSION, streamId: 's', everyMs: 100, resume: {} };
const CURSOR: Cursor = { epoch: 'epoch-1', seq: 2 };

let feed: FakeFeed;

beforeEach(() => {
  vi.useFakeTimers();
  feed = createFakeFeed();
});
afterEach(() => {
  vi.useRealTimers();
});

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

/** Accepts a port. Its sender may see the feed, or what `answer` says, as soon as that is `known`. */
function accept(answer: Partial<Authorisation> = {}, known: Promise<void> = Promise.resolve()) {
  const { page, background } = createPortPair({ name: 'updates', sender: SENDER });
  const said: { type: string; reason?: string; [field: string]: unknown }[] = [];
  const closed = vi.fn<() => void>();
  page.onMessage.addListener((message) => said.push(message as (typeof said)[number]));
  page.onDisconnect.addListener(closed);
  const open = vi.fn<(options: { isPrivate: boolean }) => Promise<readonly FeedReader[]>>(() =>
    Promise.resolve([feed.reader()]),
  );
  const allowed: Authorisation = { allowed: true, open };
  const authorisation: { answer: Authorisation } = { answer: Object.assign(allowed, answer) };
  const authorise = vi.fn<(sender: Sender | undefined) => Promise<Authorisation>>(() =>
    known.then(() => authorisation.answer),
  );
  const listener = {
    onStream: vi.fn<AcceptedPortListener['onStream']>(),
    onStreaming: vi.fn<AcceptedPortListener['onStreaming']>(),
    recall: vi.fn<AcceptedPortListener['recall']>(() => Promise.resolve({ feed: CURSOR })),
    onApplied: vi.fn<AcceptedPortListener['onApplied']>(),
    onRoundTrip: vi.fn<AcceptedPortListener['onRoundTrip']>(),
    onSent: vi.fn<AcceptedPortListener['onSent']>(),
    onOver: vi.fn<AcceptedPortListener['onOver']>(),
  };
  const handle: AcceptedPortHandle = acceptPort(background as unknown as AcceptedPort, authorise, listener);
  return {
    handle,
    listener,
    authorise,
    authorisation,
    open,
    said,
    closed,
    page,
    types: () => said.map(({ type }) => type),
    batches: () => said.filter(({ type }) => type === 'UPDATES'),
    say: async (message: object) => {
      page.postMessage(message);
      await settle();
    },
  };
}

describe('handshake of an accepted port', () => {
  test('asks at once who the sender is, and says nothing until it starts', async () => {
    const { authorise, said, handle } = accept();
    await settle();
    expect(authorise).toHaveBeenCalledExactlyOnceWith(SENDER);
    expect(handle.sender).toEqual(SENDER);
    expect(said).toEqual([]);
  });

  test('names the feeds and the limits before all else', async () => {
    const { say, said, types, listener } = accept();
    await say(START);
    expect(said[0]).toMatchObject({ protocol: PROTOCOL_VERSION, feeds: [{ id: 'feed', kind: 'event' }] });
    expect(types()[0]).toBe('STARTED');
    expect(listener.onStream).toHaveBeenCalledExactlyOnceWith('s');
  });

  test.each(['not-allowed', 'permission-removed'] as const)('is closed at once with the reason %s', async (reason) => {
    const { said, closed, open, listener } = accept({ allowed: false, reason });
    await settle();
    expect(said).toEqual([expect.objectContaining({ type: 'CLOSE', reason })]);
    expect(closed).toHaveBeenCalledOnce();
    expect(open).not.toHaveBeenCalled();
    expect(listener.onStream).not.toHaveBeenCalled();
    expect(listener.onOver).toHaveBeenCalledOnce();
  });

  test.each(['authorise', 'open', 'recall', 'note'] as const)(
    'is dropped with one error where %s rejects, and the page may try again',
    async (part) => {
      const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
      const broken = new Error('broken');
      const keeper = { load: () => Promise.reject(broken), save: vi.fn() };
      const { say, said, open, listener, closed } = accept(
        part === 'note' ? { note: keeper } : {},
        part === 'authorise' ? Promise.reject(broken) : Promise.resolve(),
      );
      if (part === 'open') open.mockRejectedValue(broken);
      if (part === 'recall') listener.recall.mockRejectedValue(broken);
      await say({ ...START, takesOver: true });
      expect([said, closed.mock.calls.length, listener.onOver.mock.calls.length]).toEqual([[], 1, 1]);
      expect(error.mock.calls).toEqual([[expect.any(String), broken]]);
      expect([feed.viewers(), vi.getTimerCount()]).toEqual([0, 0]);
      error.mockRestore();
    },
  );

  test('is given 10 s, and dropped without a word', async () => {
    const { said, listener, closed } = accept();
    await vi.advanceTimersByTimeAsync(START_LIMIT_MS - 1);
    expect(listener.onOver).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(said).toEqual([]);
    expect(closed).toHaveBeenCalledOnce();
    expect(listener.onOver).toHaveBeenCalledOnce();
  });

  test('opens nothing for a page that left while it was being authorised', async () => {
    const known = Promise.withResolvers<void>();
    const { say, page, open, said, listener } = accept({}, known.promise);
    await say(START);
    page.disconnect();
    await settle();
    known.resolve();
    await settle();
    expect(open).not.toHaveBeenCalled();
    expect(said).toEqual([]);
    expect(listener.onOver).toHaveBeenCalledOnce();
  });

  test('streams nothing to a page that left while its feeds were being opened', async () => {
    const { say, page, open, said, listener } = accept();
    const opening = Promise.withResolvers<readonly FeedReader[]>();
    open.mockReturnValue(opening.promise);
    await say(START);
    page.disconnect();
    await settle();
    opening.resolve([feed.reader()]);
    await settle();
    expect([said, feed.viewers()]).toEqual([[], 0]);
    expect(listener.onOver).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('privacy of an accepted port', () => {
  test.each([
    { sender: false, page: false, isPrivate: false },
    { sender: true, page: false, isPrivate: true },
    { sender: false, page: true, isPrivate: true },
    { sender: true, page: true, isPrivate: true },
  ])('private by sender $sender and by page $page: private $isPrivate', async ({ sender, page, isPrivate }) => {
    feed.push(1, 2, 3);
    const { say, open, listener, batches } = accept({ isPrivate: sender });
    await say({ ...START, takesOver: true, ...(page && { private: true }) });
    await vi.advanceTimersByTimeAsync(100);
    expect(open).toHaveBeenCalledExactlyOnceWith({ isPrivate });
    expect(listener.recall).toHaveBeenCalledTimes(isPrivate ? 0 : 1);
    const { batch } = batches()[0] as unknown as { batch: number };
    await say({ type: 'ACK', batch });
    expect(listener.onApplied).toHaveBeenCalledTimes(isPrivate ? 0 : 1);
  });
});

describe('note of an accepted port', () => {
  const keeper = (): { load: Mock<() => Promise<Json | null>>; save: Mock<(note: Json) => void> } => ({
    load: vi.fn(() => Promise.resolve({ left: 1 })),
    save: vi.fn(),
  });

  test('comes with the handshake, and each newer one is kept', async () => {
    const note = keeper();
    const { say, said } = accept({ note });
    await say(START);
    expect(said[0]).toMatchObject({ type: 'STARTED', note: { left: 1 } });
    await say({ type: 'NOTE', note: { left: 2 } });
    expect(note.save.mock.calls).toEqual([[{ left: 2 }]]);
  });

  test('holds the handshake up for a second at most', async () => {
    const note = keeper();
    note.load.mockReturnValue(new Promise(() => undefined));
    const { say, said } = accept({ note });
    await say(START);
    await vi.advanceTimersByTimeAsync(NOTE_LIMIT_MS - 1);
    expect(said).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(said[0]).toMatchObject({ type: 'STARTED', note: null });
    await say({ type: 'NOTE', note: 1 });
    expect(note.save.mock.calls).toEqual([[1]]);
  });

  test('is waited for no longer when the page leaves', async () => {
    const note = keeper();
    note.load.mockReturnValue(new Promise(() => undefined));
    const { say, page } = accept({ note });
    await say(START);
    page.disconnect();
    await settle();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('is null and goes nowhere where none is kept', async () => {
    const { say, said, closed } = accept();
    await say(START);
    await say({ type: 'NOTE', note: 1 });
    expect(said[0]).toMatchObject({ note: null });
    expect(closed).not.toHaveBeenCalled();
  });

  test.each([{ sender: true }, { page: true }])('is never kept for a private window: %j', async ({ sender, page }) => {
    const note = keeper();
    const { say } = accept({ note, ...(sender && { isPrivate: true }) });
    await say({ ...START, ...(page && { private: true }) });
    await say({ type: 'NOTE', note: 1 });
    expect(note.save).not.toHaveBeenCalled();
  });
});

describe('where an accepted port begins', () => {
  const seqs = (batches: object[]): unknown =>
    (batches[0] as { feeds: { updates: { seq: number }[] }[] }).feeds[0]?.updates.map(({ seq }) => seq);

  beforeEach(() => {
    feed.push('a', 'b', 'c');
  });

  test('is where the document was, for a stream that takes over and has no cursors', async () => {
    const { say, batches } = accept();
    await say({ ...START, takesOver: true });
    expect(seqs(batches())).toEqual([3]);
  });

  test('is where the document was, for a feed that the stream which takes over has not been told of', async () => {
    const { say, batches } = accept();
    await say({ ...START, takesOver: true, resume: { other: { epoch: 'epoch-1', seq: 9 } } });
    expect(seqs(batches())).toEqual([3]);
  });

  test('is a snapshot for any other stream of the document', async () => {
    const { say, batches, listener } = accept();
    await say(START);
    expect(seqs(batches())).toEqual([1, 2, 3]);
    expect(listener.recall).not.toHaveBeenCalled();
  });

  test('is where the stream says, whatever is known of its document', async () => {
    const { say, batches } = accept();
    await say({ ...START, takesOver: true, resume: { feed: { epoch: 'epoch-1', seq: 1 } } });
    expect(seqs(batches())).toEqual([2, 3]);
  });
});

describe('started port', () => {
  test('answers a heartbeat, and measures one of its own', async () => {
    const { say, said, listener } = accept();
    await say(START);
    await vi.advanceTimersByTimeAsync(5);
    await say({ type: 'PONG', id: 1 });
    expect(listener.onRoundTrip).toHaveBeenCalledExactlyOnceWith(5);
    await say({ type: 'PONG', id: 1 });
    expect(listener.onRoundTrip).toHaveBeenCalledOnce();
    await say({ type: 'PING', id: 9 });
    expect(said).toContainEqual({ type: 'PONG', id: 9 });
  });

  test('streams, but not while it is paused', async () => {
    const { say, listener, batches } = accept();
    const streaming = (): boolean | undefined => listener.onStreaming.mock.lastCall?.[0];
    expect(streaming()).toBeUndefined();
    await say({ ...START, resume: { feed: { epoch: 'epoch-1', seq: 0 } } });
    expect(streaming()).toBe(true);
    await say({ type: 'PAUSE', reason: 'person' });
    feed.push(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect([streaming(), batches().length]).toEqual([false, 0]);
    await say({ type: 'RESUME', reason: 'person' });
    await vi.advanceTimersByTimeAsync(100);
    expect([streaming(), batches().length]).toEqual([true, 1]);
    await say({ type: 'STOP_UPDATES' });
    expect(listener.onStreaming.mock.calls.flat()).toEqual([true, false, true, false]);
  });

  test('tells how many updates it sent', async () => {
    const { say, listener } = accept();
    await say({ ...START, resume: { feed: { epoch: 'epoch-1', seq: 0 } } });
    feed.push(1, 2, 3);
    await vi.advanceTimersByTimeAsync(100);
    expect(listener.onSent.mock.calls.flat().reduce((sum, count) => sum + count, 0)).toBe(3);
  });

  test('is dropped when it was silent for a minute, but not while it is paused', async () => {
    const { say, handle, listener, closed, types } = accept();
    const lookOften = (): void => {
      for (let look = 0; look < MAX_SILENT_LOOKS; look += 1) handle.look();
    };
    await say(START);
    lookOften();
    await say({ type: 'PING', id: 1 });
    lookOften();
    await say({ type: 'PAUSE', reason: 'hidden' });
    lookOften();
    handle.look();
    await say({ type: 'RESUME', reason: 'hidden' });
    lookOften();
    expect(listener.onOver).not.toHaveBeenCalled();
    handle.look();
    await settle();
    expect([closed.mock.calls.length, feed.viewers()]).toEqual([1, 0]);
    expect(types()).not.toContain('CLOSE');
  });

  test('asks whether the page is there when its statuses are held, and goes on with the answer', async () => {
    const { say, said } = accept();
    await say(START);
    await say({ type: 'PONG', id: 1 });
    const count = (type: string): number => said.filter((message) => message.type === type).length;
    for (let time = 0; time < 2 * MAX_UNHEARD; time += 1) {
      feed.setStatus({ since: time });
      await vi.advanceTimersByTimeAsync(100);
    }
    const told = 1 + MAX_UNHEARD;
    expect([count('STATUS'), count('PING')]).toEqual([told, 2]);
    await say({ type: 'PONG', id: 1 });
    expect(count('STATUS')).toBe(told + 1);
  });

  test('is closed when the page sends more than a page can mean', async () => {
    const { say, said, closed } = accept();
    await say(START);
    for (let second = 0; second < 60; second += 1) {
      for (let id = 0; id < MESSAGES_PER_SECOND; id += 1) await say({ type: 'PING', id });
      await vi.advanceTimersByTimeAsync(1_000);
    }
    for (let id = 1; id < MESSAGES_AT_ONCE; id += 1) await say({ type: 'PING', id });
    expect(closed).not.toHaveBeenCalled();
    await say({ type: 'PAUSE', reason: 'hidden' });
    expect(said.at(-1)).toMatchObject({ type: 'CLOSE', reason: 'bad-message', detail: 'too many messages' });
  });

  test.each<[message: object, detail: string]>([
    [{ type: 'ACK' }, 'malformed ACK'],
    [{ type: 'ACK', batch: 7 }, 'ACK of batch 7'],
    [START, 'START_UPDATES twice'],
  ])('says what is wrong with %j', async (message, detail) => {
    const { say, said } = accept();
    await say(START);
    await say(message);
    expect(said.at(-1)).toEqual({ type: 'CLOSE', reason: 'bad-message', detail, retry: true, afterMs: 30_000 });
  });

  test('ends without a word when the page stops it', async () => {
    const { say, said, listener, closed } = accept();
    await say(START);
    const before = said.length;
    await say({ type: 'STOP_UPDATES' });
    feed.push(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(said).toHaveLength(before);
    // Also a page that says so and stays holds no port.
    expect(closed).toHaveBeenCalledOnce();
    expect(listener.onOver).toHaveBeenCalledOnce();
    expect([feed.viewers(), vi.getTimerCount()]).toEqual([0, 0]);
  });

  test('is closed with the reason it is told, once', async () => {
    const { say, said, handle, listener, closed } = accept();
    await say(START);
    handle.close('shutting-down');
    handle.close('feed-removed');
    await settle();
    expect(said.filter(({ type }) => type === 'CLOSE')).toEqual([
      { type: 'CLOSE', reason: 'shutting-down', detail: '', retry: true, afterMs: 100 },
    ]);
    expect([listener.onOver.mock.calls.length, closed.mock.calls.length, feed.viewers()]).toEqual([1, 1, 0]);
  });

  test('gives way to a newer one without a word', async () => {
    const { say, types, handle, listener, closed } = accept();
    await say(START);
    handle.supersede();
    await settle();
    expect(types()).not.toContain('CLOSE');
    expect([listener.onOver.mock.calls.length, closed.mock.calls.length]).toEqual([1, 1]);
  });

  test('stays while its sender may see what it sees, and closes when not', async () => {
    const { say, said, handle, authorisation } = accept();
    await say(START);
    await handle.recheck();
    await settle();
    expect(said.map(({ type }) => type)).not.toContain('CLOSE');
    authorisation.answer = { allowed: false, reason: 'permission-removed' };
    await handle.recheck();
    await settle();
    expect(said.at(-1)).toMatchObject({ type: 'CLOSE', reason: 'permission-removed' });
  });

  test('is dropped when nobody can say whether its sender may still see what it sees', async () => {
    const { say, handle, authorise, closed } = accept();
    await say(START);
    const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    authorise.mockRejectedValueOnce(new Error('broken'));
    await handle.recheck();
    await settle();
    expect([closed.mock.calls.length, error.mock.calls.length]).toEqual([1, 1]);
    error.mockRestore();
  });
});
