/**
 * The background's end of one port, from `onConnect` to its end: authorisation, handshake, then a producer.
 *
 *     new -> starting -> started -> over        (any of them -> over)
 *
 * Nothing but a reason to close is sent before the sender is authorised.
 */
import type { FeedReader } from './feed-reader';
import { type AcceptedPort, post, type Sender } from './port';
import { createProducer, type Producer } from './producer';
import {
  CLOSE_REASONS,
  type CloseReason,
  type Cursor,
  MAX_MESSAGE_BYTES,
  parseToBackground,
  PROTOCOL_VERSION,
  type ToBackground,
  type ToPage,
  WINDOW,
} from './protocol';

/**
 * What a sender may see. `isPrivate`: it is in a private window, as far as the sender tells; default `false`. `open` is
 * called once, after the handshake; with `keep` `false` nothing that only this page asks for may be stored.
 */
export type Authorisation =
  | { allowed: true; isPrivate?: boolean; open(options: { keep: boolean }): Promise<readonly FeedReader[]> }
  | { allowed: false; reason: 'not-allowed' | 'permission-removed' };

/** Decides from the sender alone, never from the port's name or from what the page says. Never rejects. */
export type Authorise = (sender: Sender | undefined) => Promise<Authorisation>;

export interface AcceptedPortListener {
  /** The page has named its stream. `false`: this document has too many ports. */
  onStream(streamId: string): boolean;
  /** How far the document got under an earlier script of ours. Asked when the stream has not been told of all feeds. Never rejects. */
  recall(): Promise<Readonly<Record<string, Cursor>>>;
  /** The document has applied the event feeds up to here. */
  onApplied(cursors: Record<string, Cursor>): void;
  onRoundTrip(ms: number): void;
  onSent(updates: number): void;
  /** Called once; the port is of no use after. */
  onOver(): void;
}

export interface AcceptedPortHandle {
  readonly sender: Sender | undefined;
  readonly isStreaming: boolean;
  close(reason: CloseReason): void;
  /** Asks again whether the sender may see what it sees, and closes the port if not. */
  recheck(): Promise<void>;
  /** The same stream has a newer port: this one ends without a word. */
  supersede(): void;
}

/**
 * How long a port may say nothing before the handshake, in ms. Longer than the page waits for its answer: a background on which
 * hundreds of ports fall at once comes late to what they have said, and must not blame them.
 */
export const START_LIMIT_MS = 10_000;

const NO_CURSORS: Readonly<Record<string, Cursor>> = {};

type Start = ToBackground & { type: 'START_UPDATES' };

export function acceptPort(
  port: AcceptedPort,
  authorise: Authorise,
  listener: AcceptedPortListener,
): AcceptedPortHandle {
  let state: 'new' | 'starting' | 'started' | 'over' = 'new';
  let producer: Producer | null = null;
  let paused = false;
  let pingedAt: number | null = null;

  // Functions, so that the checks after an await are not narrowed away by those before it.
  const isOver = (): boolean => state === 'over';
  const send = (message: ToPage, bytes?: number): boolean => post(port, message, bytes);
  const authorised = authorise(port.sender);

  const end = (): void => {
    if (isOver()) return;
    state = 'over';
    clearTimeout(limit);
    producer?.end();
    port.onMessage.removeListener(onMessage);
    port.onDisconnect.removeListener(end);
    listener.onOver();
  };

  const close = (reason: CloseReason): void => {
    if (isOver()) return;
    end();
    send({ type: 'CLOSE', reason, ...CLOSE_REASONS[reason] });
    port.disconnect();
  };

  /** Without a word: the port is of no use, and the page must see that. */
  const drop = (): void => {
    end();
    port.disconnect();
  };

  const sendOrDrop = (message: ToPage, bytes?: number): boolean => {
    const isSent = send(message, bytes);
    if (!isSent) drop();
    return isSent;
  };

  const start = async ({ streamId, everyMs, private: saysPrivate, resume }: Start): Promise<void> => {
    state = 'starting';
    clearTimeout(limit);
    const authorisation = await authorised;
    if (isOver()) return;
    if (!authorisation.allowed) return close(authorisation.reason);
    if (!listener.onStream(streamId)) return close('too-many-ports');
    const keep = !authorisation.isPrivate && !saysPrivate;
    const readers = await authorisation.open({ keep });
    const feeds = readers.map(({ info }) => info);
    // Also one of several: a new script may lose its port when it was told of some feeds, and not of others.
    const isNewToFeeds = feeds.some(({ id }) => !Object.hasOwn(resume, id));
    const recalled = keep && isNewToFeeds ? await listener.recall() : NO_CURSORS;
    if (isOver()) return;
    const limits = { window: WINDOW, maxMessageBytes: MAX_MESSAGE_BYTES };
    if (!sendOrDrop({ type: 'STARTED', protocol: PROTOCOL_VERSION, feeds, ...limits })) return;
    state = 'started';
    producer = createProducer({
      readers,
      everyMs,
      resume: { ...recalled, ...resume },
      post: sendOrDrop,
      onSent: listener.onSent,
      onApplied(cursors) {
        if (keep) listener.onApplied(cursors);
      },
      onFailed(error) {
        console.error('Cannot go on with a port', error);
        drop();
      },
    });
    ping();
  };

  const ping = (): void => {
    pingedAt = performance.now();
    send({ type: 'PING', id: 1 });
  };

  const onStarted = (message: ToBackground): void => {
    switch (message.type) {
      case 'ACK':
        if (!producer?.acknowledge(message.batch)) close('bad-message');
        return;
      case 'PAUSE':
        paused = true;
        return producer?.pause();
      case 'RESUME':
        paused = false;
        return producer?.resume();
      case 'PING':
        send({ type: 'PONG', id: message.id });
        return ping();
      case 'PONG':
        if (pingedAt !== null) listener.onRoundTrip(performance.now() - pingedAt);
        pingedAt = null;
        return;
      case 'STOP_UPDATES':
        return end();
      case 'START_UPDATES':
        return close('bad-message');
    }
  };

  const onMessage = (raw: unknown): void => {
    const parsed = parseToBackground(raw);
    if (!parsed.ok) return close('bad-message');
    const { message } = parsed;
    if (message.type === 'STOP_UPDATES') return end();
    if (state === 'started') return onStarted(message);
    if (state !== 'new' || message.type !== 'START_UPDATES') return close('bad-message');
    if (message.protocol !== PROTOCOL_VERSION) return close('version-mismatch');
    void start(message);
  };

  const limit = setTimeout(drop, START_LIMIT_MS);
  port.onMessage.addListener(onMessage);
  port.onDisconnect.addListener(end);

  return {
    sender: port.sender,
    get isStreaming() {
      return state === 'started' && !paused;
    },
    close,
    async recheck() {
      const authorisation = await authorise(port.sender);
      if (!authorisation.allowed) close(authorisation.reason);
    },
    supersede: drop,
  };
}
