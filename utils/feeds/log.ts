/**
 * What is kept of one feed: its newest updates, bounded in count and bytes, and the epoch in which their `seq` counts.
 * {@link createEpochs} says when a log gets another epoch.
 */
import type { Reading } from '../stream/feed-reader';
import type { Cursor, FeedKind, Json, Update } from '../stream/protocol';
import { createEpochId, createEpochs, type Place } from './epochs';
import { heapCost } from './heap-cost';
import { createUpdateQueue, type Measured, type QueueLimits } from './update-queue';

/** What one log keeps, at most: enough for 16 s of 2000 updates a second. A state feed keeps one update. */
export const LOG_LIMITS: QueueLimits = { updates: 32_768, bytes: 4 * 1024 * 1024, heapBytes: 24 * 1024 * 1024 };

/** Bytes of one value as JSON, at most: a batch must take at least a few. */
export const MAX_VALUE_BYTES = 64 * 1024;

/** Updates of an event feed that a new viewer sees, at most. */
export const SNAPSHOT_UPDATES = 20;

/** Whether the log took a value. */
export type Appended = { ok: true } | { ok: false; code: 'bad-data' | 'too-large'; reason: string };

/** An update as it is kept outside: `[seq, at, value]`. */
export type KeptUpdate = [seq: number, at: number, value: Json];

/** A log as a checkpoint has it. */
export interface KeptLog {
  epoch: string;
  seq: number;
  /** Earlier epochs that go on in this one, and the `seq` up to which each is the same history. Absent: as they were kept last. */
  former?: Cursor[];
  updates: KeptUpdate[];
}

export interface Log {
  readonly epoch: string;
  /** The last `seq` given out, counting those skipped; 0 before the first. */
  readonly seq: number;
  readonly newest: Update | null;
  /** When the source last said that the newest value of a state holds, epoch ms; `null` for events, and of what was restored. */
  readonly confirmedAt: number | null;
  /** What it takes in memory, in bytes, about. */
  readonly heapBytes: number;
  /**
   * Gives `value` the next `seq`. `at` in epoch ms; earlier than the last where the clock was set back.
   * `holdText`: whether {@link Log.kept} will ask for it. The value is a text, or what `JSON.parse` gave.
   */
  append(value: Json, at: number, holdText: boolean): Appended;
  /** The newest value of a state still holds at `at`. Gives no `seq`: nothing arrived. */
  confirm(at: number): void;
  /** Leaves out `count` places in the order, for updates that the source says there were: they read as lost. */
  skip(count: number): void;
  /** Forgets everything and begins a new history. */
  restart(): void;
  /**
   * Goes on with the same history under a new epoch; cursors of the old one still read from here.
   * @param keptSeq the last `seq` that the disk is sure to have under the old one; `null`: it may have nothing of it
   */
  renew(keptSeq: number | null): void;
  /** Drops the oldest until `bytes` of memory are free, but not the newest. They read as lost. */
  shed(bytes: number): void;
  /** What lies after a cursor. Of one that means nothing here: all that is kept, and of a state the newest. */
  read(cursor: Cursor | null, maxBytes: number): Reading;
  /** Bytes of the events that {@link Log.read} would give a cursor without a limit; 0 for a state and for a snapshot. */
  waitingBytes(cursor: Cursor | null): number;
  /** What came after `seq`, to be kept outside: a {@link KeptLog} as JSON. */
  kept(afterSeq: number, options: { withFormer: boolean }): string;
}

export interface LogOptions {
  limits?: QueueLimits;
  /** Makes an id that was never used before. */
  newEpoch?: () => string;
  restore?: KeptLog | undefined;
  /** It takes so many bytes of memory more, or fewer. */
  onHeap?: (bytes: number) => void;
}

const TAKEN: Appended = { ok: true };

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

/** `heapBytes` is `NaN` of a value that a port does not take. */
function measure(value: Json): Measured {
  const heapBytes = heapCost(value);
  if (Number.isNaN(heapBytes)) return { text: '', bytes: 0, heapBytes };
  const text = JSON.stringify(value);
  return { text, bytes: utf8Bytes(text), heapBytes };
}

