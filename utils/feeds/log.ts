/**
 * What is kept of one feed: its newest updates, bounded in count and bytes, and the epoch in which their `seq` counts.
 *
 * Invariant that everything else leans on: within one epoch a `seq` means the same update for ever. So a log gets a new
 * epoch when its source begins a new history ({@link Log.restart}), and also when updates are about to be shown that the
 * disk will not have ({@link Log.reissue}): after a restart of the background the same `seq` would name something else.
 * For that reason a state is always restored under a new one: {@link Log.refresh}.
 */
import type { Cursor, FeedKind, Json, Update } from '../stream/protocol';
import type { Reading } from '../stream/feed-reader';
import { isBounded } from './is-bounded';

/** What one log keeps, at most. A state feed keeps one update. */
export interface LogLimits {
  updates: number;
  /** UTF-8 bytes of the updates as JSON. */
  bytes: number;
}

/** Enough for 16 s of 2000 updates a second. */
export const LOG_LIMITS: LogLimits = { updates: 32_768, bytes: 4 * 1024 * 1024 };

/** Bytes of one value as JSON, at most: a batch must take at least a few. */
export const MAX_VALUE_BYTES = 64 * 1024;

/** Updates of an event feed that a new viewer sees, at most. */
export const SNAPSHOT_UPDATES = 20;

/** Epochs before this one whose cursors can still be read from, at most. */
const MAX_FORMER = 8;

/** `{"seq":,"at":,"value":}` and a comma. */
const FRAME_BYTES = 24;

/** The brackets of a list. */
const LIST_BYTES = 2;

/** Whether the log took a value. */
export type Appended = { ok: true } | { ok: false; code: 'bad-data' | 'too-large'; reason: string };

/** An update as it is kept outside: `[seq, at, value]`. */
export type KeptUpdate = [seq: number, at: number, value: Json];

/** A log as a checkpoint has it. */
export interface KeptLog {
  epoch: string;
  seq: number;
  /** Cursors of earlier epochs that go on in this one: their epoch, and the `seq` up to which it is the same history. */
  former: Cursor[];
  updates: KeptUpdate[];
}

interface Entry {
  update: Update;
  bytes: number;
  /** Bytes of all entries of this history up to and with this one. */
  upTo: number;
  keep: boolean;
  /** Its value as JSON, from when it was measured until it is written: to make it again would be most of the cost of that. */
  text: string | null;
}

const TAKEN: Appended = { ok: true };

export interface Log {
  readonly epoch: string;
  /** The last `seq` given out, counting those skipped; 0 before the first. */
  readonly seq: number;
  readonly newest: Update | null;
  /** The last `seq` given out for something new; {@link Log.refresh} gives none. */
  readonly lastChange: number;
  /**
   * Gives `value` the next `seq`. `at` in epoch ms; earlier than the last where the clock was set back.
   * `keep`: whether it may be kept outside memory. The value is a text, or what `JSON.parse` gave.
   */
  append(value: Json, at: number, keep: boolean): Appended;
  /**
   * Gives the newest value of a state the next `seq` and a later `at`. Need not be kept outside: of a restored log, a cursor
   * of the epoch before that is beyond its end has seen the end.
   */
  refresh(at: number): void;
  /** Leaves out `count` places in the order, for updates that the source says there were: they read as lost. */
  skip(count: number): void;
  /** Forgets everything and begins a new history. */
  restart(): void;
  /** Goes on with the same history under a new epoch; cursors of the old one still read from here. */
  reissue(): void;
  read(cursor: Cursor | null, maxBytes: number): Reading;
  /** Bytes of the events that {@link Log.read} would give a cursor without a limit; 0 for a state and for a snapshot. */
  waitingBytes(cursor: Cursor | null): number;
  /** What may be kept outside, after `seq`: a {@link KeptLog} as JSON. */
  kept(afterSeq: number): string;
}

const NOT_ASCII = /[^\0-\x7f]/;

