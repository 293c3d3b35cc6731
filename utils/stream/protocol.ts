/**
 * The messages of the `updates` port, version 2, and their parsers.
 *
 * docs/PROTOCOL.md says what each message means and when it may be sent; `tests/unit/stream/protocol-document.test.ts`
 * holds the two together. This file imports nothing: it is loaded into every page that is a site, and the parsers run on
 * every update, where a schema library took 30 to 200 times as long (docs/ARCHITECTURE.md, "The parsers of the stream are written by hand").
 */

/** What a port may carry: Chrome sends JSON, Firefox clones, and this is what both leave unchanged. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Raised whenever a message of this version could be misread by the other end. */
export const PROTOCOL_VERSION = 2;

/** Name of the port. It routes, it never authorises: any content script can choose it. */
export const PORT_NAME = 'updates';

/** Most bytes (UTF-8, as JSON) of one message in either direction. Browsers refuse at 64 MiB, long after a page stutters. */
export const MAX_MESSAGE_BYTES = 256 * 1024;

/** How long the page waits for the handshake before it drops the port, in ms. A worker that threw at start says nothing. */
export const HANDSHAKE_LIMIT_MS = 3_000;

/** Silence after which a page that wants updates sends `PING`, in ms: 10 s less than browsers need to stop an idle background. */
export const HEARTBEAT_MS = 20_000;

/** How long a `PONG` may take before the port counts as dead, in ms. */
export const PONG_LIMIT_MS = 5_000;

/** Interval of a port's producer in ms: one batch at most each. */
export const EVERY_MS = { min: 16, default: 100, max: 60_000 } as const;

/** Batches under way unacknowledged, at most. With {@link MAX_MESSAGE_BYTES} it bounds what a blocked page can hold up: 2 MiB. */
export const WINDOW = 8;

const MAX_ID_LENGTH = 64;
const MAX_NAME_LENGTH = 200;
const MAX_REASON_LENGTH = 500;
const MAX_CLOSE_DETAIL_LENGTH = 200;
const MAX_FEEDS = 256;
/** Deepest value accepted: far above any reading, far below a stack overflow. */
export const MAX_JSON_DEPTH = 32;

/** A state feed's newest value replaces the older ones; an event feed's updates all count, in order. */
export type FeedKind = 'state' | 'event';

/** One value of a feed. `seq` counts from 1 within an epoch; `at` is when the value arrived, epoch ms, and never changes. */
export interface Update {
  seq: number;
  at: number;
  value: Json;
}

/** The last update of a feed that the subscriber has handed over. */
export interface Cursor {
  epoch: string;
  seq: number;
}

/** A feed as its viewers know it. */
export interface FeedInfo {
  id: string;
  name: string;
  kind: FeedKind;
  unit: string;
  /** Names one history of the feed. A `seq` means nothing in another epoch. */
  epoch: string;
  /** Names source, kind and path: with another one it is another feed under the same id. */
  definition: string;
  /** Age in ms from which the newest value counts as stale; `null` when silence is normal (an event feed, say). */
  staleAfterMs: number | null;
}

/** What one batch says of one feed. */
export interface FeedBatch {
  feed: string;
  epoch: string;
  /**
   * `true`: `updates` follow the cursor that was read from, in the same history, perhaps under a renewed epoch: `seq` is
   * comparable across the change. `false`: a snapshot, or another history.
   */
  continues: boolean;
  /** May be empty when only `confirmedAt` moved. */
  updates: Update[];
  /** Older values of a state feed, left out on purpose; 0 for an event feed. */
  merged: number;
  /** Events that the log no longer had; 0 for a state feed. */
  lost: number;
  /** When the source last said that the newest value of a state feed still holds, epoch ms; `null` for events and when unknown. */
  confirmedAt: number | null;
}

export type FeedState = 'waiting' | 'live' | 'stale' | 'retrying' | 'blocked';

/** Why a feed is in its state: `code` is for translating, `detail` for the person ("401"). */
export interface StatusReason {
  code: string;
  detail: string;
}

export interface FeedStatus {
  feed: string;
  state: FeedState;
  /** Since when, epoch ms. */
  since: number;
  reason: StatusReason | null;
  /** When the source is tried again, epoch ms. */
  retryAt: number | null;
}

