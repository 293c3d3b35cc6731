import fc from 'fast-check';
import { setImmediate } from 'node:timers/promises';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  MAX_ENTRIES,
  parseToPanel,
  type Addressee,
  type Entry,
  type ToPanel,
} from '../../../utils/conversation/protocol';
import { createResponder, type Upstream } from '../../../utils/conversation/responder';
import type { SendResult } from '../../../utils/feeds/source';
import { post } from '../../../utils/stream/port';
import { createTranscript } from '../../../utils/conversation/transcript';
import { createPortPair, type FakePort, type FakeSender } from '../../fakes/port.ts';

const popup: FakeSender = {
  id: 'tidings',
  url: 'chrome-extension://tidings/popup.html',
  origin: 'chrome-extension://tidings',
};
const page: FakeSender = {
  id: 'tidings',
  url: 'http://localhost/',
  origin: 'http://localhost',
  tab: { id: 1, incognito: false },
  frameId: 0,
};
const tabOf = (incognito: boolean): FakeSender => ({ ...popup, tab: { id: 2, incognito } });

function createBench({
  kept = Promise.resolve<unknown>([]),
  whenReady = Promise.resolve<unknown>(undefined),
  takes = () => ({ ok: true }),
}: { kept?: Promise<unknown>; whenReady?: Promise<unknown>; takes?: Upstream['send'] } = {}) {
  const clock = { now: 1_000 };
  const feeds: Addressee[] = [{ id: 'builds', name: 'Builds' }];
  const save = (): Promise<void> => Promise.resolve();
  const transcript = createTranscript({ load: () => kept, save });
  const privateTranscript = createTranscript({ load: () => Promise.resolve([]), save });
  const sent = vi.fn<Upstream['send']>(takes);
  const responder = createResponder({
    isExtensionPage: (sender) => sender?.url?.startsWith('chrome-extension://tidings/') === true,
    transcripts: { normal: transcript, private: privateTranscript },
    upstream: { addressees: () => [...feeds], send: sent },
    whenReady,
    now: () => clock.now,
  });
  return {
    clock,
    feeds,
    transcript,
    privateTranscript,
    sent,
    responder,
    async open(sender: FakeSender = popup, name = 'conversation') {
      const pair = createPortPair({ name, sender });
      const got: ToPanel[] = [];
      const ended = vi.fn<() => void>();
      pair.page.onMessage.addListener((raw) => {
        const parsed = parseToPanel(raw);
        if (!parsed.ok) throw new Error(parsed.reason);
        got.push(parsed.message);
      });
      pair.page.onDisconnect.addListener(ended);
      responder.accept(pair.background);
      await settle();
      return { port: pair.page, got, ended };
    },
  };
}

const settle = (): Promise<void> => setImmediate();
const entriesOf = (got: ToPanel[]): Entry[] =>
  got.flatMap((message) => (message.type === 'ENTRY' ? [message.entry] : []));
const texts = (got: ToPanel[]): string[] => entriesOf(got).map(({ text }) => text);
const refusals = (got: ToPanel[]): string[] =>
  got.flatMap((message) => (message.type === 'REFUSED' ? [message.reason] : []));

let ids = 0;
function send(port: FakePort, text: string, to: string | null = null): void {
  ids += 1;
  port.postMessage({ type: 'SEND', id: `m${ids}`, text, to });
}

beforeEach(() => {
  ids = 0;
});