/** UTF-8 bytes of a text. A surrogate pair counts as 6 in place of 4. */
function utf8Bytes(text: string): number {
  // Most texts are ASCII, and of a burst's first thousands the loop would be a fifth of the cost of keeping them.
  if (!NOT_ASCII.test(text)) return text.length;
  let bytes = text.length;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) bytes += code > 0x7ff ? 2 : 1;
  }
  return bytes;
}

const sizeOf = (update: Update, valueBytes: number): number =>
  FRAME_BYTES + String(update.seq).length + String(update.at).length + valueBytes;

/**
 * Makes an empty log.
 * @param newEpoch makes an id that was never used before; the default is `crypto.randomUUID`
 */
export function createLog(
  kind: FeedKind,
  {
    limits = LOG_LIMITS,
    newEpoch = () => crypto.randomUUID(),
    restore,
  }: { limits?: LogLimits; newEpoch?: () => string; restore?: KeptLog | undefined } = {},
): Log {
  const maxUpdates = kind === 'state' ? 1 : limits.updates;
  let epoch = restore?.epoch ?? newEpoch();
  let former: Cursor[] = restore?.former ?? [];
  let seq = 0;
  let lastChange = 0;
  let bytes = 0;
  let total = 0;
  // A queue: places before `head` are empty, and the array is cut when they are half of it.
  let entries: (Entry | undefined)[] = [];
  let head = 0;

  const add = (update: Update, valueBytes: number, keep: boolean, text: string | null): void => {
    const size = sizeOf(update, valueBytes);
    total += size;
    entries.push({ update, bytes: size, upTo: total, keep, text });
    bytes += size;
    seq = update.seq;
    while (entries.length - head > 1 && (entries.length - head > maxUpdates || bytes > limits.bytes)) {
      bytes -= entries[head]?.bytes ?? 0;
      entries[head] = undefined;
      head += 1;
    }
    if (head * 2 > entries.length) {
      entries = entries.slice(head);
      head = 0;
    }
  };

  const toTime = (at: number): number => Math.max(0, Math.floor(at));

  /** Where the first entry after `after` is. */
  const indexAfter = (after: number): number => {
    // No two have one seq, so that no more can lie after it; where nothing was skipped this is the place itself.
    let low = Math.max(head, entries.length - (seq - after));
    let high = entries.length;
    if ((entries[low]?.update.seq ?? 0) > after) return low;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((entries[middle]?.update.seq ?? 0) > after) high = middle;
      else low = middle + 1;
    }
    return low;
  };

  const snapshot = (maxBytes: number): Reading => {
    const updates: Update[] = [];
    let size = 0;
    for (let i = entries.length - 1; i >= head && updates.length < SNAPSHOT_UPDATES; i -= 1) {
      const entry = entries[i];
      if (entry === undefined || (size > 0 && LIST_BYTES + size + entry.bytes > maxBytes)) break;
      updates.unshift(entry.update);
      size += entry.bytes;
    }
    return {
      epoch,
      continues: false,
      seq: updates.at(-1)?.seq ?? seq,
      updates,
      merged: 0,
      lost: 0,
      confirmedAt: null,
      bytes: size === 0 ? 0 : LIST_BYTES + size,
      more: false,
    };
  };

  /** Where a viewer of another history goes on: it was there before this one began, so that every event of it counts. */
  const beforeAll = (): number | null => {
    const oldest = entries[indexAfter(0)];
    return kind === 'event' && oldest !== undefined ? oldest.update.seq - 1 : null;
  };

  /** The place in this history that a cursor means, if it means one. */
  const resolve = (cursor: Cursor): number | null => {
    if (cursor.epoch === epoch) return cursor.seq <= seq ? cursor.seq : null;
    const same = former.find((old) => old.epoch === cursor.epoch);
    if (same === undefined) return null;
    if (kind === 'state') return Math.min(cursor.seq, same.seq);
    return cursor.seq <= same.seq ? cursor.seq : null;
  };

  const reissue = (): void => {
    former = [{ epoch, seq }, ...former].slice(0, MAX_FORMER);
    epoch = newEpoch();
  };

  for (const [keptSeq, at, value] of restore?.updates ?? []) {
    add({ seq: keptSeq, at, value }, utf8Bytes(JSON.stringify(value)), true, null);
  }
  seq = Math.max(seq, restore?.seq ?? 0);
  lastChange = seq;
  if (kind === 'state' && restore !== undefined) reissue();

  const log: Log = {
    get epoch() {
      return epoch;
    },
    get seq() {
      return seq;
    },
    get newest() {
      return entries.at(-1)?.update ?? null;
    },
    get lastChange() {
      return lastChange;
    },
    append(value, at, keep) {
      if (!isBounded(value)) return { ok: false, code: 'bad-data', reason: 'not a value that JSON can hold' };
      const text = JSON.stringify(value);
      const valueBytes = utf8Bytes(text);
      if (valueBytes > MAX_VALUE_BYTES) {
        return { ok: false, code: 'too-large', reason: `a value of more than ${MAX_VALUE_BYTES / 1024} KiB` };
      }
      if (seq >= Number.MAX_SAFE_INTEGER) log.restart();
      // Of a state only the last is ever written, if any.
      add({ seq: seq + 1, at: toTime(at), value }, valueBytes, keep, keep && kind === 'event' ? text : null);
      lastChange = seq;
      return TAKEN;
    },
    refresh(at) {
      const entry = entries.at(-1);
      if (entry === undefined || seq >= Number.MAX_SAFE_INTEGER) return;
      const { update, bytes: size, keep } = entry;
      add({ ...update, seq: seq + 1, at: toTime(at) }, size - sizeOf(update, 0), keep, null);
    },
    skip(count) {
      if (!Number.isSafeInteger(count) || count < 0) {
        throw new RangeError(`Cannot skip "${count}" updates: it is not a whole number from 0`);
      }
      // More than can be counted is another history.
      if (seq + count >= Number.MAX_SAFE_INTEGER) log.restart();
      else seq += count;
      lastChange = seq;
    },
    restart() {
      epoch = newEpoch();
      former = [];
      seq = 0;
      lastChange = 0;
      bytes = 0;
      entries = [];
      head = 0;
    },
    reissue,
    read(cursor, maxBytes) {
      const place = cursor === null ? null : resolve(cursor);
      const after = cursor === null ? null : (place ?? beforeAll());
      if (after === null) return snapshot(maxBytes);
      const updates: Update[] = [];
      let size = 0;
      let i = indexAfter(after);
      for (; i < entries.length; i += 1) {
        const entry = entries[i];
        if (entry === undefined || (size > 0 && LIST_BYTES + size + entry.bytes > maxBytes)) break;
        updates.push(entry.update);
        size += entry.bytes;
      }
      const upTo = updates.at(-1)?.seq ?? after;
      const passed = upTo - after - updates.length;
      return {
        epoch,
        continues: place !== null,
        seq: upTo,
        updates,
        merged: kind === 'state' ? passed : 0,
        lost: kind === 'event' ? passed : 0,
        confirmedAt: null,
        bytes: size === 0 ? 0 : LIST_BYTES + size,
        more: i < entries.length,
      };
    },
    waitingBytes(cursor) {
      if (kind === 'state' || cursor === null) return 0;
      const oldest = entries[indexAfter(resolve(cursor) ?? 0)];
      return oldest === undefined ? 0 : LIST_BYTES + total - oldest.upTo + oldest.bytes;
    },
    kept(afterSeq) {
      const updates: string[] = [];
      for (let i = indexAfter(afterSeq); i < entries.length; i += 1) {
        const entry = entries[i];
        if (entry?.keep !== true) continue;
        const { update, text } = entry;
        updates.push(`[${update.seq},${update.at},${text ?? JSON.stringify(update.value)}]`);
        entry.text = null;
      }
      return `${JSON.stringify({ epoch, seq, former }).slice(0, -1)},"updates":[${updates.join(',')}]}`;
    },
  };
  return log;
}