/** Why the background ends a port, and what the page does then. Sent in full, so that an old page obeys a new table. */
export const CLOSE_REASONS = {
  /** The page sent something this file does not parse, or a message its state does not allow. */
  'bad-message': { retry: true, afterMs: 30_000 },
  /** This sender may see no feed. */
  'not-allowed': { retry: false, afterMs: 0 },
  /** The page speaks another version: an old script after an update. */
  'version-mismatch': { retry: false, afterMs: 0 },
  /** The person took the site's access away. */
  'permission-removed': { retry: false, afterMs: 0 },
  /** A feed was edited or removed, or another was added: the page asks again and gets the new list. */
  'feed-removed': { retry: true, afterMs: 0 },
  /** The document has more ports than it needs, or the background does. */
  'too-many-ports': { retry: true, afterMs: 30_000 },
  /** The background is about to stop. */
  'shutting-down': { retry: true, afterMs: 100 },
} as const satisfies Record<string, { retry: boolean; afterMs: number }>;

export type CloseReason = keyof typeof CLOSE_REASONS;

export type PauseReason = 'hidden' | 'person';

export type Heartbeat = { type: 'PING'; id: number } | { type: 'PONG'; id: number };

export type ToBackground =
  | {
      type: 'START_UPDATES';
      protocol: number;
      streamId: string;
      everyMs: number;
      /** The page is in a private window where the sender does not tell. */
      private?: true;
      /** The first stream of a content script that was put into this document: it goes on where an earlier one was. */
      takesOver?: true;
      resume: Record<string, Cursor>;
    }
  | { type: 'ACK'; batch: number }
  | { type: 'PAUSE'; reason: PauseReason }
  | { type: 'RESUME'; reason: PauseReason }
  | { type: 'STOP_UPDATES' }
  | { type: 'NOTE'; note: Json }
  | Heartbeat;

export type ToPage =
  | { type: 'STARTED'; protocol: number; feeds: FeedInfo[]; window: number; maxMessageBytes: number; note: Json }
  | { type: 'UPDATES'; batch: number; feeds: FeedBatch[] }
  | ({ type: 'STATUS' } & FeedStatus)
  | { type: 'CLOSE'; reason: string; detail: string; retry: boolean; afterMs: number }
  | Heartbeat;

/** A message, or in words what is wrong with it: `reason` never repeats what arrived. */
export type Parsed<Message, Code = undefined> =
  | { ok: true; message: Message }
  | ({ ok: false; reason: string } & (Code extends undefined ? unknown : { code: Code }));

type Fields = Record<string, unknown>;

const isObject = (x: unknown): x is Fields => typeof x === 'object' && x !== null && !Array.isArray(x);
const isInteger = (x: unknown, min = 0, max = Number.MAX_SAFE_INTEGER): x is number =>
  Number.isSafeInteger(x) && (x as number) >= min && (x as number) <= max;
const isText = (x: unknown, max: number, min = 0): x is string =>
  typeof x === 'string' && x.length >= min && x.length <= max;
const isId = (x: unknown): x is string => isText(x, MAX_ID_LENGTH, 1);
const isNullOr = (x: unknown, holds: boolean): boolean => x === null || holds;
const isTrueOrAbsent = (x: unknown): boolean => x === undefined || x === true;

/** Of all places: `Array.prototype.every` passes over the holes of an array, which Firefox carries. */
function isEvery(x: readonly unknown[], holds: (item: unknown) => boolean): boolean {
  for (const item of x) if (!holds(item)) return false;
  return true;
}

/** Whether `x` survives a port unchanged: no `undefined`, no NaN, no Date, not deeper than 32. */
export function isJson(x: unknown, depth = MAX_JSON_DEPTH): x is Json {
  if (x === null || typeof x === 'string' || typeof x === 'boolean') return true;
  if (typeof x === 'number') return Number.isFinite(x);
  if (typeof x !== 'object' || depth === 0) return false;
  if (Array.isArray(x)) return isEvery(x, (item) => isJson(item, depth - 1));
  const prototype: unknown = Object.getPrototypeOf(x);
  // Across Firefox's compartments a plain object has another realm's Object.prototype, whose own prototype is null.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return false;
  return Object.values(x).every((item) => isJson(item, depth - 1));
}

const isCursor = (x: unknown): x is Cursor => isObject(x) && isId(x['epoch']) && isInteger(x['seq']);

const isFeedInfo = (x: unknown): x is FeedInfo =>
  isObject(x) &&
  isId(x['id']) &&
  isText(x['name'], MAX_NAME_LENGTH) &&
  (x['kind'] === 'state' || x['kind'] === 'event') &&
  isText(x['unit'], MAX_ID_LENGTH) &&
  isId(x['epoch']) &&
  isId(x['definition']) &&
  isNullOr(x['staleAfterMs'], isInteger(x['staleAfterMs'], 1));

