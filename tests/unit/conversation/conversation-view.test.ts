import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { mountConversation } from '../../../utils/conversation/conversation-view';
import type { Entry, ToPanel } from '../../../utils/conversation/protocol';
import type { Port } from '../../../utils/stream/port';
import { createDom } from '../../fakes/dom';
import { createPortPair } from '../../fakes/port';
import { createEnglish } from '../ui/english';

const BUILDS = { id: 'builds', name: 'Builds' };
const ENTRY: Entry = { id: 'b1', at: 1, from: 'background', text: 'hello', to: null, answers: null, outcome: null };
const TRANSCRIPT: ToPanel = { type: 'TRANSCRIPT', entries: [ENTRY], addressees: [BUILDS] };

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A conversation on a page, and its background: what that got, and what it says. */
function createBench({ refuses = false } = {}) {
  const { window, document, find, fire } = createDom('<main></main>');
  const ending = new AbortController();
  const ports: Port[] = [];
  const received: unknown[] = [];
  const ends = vi.fn<() => void>();
  const view = mountConversation(find('main'), {
    t: createEnglish(),
    page: window,
    connect() {
      if (refuses) throw new Error('Extension context invalidated.');
      const { page, background } = createPortPair({ name: 'conversation' });
      background.onMessage.addListener((message) => received.push(message));
      background.onDisconnect.addListener(ends);
      ports.push(background);
      return page;
    },
    signal: ending.signal,
  });
  const say = async (message: ToPanel): Promise<void> => {
    ports.at(-1)?.postMessage(message);
    await settle();
  };
  const section = find('section');
  const [connect, disconnect, field, send] = [
    find<HTMLButtonElement>('.connect'),
    find<HTMLButtonElement>('.disconnect'),
    find<HTMLInputElement>('.field'),
    find<HTMLButtonElement>('.send'),
  ];
  return {
    ...view,
    window,
    document,
    find,
    fire,
    ending,
    ports,
    received,
    ends,
    say,
    section,
    connect,
    disconnect,
    field,
    status: () => find('.said').textContent,
    /** Which of the controls can be used. */
    usable: () =>
      Object.entries({ connect, disconnect, field, send }).flatMap(([name, { disabled }]) => (disabled ? [] : [name])),
    async open() {
      connect.click();
      await say(TRANSCRIPT);
    },
    async type(text: string) {
      field.value = text;
      fire(find('form'), 'submit');
      await settle();
    },
  };
}

describe('conversation that is disconnected', () => {
  it('opens no port by itself, and has the focus on Connect', () => {
    const { ports, document, connect } = createBench();
    expect(ports).toHaveLength(0);
    expect(document.activeElement).toBe(connect);
  });

  it('offers nothing but to connect, and says so', () => {
    const { usable, status, section } = createBench();
    expect(usable()).toEqual(['connect']);
    expect(status()).toBe('Not connected. Press Connect to write.');
    expect(section.dataset['connection']).toBe('disconnected');
  });

  it('is a section named by its title, and its status is read out', () => {
    const { section, find } = createBench();
    expect(find(`#${section.getAttribute('aria-labelledby')}`).textContent).toBe('Conversation');
    expect(find('.status').getAttribute('role')).toBe('status');
    expect(find('.field').getAttribute('aria-describedby')).toBe(find('.status').id);
  });
});

describe('conversation that connects', () => {
  it('can be written to at once, and the focus goes to the field', () => {
    const { connect, usable, status, document, field } = createBench();
    connect.click();
    expect(usable()).toEqual(['disconnect', 'field', 'send']);
    expect(status()).toBe('Connecting…');
    expect(document.activeElement).toBe(field);
  });

  it('shows what was said before, and whom text can be sent to', async () => {
    const { open, status, find, section } = createBench();
    await open();
    expect(status()).toBe('Connected');
    expect(section.dataset['connection']).toBe('connected');
    expect(find('.log .text').textContent).toBe('hello');
    expect([...find('select').querySelectorAll('option')].map(({ textContent }) => textContent)).toEqual([
      'Background',
      'Builds',
    ]);
  });

  it('says that the browser gives no connection', () => {
    const { connect, usable, status, document } = createBench({ refuses: true });
    connect.click();
    expect(status()).toBe('The browser gives no connection to the background. Close this page and open it again.');
    expect(usable()).toEqual(['connect']);
    expect(document.activeElement).toBe(connect);
  });

  it('opens one port however often it is asked', () => {
    const { connect, ports } = createBench();
    connect.click();
    connect.click();
    expect(ports).toHaveLength(1);
  });
});

