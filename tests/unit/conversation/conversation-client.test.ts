import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createConversationClient, type ConversationState } from '../../../utils/conversation/conversation-client';
import { createResponder } from '../../../utils/conversation/responder';
import { createTranscript } from '../../../utils/conversation/transcript';
import { createFakeRuntime, type FakePort } from '../../fakes/port.ts';

const timers = {
  setTimeout: (run: () => void, delayMs: number): number => Number(setTimeout(run, delayMs)),
  clearTimeout: (timer: number): void => clearTimeout(timer),
};

/** A background that answers as `startBackground` says; by default with the responder. */
function createBench({ background }: { background?: (port: FakePort) => void } = {}) {
  let kept: unknown = [];
  const runtime = createFakeRuntime({
    startBackground({ onConnect }) {
      const responder = createResponder({
        isExtensionPage: () => true,
        transcripts: {
          normal: createTranscript({
            load: () => Promise.resolve(kept),
            save: (entries) => {
              kept = structuredClone(entries);
              return Promise.resolve();
            },
          }),
          private: createTranscript({ load: () => Promise.resolve([]), save: () => Promise.resolve() }),
        },
        upstream: {
          addressees: () => [{ id: 'builds', name: 'Builds' }],
          send: () => ({ ok: false, reason: 'not-open' }),
        },
        whenReady: Promise.resolve(),
        now: Date.now,
      });
      onConnect.addListener(background ?? responder.accept);
    },
  });
  const page = runtime.openExtensionPage();
  const states: ConversationState[] = [];
  const unsent: string[] = [];
  const connect = vi.fn<() => FakePort>(() => page.runtime.connect({ name: 'conversation' }));
  const onChange = vi.fn<(state: ConversationState) => void>((state) => {
    states.push(state);
  });
  const client = createConversationClient({
    connect,
    now: Date.now,
    timers,
    onChange,
    onUnsent: (text) => unsent.push(text),
  });
  const names = (): string[] =>
    states
      .map(({ connection }) => (connection.name === 'ended' ? connection.reason : connection.name))
      .filter((name, n, all) => name !== all[n - 1]);
  const texts = (): string[] => client.state().entries.map(({ text }) => text);
  return { runtime, page, client, connect, onChange, unsent, names, texts };
}

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('conversation client', () => {
  it('starts disconnected and opens no port by itself', async () => {
    const { client, connect } = createBench();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(client.state().connection).toEqual({ name: 'disconnected' });
    expect(connect).not.toHaveBeenCalled();
    expect(client.send('hi', null)).toBe(false);
  });

  it('connects, sends, shows the answer and disconnects, leaving no timer', async () => {
    const { client, connect, names, texts } = createBench();
    client.connect();
    client.connect();
    expect(connect).toHaveBeenCalledOnce();
    await settle();
    expect(client.send('hello', null)).toBe(true);
    await settle();
    expect(texts()).toEqual(['hello', 'Background received: "hello"']);
    client.disconnect();
    client.disconnect();
    expect(names()).toEqual(['connecting', 'connected', 'disconnected']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('sends in order what is sent while the background is starting', async () => {
    const { client, texts } = createBench();
    client.connect();
    for (const text of ['one', 'two', 'three']) expect(client.send(text, null)).toBe(true);
    await settle();
    expect(texts().filter((text) => !text.startsWith('Background'))).toEqual(['one', 'two', 'three']);
  });

  it('stays connected and keeps the background awake with a PING every 20 s', async () => {
    const pings: number[] = [];
    const { client } = createBench({
      background(port) {
        port.postMessage({ type: 'TRANSCRIPT', entries: [], addressees: [] });
        port.onMessage.addListener((message) => {
          const { id } = message as { id: number };
          pings.push(Date.now());
          port.postMessage({ type: 'PONG', id });
        });
      },
    });
    client.connect();
    const startedAt = Date.now();
    await vi.advanceTimersByTimeAsync(61_000);
    expect(pings.map((at) => at - startedAt)).toEqual([20_000, 40_000, 60_000]);
    expect(client.state().connection).toEqual({ name: 'connected' });
  });

  it('ends 5 s after a PING without a PONG', async () => {
    const { client } = createBench({
      background: (port) => port.postMessage({ type: 'TRANSCRIPT', entries: [], addressees: [] }),
    });
    client.connect();
    await vi.advanceTimersByTimeAsync(24_999);
    expect(client.state().connection).toEqual({ name: 'connected' });
    await vi.advanceTimersByTimeAsync(1);
    expect(client.state().connection).toEqual({ name: 'ended', reason: 'no-answer' });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('takes no PONG for another PING', async () => {
    const { client } = createBench({
      background(port) {
        port.postMessage({ type: 'TRANSCRIPT', entries: [], addressees: [] });
        port.onMessage.addListener(() => port.postMessage({ type: 'PONG', id: 0 }));
      },
    });
    client.connect();
    await vi.advanceTimersByTimeAsync(25_000);
    expect(client.state().connection).toEqual({ name: 'ended', reason: 'no-answer' });
  });

  it('closes its port when the person disconnects, also before the background has answered', async () => {
    const closed = vi.fn<() => void>();
    const { client } = createBench({ background: (port) => port.onDisconnect.addListener(closed) });
    client.connect();
    client.disconnect();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(closed).toHaveBeenCalledOnce();
    expect(client.state().connection).toEqual({ name: 'disconnected' });
  });

  it('heeds nothing of a port that it has let go', async () => {
    const { client, connect } = createBench();
    client.connect();
    const old = connect.mock.results[0]?.value as FakePort;
    const heard: Parameters<FakePort['onMessage']['addListener']>[0][] = [];
    const ends: Parameters<FakePort['onDisconnect']['addListener']>[0][] = [];
    const late: FakePort = {
      ...old,
      onMessage: { ...old.onMessage, addListener: (listener) => heard.push(listener) },
      onDisconnect: { ...old.onDisconnect, addListener: (listener) => ends.push(listener) },
    };
    client.disconnect();
    connect.mockReturnValueOnce(late);
    client.connect();
    client.disconnect();
    client.connect();
    await settle();
    for (const listener of heard) listener({ type: 'nonsense' }, late);
    for (const listener of ends) listener(late);
    expect(heard.length + ends.length).toBe(2);
    expect(client.state().connection).toEqual({ name: 'connected' });
  });

  it('waits anew for a PONG when the page slept meanwhile', async () => {
    const { client } = createBench({
      background: (port) => port.postMessage({ type: 'TRANSCRIPT', entries: [], addressees: [] }),
    });
    client.connect();
    await vi.advanceTimersByTimeAsync(20_000);
    vi.setSystemTime(Date.now() + 3_600_000);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(client.state().connection).toEqual({ name: 'connected' });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(client.state().connection).toEqual({ name: 'ended', reason: 'no-answer' });
  });

  it('ends after 3 s when the background does not start, and gives the text back', async () => {
    const { client, unsent } = createBench({ background: () => {} });
    client.connect();
    client.send('one', null);
    client.send('two', null);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(client.state().connection).toEqual({ name: 'ended', reason: 'no-answer' });
    expect(unsent).toEqual(['one two']);
  });

  it('ends when the background is stopped, and never connects again by itself', async () => {
    const { client, connect, runtime, names } = createBench();
    client.connect();
    await settle();
    runtime.killBackground();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(names()).toEqual(['connecting', 'connected', 'background-ended']);
    expect(connect).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('has its transcript again after a restart of the background', async () => {
    const { client, runtime, texts } = createBench();
    client.connect();
    await settle();
    client.send('before', null);
    await settle();
    runtime.killBackground();
    await settle();
    expect(texts()).toContain('before');
    client.connect();
    client.send('after', null);
    await settle();
    expect(texts()).toEqual(['before', 'Background received: "before"', 'after', 'Background received: "after"']);
  });

  it('does not connect inside onDisconnect, even when told to', async () => {
    const { client, connect, runtime, onChange, names } = createBench();
    client.connect();
    await settle();
    onChange.mockImplementation(({ connection }) => {
      if (connection.name !== 'ended') return;
      client.connect();
      expect(connect).toHaveBeenCalledOnce();
    });
    runtime.killBackground();
    runtime.flush();
    expect(connect).toHaveBeenCalledOnce();
    await settle();
    expect(connect).toHaveBeenCalledTimes(2);
    expect(client.state().connection).toEqual({ name: 'connected' });
    expect(names().slice(0, 2)).toEqual(['connecting', 'connected']);
  });

  it('ends when the browser opens no port', () => {
    const { client, connect } = createBench();
    connect.mockImplementation(() => {
      throw new Error('Extension context invalidated.');
    });
    client.connect();
    expect(client.state().connection).toEqual({ name: 'ended', reason: 'cannot-connect' });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends at a message that does not parse', async () => {
    const { client } = createBench({ background: (port) => port.postMessage({ type: 'TRANSCRIPT', entries: {} }) });
    client.connect();
    await settle();
    expect(client.state().connection).toEqual({ name: 'ended', reason: 'bad-message' });
  });

  it.each([
    ['empty', ' '],
    ['too-long', '語'.repeat(1_366)],
  ])('refuses %s text itself, so that nothing is posted', async (reason, text) => {
    const posted: unknown[] = [];
    const { client, unsent } = createBench({
      background(port) {
        port.postMessage({ type: 'TRANSCRIPT', entries: [], addressees: [] });
        port.onMessage.addListener((message) => posted.push(message));
      },
    });
    client.connect();
    await settle();
    expect(client.send(text, null)).toBe(false);
    expect(client.state().refusal).toBe(reason);
    await settle();
    expect(posted).toEqual([]);
    expect(unsent).toEqual([]);
  });

  it('gives back a text that the background refuses, and forgets the refusal with the next', async () => {
    const { client, unsent } = createBench();
    client.connect();
    await settle();
    for (let n = 0; n < 21; n += 1) client.send(`n${n}`, null);
    await settle();
    expect(client.state().refusal).toBe('too-fast');
    expect(unsent).toEqual(['n20']);
    await vi.advanceTimersByTimeAsync(1_000);
    client.send('later', null);
    expect(client.state().refusal).toBe(null);
  });

  it('gives back a text that the feed did not take', async () => {
    const { client, unsent } = createBench();
    client.connect();
    await settle();
    client.send('deploy', 'builds');
    await settle();
    expect(unsent).toEqual(['deploy']);
    expect(client.state().entries.at(-1)).toMatchObject({ outcome: 'refused', text: 'not-open' });
  });

  it('gives nothing back that was answered, and nothing twice', async () => {
    const { client, runtime, unsent } = createBench();
    client.connect();
    client.send('answered', null);
    await settle();
    client.send('under way', null);
    client.disconnect();
    client.connect();
    await settle();
    runtime.killBackground();
    await settle();
    expect(unsent).toEqual(['under way']);
  });

  it('says that nothing was sent on a port that closed a moment ago', async () => {
    const { client, unsent, connect } = createBench();
    client.connect();
    await settle();
    const port = connect.mock.results[0]?.value as FakePort;
    vi.spyOn(port, 'postMessage').mockImplementation(() => {
      throw new Error('Attempting to use a disconnected port object');
    });
    expect(client.send('hi', null)).toBe(false);
    expect(client.state().connection).toEqual({ name: 'ended', reason: 'background-ended' });
    expect(unsent).toEqual([]);
  });

  it('has at most 200 entries', async () => {
    const { client, texts } = createBench();
    client.connect();
    await settle();
    for (let n = 0; n < 150; n += 1) {
      client.send(`n${n}`, null);
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(texts()).toHaveLength(200);
    expect(texts().at(-1)).toBe('Background received: "n149"');
  });
});
