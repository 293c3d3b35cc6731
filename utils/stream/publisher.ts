/**
 * Accepts the ports of all pages. One for the background; nothing of it survives a worker, and nothing needs to: the
 * pages come back with their cursors.
 *
 * Ports are counted by document, never by tab: two documents of one tab overlap during a navigation, and evicting the
 * older made extensions reconnect for ever (https://github.com/facebook/react/issues/35954). The newer port is refused.
 */
import { type AcceptedPortHandle, acceptPort, type Authorise } from './accepted-port';
import { type AcceptedPort, post, type Sender } from './port';
import { CLOSE_REASONS, type CloseReason, type Cursor, type ToPage } from './protocol';

/** Ports of one document, at most: the page's own and a few in the middle of a change of hands. */
export const MAX_PORTS_PER_DOCUMENT = 4;
/** Ports in all, at most. Chrome served 1000 from one page with 2.2 MB of heap. */
export const MAX_PORTS = 2_000;

export interface PublisherStats {
  /** Streams that are started and not paused. */
  openStreams: number;
  /** Updates that left in all, on all ports. */
  sentUpdates: number;
  /** Latest round trip measured on any port, in ms; `null` before the first. */
  roundTripMs: number | null;
}

/**
 * How far each document got, beyond the life of its script: an extension that is updated gets a new script into the same
 * document, and the events between must not be missing there. What is recalled may lag behind; it is never ahead.
 */
export interface DocumentMemory {
  /** Empty when nothing is known. Never rejects. */
  recall(documentId: string): Promise<Readonly<Record<string, Cursor>>>;
  /** Called with each acknowledgement: must be cheap and must not throw. */
  remember(documentId: string, cursors: Record<string, Cursor>): void;
}

export interface PublisherOptions {
  authorise: Authorise;
  /** Default: none, and a new script in a document begins with a snapshot. */
  memory?: DocumentMemory;
}

export interface Publisher {
  /** Takes a port that `runtime.onConnect` gave. Must be called in the same turn, or its first message is missed. */
  accept(port: AcceptedPort): void;
  /** Asks for every port again whether it is allowed: sites or permissions changed. */
  recheck(): void;
  /** The tabs whose top frame has a port. */
  tabs(): Set<number>;
  /** Closes every port: the feeds changed, or the background stops. */
  closeAll(reason: CloseReason): void;
  stats(): PublisherStats;
}

export function createPublisher({ authorise, memory = FORGETFUL }: PublisherOptions): Publisher {
  const ports = new Set<AcceptedPortHandle>();
  /** By document: its streams, each with its one port. */
  const documents = new Map<string, Map<string, AcceptedPortHandle>>();
  let sentUpdates = 0;
  let roundTripMs: number | null = null;

  const register = (key: string, streamId: string, handle: AcceptedPortHandle): boolean => {
    const streams = documents.get(key) ?? new Map<string, AcceptedPortHandle>();
    // The same stream comes back before its old port was seen to die: it has one port, the newest.
    streams.get(streamId)?.supersede();
    if (streams.size >= MAX_PORTS_PER_DOCUMENT) return false;
    documents.set(key, streams.set(streamId, handle));
    return true;
  };

  const unregister = (key: string, streamId: string, handle: AcceptedPortHandle): void => {
    const streams = documents.get(key);
    if (streams?.get(streamId) !== handle) return;
    streams.delete(streamId);
    if (streams.size === 0) documents.delete(key);
  };

  return {
    accept(port) {
      if (ports.size >= MAX_PORTS) return refuse(port, 'too-many-ports');
      let unregisterStream: (() => void) | null = null;
      const documentId = port.sender?.documentId;
      const handle: AcceptedPortHandle = acceptPort(port, authorise, {
        recall: async () => (documentId === undefined ? {} : memory.recall(documentId)),
        onApplied(cursors) {
          if (documentId !== undefined) memory.remember(documentId, cursors);
        },
        onStream(streamId) {
          const key = documentKey(port.sender, streamId);
          if (!register(key, streamId, handle)) return false;
          unregisterStream = () => unregister(key, streamId, handle);
          return true;
        },
        onRoundTrip(ms) {
          roundTripMs = ms;
        },
        onSent(updates) {
          sentUpdates += updates;
        },
        onOver() {
          ports.delete(handle);
          unregisterStream?.();
        },
      });
      ports.add(handle);
    },
    recheck() {
      for (const handle of ports) void handle.recheck();
    },
    tabs: () =>
      new Set(
        [...ports].flatMap(({ sender }) =>
          sender?.frameId === 0 && sender.tab?.id !== undefined ? [sender.tab.id] : [],
        ),
      ),
    closeAll(reason) {
      for (const handle of ports) handle.close(reason);
    },
    stats: () => ({
      openStreams: [...ports].filter(({ isStreaming }) => isStreaming).length,
      sentUpdates,
      roundTripMs,
    }),
  };
}

const FORGETFUL: DocumentMemory = { recall: async () => ({}), remember: () => {} };

function refuse(port: AcceptedPort, reason: CloseReason): void {
  post(port, { type: 'CLOSE', reason, ...CLOSE_REASONS[reason] } satisfies ToPage);
  port.disconnect();
}

/** Firefox before 153 names no documents, and Chrome not those of a popup or side panel: there the stream stands in. */
const documentKey = (sender: Sender | undefined, streamId: string): string =>
  sender?.documentId ?? `stream ${streamId}`;