/** In order, or a replay could be applied backwards. */
function areUpdates(x: unknown): x is Update[] {
  if (!Array.isArray(x)) return false;
  let last = 0;
  for (const update of x as Fields[]) {
    if (!isObject(update) || !isInteger(update['seq'], last + 1) || !isInteger(update['at'])) return false;
    if (!isJson(update['value'])) return false;
    last = update['seq'];
  }
  return true;
}

const isFeedBatch = (x: unknown): x is FeedBatch =>
  isObject(x) &&
  isId(x['feed']) &&
  isId(x['epoch']) &&
  typeof x['continues'] === 'boolean' &&
  areUpdates(x['updates']) &&
  isInteger(x['merged']) &&
  isInteger(x['lost']) &&
  isNullOr(x['confirmedAt'], isInteger(x['confirmedAt']));

const isReason = (x: unknown): boolean => isObject(x) && isId(x['code']) && isText(x['detail'], MAX_REASON_LENGTH);

const isFeedState = (x: unknown): x is FeedState =>
  x === 'waiting' || x === 'live' || x === 'stale' || x === 'retrying' || x === 'blocked';

const isPauseReason = (x: unknown): boolean => x === 'hidden' || x === 'person';

const isList = (x: unknown, isItem: (item: unknown) => boolean): boolean =>
  Array.isArray(x) && x.length <= MAX_FEEDS && isEvery(x, isItem);

const isCursors = (x: unknown): boolean =>
  isObject(x) && isList(Object.keys(x), isId) && Object.values(x).every(isCursor);

type Checks<Message extends { type: string }> = {
  [Type in Message['type']]: (x: Fields) => boolean;
};

const isHeartbeat = (x: Fields): boolean => isInteger(x['id']);

const TO_BACKGROUND: Checks<ToBackground> = {
  START_UPDATES: (x) =>
    isInteger(x['protocol'], 1) &&
    isId(x['streamId']) &&
    isInteger(x['everyMs'], EVERY_MS.min, EVERY_MS.max) &&
    isTrueOrAbsent(x['private']) &&
    isTrueOrAbsent(x['takesOver']) &&
    isCursors(x['resume']),
  ACK: (x) => isInteger(x['batch'], 1),
  PAUSE: (x) => isPauseReason(x['reason']),
  RESUME: (x) => isPauseReason(x['reason']),
  STOP_UPDATES: () => true,
  NOTE: (x) => isJson(x['note']),
  PING: isHeartbeat,
  PONG: isHeartbeat,
};

const TO_PAGE: Checks<ToPage> = {
  STARTED: (x) =>
    x['protocol'] === PROTOCOL_VERSION &&
    isList(x['feeds'], isFeedInfo) &&
    isInteger(x['window'], 1, 1_000) &&
    x['maxMessageBytes'] === MAX_MESSAGE_BYTES &&
    isJson(x['note']),
  UPDATES: (x) => isInteger(x['batch'], 1) && isList(x['feeds'], isFeedBatch),
  STATUS: (x) =>
    isId(x['feed']) &&
    isFeedState(x['state']) &&
    isInteger(x['since']) &&
    isNullOr(x['reason'], isReason(x['reason'])) &&
    isNullOr(x['retryAt'], isInteger(x['retryAt'])),
  CLOSE: (x) =>
    isId(x['reason']) &&
    isText(x['detail'], MAX_CLOSE_DETAIL_LENGTH) &&
    typeof x['retry'] === 'boolean' &&
    isInteger(x['afterMs']),
  PING: isHeartbeat,
  PONG: isHeartbeat,
};

function parse<Message extends { type: string }>(checks: Checks<Message>, x: unknown): Parsed<Message> {
  if (!isObject(x)) return { ok: false, reason: 'not an object' };
  const type = x['type'];
  if (typeof type !== 'string' || !Object.hasOwn(checks, type)) return { ok: false, reason: 'unknown type' };
  const holds = checks[type as Message['type']](x);
  return holds ? { ok: true, message: x as unknown as Message } : { ok: false, reason: `malformed ${type}` };
}

/** Parses what a page sent. Fields that version 2 does not name are let through and ignored. Never throws. */
export const parseToBackground = (x: unknown): Parsed<ToBackground> => parse(TO_BACKGROUND, x);

/** Parses what the background sent. Fields that version 2 does not name are let through and ignored. Never throws. */
export const parseToPage = (x: unknown): Parsed<ToPage> => parse(TO_PAGE, x);
