/**
 * The background's end of one port that has started: the interval, the cursors, the credit.
 *
 * It pulls from the feeds' logs, so that a slow page costs a cursor and never a queue. The first update after a quiet
 * interval leaves at once; after that one batch per interval, so that many small updates do not become many messages. Events
 * that fill a message do not wait: it cannot carry more, and the credit bounds how many there are. What is left over by such
 * a message follows at once, and what comes then after the shortest interval, which doubles until it is the stream's own: a
 * burst has no slow end. Without news, credit or a viewer no timer runs.
 */
import type { FeedReader } from './feed-reader';
import { type Cursor, EVERY_MS, type FeedBatch, MAX_MESSAGE_BYTES, type ToPage, WINDOW } from './protocol';
import { createStatusQueue } from './status-queue';

/** Bytes of a batch around its updates: the message, and for each feed its id, epoch and counts. */
const BATCH_OVERHEAD_BYTES = 100;
const FEED_OVERHEAD_BYTES = 600;

export interface ProducerOptions {
  readers: readonly FeedReader[];
  /** Interval in ms, 16 to 60 000. */
  everyMs: number;
  resume: Readonly<Record<string, Cursor>>;
  /** Posts a message of `bytes` at most. `false`: it could not be posted, and the producer has ended. */
  post(message: ToPage, bytes: number): boolean;
  /** A batch of so many updates left. */
  onSent(updates: number): void;
  /** The page has applied the event feeds up to here. */
  onApplied(cursors: Record<string, Cursor>): void;
  /** Nothing more leaves before the page is heard: {@link Producer.heard}. */
  onHeld(): void;
  /** A feed threw, which it must not: this port can go no further. */
  onFailed(error: unknown): void;
}

export interface Producer {
  /** Follows the feeds, and posts what there is at once. To be called once, first. */
  start(): void;
  /** The page said something. */
  heard(): void;
  /** The page has applied all batches up to this one. `false`: no such batch was sent. */
  acknowledge(batch: number): boolean;
  pause(): void;
  resume(): void;
  end(): void;
}

