/**
 * Accepts the ports of all pages. One for the background; nothing of it survives a worker, and nothing needs to: the
 * pages come back with their cursors.
 *
 * Ports are counted from the moment they open, by document: two documents of one tab overlap during a navigation, and evicting the
 * older made extensions reconnect for ever (https://github.com/facebook/react/issues/35954). The newer port is refused.
 */
import { type AcceptedPortHandle, acceptPort, type Authorise } from './accepted-port';
import { type AcceptedPort, post, type Sender } from './port';
import { CLOSE_REASONS, type CloseReason, type Cursor, HEARTBEAT_MS, type ToPage } from './protocol';

/** Ports of one document, at most: the page's own and a few in the middle of a change of hands. */
export const MAX_PORTS_PER_DOCUMENT = 4;
/** Ports in all, at most. Chrome served 1000 from one page with 2.2 MB of heap. */
export const MAX_PORTS = 2_000;
/** Those of them that are for the extension's own pages: no web page may crowd out the popup. */
export const OWN_PORTS = 100;
/** How often the streaming ports are looked at, in ms: as often as a live page is heard. */
const LOOK_EVERY_MS = HEARTBEAT_MS;

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
  /** Whether the sender is a page of the extension itself, several of which may have one address. Default: none is. */
  isOwn?(sender: Sender | undefined): boolean;
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

export function createPublisher({ authorise, memory = FORGETFUL, isOwn = () => false }: PublisherOptions): Publisher {
  const ports = new Set<AcceptedPortHandle>();
  const streaming = new Set<AcceptedPortHandle>();
  /** By document: its ports, each with its stream once that is named. */
  const documents = new Map<string, Map<AcceptedPortHandle, string | null>>();
  let looking: ReturnType<typeof setInterval> | undefined;
  let sentUpdates = 0;
  let roundTripMs: number | null = null;

  const portsOf = (key: string): Map<AcceptedPortHandle, string | null> => documents.get(key) ?? new Map();

  /** One timer for all, and none while nobody streams. */
  const setStreaming = (handle: AcceptedPortHandle, is: boolean): void => {
    if (is) streaming.add(handle);
    else streaming.delete(handle);
    if (streaming.size === 0) {
      clearInterval(looking);
      looking = undefined;
    } else {
      looking ??= setInterval(() => {
        for (const one of streaming) one.look();
      }, LOOK_EVERY_MS);
    }
  };

  return {
    accept(port) {
      const { sender } = port;
      const own = isOwn(sender);
      const key = documentKey(sender);
      const isFull = ports.size >= (own ? MAX_PORTS : MAX_PORTS - OWN_PORTS);
      if (isFull || (!own && portsOf(key).size >= MAX_PORTS_PER_DOCUMENT)) return refuse(port);
      const documentId = sender?.documentId;
      const handle: AcceptedPortHandle = acceptPort(port, authorise, {
        recall: async () => (documentId === undefined ? {} : memory.recall(documentId)),
        onApplied(cursors) {
          if (documentId !== undefined) memory.remember(documentId, cursors);
        },
        onStream(streamId) {
          // The same stream comes back before its old port was seen to die: it has one port, the newest.
          for (const [other, id] of portsOf(key)) if (id === streamId) other.supersede();
          documents.get(key)?.set(handle, streamId);
        },
        onStreaming: (is) => setStreaming(handle, is),
        onRoundTrip(ms) {
          roundTripMs = ms;
        },
        onSent(updates) {
          sentUpdates += updates;
        },
        onOver() {
          ports.delete(handle);
          const others = portsOf(key);
          others.delete(handle);
          if (others.size === 0) documents.delete(key);
        },
      });
      ports.add(handle);
      documents.set(key, portsOf(key).set(handle, null));
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
      openStreams: streaming.size,
      sentUpdates,
      roundTripMs,
    }),
  };
}

const FORGETFUL: DocumentMemory = { recall: async () => ({}), remember: () => {} };

function refuse(port: AcceptedPort): void {
  const reason = 'too-many-ports';
  post(port, { type: 'CLOSE', reason, detail: '', ...CLOSE_REASONS[reason] } satisfies ToPage);
  port.disconnect();
}

/** Firefox before 153 names no documents, and Chrome not those of a popup or side panel: there the frame stands in, or the address. */
function documentKey(sender: Sender | undefined): string {
  const { documentId, tab, frameId, url } = sender ?? {};
  if (documentId !== undefined) return `document ${documentId}`;
  return tab?.id === undefined ? `address ${url}` : `frame ${tab.id} ${frameId}`;
}
