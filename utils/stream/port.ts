import { MAX_MESSAGE_BYTES } from './protocol';

/** The browser's event, as far as the stream needs it. */
export interface PortEvent<Listener extends (...args: never[]) => void> {
  addListener(listener: Listener): void;
  removeListener(listener: Listener): void;
}

/** The browser's `runtime.Port`, as far as the stream needs it. */
export interface Port {
  readonly name: string;
  postMessage(message: unknown): void;
  disconnect(): void;
  readonly onMessage: PortEvent<(message: unknown) => void>;
  readonly onDisconnect: PortEvent<() => void>;
}

/** Who is at the other end of an accepted port, as the browser vouches for it. */
export interface Sender {
  id?: string | undefined;
  url?: string | undefined;
  /** `null` as text for a sandboxed document, whatever its address is. */
  origin?: string | undefined;
  frameId?: number | undefined;
  /** Chrome, but not of a popup or side panel, and Firefox from 153. */
  documentId?: string | undefined;
  tab?: { id?: number | undefined; incognito?: boolean | undefined } | undefined;
}

export interface AcceptedPort extends Port {
  readonly sender?: Sender | undefined;
}

/**
 * Most bytes that `text` may take as UTF-8: exact for ASCII, else three for each UTF-16 unit.
 * An exact count would encode every update once more.
 */
export const maxUtf8Bytes = (text: string): number => (/^[\0-\x7f]*$/.test(text) ? text.length : text.length * 3);

/**
 * Posts `message` unless it is over the limit of the protocol or the port is closed; says whether it was posted.
 *
 * A closed port throws, with texts that differ by browser and change, so that the throw alone is what tells.
 */
export function post(port: Port, message: unknown, bytes = maxUtf8Bytes(JSON.stringify(message))): boolean {
  if (bytes > MAX_MESSAGE_BYTES) return false;
  try {
    port.postMessage(message);
    return true;
  } catch {
    // The port closed a moment ago; its onDisconnect is on the way, or never comes because this end closed it.
    return false;
  }
}
