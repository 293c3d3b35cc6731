import type { Update } from '../stream/protocol';

/** What a queue holds, at most, but for its newest update, which it holds however large. */
export interface QueueLimits {
  updates: number;
  /** UTF-8 bytes of the updates as JSON. */
  bytes: number;
  /** Bytes that they take in memory, about. */
  heapBytes: number;
}

/** Updates in order, and their bytes as a list in JSON, at most so many. */
export interface Updates {
  updates: Update[];
  bytes: number;
}

/** A value as JSON, the UTF-8 bytes of that, and the bytes that the value takes in memory, about. */
export interface Measured {
  text: string;
  bytes: number;
  heapBytes: number;
}

/** The newest updates of a log, in order of `seq`. */
export interface UpdateQueue {
  readonly newest: Update | null;
  /** What it takes in memory, in bytes, about. */
  readonly heapBytes: number;
  /** Adds the newest. `holdText`: {@link UpdateQueue.jsonAfter} will ask for it. */
  push(update: Update, value: Measured, holdText: boolean): void;
  /** Drops the oldest until `bytes` of memory are free, but not the newest. */
  shed(bytes: number): void;
  clear(): void;
  /** The first update after `seq`. */
  firstAfter(seq: number): Update | null;
  /** Those after `seq`, the oldest first, at most `maxBytes` of them but at least one. `more`: there are others. */
  after(seq: number, maxBytes: number): Updates & { more: boolean };
  /** The newest, at most so many, and at most `maxBytes` of them but at least one. */
  last(count: number, maxBytes: number): Updates;
  /** Bytes of all after `seq` as a list in JSON; 0 when there are none. */
  bytesAfter(seq: number): number;
  /** Those after `seq`, each as `[seq,at,value]` in JSON. */
  jsonAfter(seq: number): string[];
}

interface Entry {
  update: Update;
  bytes: number;
  heapBytes: number;
  /** Bytes of all entries there ever were up to and with this one. */
  upTo: number;
  /** Its value as JSON, from when it was measured until it is written: to make it again would be most of the cost of that. */
  text: string | null;
}

/** `{"seq":,"at":,"value":}` and a comma. */
const FRAME_BYTES = 24;

/** An entry in memory, without its value. */
const FRAME_HEAP_BYTES = 200;

/** The brackets of a list. */
const LIST_BYTES = 2;

const listBytes = (bytes: number): number => (bytes === 0 ? 0 : LIST_BYTES + bytes);

/** Makes an empty queue. `onHeap` is told of each change of {@link UpdateQueue.heapBytes}, after it. */
export function createUpdateQueue(limits: QueueLimits, onHeap: (bytes: number) => void): UpdateQueue {
  // Places before `head` are empty, and the array is cut when they are half of it.
  let entries: (Entry | undefined)[] = [];
  let head = 0;
  let bytes = 0;
  let heapBytes = 0;
  let total = 0;

  const addHeap = (more: number): void => {
    heapBytes += more;
    onHeap(more);
  };

  const isOver = (): boolean =>
    entries.length - head > limits.updates || bytes > limits.bytes || heapBytes > limits.heapBytes;

  const dropWhile = (isTooMuch: () => boolean): void => {
    while (entries.length - head > 1 && isTooMuch()) {
      const oldest = entries[head];
      bytes -= oldest?.bytes ?? 0;
      entries[head] = undefined;
      head += 1;
      addHeap(-(oldest?.heapBytes ?? 0));
    }
    if (head * 2 <= entries.length) return;
    entries = entries.slice(head);
    head = 0;
  };

  /** Where the first entry after `seq` is. */
  const indexAfter = (seq: number): number => {
    // No two have one seq, so that no more can lie after it; where nothing was skipped this is the place itself.
    let low = Math.max(head, entries.length - Math.max(0, (entries.at(-1)?.update.seq ?? 0) - seq));
    let high = entries.length;
    if ((entries[low]?.update.seq ?? 0) > seq) return low;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((entries[middle]?.update.seq ?? 0) > seq) high = middle;
      else low = middle + 1;
    }
    return low;
  };

  return {
    get newest() {
      return entries.at(-1)?.update ?? null;
    },
    get heapBytes() {
      return heapBytes;
    },
    push(update, { text, bytes: valueBytes, heapBytes: valueHeapBytes }, holdText) {
      const size = FRAME_BYTES + String(update.seq).length + String(update.at).length + valueBytes;
      const cost = FRAME_HEAP_BYTES + valueHeapBytes + (holdText ? text.length : 0);
      total += size;
      bytes += size;
      entries.push({ update, bytes: size, heapBytes: cost, upTo: total, text: holdText ? text : null });
      addHeap(cost);
      dropWhile(isOver);
    },
    shed(wanted) {
      const aim = heapBytes - wanted;
      dropWhile(() => heapBytes > aim);
    },
    clear() {
      entries = [];
      head = 0;
      bytes = 0;
      addHeap(-heapBytes);
    },
    firstAfter: (seq) => entries[indexAfter(seq)]?.update ?? null,
    after(seq, maxBytes) {
      const updates: Update[] = [];
      let size = 0;
      let i = indexAfter(seq);
      for (; i < entries.length; i += 1) {
        const entry = entries[i];
        if (entry === undefined || (size > 0 && LIST_BYTES + size + entry.bytes > maxBytes)) break;
        updates.push(entry.update);
        size += entry.bytes;
      }
      return { updates, bytes: listBytes(size), more: i < entries.length };
    },
    last(count, maxBytes) {
      const updates: Update[] = [];
      let size = 0;
      for (let i = entries.length - 1; i >= head && updates.length < count; i -= 1) {
        const entry = entries[i];
        if (entry === undefined || (size > 0 && LIST_BYTES + size + entry.bytes > maxBytes)) break;
        updates.unshift(entry.update);
        size += entry.bytes;
      }
      return { updates, bytes: listBytes(size) };
    },
    bytesAfter(seq) {
      const oldest = entries[indexAfter(seq)];
      return oldest === undefined ? 0 : listBytes(total - oldest.upTo + oldest.bytes);
    },
    jsonAfter(seq) {
      const list: string[] = [];
      let freed = 0;
      for (let i = indexAfter(seq); i < entries.length; i += 1) {
        const entry = entries[i];
        if (entry === undefined) continue;
        const { update, text } = entry;
        list.push(`[${update.seq},${update.at},${text ?? JSON.stringify(update.value)}]`);
        if (text === null) continue;
        entry.text = null;
        entry.heapBytes -= text.length;
        freed += text.length;
      }
      addHeap(-freed);
      return list;
    },
  };
}