const toTime = (at: number): number => Math.max(0, Math.floor(at));

/** Makes a log: empty, or as it was kept. */
export function createLog(
  kind: FeedKind,
  { limits = LOG_LIMITS, newEpoch = createEpochId, restore, onHeap = () => {} }: LogOptions = {},
): Log {
  const isState = kind === 'state';
  const queue = createUpdateQueue(isState ? { ...limits, updates: 1 } : limits, onHeap);
  const epochs = createEpochs(newEpoch, restore);
  let seq = 0;
  let confirmedAt: number | null = null;

  /** Where a cursor goes on; `null`: with a snapshot. */
  const placeOf = (cursor: Cursor | null): Place | null => {
    if (cursor === null) return null;
    const place = epochs.find(cursor, seq);
    if (isState) return place?.continues === true ? place : null;
    if (place !== null) return place;
    // A viewer of another history was there before this one began, so that every event of it counts.
    const oldest = queue.firstAfter(0);
    return oldest && { after: oldest.seq - 1, continues: false };
  };

  for (const [keptSeq, at, value] of restore?.updates ?? []) {
    queue.push({ seq: keptSeq, at, value }, measure(value), false);
  }
  seq = Math.max(queue.newest?.seq ?? 0, restore?.seq ?? 0);

  const log: Log = {
    get epoch() {
      return epochs.current;
    },
    get seq() {
      return seq;
    },
    get newest() {
      return queue.newest;
    },
    get confirmedAt() {
      return confirmedAt;
    },
    get heapBytes() {
      return queue.heapBytes;
    },
    append(value, at, holdText) {
      const measured = measure(value);
      if (Number.isNaN(measured.heapBytes)) {
        return { ok: false, code: 'bad-data', reason: 'not a value that JSON can hold' };
      }
      if (measured.bytes > MAX_VALUE_BYTES) {
        return { ok: false, code: 'too-large', reason: `a value of more than ${MAX_VALUE_BYTES / 1024} KiB` };
      }
      if (seq >= Number.MAX_SAFE_INTEGER) log.restart();
      seq += 1;
      // Of a state only the last is ever written.
      queue.push({ seq, at: toTime(at), value }, measured, holdText && !isState);
      log.confirm(at);
      return TAKEN;
    },
    confirm(at) {
      if (isState && queue.newest !== null) confirmedAt = toTime(at);
    },
    skip(count) {
      if (!Number.isSafeInteger(count) || count < 0) {
        throw new RangeError(`Cannot skip "${count}" updates: it is not a whole number from 0`);
      }
      // More than can be counted is another history.
      if (seq + count >= Number.MAX_SAFE_INTEGER) log.restart();
      else seq += count;
    },
    restart() {
      epochs.restart();
      queue.clear();
      seq = 0;
      confirmedAt = null;
    },
    renew(keptSeq) {
      epochs.renew(seq, keptSeq);
    },
    shed: (bytes) => queue.shed(bytes),
    read(cursor, maxBytes) {
      const place = placeOf(cursor);
      const { updates, bytes, more } =
        place === null
          ? { ...queue.last(SNAPSHOT_UPDATES, maxBytes), more: false }
          : queue.after(place.after, maxBytes);
      const upTo = updates.at(-1)?.seq ?? place?.after ?? seq;
      const passed = place === null ? 0 : upTo - place.after - updates.length;
      return {
        epoch: epochs.current,
        continues: place?.continues ?? false,
        seq: upTo,
        updates,
        merged: isState ? passed : 0,
        lost: isState ? 0 : passed,
        confirmedAt,
        bytes,
        more,
      };
    },
    waitingBytes: (cursor) => (isState || cursor === null ? 0 : queue.bytesAfter(placeOf(cursor)?.after ?? 0)),
    kept(afterSeq, { withFormer }) {
      const start = JSON.stringify({ epoch: epochs.current, seq, ...(withFormer && { former: epochs.former }) });
      return `${start.slice(0, -1)},"updates":[${queue.jsonAfter(afterSeq).join(',')}]}`;
    },
  };
  return log;
}
