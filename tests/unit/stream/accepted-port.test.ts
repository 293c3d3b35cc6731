import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  type AcceptedPortHandle,
  type AcceptedPortListener,
  acceptPort,
  type Authorisation,
  START_LIMIT_MS,
} from '../../../utils/stream/accepted-port';
import type { FeedReader } from '../../../utils/stream/feed-reader';
import type { AcceptedPort, Sender } from '../../../utils/stream/port';
import { type Cursor, PROTOCOL_VERSION } from '../../../utils/stream/protocol';
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

  test.each(['not-allowed', 'permission-removed'] as const)('closes with the reason %s', async (reason) => {
    const { say, said, closed, open, listener } = accept({ allowed: false, reason });
    await say(START);
    expect(said).toEqual([expect.objectContaining({ type: 'CLOSE', reason })]);
    expect(closed).toHaveBeenCalledOnce();
    expect(open).not.toHaveBeenCalled();
    expect(listener.onStream).not.toHaveBeenCalled();
    expect(listener.onOver).toHaveBeenCalledOnce();
  });

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

  test('ends without a word when the page stops it', async () => {
    const { say, said, listener } = accept();
    await say(START);
    const before = said.length;
    await say({ type: 'STOP_UPDATES' });
    feed.push(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(said).toHaveLength(before);
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
});
