import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Authorise, START_LIMIT_MS } from '../../../utils/stream/accepted-port';
import type { AcceptedPort } from '../../../utils/stream/port';
import { type Cursor, HEARTBEAT_MS, MAX_MESSAGE_BYTES } from '../../../utils/stream/protocol';
import {
  createPublisher,
  MAX_PORTS,
  MAX_PORTS_PER_DOCUMENT,
  OWN_PORTS,
  type Publisher,
} from '../../../utils/stream/publisher';
import { createFakeFeed, type FakeFeed } from '../../fakes/feed';
import { createPortPair, type FakeSender } from '../../fakes/port';

const SENDER: FakeSender = { id: 'tidings', url: 'http://localhost/', origin: 'http://localhost', frameId: 0 };

let feed: FakeFeed;
let publisher: Publisher;
let authorise: Authorise;

interface Client {
  say(message: unknown): Promise<void>;
  types(): unknown[];
  messages: { type: string; reason?: string; retry?: boolean }[];
  disconnected: () => boolean;
  leave(): Promise<void>;
}

let documents = 0;
const newDocument = (): string => `document of its own ${(documents += 1)}`;

/** Opens a port: in a document of that id, or as a sender that is all this says. */
function connect(from: string | Partial<FakeSender> = newDocument()): Client {
  const sender = { ...SENDER, ...(typeof from === 'string' ? { documentId: from } : from) };
  const pair = createPortPair({ name: 'updates', sender });
  const messages: Client['messages'] = [];
  let disconnected = false;
  pair.page.onMessage.addListener((message) => messages.push(message as Client['messages'][number]));
  pair.page.onDisconnect.addListener(() => {
    disconnected = true;
  });
  publisher.accept(pair.background as unknown as AcceptedPort);
  const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);
  return {
    async say(message) {
      pair.page.postMessage(message);
      await settle();
    },
    types: () => messages.map(({ type }) => type),
    messages,
    disconnected: () => disconnected,
    async leave() {
      pair.page.disconnect();
      await settle();
    },
  };
}

const start = (streamId: string): object => ({
  type: 'START_UPDATES',
  protocol: 2,
  streamId,
  everyMs: 100,
  resume: {},
});

