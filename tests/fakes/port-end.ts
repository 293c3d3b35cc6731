import { createEvent, type Delivery, type FakeEvent } from './delivery.ts';

/** Whose rules hold where browsers differ. */
export type Flavour = 'chromium' | 'firefox';

export interface FakeSender {
  id: string;
  url: string;
  origin: string;
  tab?: { id: number; incognito: boolean };
  frameId?: number;
  documentId?: string;
}

/** What both browsers' ports have in common, and Firefox's `error`. */
export interface FakePort {
  readonly name: string;
  /** In the background only. */
  readonly sender?: FakeSender;
  /** Why the port closed; set in the firefox flavour only, where Chromium has `runtime.lastError`. */
  readonly error?: { message: string } | null | undefined;
  /** @throws {Error} when the port is closed, or the message cannot be copied */
  postMessage(message: unknown): void;
  disconnect(): void;
  readonly onMessage: FakeEvent<[message: unknown, port: FakePort]>;
  readonly onDisconnect: FakeEvent<[port: FakePort]>;
}

type Copy = (message: unknown) => unknown;

/** How a message is copied. Chromium: as JSON, `undefined` as `null`. Firefox: structured clone. */
const COPY: Record<Flavour, Copy> = {
  chromium(message) {
    const text = JSON.stringify(message ?? null) as string | undefined;
    if (text === undefined) throw new Error('Could not serialize message.');
    return JSON.parse(text) as unknown;
  },
  firefox: (message) => structuredClone(message),
};

/** One side's whereabouts. What reaches a frozen place is held, what reaches a cached or gone one is dropped. */
export interface Place {
  state: 'active' | 'frozen' | 'cached' | 'gone';
  held: (() => void)[];
  ends: Set<End>;
  lastError: { message: string } | undefined;
}

/** A place where everything arrives at once. */
export const createPlace = (): Place => ({ state: 'active', held: [], ends: new Set(), lastError: undefined });

/** One end of a port. Without a peer it is open to its owner, but nothing passes any more. */
export interface End {
  port: FakePort;
  place: Place;
  peer: End | null;
  /** The other end is gone: tells the owner, once, in its turn, if its place is active. */
  close(cause: string | null): void;
  /** Hands over a copied message, if the port is still open. */
  receive(message: unknown): void;
}

interface EndOptions {
  name: string;
  place: Place;
  flavour: Flavour;
  delivery: Delivery;
  sender?: FakeSender;
}

/** An end without a peer; {@link join} gives it one. */
export function createEnd({ name, place, flavour, delivery, sender }: EndOptions): End {
  const onMessage = createEvent<[unknown, FakePort]>();
  const onDisconnect = createEvent<[FakePort]>();
  let open = true;
  let error: { message: string } | null = null;

  const end: End = {
    place,
    peer: null,
    port: {
      name,
      ...(sender && { sender }),
      get error() {
        return flavour === 'firefox' ? error : undefined;
      },
      onMessage,
      onDisconnect,
      postMessage(message) {
        if (!open) throw new Error('Attempting to use a disconnected port object');
        const copy = COPY[flavour](message);
        end.peer?.receive(copy);
      },
      disconnect() {
        if (!open) return;
        open = false;
        end.place.ends.delete(end);
        end.peer?.close(null);
      },
    },
    // `end.place` is read at delivery: the background's end gets its place when the background has started.
    close(cause) {
      delivery.add(() => {
        if (!open) return;
        open = false;
        end.place.ends.delete(end);
        // Frozen or cached, the owner is never told: what waits for it is lost, and from then on its posts throw.
        if (end.place.state !== 'active') return;
        const reason = cause === null ? undefined : { message: cause };
        error = reason ?? null;
        if (flavour === 'chromium') end.place.lastError = reason;
        onDisconnect.fire(end.port);
        end.place.lastError = undefined;
      });
    },
    receive(message) {
      const run = (): void => {
        if (open) onMessage.fire(message, end.port);
      };
      delivery.add(() => {
        if (end.place.state === 'active') run();
        else if (end.place.state === 'frozen') end.place.held.push(run);
      }, end.peer?.place ?? null);
    },
  };
  place.ends.add(end);
  return end;
}

/** Makes two ends one port. */
export function join(a: End, b: End): void {
  a.peer = b;
  b.peer = a;
}