describe('conversation that is connected', () => {
  it('sends what is typed, and shows what comes', async () => {
    const { open, type, received, field, say, find } = createBench();
    await open();
    await type('hi');
    expect(received).toEqual([expect.objectContaining({ type: 'SEND', text: 'hi', to: null })]);
    expect(field.value).toBe('');
    await say({ type: 'ENTRY', entry: { ...ENTRY, id: 'b2', text: 'hi yourself' } });
    expect([...find('.log').querySelectorAll('.text')].map(({ textContent }) => textContent)).toEqual([
      'hello',
      'hi yourself',
    ]);
  });

  it('says why a text was not sent, and keeps it', async () => {
    const { open, type, received, status, field, section } = createBench();
    await open();
    await type(' ');
    expect([status(), section.dataset['refusal']]).toEqual(['Not sent: there is no text.', 'empty']);
    await type('x'.repeat(5_000));
    expect(status()).toBe('Not sent: the text is longer than 4 KiB.');
    expect(field.value).toHaveLength(5_000);
    expect(received).toEqual([]);
    await type('short');
    expect([status(), section.dataset['refusal']]).toEqual(['Connected', '']);
  });

  it('gives back a text that the background refused', async () => {
    const { open, type, received, say, field, status } = createBench();
    await open();
    await type('hi');
    const { id } = received[0] as { id: string };
    await say({ type: 'REFUSED', id, reason: 'too-fast' });
    expect(field.value).toBe('hi');
    expect(status()).toBe('Not sent: more than 20 messages in a second. Try again in a moment.');
  });

  it('is disconnected by the person, who finds the focus on Connect', async () => {
    const { open, disconnect, usable, status, ends, document, connect } = createBench();
    await open();
    disconnect.focus();
    disconnect.click();
    await settle();
    expect(ends).toHaveBeenCalledOnce();
    expect(usable()).toEqual(['connect']);
    expect(status()).toBe('Not connected. Press Connect to write.');
    expect(document.activeElement).toBe(connect);
  });

  it('follows when the background ends it: buttons, words and focus', async () => {
    const { open, ports, usable, status, document, connect, find } = createBench();
    await open();
    ports[0]?.disconnect();
    await settle();
    expect(usable()).toEqual(['connect']);
    expect(status()).toBe('The background ended the connection. Press Connect to start again.');
    expect(document.activeElement).toBe(connect);
    expect(find('.log .text').textContent).toBe('hello');
  });

  it('takes no focus from elsewhere when it ends', async () => {
    const { open, ports, document, find } = createBench();
    await open();
    const other = document.createElement('button');
    find('main').append(other);
    other.focus();
    ports[0]?.disconnect();
    await settle();
    expect(document.activeElement).toBe(other);
  });

  it('says that what came cannot be understood', async () => {
    const { open, ports, status } = createBench();
    await open();
    ports[0]?.postMessage({ type: 'NONSENSE' });
    await settle();
    expect(status()).toBe('The background sent something this page does not understand. Press Connect to try again.');
  });

  it('connects anew after an end', async () => {
    const { open, ports, connect, status } = createBench();
    await open();
    ports[0]?.disconnect();
    await settle();
    connect.click();
    expect(ports).toHaveLength(2);
    expect(status()).toBe('Connecting…');
  });

  it('ends when its page is left', async () => {
    const { open, fire, window, ends, usable } = createBench();
    await open();
    fire(window, 'pagehide');
    await settle();
    expect(ends).toHaveBeenCalledOnce();
    expect(usable()).toEqual(['connect']);
  });

  it('ends with its signal, and its buttons do nothing after', async () => {
    const { open, ending, ends, connect, ports } = createBench();
    await open();
    ending.abort();
    await settle();
    expect(ends).toHaveBeenCalledOnce();
    connect.click();
    expect(ports).toHaveLength(1);
  });
});

describe('announcement in a conversation', () => {
  it('is read out beside the status, which stays', () => {
    const { announce, find, status } = createBench();
    announce('Connection is back');
    expect(find('.status .announced').textContent).toBe('Connection is back');
    expect(status()).toBe('Not connected. Press Connect to write.');
  });
});