beforeEach(() => {
  vi.useFakeTimers();
  feed = createFakeFeed();
  authorise = () => Promise.resolve({ allowed: true, open: () => Promise.resolve([feed.reader()]) });
  publisher = createPublisher({ authorise: (sender) => authorise(sender) });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('publisher', () => {
  test('answers the handshake before anything else', async () => {
    const client = connect();
    await client.say(start('s'));
    expect(client.types()).toEqual(['STARTED', 'STATUS', 'UPDATES', 'PING']);
  });

  test('says nothing but a reason to whom is not allowed', async () => {
    authorise = () => Promise.resolve({ allowed: false, reason: 'not-allowed' });
    const client = connect();
    await client.say(start('s'));
    expect(client.messages).toEqual([{ type: 'CLOSE', reason: 'not-allowed', detail: '', retry: false, afterMs: 0 }]);
    expect(client.disconnected()).toBe(true);
  });

  test.each<[string, unknown[], string]>([
    ['junk', ['junk'], 'bad-message'],
    ['anything before START_UPDATES', [{ type: 'PING', id: 1 }], 'bad-message'],
    ['a second START_UPDATES', [start('s'), start('s')], 'bad-message'],
    ['an acknowledgement of what was never sent', [start('s'), { type: 'ACK', batch: 7 }], 'bad-message'],
    ['another version', [{ ...start('s'), protocol: 1 }], 'version-mismatch'],
  ])('closes a port that says %s', async (_, messages, reason) => {
    const client = connect();
    for (const message of messages) await client.say(message);
    expect(client.messages.at(-1)).toMatchObject({ type: 'CLOSE', reason });
    expect(client.disconnected()).toBe(true);
    expect(feed.viewers()).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('closes a port that never says START_UPDATES', async () => {
    const client = connect();
    await vi.advanceTimersByTimeAsync(START_LIMIT_MS);
    expect(client.disconnected()).toBe(true);
  });

  test('serves as many streams of a document as its limit, and refuses the newer', async () => {
    const clients = Array.from({ length: MAX_PORTS_PER_DOCUMENT + 1 }, () => connect('document'));
    for (const [index, client] of clients.slice(0, -1).entries()) await client.say(start(`s${index}`));
    expect(clients.map(({ messages }) => messages[0]?.type)).toEqual([
      'STARTED',
      'STARTED',
      'STARTED',
      'STARTED',
      'CLOSE',
    ]);
    await clients[0]?.leave();
    const next = connect('document');
    await next.say(start('next'));
    expect(next.types()).toContain('STARTED');
  });

  test.each<[what: string, sender: Partial<FakeSender>, other: Partial<FakeSender>]>([
    ['document', { documentId: 'a' }, { documentId: 'b' }],
    ['frame', { tab: { id: 1, incognito: false }, frameId: 0 }, { tab: { id: 1, incognito: false }, frameId: 2 }],
    ['tab', { tab: { id: 1, incognito: false } }, { tab: { id: 2, incognito: false } }],
    ['address', { url: 'http://localhost/a' }, { url: 'http://localhost/b' }],
  ])('counts ports that say nothing, by the %s where there is nothing better', async (_, sender, other) => {
    const clients = Array.from({ length: MAX_PORTS_PER_DOCUMENT + 1 }, () => connect(sender));
    const another = connect(other);
    await vi.advanceTimersByTimeAsync(0);
    const refused = { type: 'CLOSE', reason: 'too-many-ports', detail: '', retry: true, afterMs: 30_000 };
    expect(clients.map(({ messages }) => messages)).toEqual([[], [], [], [], [refused]]);
    expect([clients.at(-1)?.disconnected(), another.disconnected()]).toEqual([true, false]);
    await clients[0]?.leave();
    expect(connect(sender).disconnected()).toBe(false);
  });

  test('own pages have no limit of their own, and ports that no web page can take', async () => {
    const own = { url: 'chrome-extension://tidings/sidepanel.html' };
    publisher = createPublisher({
      authorise: (sender) => authorise(sender),
      isOwn: (sender) => sender?.url === own.url,
    });
    for (let count = 0; count < MAX_PORTS - OWN_PORTS; count += 1) connect();
    const [page, ...panels] = [connect(), ...Array.from({ length: OWN_PORTS }, () => connect(own))];
    const last = connect(own);
    await vi.advanceTimersByTimeAsync(0);
    expect(page?.types()).toEqual(['CLOSE']);
    expect(panels.filter((panel) => panel.types().length > 0)).toEqual([]);
    expect(last.types()).toEqual(['CLOSE']);
  });

  test('holds no place for whom is not allowed', async () => {
    authorise = () => Promise.resolve({ allowed: false, reason: 'not-allowed' });
    const clients = Array.from({ length: MAX_PORTS_PER_DOCUMENT }, () => connect('document'));
    await vi.advanceTimersByTimeAsync(0);
    expect(clients.every((client) => client.disconnected())).toBe(true);
    authorise = () => Promise.resolve({ allowed: true, open: () => Promise.resolve([feed.reader()]) });
    const next = connect('document');
    await next.say(start('s'));
    expect(next.types()).toContain('STARTED');
  });

  test('drops a stream that was silent for a minute of looks, and looks only while one streams', async () => {
    const [silent, alive, paused] = [connect(), connect(), connect()];
    for (const [index, client] of [silent, alive, paused].entries()) await client.say(start(`s${index}`));
    await paused.say({ type: 'PAUSE', reason: 'hidden' });
    for (let beat = 0; beat < 3; beat += 1) {
      await vi.advanceTimersByTimeAsync(HEARTBEAT_MS);
      await alive.say({ type: 'PING', id: beat });
    }
    expect(silent.disconnected()).toBe(false);
    await vi.advanceTimersByTimeAsync(HEARTBEAT_MS);
    expect([silent, alive, paused].map((client) => client.disconnected())).toEqual([true, false, false]);
    await alive.say({ type: 'PAUSE', reason: 'hidden' });
    expect(vi.getTimerCount()).toBe(0);
    await paused.say({ type: 'RESUME', reason: 'hidden' });
    expect(vi.getTimerCount()).toBe(1);
  });

  test('a machine that slept has not been listening: one look, however long it was', async () => {
    const client = connect();
    await client.say(start('s'));
    vi.setSystemTime(Date.now() + 8 * 3_600_000);
    await vi.advanceTimersByTimeAsync(HEARTBEAT_MS);
    expect(client.disconnected()).toBe(false);
  });

  test('counts by document, not by tab', async () => {
    for (let index = 0; index < 10; index += 1) {
      const client = connect(`document ${index}`);
      await client.say(start(`s${index}`));
      expect(client.types()).toContain('STARTED');
    }
  });

  test('a stream that comes back has one port, the newest', async () => {
    const [old, newer] = [connect('document'), connect('document')];
    await old.say(start('s'));
    await newer.say(start('s'));
    expect(old.disconnected()).toBe(true);
    expect(publisher.stats().openStreams).toBe(1);
    expect(feed.viewers()).toBe(1);
  });

  test('another document cannot end a stream by naming it', async () => {
    const [own, other] = [connect('document'), connect('other')];
    await own.say(start('s'));
    await other.say(start('s'));
    expect(own.disconnected()).toBe(false);
  });

  test(`refuses more than ${MAX_PORTS - OWN_PORTS} ports of web pages`, async () => {
    for (let count = 0; count < MAX_PORTS - OWN_PORTS; count += 1) connect();
    const refused = connect();
    await vi.advanceTimersByTimeAsync(0);
    expect(refused.messages).toEqual([
      { type: 'CLOSE', reason: 'too-many-ports', detail: '', retry: true, afterMs: 30_000 },
    ]);
  });

  test('leaves nothing behind when the page goes, at any point of the handshake', async () => {
    for (const said of [[], [start('s')]]) {
      const client = connect('document');
      for (const message of said) void client.say(message);
      await client.leave();
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(feed.viewers()).toBe(0);
    expect(publisher.stats().openStreams).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('knows the round trip from the page that answers', async () => {
    const client = connect();
    await client.say(start('s'));
    vi.advanceTimersByTime(7);
    await client.say({ type: 'PONG', id: 1 });
    expect(publisher.stats().roundTripMs).toBe(7);
  });

  test('counts a paused stream as not open', async () => {
    const client = connect();
    await client.say(start('s'));
    expect(publisher.stats().openStreams).toBe(1);
    await client.say({ type: 'PAUSE', reason: 'hidden' });
    expect(publisher.stats().openStreams).toBe(0);
  });

  test('no junk on one port disturbs another', async () => {
    const good = connect('good');
    await good.say(start('good'));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.jsonValue(), fc.constant(start('s'))), { minLength: 1, maxLength: 4 }),
        async (junk) => {
          const client = connect('bad');
          for (const message of [...junk, 'junk']) {
            if (client.disconnected()) break;
            await client.say(message);
          }
          expect(client.disconnected()).toBe(true);
        },
      ),
    );
    feed.push('still here');
    await vi.advanceTimersByTimeAsync(200);
    expect(good.types()).toContain('UPDATES');
    expect(publisher.stats().openStreams).toBe(1);
  });

  test('drops a port on which nothing can be posted any more, so that the page sees it', async () => {
    const client = connect();
    await client.say(start('s'));
    // Nothing in JSON may be as large as this; the feed that owns it was to refuse it.
    feed.push('x'.repeat(MAX_MESSAGE_BYTES));
    await vi.advanceTimersByTimeAsync(200);
    expect(client.disconnected()).toBe(true);
    expect(publisher.stats().openStreams).toBe(0);
  });

  describe('with a memory', () => {
    let remembered: Map<string, Record<string, Cursor>>;
    const resumed = async (documentId: string, said: object): Promise<unknown> => {
      const client = connect(documentId);
      await client.say(said);
      await vi.advanceTimersByTimeAsync(200);
      const updates = client.messages.find(({ type }) => type === 'UPDATES') as unknown as
        { feeds: { updates: { value: unknown }[] }[] } | undefined;
      return updates?.feeds[0]?.updates.map(({ value }) => value) ?? [];
    };

    beforeEach(() => {
      remembered = new Map();
      publisher = createPublisher({
        authorise: (sender) => authorise(sender),
        memory: {
          recall: (id) => Promise.resolve(remembered.get(id) ?? {}),
          remember: (id, cursors) => remembered.set(id, cursors),
        },
      });
      feed.push(...Array.from({ length: 30 }, (_, index) => index + 1));
    });

    test('a new script in a document goes on where the earlier one was', async () => {
      const before = connect('document');
      await before.say(start('before'));
      await vi.advanceTimersByTimeAsync(200);
      await before.say({ type: 'ACK', batch: 1 });
      feed.push(31, 32);
      expect(remembered.get('document')).toEqual({ feed: { epoch: 'epoch-1', seq: 30 } });
      expect(await resumed('document', { ...start('after'), takesOver: true })).toEqual([31, 32]);
    });

    test('the stream knows better than the memory', async () => {
      remembered.set('document', { feed: { epoch: 'epoch-1', seq: 5 } });
      const said = { ...start('s'), resume: { feed: { epoch: 'epoch-1', seq: 29 } } };
      expect(await resumed('document', said)).toEqual([30]);
    });

    test('another document begins with a snapshot', async () => {
      remembered.set('document', { feed: { epoch: 'epoch-1', seq: 29 } });
      expect(await resumed('other', start('s'))).toHaveLength(20);
    });

    test.each<[string, object, boolean]>([
      ['says that it is', { private: true }, false],
      ['is by its sender', {}, true],
    ])('nothing of a page in a private window is remembered or kept: it %s', async (_, said, isPrivate) => {
      const opened = vi.fn(() => Promise.resolve([feed.reader()]));
      authorise = () => Promise.resolve({ allowed: true, isPrivate, open: opened });
      const client = connect('document');
      await client.say({ ...start('s'), ...said });
      await vi.advanceTimersByTimeAsync(200);
      await client.say({ type: 'ACK', batch: 1 });
      expect(client.disconnected()).toBe(false);
      expect(remembered.size).toBe(0);
      expect(opened).toHaveBeenCalledWith({ isPrivate: true });
    });
  });
});
