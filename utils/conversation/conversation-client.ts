/**
 * A panel's end of the conversation: one port at most, opened only when the person asks for it.
 *
 *     disconnected -> connecting -> connected -> disconnected (by the person) or ended (by anything else)
 *
 * Nothing is connected again by itself: an end is shown, and Connect starts anew.
 */
import { post as postTo, type Port } from '../stream/port';
import { HANDSHAKE_LIMIT_MS, HEARTBEAT_MS, PONG_LIMIT_MS } from '../stream/protocol';
import {
  MAX_ENTRIES,
  MAX_TEXT_BYTES,
  parseToPanel,
  utf8Bytes,
  type Addressee,
  type Entry,
  type RefusalReason,
  type ToBackground,
  type ToPanel,
} from './protocol';

/** Why a connection is over though the person did not end it. */
type EndReason =
  /** The background closed the port, or was stopped. */
  | 'background-ended'
  /** No transcript or no answer to a heartbeat in time: the background hangs, or its script does not start. */
  | 'no-answer'
  /** The background sent something that does not parse. */
  | 'bad-message'
  /** The browser opens no port: the extension was updated or removed under this page. */
  | 'cannot-connect';

type Connection = { name: 'disconnected' | 'connecting' | 'connected' } | { name: 'ended'; reason: EndReason };

/** All that a panel shows. The entries of the last connection stay until the next one brings its own. */
export interface ConversationState {
  readonly connection: Connection;
  readonly entries: readonly Entry[];
  readonly addressees: readonly Addressee[];
  /** Why the newest message was refused; `null` once another is sent. */
  readonly refusal: RefusalReason | null;
}

/** The part of `window` that keeps time. */
interface Timers {
  setTimeout(run: () => void, delayMs: number): number;
  clearTimeout(timer: number): void;
}

export interface ConversationClientOptions {
  /** Opens a port named `conversation`. May throw. */
  connect(): Port;
  /** Epoch ms. */
  now(): number;
  timers: Timers;
  onChange(state: ConversationState): void;
  /** A text that was sent and then refused, or whose fate is unknown because the connection ended: it must not be lost. */
  onUnsent(text: string): void;
}

export interface ConversationClient {
  state(): ConversationState;
  /** Does nothing while there is a connection. */
  connect(): void;
  /** Does nothing without a connection. */
  disconnect(): void;
  /**
   * Sends to a feed, or with `to` `null` to the background. Also while connecting: the browser keeps the order.
   * `false` when nothing was sent and the text stays with the caller: not connected, or
   * {@link ConversationState.refusal} says why.
   */
  send(text: string, to: string | null): boolean;
}

/** A timer this late, in ms, means that the page slept: what is waited for may be queued behind it. */
const SLEPT_MS = 1_000;

/** Starts disconnected. */
export function createConversationClient(options: ConversationClientOptions): ConversationClient {
  const { now, timers } = options;
  let state: ConversationState = {
    connection: { name: 'disconnected' },
    entries: [],
    addressees: [],
    refusal: null,
  };
  let port: Port | null = null;
  let isInDisconnect = false;
  let pings = 0;
  /** Texts sent but not answered, by id, in order. */
  const pending = new Map<string, string>();
  /** Heartbeat and the limit of what is waited for; each end of a connection clears both. */
  const running: { heartbeat: number | null; limit: number | null } = { heartbeat: null, limit: null };

  function change(part: Partial<ConversationState>): void {
    state = { ...state, ...part };
    options.onChange(state);
  }

  function stopTimer(which: keyof typeof running): void {
    if (running[which] !== null) timers.clearTimeout(running[which]);
    running[which] = null;
  }

  function startTimer(which: keyof typeof running, delayMs: number, run: () => void): void {
    stopTimer(which);
    running[which] = timers.setTimeout(() => {
      running[which] = null;
      run();
    }, delayMs);
  }

  function expectAnswer(limitMs: number): void {
    const dueAt = now() + limitMs;
    startTimer('limit', limitMs, () => {
      if (now() - dueAt > SLEPT_MS) expectAnswer(limitMs);
      else end({ name: 'ended', reason: 'no-answer' });
    });
  }

  function beat(): void {
    startTimer('heartbeat', HEARTBEAT_MS, () => {
      pings += 1;
      expectAnswer(PONG_LIMIT_MS);
      beat();
      if (!post({ type: 'PING', id: pings })) end({ name: 'ended', reason: 'background-ended' });
    });
  }

  function end(connection: Connection): void {
    const ended = port;
    port = null;
    stopTimer('heartbeat');
    stopTimer('limit');
    ended?.disconnect();
    const unsent = [...pending.values()];
    pending.clear();
    change({ connection });
    if (unsent.length > 0) options.onUnsent(unsent.join(' '));
  }

  // The size is 0 because `send` bounds it.
  const post = (message: ToBackground): boolean => port !== null && postTo(port, message, 0);

  function giveBack(id: string): void {
    const text = pending.get(id);
    pending.delete(id);
    if (text !== undefined) options.onUnsent(text);
  }

  function addEntry(entry: Entry): void {
    change({ entries: [...state.entries, entry].slice(-MAX_ENTRIES) });
    if (entry.answers === null) return;
    if (entry.outcome === 'refused') giveBack(entry.answers);
    else pending.delete(entry.answers);
  }

  function receive(message: ToPanel): void {
    switch (message.type) {
      case 'TRANSCRIPT':
        stopTimer('limit');
        beat();
        change({
          connection: { name: 'connected' },
          entries: message.entries,
          addressees: message.addressees,
        });
        return;
      case 'ENTRY':
        addEntry(message.entry);
        return;
      case 'REFUSED':
        change({ refusal: message.reason });
        giveBack(message.id);
        return;
      case 'ADDRESSEES':
        change({ addressees: message.addressees });
        return;
      case 'PONG':
        if (message.id === pings) stopTimer('limit');
    }
  }

  function listen(opened: Port): void {
    opened.onMessage.addListener((raw) => {
      if (opened !== port) return;
      const parsed = parseToPanel(raw);
      if (parsed.ok) receive(parsed.message);
      else end({ name: 'ended', reason: 'bad-message' });
    });
    opened.onDisconnect.addListener(() => {
      if (opened !== port) return;
      isInDisconnect = true;
      end({ name: 'ended', reason: 'background-ended' });
      isInDisconnect = false;
    });
  }

  function connect(): void {
    if (port) return;
    if (isInDisconnect) {
      // [chrome] Inside onDisconnect of an extension being updated, a new port stays silent for ever.
      timers.setTimeout(connect, 0);
      return;
    }
    try {
      port = options.connect();
    } catch {
      end({ name: 'ended', reason: 'cannot-connect' });
      return;
    }
    listen(port);
    expectAnswer(HANDSHAKE_LIMIT_MS);
    change({ connection: { name: 'connecting' }, refusal: null });
  }

  function send(text: string, to: string | null): boolean {
    if (!port) return false;
    // The background decides; these two are known here, and a text of any size would have to be copied to be refused.
    if (text.trim() === '') {
      change({ refusal: 'empty' });
      return false;
    }
    if (utf8Bytes(text) > MAX_TEXT_BYTES) {
      change({ refusal: 'too-long' });
      return false;
    }
    const id = crypto.randomUUID();
    if (!post({ type: 'SEND', id, text, to })) {
      end({ name: 'ended', reason: 'background-ended' });
      return false;
    }
    pending.set(id, text);
    change({ refusal: null });
    return true;
  }

  return {
    state: () => state,
    connect,
    disconnect() {
      if (port) end({ name: 'disconnected' });
    },
    send,
  };
}
