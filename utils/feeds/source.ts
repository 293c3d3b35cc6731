/** What every kind of source takes and tells; `connection.ts` is the only one that opens them. */
import type { FeedState, Json, StatusReason } from '../stream/protocol';

/** How a source is. `retryAt`: when it is tried again, epoch ms. */
export interface SourceStatus {
  state: FeedState;
  reason: StatusReason | null;
  retryAt: number | null;
}

/** Where a source tells what it gets. After its signal has aborted no call comes but for the rest of a piece it was at. */
export interface Sink {
  /** One message, whole. */
  onData(data: Json): void;
  /** The source was asked and has nothing newer than its last data. */
  onFresh(): void;
  /** A source that sends by itself gave a sign of life; told after the message it was, if it was one. */
  onLife(): void;
  /** The id of the event before whose data it comes; a later opening goes on from the last one told. */
  onId(id: string): void;
  /** The source says that `count` messages were sent before the next and did not arrive. */
  onMissed(count: number): void;
  /** The source counts from the start again: what comes next does not follow what came before. */
  onNewHistory(): void;
  /** A message was refused; the source goes on. */
  onBad(code: 'bad-data' | 'too-large', detail: string): void;
  onStatus(status: SourceStatus): void;
}

/** What sources need of the world, so that tests can give them another. */
export interface SourceDeps {
  fetch: typeof fetch;
  WebSocket: new (address: string) => WebSocket;
  /** Epoch ms. */
  now: () => number;
  /** Ms from any start, with fractions; never set back. */
  uptime: () => number;
  /** Resolves in a later task, behind all that wait already. Never rejects. */
  nextTask: () => Promise<void>;
  /** Resolves after 8 ms, all who ask one after the other. Never rejects. */
  rest: () => Promise<void>;
  /** From 0 (inclusive) to 1 (exclusive). */
  random: () => number;
  /** Runs `run` once after `delayMs`; returns what calls it off. */
  after: (delayMs: number, run: () => void) => () => void;
  /** Whether the browser lets the extension read this address whatever its server says. */
  hasAccess: (address: string) => boolean | Promise<boolean>;
}

/** What a source is opened with. It ends, and frees all it holds, when `signal` aborts. */
export interface OpenOptions {
  deps: SourceDeps;
  signal: AbortSignal;
}

/** Whether a text was handed to the source. `reason`: `unknown-feed`, `not-a-websocket`, `not-open` or `too-much-waiting`. */
export type SendResult = { ok: true } | { ok: false; reason: string };

/** Bytes or characters of one message of a source, at most. */
export const MAX_MESSAGE_LENGTH = 1024 * 1024;

/** How long a source may take to answer or to open, in ms. */
export const ANSWER_LIMIT_MS = 10_000;

const MAX_DETAIL_LENGTH = 200;

/** A reason as the protocol takes it, its detail cut to 200 characters. */
export const because = (code: string, detail: string | number = ''): StatusReason => ({
  code,
  detail: String(detail).slice(0, MAX_DETAIL_LENGTH),
});

/** Resolves after `delayMs`, or as soon as `signal` aborts. Never rejects. */
export function wait(delayMs: number, { deps, signal }: OpenOptions): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  const callOff = deps.after(delayMs, finish);
  function finish(): void {
    callOff();
    signal.removeEventListener('abort', finish);
    resolve();
  }
  signal.addEventListener('abort', finish);
  if (signal.aborted) finish();
  return promise;
}
