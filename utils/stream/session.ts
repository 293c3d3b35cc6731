/**
 * The page's end of one port, from `START_UPDATES` to its death: the handshake, the heartbeat, the acknowledgements.
 * Holds nothing that outlives the port. Whoever opened it must call `end` once; after that no callback comes.
 */
import type { LostCause } from './connection';
import { type Port, post } from './port';
import {
  type FeedBatch,
  type FeedInfo,
  type FeedStatus,
  HANDSHAKE_LIMIT_MS,
  HEARTBEAT_MS,
  type Json,
  PONG_LIMIT_MS,
  parseToPage,
  PROTOCOL_VERSION,
  type ToBackground,
  type ToPage,
} from './protocol';

export interface SessionListener {
  onStarted(feeds: FeedInfo[], note: Json): void;
  /** Hands over a batch. A cause: it was not applied whole, and the port is given up. */
  onBatch(feeds: FeedBatch[]): LostCause | null;
  onStatus(status: FeedStatus): void;
  onDismissed(close: ToPage & { type: 'CLOSE' }): void;
  /** `detail`: of a bad message, what is wrong with it. */
  onLost(cause: LostCause, detail?: string): void;
}

export interface Session {
  /** `PAUSE` also stops the heartbeat: a page that wants nothing must not keep the background alive. */
  pause(message: ToBackground & { type: 'PAUSE' }): void;
  /** `RESUME` asks for a `PONG` at once: the port may have died in silence. */
  resume(message: ToBackground & { type: 'RESUME' }): void;
  /** After `onStarted`. `false`: it could not be posted. */
  note(note: Json): boolean;
  end(): void;
}

export function openSession(
  port: Port,
  start: Omit<ToBackground & { type: 'START_UPDATES' }, 'type' | 'protocol'>,
  listener: SessionListener,
): Session {
  let started = false;
  let ackEvery = 1;
  let lastBatch = 0;
  let pingId = 0;
  /** When this end last sent, and when it last heard, in ms: the older one is the age of the silence. */
  let sentAt = 0;
  let heardAt = 0;
  let limit: ReturnType<typeof setTimeout> | undefined;
  let heartbeat: ReturnType<typeof setTimeout> | undefined;

  /** `false`: the port is dead and this session has ended. No timer may be set after that. */
  const send = (message: ToBackground): boolean => {
    sentAt = performance.now();
    const posted = post(port, message);
    if (!posted) listener.onLost('disconnect');
    return posted;
  };

  const ping = (): void => {
    if (send({ type: 'PING', id: ++pingId })) {
      limit ??= setTimeout(() => listener.onLost('pong-timeout'), PONG_LIMIT_MS);
    }
  };

  /** One timer, moved on lazily: traffic costs no timer calls. */
  const beat = (): void => {
    const restMs = HEARTBEAT_MS + Math.min(sentAt, heardAt) - performance.now();
    heartbeat = setTimeout(beat, restMs > 0 ? restMs : HEARTBEAT_MS);
    if (restMs <= 0) ping();
  };

  const clearLimit = (): void => {
    clearTimeout(limit);
    limit = undefined;
  };

  const onStarted = (message: ToPage & { type: 'STARTED' }): void => {
    clearLimit();
    started = true;
    ackEvery = Math.max(1, Math.floor(message.window / 2));
    heartbeat = setTimeout(beat, HEARTBEAT_MS);
    listener.onStarted(message.feeds, message.note);
  };

  const onUpdates = (message: ToPage & { type: 'UPDATES' }): void => {
    const cause = message.batch === lastBatch + 1 ? listener.onBatch(message.feeds) : 'gap';
    if (cause !== null) return listener.onLost(cause);
    lastBatch = message.batch;
    // The first at once: from then on a later script in this document knows where to go on.
    if (lastBatch === 1 || lastBatch % ackEvery === 0) send({ type: 'ACK', batch: lastBatch });
  };

  const onMessage = (raw: unknown): void => {
    const parsed = parseToPage(raw);
    if (!parsed.ok) return listener.onLost('bad-message', parsed.reason);
    const { message } = parsed;
    heardAt = performance.now();
    if (message.type === 'CLOSE') return listener.onDismissed(message);
    if ((message.type === 'STARTED') === started) {
      return listener.onLost('bad-message', `${message.type} ${started ? 'twice' : 'before STARTED'}`);
    }
    switch (message.type) {
      case 'UPDATES':
        return onUpdates(message);
      case 'STATUS':
        return listener.onStatus(message);
      case 'PING':
        send({ type: 'PONG', id: message.id });
        return;
      case 'PONG':
        return clearLimit();
      case 'STARTED':
        return onStarted(message);
    }
  };

  const onDisconnect = (): void => listener.onLost('disconnect');

  port.onMessage.addListener(onMessage);
  port.onDisconnect.addListener(onDisconnect);
  const posted = post(port, { type: 'START_UPDATES', protocol: PROTOCOL_VERSION, ...start } satisfies ToBackground);
  sentAt = performance.now();
  // Also a failed post is told later: the caller has no session to end yet.
  limit = posted
    ? setTimeout(() => listener.onLost('handshake-timeout'), HANDSHAKE_LIMIT_MS)
    : setTimeout(() => listener.onLost('connect-failed'), 0);

  return {
    pause(message) {
      clearTimeout(heartbeat);
      clearLimit();
      send(message);
    },
    resume(message) {
      if (!send(message)) return;
      heartbeat = setTimeout(beat, HEARTBEAT_MS);
      ping();
    },
    note: (note) => send({ type: 'NOTE', note }),
    end() {
      clearTimeout(heartbeat);
      clearLimit();
      port.onMessage.removeListener(onMessage);
      port.onDisconnect.removeListener(onDisconnect);
      post(port, { type: 'STOP_UPDATES' } satisfies ToBackground);
      try {
        port.disconnect();
      } catch {
        // Chrome: disconnecting when the extension is gone throws "Extension context invalidated".
      }
    },
  };
}