describe('responder', () => {
  it('closes the port of a content script and says nothing', async () => {
    const bench = createBench();
    const { got, ended } = await bench.open(page);
    expect(ended).toHaveBeenCalledOnce();
    expect(got).toEqual([]);
    expect(bench.responder.openPanels()).toBe(0);
  });

  it('sends the transcript first, then the answer', async () => {
    const bench = createBench();
    const { port, got } = await bench.open();
    send(port, 'hello');
    await settle();
    expect(got[0]).toEqual({ type: 'TRANSCRIPT', entries: [], addressees: [{ id: 'builds', name: 'Builds' }] });
    expect(entriesOf(got)).toEqual([
      { id: 'm1', at: 1_000, from: 'person', text: 'hello', to: null, answers: null, outcome: null },
      {
        id: expect.any(String),
        at: 1_000,
        from: 'background',
        text: 'Background received: "hello"',
        to: null,
        answers: 'm1',
        outcome: 'received',
      },
    ]);
  });

  it.each(['  spaces  ', 'a "quoted" $1 {name} word', '<b>bold</b>', 'Zeile\nzwei', '😀'])(
    'answers %j verbatim',
    async (text) => {
      const bench = createBench();
      const { port, got } = await bench.open();
      send(port, text);
      await settle();
      expect(texts(got)).toEqual([text, `Background received: "${text}"`]);
    },
  );

  it('tells every open panel of each entry, and a new one of all', async () => {
    const bench = createBench();
    const first = await bench.open();
    const second = await bench.open();
    send(first.port, 'one');
    send(second.port, 'two');
    await settle();
    expect(texts(second.got)).toEqual(texts(first.got));
    expect(texts(first.got)).toHaveLength(4);
    const third = await bench.open();
    expect(third.got).toEqual([expect.objectContaining({ type: 'TRANSCRIPT', entries: entriesOf(first.got) })]);
  });

  it('passes text to the chosen feed and says that it was accepted', async () => {
    const bench = createBench();
    const { port, got } = await bench.open();
    send(port, 'deploy', 'builds');
    await settle();
    expect(bench.sent).toHaveBeenCalledExactlyOnceWith('builds', 'deploy', { isPrivate: false });
    expect(entriesOf(got)).toMatchObject([{ to: 'Builds' }, { to: 'Builds', outcome: 'accepted', answers: 'm1' }]);
  });

  it('passes on why a feed did not take the text, as its code', async () => {
    const bench = createBench({ takes: () => ({ ok: false, reason: 'not-open' }) });
    const { port, got } = await bench.open();
    send(port, 'deploy', 'builds');
    await settle();
    expect(entriesOf(got)[1]).toMatchObject({ outcome: 'refused', text: 'not-open' });
  });

  it('shows a text at once and what became of it later, and holds nobody up meanwhile', async () => {
    const { promise, resolve } = Promise.withResolvers<SendResult>();
    const bench = createBench({ takes: () => promise });
    const { port, got } = await bench.open();
    send(port, 'deploy', 'builds');
    send(port, 'hello');
    await settle();
    expect(texts(got)).toEqual(['deploy', 'hello', 'Background received: "hello"']);
    const late = await bench.open();
    bench.clock.now = 3_000;
    resolve({ ok: false, reason: 'not-open' });
    await settle();
    const answer = { from: 'background', answers: 'm1', outcome: 'refused', text: 'not-open', to: 'Builds', at: 3_000 };
    expect(entriesOf(got).at(-1)).toMatchObject(answer);
    expect(entriesOf(late.got)).toMatchObject([answer]);
    expect(bench.transcript.entries().at(-1)).toMatchObject(answer);
  });

  it('does nothing twice for an id that waits for its answer', async () => {
    const bench = createBench({ takes: () => new Promise(() => {}) });
    const { port } = await bench.open();
    for (let n = 0; n < 2; n += 1) port.postMessage({ type: 'SEND', id: 'same', text: 'deploy', to: 'builds' });
    await settle();
    expect(bench.sent).toHaveBeenCalledOnce();
  });

  it.each([
    ['empty', '', null],
    ['empty', ' \n\t', null],
    ['too-long', 'x'.repeat(4_097), null],
    ['too-long', '語'.repeat(1_366), null],
    ['no-such-addressee', 'hi', 'gone'],
  ])('refuses with %s and keeps the port', async (reason, text, to) => {
    const bench = createBench();
    const { port, got, ended } = await bench.open();
    send(port, text, to);
    send(port, '語'.repeat(1_365));
    await settle();
    expect(got[1]).toEqual({ type: 'REFUSED', id: 'm1', reason });
    expect(texts(got)).toHaveLength(2);
    expect(ended).not.toHaveBeenCalled();
  });

  it('refuses the 21st message in a second, for that port only, and takes the next one a second later', async () => {
    const bench = createBench();
    const busy = await bench.open();
    const calm = await bench.open();
    for (let n = 0; n < 21; n += 1) {
      bench.clock.now = 1_000 + n;
      send(busy.port, `n${n}`);
      await settle();
    }
    send(calm.port, 'calm');
    await settle();
    expect(refusals(busy.got)).toEqual(['too-fast']);
    expect(refusals(calm.got)).toEqual([]);
    bench.clock.now = 2_000;
    send(busy.port, 'later');
    send(busy.port, 'too soon');
    await settle();
    expect(refusals(busy.got)).toEqual(['too-fast', 'too-fast']);
    expect(texts(busy.got)).toContain('later');
  });

  it('takes messages again at once when the clock was set back', async () => {
    const bench = createBench();
    const { port, got } = await bench.open();
    bench.clock.now = 3_600_000;
    for (let n = 0; n < 20; n += 1) send(port, 'before');
    await settle();
    bench.clock.now = 1_000;
    send(port, 'after');
    await settle();
    expect(refusals(got)).toEqual([]);
  });

  it('lets at most 20 messages through in any second, whatever the times', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 200 }), { minLength: 21, maxLength: 120 }), async (gaps) => {
        const bench = createBench();
        const { port, got } = await bench.open();
        for (const gap of gaps) {
          bench.clock.now += gap;
          send(port, 'x');
          await settle();
        }
        const times = entriesOf(got)
          .filter(({ from }) => from === 'person')
          .map(({ at }) => at);
        expect(times.length + refusals(got).length).toBe(gaps.length);
        times.forEach((at, n) => expect(at - (times[n - 20] ?? -Infinity)).toBeGreaterThanOrEqual(1_000));
      }),
      { numRuns: 20 },
    );
  });

  it('answers messages that came before the transcript was loaded after the entries of before, in order', async () => {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const bench = createBench({ kept: promise });
    const first = await bench.open();
    send(first.port, 'one');
    const second = await bench.open();
    send(second.port, 'two');
    await settle();
    send(first.port, 'three');
    await settle();
    expect(first.got).toEqual([]);
    resolve([{ id: 'old', at: 1, from: 'person', text: 'old', to: null, answers: null, outcome: null }]);
    await settle();
    expect(bench.transcript.entries().map(({ text }) => text)).toEqual([
      'old',
      'one',
      'Background received: "one"',
      'two',
      'Background received: "two"',
      'three',
      'Background received: "three"',
    ]);
    expect(first.got[0]).toMatchObject({ type: 'TRANSCRIPT', entries: [{ id: 'old' }] });
  });

  it('waits for the feeds before it tells of them and passes texts on, in order', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const bench = createBench({ whenReady: promise });
    const addressees = bench.feeds.splice(0);
    const { port, got } = await bench.open();
    send(port, 'deploy', 'builds');
    send(port, 'hello');
    await settle();
    expect(got).toEqual([]);
    bench.feeds.push(...addressees);
    resolve();
    await settle();
    expect(got[0]).toEqual({ type: 'TRANSCRIPT', entries: [], addressees });
    expect(refusals(got)).toEqual([]);
    expect(entriesOf(got).filter(({ from }) => from === 'person')).toMatchObject([{ id: 'm1' }, { id: 'm2' }]);
    expect(bench.sent).toHaveBeenCalledExactlyOnceWith('builds', 'deploy', { isPrivate: false });
  });

  it('goes on with the feeds there are when they cannot be had', async () => {
    const bench = createBench({ whenReady: Promise.reject(new Error('no storage')) });
    const { port, got } = await bench.open();
    send(port, 'hello');
    await settle();
    expect(texts(got)).toEqual(['hello', 'Background received: "hello"']);
  });

  it('keeps what a panel sent that closed before the transcript was loaded', async () => {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const bench = createBench({ kept: promise });
    const { port, got } = await bench.open();
    send(port, 'bye');
    port.disconnect();
    await settle();
    resolve([]);
    await settle();
    expect(bench.transcript.entries()).toHaveLength(2);
    expect(got).toEqual([]);
    expect(bench.responder.openPanels()).toBe(0);
  });

  it('does nothing twice for an id it has', async () => {
    const bench = createBench();
    const { port, got } = await bench.open();
    for (let n = 0; n < 2; n += 1) port.postMessage({ type: 'SEND', id: 'same', text: 'deploy', to: 'builds' });
    await settle();
    expect(bench.sent).toHaveBeenCalledOnce();
    expect(entriesOf(got)).toHaveLength(2);
  });

  it('answers a heartbeat before the transcript is loaded', async () => {
    const bench = createBench({ kept: new Promise(() => {}) });
    const { port, got } = await bench.open();
    port.postMessage({ type: 'PING', id: 3 });
    await settle();
    expect(got).toEqual([{ type: 'PONG', id: 3 }]);
  });

  it('tells panels when the feeds that take text were changed', async () => {
    const bench = createBench();
    const { got } = await bench.open();
    bench.feeds.push({ id: 'chat', name: 'Chat' });
    bench.responder.addresseesChanged();
    await settle();
    expect(got.at(-1)).toEqual({
      type: 'ADDRESSEES',
      addressees: [
        { id: 'builds', name: 'Builds' },
        { id: 'chat', name: 'Chat' },
      ],
    });
  });

  it('closes a port at its first bad message, answers nothing after it and leaves the others alone', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (junk) => {
        const bench = createBench();
        const bad = await bench.open();
        const good = await bench.open();
        post(bad.port, junk);
        send(bad.port, 'after');
        await settle();
        expect(bad.ended).toHaveBeenCalledOnce();
        send(good.port, 'fine');
        await settle();
        expect(texts(good.got)).toEqual(['fine', 'Background received: "fine"']);
        expect(bench.responder.openPanels()).toBe(1);
      }),
      { numRuns: 50 },
    );
  });

  it('forgets a panel that closed and goes on with the others', async () => {
    const bench = createBench();
    const gone = await bench.open();
    const stays = await bench.open();
    gone.port.disconnect();
    send(stays.port, 'hi');
    await settle();
    expect(bench.responder.openPanels()).toBe(1);
    expect(texts(stays.got)).toHaveLength(2);
  });

  it('keeps at most 200 entries', async () => {
    const bench = createBench();
    const { port } = await bench.open();
    for (let n = 0; n < 150; n += 1) {
      bench.clock.now += 100;
      send(port, `n${n}`);
      await settle();
    }
    const late = await bench.open();
    const [first] = late.got;
    expect(first?.type === 'TRANSCRIPT' && first.entries).toHaveLength(MAX_ENTRIES);
    expect(bench.transcript.entries().at(-1)?.text).toBe('Background received: "n149"');
  });

  it.each([
    ['a popup', popup, 'conversation', false],
    ['a popup that says its window is private', popup, 'private-conversation', true],
    ['a tab of a normal window, whatever it says', tabOf(false), 'private-conversation', false],
    ['a tab of a private window, whatever it says', tabOf(true), 'conversation', true],
  ])('takes %s for what it is', async (_, sender, name, isPrivate) => {
    const bench = createBench();
    const { port } = await bench.open(sender, name);
    send(port, 'hello');
    send(port, 'deploy', 'builds');
    await settle();
    expect(bench.sent).toHaveBeenCalledExactlyOnceWith('builds', 'deploy', { isPrivate });
    expect(bench.transcript.entries()).toHaveLength(isPrivate ? 0 : 4);
    expect(bench.privateTranscript.entries()).toHaveLength(isPrivate ? 4 : 0);
  });

  it('shows nothing of private windows to others, nor the other way round', async () => {
    const bench = createBench({ takes: () => new Promise(() => {}) });
    const normal = await bench.open();
    const hidden = await bench.open(popup, 'private-conversation');
    const alsoHidden = await bench.open(tabOf(true));
    send(normal.port, 'open');
    send(hidden.port, 'secret');
    send(hidden.port, 'deploy', 'builds');
    await settle();
    expect(texts(normal.got)).toEqual(['open', 'Background received: "open"']);
    expect(texts(hidden.got)).toEqual(['secret', 'Background received: "secret"', 'deploy']);
    expect(texts(alsoHidden.got)).toEqual(texts(hidden.got));
    const [late, lateHidden] = [await bench.open(), await bench.open(popup, 'private-conversation')];
    expect(late.got).toMatchObject([{ entries: [{ text: 'open' }, {}] }]);
    expect(lateHidden.got).toMatchObject([{ entries: [{ text: 'secret' }, {}, { text: 'deploy' }] }]);
    bench.responder.addresseesChanged();
    await settle();
    expect([normal, hidden].map(({ got }) => got.at(-1)?.type)).toEqual(['ADDRESSEES', 'ADDRESSEES']);
  });
});
