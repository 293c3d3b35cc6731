/**
 * The background's end of one port, from `onConnect` to its end: authorisation, handshake, then a producer.
 *
 *     new -> starting -> started -> over        (any of them -> over)
 *
 * Nothing but a reason to close is sent before the sender is authorised.
 */
import type { FeedReader } from './feed-reader';
import { parseIncoming } from './incoming';
import { type AcceptedPort, post, type Sender } from './port';
import { createProducer, type Producer } from './producer';
import {
  CLOSE_REASONS,
  type CloseReason,
  type Cursor,
  MAX_MESSAGE_BYTES,
  type Json,
  PROTOCOL_VERSION,
  type ToBackground,
  type ToPage,
  WINDOW,
} from './protocol';

/** A small value that is kept for the pages of one origin. */
export interface NoteKeeper {
  /** `null`: none. The handshake waits for it for {@link NOTE_LIMIT_MS} and goes on with none. */
  load(): Promise<Json | null>;
  /** Called with each note: must be cheap and must not throw. */
  save(note: Json): void;
}

/**
 * What a sender may see. `isPrivate`: it is in a private window, as far as the sender tells; default `false`. `open` is
 * called once, after the handshake, and nothing that only private windows ask for may be stored. Without `note` no note is
 * kept for this sender; from a private window none is saved.
 */
export type Authorisation =
  | {
      allowed: true;
      isPrivate?: boolean;
      open(options: { isPrivate: boolean }): Promise<readonly FeedReader[]>;
      note?: NoteKeeper;
    }
  | { allowed: false; reason: 'not-allowed' | 'permission-removed' };

/** Decides from the sender alone, never from the port's name or from what the page says. A rejection drops the port. */
export type Authorise = (sender: Sender | undefined) => Promise<Authorisation>;

export interface AcceptedPortListener {
  /** The page has named its stream. */
  onStream(streamId: string): void;
  /** How far the document got under an earlier script of ours. Asked when the page takes over from that. */
  recall(): Promise<Readonly<Record<string, Cursor>>>;
  /** The port streams now, or not any more: it is started and not paused. */
  onStreaming(isStreaming: boolean): void;
  /** The document has applied the event feeds up to here. */
  onApplied(cursors: Record<string, Cursor>): void;
  onRoundTrip(ms: number): void;
  onSent(updates: number): void;
  /** Called once; the port is of no use after. */
  onOver(): void;
}

