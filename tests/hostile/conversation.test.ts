/** Hostile messages on the `conversation` port, to either end. */
import fc from 'fast-check';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createConversationClient } from '../../utils/conversation/conversation-client';
import { MAX_ENTRIES, parseEntries, parseToBackground, parseToPanel } from '../../utils/conversation/protocol';
import { createResponder } from '../../utils/conversation/responder';
import { createTranscript, type Transcript } from '../../utils/conversation/transcript';
import { createPortPair, type FakePort, type Flavour } from '../fakes/port';
import { campaign, watchEscapes } from './campaign';
import { guardPort, tryPost } from './guarded-port';
import { nearlyToPanel, nearlyToResponder, transcriptMessage } from './port-messages';

const escapes = watchEscapes();
const flavour = fc.constantFrom<Flavour>('chromium', 'firefox');
const POPUP = { id: 'tidings', url: 'chrome-extension://tidings/popup.html', origin: 'chrome-extension://tidings' };

const createNew = (): Transcript =>
  createTranscript({ load: () => Promise.resolve([]), save: () => Promise.resolve() });

const toResponder = fc.record({
  flavour,
  steps: fc.array(fc.record({ message: nearlyToResponder, waitMs: fc.constantFrom(0, 10, 1_000) }), {
    minLength: 1,
    maxLength: 60,
    size: 'max',
  }),
});

test('no message to the responder throws, reaches another panel as nonsense or grows the transcript', async () => {
  await campaign(100_000, toResponder, async ({ flavour: how, steps }) => {
    let now = 1_000;
    const [transcript, privateTranscript] = [createNew(), createNew()];
    const responder = createResponder({
      isExtensionPage: () => true,
      whenReady: Promise.resolve(),
      transcripts: { normal: transcript, private: privateTranscript },
      upstream: {
        addressees: () => [{ id: 'builds', name: 'Builds' }],
        send: () => ({ ok: false, reason: 'not-open' }),
      },
      now: () => now,
    });
    const open = (): { port: FakePort; flush(): void; isOver(): boolean } => {
      const pair = createPortPair({ flavour: how, name: 'conversation', sender: POPUP });
      let isOver = false;
      pair.page.onMessage.addListener((raw) => {
        const parsed = parseToPanel(raw);
        if (!parsed.ok) throw new Error(`the background sent ${parsed.reason}`);
      });
      pair.page.onDisconnect.addListener(() => {
        isOver = true;
      });
      responder.accept(guardPort(pair.background, escapes));
      return { port: pair.page, flush: pair.flush, isOver: () => isOver };
    };
    const witness = open();
    let panel = open();
    await setImmediate();
    for (const { message, waitMs } of steps) {
      expect(typeof parseToBackground(message).ok).toBe('boolean');
      now += waitMs;
      if (panel.isOver()) {
        panel = open();
        await setImmediate();
      }
      tryPost(panel.port, message);
      panel.flush();
    }
    await setImmediate();
    panel.flush();
    witness.flush();
    expect(witness.isOver()).toBe(false);
    expect(responder.openPanels()).toBe(panel.isOver() ? 1 : 2);
    expect(transcript.entries().length).toBeLessThanOrEqual(MAX_ENTRIES);
    expect(parseEntries(structuredClone(transcript.entries()))).not.toBeNull();
    expect(privateTranscript.entries()).toEqual([]);
    await escapes.check();
    return steps.length;
  });
});

const toClient = fc.record({
  flavour,
  steps: fc.array(
    fc.record({
      transcript: fc.option(transcriptMessage, { freq: 4 }),
      message: nearlyToPanel,
      text: fc.option(fc.constantFrom('hello', ' ', 'x'.repeat(5_000)), { freq: 1 }),
    }),
    { minLength: 1, maxLength: 60, size: 'max' },
  ),
});

test('no message to a panel throws, and a connection that ends leaves no timer', async () => {
  await campaign(100_000, toClient, async ({ flavour: how, steps }) => {
    const timers = new Set<number>();
    let count = 0;
    const pairs: { port: FakePort; flush(): void }[] = [];
    const client = createConversationClient({
      connect() {
        const pair = createPortPair({ flavour: how, name: 'conversation' });
        pairs.push({ port: pair.background, flush: pair.flush });
        return guardPort(pair.page, escapes);
      },
      now: () => 1_000,
      timers: {
        setTimeout: () => {
          timers.add((count += 1));
          return count;
        },
        clearTimeout: (timer) => void timers.delete(timer),
      },
      onChange: () => undefined,
      onUnsent: () => undefined,
    });
    for (const { transcript, message, text } of steps) {
      expect(typeof parseToPanel(message).ok).toBe('boolean');
      if (client.state().connection.name === 'ended' || client.state().connection.name === 'disconnected') {
        expect(timers.size).toBe(0);
        client.connect();
        const opened = pairs.at(-1);
        if (transcript !== null && opened) tryPost(opened.port, transcript);
      }
      if (text !== null) client.send(text, null);
      const pair = pairs.at(-1);
      if (pair) tryPost(pair.port, message);
      pair?.flush();
      expect(client.state().entries.length).toBeLessThanOrEqual(MAX_ENTRIES);
    }
    client.disconnect();
    expect(timers.size).toBe(0);
    await escapes.check();
    return steps.length;
  });
});