export function createProducer(options: ProducerOptions): Producer {
  const { readers, everyMs, resume, post, onSent } = options;
  const cursors = new Map<FeedReader, Cursor | null>();
  for (const reader of readers) {
    cursors.set(reader, Object.hasOwn(resume, reader.info.id) ? (resume[reader.info.id] ?? null) : null);
  }
  const sampled = readers.filter(({ sample }) => sample !== null);
  const eventReaders = readers.filter(({ info }) => info.kind === 'event');
  const news = new Set<FeedReader>();
  const statuses = createStatusQueue(everyMs, post);
  let following: (() => void)[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let timerDueAt = Infinity;
  /** A tick is under way. What happens meanwhile is looked at when it is over. */
  let ticking = false;
  /** When a batch that is not full may leave, in ms. */
  let batchDueAt = -Infinity;
  /** For how long the next batch that is not full keeps the one after it waiting, in ms. */
  let restMs = everyMs;
  /** The page has a cursor of another history than the feed's, in which there was nothing yet to tell it so. */
  const apart = new Set<FeedReader>();
  /** `confirmedAt` as the page was told. */
  const confirmed = new Map<FeedReader, number | null>();
  /** For each batch under way, oldest first: where the event feeds are once the page has applied it. */
  const underWay: Record<string, Cursor>[] = [];
  let sent = 0;

  const running = (): boolean => following.length > 0;

  /** Whether events wait that fill a message. */
  const isFull = (): boolean => {
    let bytes = BATCH_OVERHEAD_BYTES;
    for (const reader of news) bytes += FEED_OVERHEAD_BYTES + reader.waitingBytes(cursors.get(reader) ?? null);
    return bytes >= MAX_MESSAGE_BYTES;
  };

  const newsDueAt = (now: number): number => (batchDueAt > now && isFull() ? now : batchDueAt);

  /** When there is something to do next, in ms; `Infinity`: never. Status waits for no update and no update for a status. */
  const nextDueAt = (now: number): number => {
    const newsAt = news.size > 0 ? newsDueAt(now) : Infinity;
    return Math.min(newsAt, statuses.dueAt, sampled.length > 0 ? now + everyMs : Infinity);
  };

  const clearTimer = (): void => {
    clearTimeout(timer);
    timer = undefined;
    timerDueAt = Infinity;
  };

  /** Ticks now if something is due, else sets the timer if there is reason for one. */
  const schedule = (): void => {
    if (ticking || statuses.isHeld || !running() || underWay.length >= WINDOW) return;
    const now = performance.now();
    const dueAt = nextDueAt(now);
    if (dueAt <= now) return tick();
    if (dueAt >= timerDueAt) return;
    clearTimer();
    timerDueAt = dueAt;
    // Timers drop fractions: one that fires before its time has to be set twice.
    timer = setTimeout(tick, Math.ceil(dueAt - now));
  };

  const tick = (): void => {
    clearTimer();
    ticking = true;
    try {
      takeTurn();
    } catch (error) {
      fail(error);
    }
  };

  /** Left ticking, the port would answer every ping and never bring anything again. */
  const fail = (error: unknown): void => {
    end();
    options.onFailed(error);
  };

  const takeTurn = (): void => {
    for (const reader of sampled) reader.sample?.();
    const now = performance.now();
    if (now >= statuses.dueAt) sendStatus(now);
    const batch = !statuses.isHeld && now >= newsDueAt(now) ? collect() : NOTHING;
    const saves = batch.readers.map((reader) => reader.save()).filter((save) => save !== undefined);
    if (saves.length === 0) return send(batch);
    Promise.all(saves)
      .then(() => sendSaved(batch))
      .catch(fail);
  };

  const sendSaved = (batch: Batch): void => {
    if (!running()) {
      ticking = false;
      return;
    }
    if (batch.feeds.every(({ epoch }, index) => batch.readers[index]?.info.epoch === epoch)) return send(batch);
    // It was not written, and goes on under an epoch that the disk does not have: under the old one another update may get its
    // seq after a restart of the background, and would be taken for it.
    for (const reader of batch.readers) news.add(reader);
    send(NOTHING);
  };

  const sendStatus = (now: number): void => {
    const wasHeld = statuses.isHeld;
    statuses.send(now);
    if (statuses.isHeld && !wasHeld) options.onHeld();
  };

  /** Reads what fits into one message. Moves no cursor: what is not sent is read again. */
  const collect = (): Batch => {
    const batch: Batch = { ...NOTHING, feeds: [], readers: [], filled: isFull() };
    for (const reader of news) {
      const room = MAX_MESSAGE_BYTES - batch.bytes - FEED_OVERHEAD_BYTES;
      const { id } = reader.info;
      const { seq, bytes, more, ...reading } = reader.read(cursors.get(reader) ?? null, Math.max(room, 0));
      if (bytes > room) {
        if (batch.feeds.length === 0) throw new RangeError(`Cannot send "${id}": one update takes ${bytes} bytes`);
        batch.full = true;
        break;
      }
      if (reading.updates.length === 0 && cursors.get(reader) !== null) {
        cursors.set(reader, { epoch: reading.epoch, seq });
        news.delete(reader);
        if (!reading.continues) apart.add(reader);
        const { confirmedAt } = reading;
        if (apart.has(reader) || confirmedAt === null || confirmedAt === confirmed.get(reader)) continue;
      }
      batch.feeds.push({ feed: id, ...reading, continues: reading.continues && !apart.has(reader) });
      batch.readers.push(reader);
      batch.bytes += bytes + FEED_OVERHEAD_BYTES;
      batch.updates += reading.updates.length;
      news.delete(reader);
      if (more) {
        // To the end of the line: a backlog must not hold up the other feeds.
        news.add(reader);
        batch.full = true;
        break;
      }
    }
    return batch;
  };

  const send = ({ feeds, readers: from, bytes, updates, full, filled }: Batch): void => {
    ticking = false;
    if (feeds.length > 0) {
      // Where they were not written the status says so, and the background may be stopped between the two.
      sendStatus(performance.now());
      if (statuses.isHeld) {
        for (const reader of from) news.add(reader);
        return;
      }
      if (!post({ type: 'UPDATES', batch: sent + 1, feeds }, bytes)) return end();
      sent += 1;
      if (full) {
        batchDueAt = -Infinity;
        restMs = filled ? EVERY_MS.min : everyMs;
      } else if (updates > 0) {
        batchDueAt = performance.now() + restMs;
        restMs = Math.min(2 * restMs, everyMs);
      }
      feeds.forEach(({ epoch, updates: list, confirmedAt }, index) => {
        const reader = from[index];
        const last = list.at(-1);
        if (!reader) return;
        confirmed.set(reader, confirmedAt);
        if (last) apart.delete(reader);
        // Nothing yet for a page without a cursor: it has one now, and all that comes next is news, never a snapshot.
        if (last || cursors.get(reader) === null) cursors.set(reader, { epoch, seq: last?.seq ?? 0 });
      });
      underWay.push(eventCursors());
      onSent(updates);
    }
    schedule();
  };

  const eventCursors = (): Record<string, Cursor> =>
    Object.fromEntries(
      eventReaders.flatMap((reader) => {
        const cursor = cursors.get(reader);
        return cursor ? [[reader.info.id, cursor]] : [];
      }),
    );

  const follow = (): void => {
    following = readers.map((reader) => {
      news.add(reader);
      statuses.add(reader);
      const isState = !eventReaders.includes(reader);
      return reader.follow({
        onNews() {
          // A state that waits does not grow by another value: nothing is due earlier than it was.
          if (isState && news.has(reader)) return;
          news.add(reader);
          schedule();
        },
        onStatus() {
          statuses.add(reader);
          schedule();
        },
      });
    });
    schedule();
  };

  const end = (): void => {
    clearTimer();
    for (const stop of following) stop();
    following = [];
  };

  return {
    start: follow,
    heard() {
      const wasHeld = statuses.isHeld;
      statuses.heard();
      if (wasHeld) schedule();
    },
    acknowledge(batch) {
      const count = batch - (sent - underWay.length);
      const applied = underWay.splice(0, Math.max(count, 0))[count - 1];
      if (!applied) return false;
      options.onApplied(applied);
      schedule();
      return true;
    },
    pause: end,
    resume() {
      if (!running()) follow();
    },
    end,
  };
}

interface Batch {
  feeds: FeedBatch[];
  readers: FeedReader[];
  bytes: number;
  updates: number;
  /** Cut short by the size limit: there is more to send now. */
  full: boolean;
  /** Events that fill a message waited for it. */
  filled: boolean;
}

const NOTHING: Batch = { feeds: [], readers: [], bytes: BATCH_OVERHEAD_BYTES, updates: 0, full: false, filled: false };