export interface AcceptedPortHandle {
  readonly sender: Sender | undefined;
  /** To be called at regular times: drops a streaming port that was silent for {@link MAX_SILENT_LOOKS} of them. */
  look(): void;
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

/** How long the handshake waits for the note, in ms: well below the 3 s after which the page gives the port up. */
export const NOTE_LIMIT_MS = 1_000;

/** A live page is heard every 20 s. Looks are counted and not time, for a machine that slept has not been listening. */
export const MAX_SILENT_LOOKS = 3;

/**
 * Messages other than acknowledgements that a page may send in one go, and how many more each second: far above what a person
 * causes who goes to and fro, and all that they cost is bounded with them.
 */
export const MESSAGES_AT_ONCE = 300;
export const MESSAGES_PER_SECOND = 10;

const NO_CURSORS: Readonly<Record<string, Cursor>> = {};

type Start = ToBackground & { type: 'START_UPDATES' };

export function acceptPort(
  port: AcceptedPort,
  authorise: Authorise,
  listener: AcceptedPortListener,
): AcceptedPortHandle {
  let state: 'new' | 'starting' | 'started' | 'over' = 'new';
  let producer: Producer | null = null;
  let isStreaming = false;
  let silentLooks = 0;
  let pingedAt: number | null = null;
  let noteLimit: ReturnType<typeof setTimeout> | undefined;
  let keepNote: NoteKeeper['save'] | null = null;
  let allowance = MESSAGES_AT_ONCE;
  let countedAt = performance.now();

  // Functions, so that the checks after an await are not narrowed away by those before it.
  const isOver = (): boolean => state === 'over';
  const send = (message: ToPage, bytes?: number): boolean => post(port, message, bytes);

  const setStreaming = (is: boolean): void => {
    if (is === isStreaming) return;
    isStreaming = is;
    listener.onStreaming(is);
  };

  const end = (): void => {
    if (isOver()) return;
    state = 'over';
    setStreaming(false);
    clearTimeout(limit);
    clearTimeout(noteLimit);
    producer?.end();
    port.onMessage.removeListener(onMessage);
    port.onDisconnect.removeListener(end);
    listener.onOver();
  };

  const close = (reason: CloseReason, detail = ''): void => {
    if (isOver()) return;
    end();
    send({ type: 'CLOSE', reason, detail, ...CLOSE_REASONS[reason] });
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

  const fail = (error: unknown): void => {
    if (isOver()) return;
    console.error('Cannot go on with a port', error);
    drop();
  };

  /** Also a page that has said nothing yet hears at once that it is not allowed, and holds no place. */
  const authorised = (async (): Promise<Authorisation> => {
    const authorisation = await authorise(port.sender);
    if (!authorisation.allowed) close(authorisation.reason);
    return authorisation;
  })();
  authorised.catch(fail);

  const loadNote = async (keeper: NoteKeeper): Promise<Json | null> => {
    const none = new Promise<null>((resolve) => {
      noteLimit = setTimeout(() => resolve(null), NOTE_LIMIT_MS);
    });
    try {
      return await Promise.race([keeper.load(), none]);
    } finally {
      clearTimeout(noteLimit);
    }
  };

  const start = async ({ streamId, everyMs, private: saysPrivate, takesOver, resume }: Start): Promise<void> => {
    state = 'starting';
    clearTimeout(limit);
    const authorisation = await authorised;
    if (isOver() || !authorisation.allowed) return;
    listener.onStream(streamId);
    const isPrivate = authorisation.isPrivate === true || saysPrivate === true;
    const [readers, recalled, note] = await Promise.all([
      authorisation.open({ isPrivate }),
      takesOver && !isPrivate ? listener.recall() : NO_CURSORS,
      authorisation.note ? loadNote(authorisation.note) : null,
    ]);
    if (isOver()) return;
    const feeds = readers.map(({ info }) => info);
    const limits = { window: WINDOW, maxMessageBytes: MAX_MESSAGE_BYTES };
    if (!sendOrDrop({ type: 'STARTED', protocol: PROTOCOL_VERSION, feeds, ...limits, note })) return;
    state = 'started';
    if (!isPrivate && authorisation.note) keepNote = authorisation.note.save;
    producer = createProducer({
      readers,
      everyMs,
      resume: { ...recalled, ...resume },
      post: sendOrDrop,
      onSent: listener.onSent,
      onApplied(cursors) {
        if (!isPrivate) listener.onApplied(cursors);
      },
      onHeld: ping,
      onFailed: fail,
    });
    setStreaming(true);
    producer.start();
    ping();
  };

  const ping = (): void => {
    pingedAt = performance.now();
    send({ type: 'PING', id: 1 });
  };

  const onStarted = (message: ToBackground): void => {
    switch (message.type) {
      case 'ACK':
        if (!producer?.acknowledge(message.batch)) close('bad-message', `ACK of batch ${message.batch}`);
        return;
      case 'PAUSE':
        setStreaming(false);
        return producer?.pause();
      case 'RESUME':
        setStreaming(true);
        return producer?.resume();
      case 'PING':
        send({ type: 'PONG', id: message.id });
        return ping();
      case 'PONG':
        if (pingedAt !== null) listener.onRoundTrip(performance.now() - pingedAt);
        pingedAt = null;
        return;
      case 'NOTE':
        return keepNote?.(message.note);
      case 'STOP_UPDATES':
        return drop();
      case 'START_UPDATES':
        return close('bad-message', 'START_UPDATES twice');
    }
  };

  /** Acknowledgements are bounded by the batches that they name. */
  const isTooMuch = (): boolean => {
    const now = performance.now();
    allowance = Math.min(MESSAGES_AT_ONCE, allowance + ((now - countedAt) / 1_000) * MESSAGES_PER_SECOND) - 1;
    countedAt = now;
    return allowance < 0;
  };

  const onMessage = (raw: unknown): void => {
    const parsed = parseIncoming(raw);
    if (!parsed.ok) return close(parsed.code, parsed.reason);
    const { message } = parsed;
    if (message.type !== 'ACK' && isTooMuch()) return close('bad-message', 'too many messages');
    silentLooks = 0;
    if (message.type === 'STOP_UPDATES') return drop();
    if (state === 'started') {
      producer?.heard();
      return onStarted(message);
    }
    if (state !== 'new' || message.type !== 'START_UPDATES') {
      return close('bad-message', `${message.type} ${state === 'new' ? 'before START_UPDATES' : 'before STARTED'}`);
    }
    start(message).catch(fail);
  };

  const limit = setTimeout(drop, START_LIMIT_MS);
  port.onMessage.addListener(onMessage);
  port.onDisconnect.addListener(end);

  return {
    sender: port.sender,
    look() {
      if (!isStreaming) return;
      if (silentLooks >= MAX_SILENT_LOOKS) return drop();
      silentLooks += 1;
    },
    close: (reason) => close(reason),
    async recheck() {
      try {
        const authorisation = await authorise(port.sender);
        if (!authorisation.allowed) close(authorisation.reason);
      } catch (error) {
        fail(error);
      }
    },
    supersede: drop,
  };
}
