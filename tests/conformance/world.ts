import type { BrowserName, WaitOptions } from '../browser/driver/test-browser.ts';

/** What an end saw inside `onDisconnect`. */
export interface Goodbye {
  cause: string | null;
  idStillSet: boolean;
  postThrows: boolean;
}

/** One thing that one end of a port heard. */
export type Entry = { message: unknown; shape: string } | { disconnected: Goodbye };

/** An instruction for `extension/place.js`, and what comes back; `op` names it. */
export type Command = { op: string } & Record<string, unknown>;

/** Answer to a command; which fields are there is up to `op`. */
export interface Reply {
  index: number;
  threw: string | null;
  log: Entry[] | null;
  names: string[];
  received: unknown[][];
  sender: Record<string, unknown> | null;
  id: string | null;
  count: number;
  bornAt: string;
}

/** A document that holds ports. */
export interface Place {
  run(command: Command): Promise<Reply>;
  /** Goes to another page; whether the document is in the back/forward cache then. */
  leave(): Promise<boolean>;
  comeBack(): Promise<void>;
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  close(): Promise<void>;
}

/** A browser with the conformance extension in it, or the fake. */
export interface World {
  readonly flavour: BrowserName;
  openPage(): Promise<Place>;
  openExtensionPage(options?: { listens?: boolean }): Promise<Place>;
  /** The real popup. It connects by itself, with the name `popup`. Returns what closes it. */
  openPopup(): Promise<() => Promise<void>>;
  /** Runs a command in the background, starting that if need be. */
  background(command: Command): Promise<Reply>;
  killBackground(): Promise<void>;
  /** Also waits until old scripts notice. */
  reloadExtension(): Promise<void>;
  /** A port name not used before. */
  name(): string;
  /** Looks until `look` gives something truthy. */
  until<Value>(what: string, look: () => Promise<Value>, options?: WaitOptions): Promise<Value>;
  /** Lets pass what time an event would need that must not come. */
  watch(): Promise<void>;
  close(): Promise<void>;
}
