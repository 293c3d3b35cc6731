import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLog, LOG_LIMITS, MAX_VALUE_BYTES } from '../../../utils/feeds/log';
import type { KeptLog, Log } from '../../../utils/feeds/log';
import type { QueueLimits } from '../../../utils/feeds/update-queue';
import type { Cursor, FeedKind, Json, Update } from '../../../utils/stream/protocol';

const FAR = 1_000_000_000;
const bytesOf = (x: unknown): number => new TextEncoder().encode(JSON.stringify(x)).length;

function makeLog(kind: FeedKind, limits: Partial<QueueLimits> = {}): Log {
  let epochs = 0;
  return createLog(kind, { limits: { ...LOG_LIMITS, ...limits }, newEpoch: () => `epoch-${(epochs += 1)}` });
}

function fill(log: Log, count: number, from = 1): void {
  for (let i = from; i < from + count; i += 1) log.append(i, i, true);
}

const keptOf = (log: Log, afterSeq = 0): KeptLog => JSON.parse(log.kept(afterSeq, { withFormer: true })) as KeptLog;
const seqs = (updates: Update[]): number[] => updates.map((update) => update.seq);

describe('an event log', () => {
  test('gives a new viewer the newest 20 and one with a cursor what follows it', () => {
    const log = makeLog('event');
    expect(log.read(null, FAR)).toMatchObject({ epoch: 'epoch-1', seq: 0, updates: [] });
    fill(log, 50);
    expect(seqs(log.read(null, FAR).updates)).toEqual(Array.from({ length: 20 }, (_, i) => 31 + i));
    expect(log.read({ epoch: 'epoch-1', seq: 47 }, FAR)).toMatchObject({
      updates: [
        { seq: 48, at: 48, value: 48 },
        { seq: 49, at: 49, value: 49 },
        { seq: 50, at: 50, value: 50 },
      ],
      lost: 0,
      more: false,
    });
    expect(log.read({ epoch: 'epoch-1', seq: 50 }, FAR).updates).toEqual([]);
  });

  test('gives all it keeps for a cursor of another epoch or beyond its end', () => {
    const log = makeLog('event');
    fill(log, 30);
    expect(log.read({ epoch: 'other', seq: 29 }, FAR)).toMatchObject({ seq: 30, lost: 0 });
    expect(seqs(log.read({ epoch: 'other', seq: 29 }, FAR).updates)).toHaveLength(30);
    expect(seqs(log.read({ epoch: 'epoch-1', seq: 31 }, FAR).updates)).toHaveLength(30);
  });

  test('keeps its newest within the limits and counts what a cursor missed', () => {
    const log = makeLog('event', { updates: 10, bytes: FAR });
    fill(log, 25);
    expect(log.read({ epoch: 'epoch-1', seq: 5 }, FAR)).toMatchObject({ lost: 10, merged: 0 });
    expect(seqs(log.read({ epoch: 'epoch-1', seq: 0 }, FAR).updates)).toEqual([16, 17, 18, 19, 20, 21, 22, 23, 24, 25]);
  });

  test('counts what it was told to skip as lost, once', () => {
    const log = makeLog('event');
    fill(log, 3);
    log.skip(4);
    fill(log, 1, 8);
    const reading = log.read({ epoch: 'epoch-1', seq: 2 }, FAR);
    expect(seqs(reading.updates)).toEqual([3, 8]);
    expect(reading.lost).toBe(4);
    expect(log.read({ epoch: 'epoch-1', seq: 8 }, FAR).lost).toBe(0);
  });

  test('keeps one update although it alone is over the limit', () => {
    const log = makeLog('event', { updates: 10, bytes: 10 });
    log.append('x'.repeat(100), 1, true);
    expect(log.read({ epoch: 'epoch-1', seq: 0 }, 1).updates).toHaveLength(1);
  });

  test('says whether what it gives follows the cursor', () => {
    const log = makeLog('event');
    const continues = (cursor: Cursor | null): boolean => log.read(cursor, FAR).continues;
    expect(continues({ epoch: 'other', seq: 0 })).toBe(false);
    fill(log, 30);
    expect(continues(null)).toBe(false);
    expect(continues({ epoch: 'epoch-1', seq: 0 })).toBe(true);
    expect(continues({ epoch: 'epoch-1', seq: 30 })).toBe(true);
    expect(continues({ epoch: 'epoch-1', seq: 31 })).toBe(false);
    expect(continues({ epoch: 'other', seq: 3 })).toBe(false);
    log.renew(null);
    expect(continues({ epoch: 'epoch-1', seq: 30 })).toBe(true);
    expect(continues({ epoch: 'epoch-1', seq: 31 })).toBe(false);
    log.restart();
    expect(continues({ epoch: 'epoch-1', seq: 3 })).toBe(false);
  });

  test('goes on under a new epoch, and the cursors of the old one with it', () => {
    const log = makeLog('event');
    fill(log, 3);
    log.renew(null);
    fill(log, 2, 4);
    expect(log.read({ epoch: 'epoch-1', seq: 2 }, FAR)).toMatchObject({ epoch: 'epoch-2', lost: 0 });
    expect(seqs(log.read({ epoch: 'epoch-1', seq: 2 }, FAR).updates)).toEqual([3, 4, 5]);
    // Beyond the change the old epoch says nothing of this history.
    expect(seqs(log.read({ epoch: 'epoch-1', seq: 4 }, FAR).updates)).toEqual([1, 2, 3, 4, 5]);
  });

  test('forgets the former epochs when it restarts', () => {
    const log = makeLog('event');
    fill(log, 3);
    log.renew(null);
    log.restart();
    fill(log, 1);
    expect(log).toMatchObject({ epoch: 'epoch-3', seq: 1 });
    expect(log.read({ epoch: 'epoch-1', seq: 2 }, FAR).updates).toHaveLength(1);
    expect(keptOf(log).former).toEqual([]);
  });

  test('knows how much waits after a cursor: what reading it without a limit gives', () => {
    const log = makeLog('event', { updates: 50, bytes: 1_000_000 });
    const waits = (seq: number) => {
      const cursor = { epoch: log.epoch, seq };
      expect(log.waitingBytes(cursor)).toBe(log.read(cursor, Infinity).bytes);
    };
    waits(0);
    for (let n = 1; n <= 120; n += 1) {
      log.append('x'.repeat(n), n, true);
      if (n % 7 === 0) log.skip(n % 5);
      for (const seq of [0, 1, Math.floor(log.seq / 2), log.seq - 1, log.seq]) waits(seq);
    }
    expect(log.waitingBytes(null)).toBe(0);
    expect(log.waitingBytes({ epoch: 'another', seq: 3 })).toBe(log.read({ epoch: 'another', seq: 3 }, Infinity).bytes);
    log.restart();
    waits(0);
    log.append('new', 1, true);
    waits(0);
  });

  test('reads a burst of 20 000 in pieces', () => {
    const log = makeLog('event');
    for (let i = 0; i < 20_000; i += 1) log.append({ line: `build ${i} finished`, level: 'info' }, i, true);
    let cursor: Cursor = { epoch: log.epoch, seq: 0 };
    let count = 0;
    for (let more = true; more;) {
      const reading = log.read(cursor, 256 * 1024);
      count += reading.updates.length;
      cursor = { epoch: log.epoch, seq: reading.updates.at(-1)?.seq ?? 0 };
      more = reading.more;
    }
    expect(count).toBe(20_000);
  });
});

describe('a state log', () => {
  test('keeps the newest and counts the older ones as merged', () => {
    const log = makeLog('state');
    fill(log, 5);
    expect(log.read(null, FAR)).toMatchObject({ updates: [{ seq: 5, value: 5 }], merged: 0, lost: 0 });
    expect(log.read({ epoch: 'epoch-1', seq: 1 }, FAR)).toMatchObject({ updates: [{ seq: 5 }], merged: 3, lost: 0 });
    expect(log.read({ epoch: 'epoch-1', seq: 5 }, FAR)).toMatchObject({ updates: [], merged: 0, lost: 0 });
  });

  test('has nothing that waits: it does not grow by waiting', () => {
    const log = createLog('state');
    log.append(1, 1, true);
    expect(log.waitingBytes({ epoch: log.epoch, seq: 0 })).toBe(0);
  });
});

describe('a restored state log', () => {
  const restored = (): Log =>
    createLog('state', {
      restore: { epoch: 'old', seq: 5, former: [{ epoch: 'older', seq: 3 }], updates: [[5, 50, 'x']] },
      newEpoch: () => 'new',
    });

  test('goes on under its own epoch and seq, and does not know whether its value still holds', () => {
    expect(restored()).toMatchObject({ epoch: 'old', seq: 5, newest: { seq: 5, value: 'x' }, confirmedAt: null });
    expect(keptOf(restored())).toMatchObject({ former: [{ epoch: 'older', seq: 3 }] });
  });

  test.each([
    ['its end', { epoch: 'old', seq: 5 }, [], true],
    ['beyond its end', { epoch: 'old', seq: 9 }, [5], false],
    ['an earlier epoch', { epoch: 'older', seq: 2 }, [5], true],
    ['beyond the end of an earlier epoch', { epoch: 'older', seq: 4 }, [5], false],
    ['another epoch', { epoch: 'other', seq: 9 }, [5], false],
  ])('gives a viewer with a cursor at %s what it has not', (_, cursor, expected, continues) => {
    const reading = restored().read(cursor, FAR);
    expect([seqs(reading.updates), reading.continues]).toEqual([expected, continues]);
  });
});

describe('confirm', () => {
  test('says that the newest of a state holds, and is no value', () => {
    const log = makeLog('state');
    log.confirm(1);
    expect(log).toMatchObject({ seq: 0, newest: null, confirmedAt: null });
    log.append('x', 10, true);
    expect(log.read(null, FAR)).toMatchObject({ updates: [{ seq: 1, at: 10 }], confirmedAt: 10 });
    log.confirm(20);
    expect(log.read({ epoch: 'epoch-1', seq: 1 }, FAR)).toMatchObject({
      updates: [],
      continues: true,
      merged: 0,
      confirmedAt: 20,
    });
    expect(log.read(null, FAR)).toMatchObject({ updates: [{ seq: 1, at: 10 }], confirmedAt: 20 });
    // The clock was set back.
    log.confirm(15);
    expect(log.confirmedAt).toBe(15);
    log.append('y', 30, true);
    expect(log.read({ epoch: 'epoch-1', seq: 1 }, FAR)).toMatchObject({
      updates: [{ seq: 2, at: 30, value: 'y' }],
      merged: 0,
      confirmedAt: 30,
    });
    log.restart();
    expect(log.confirmedAt).toBeNull();
  });

  test('says nothing of events', () => {
    const log = makeLog('event');
    log.append('x', 10, true);
    log.confirm(20);
    expect(log.read(null, FAR).confirmedAt).toBeNull();
  });
});

describe('renew', () => {
  /** The log of a background that finds on the disk what was there before some updates were shown without being kept. */
  function createBranch() {
    const log = makeLog('event');
    fill(log, 10);
    const disk = keptOf(log);
    fill(log, 2, 11);
    log.renew(10);
    fill(log, 8, 13);
    let epochs = 0;
    const next = createLog('event', { restore: disk, newEpoch: () => `next-${(epochs += 1)}` });
    return { log, disk, next, cursor: (seq: number): Cursor => ({ epoch: log.epoch, seq }) };
  }

  test('gives a viewer of what was not kept nothing again that the disk had', () => {
    const { next, cursor } = createBranch();
    expect(next.read(cursor(20), FAR)).toMatchObject({ updates: [], continues: false });
    fill(next, 3, 11);
    expect(next.read(cursor(20), FAR)).toMatchObject({ continues: false, lost: 0 });
    expect(seqs(next.read(cursor(20), FAR).updates)).toEqual([11, 12, 13]);
    expect(next.waitingBytes(cursor(20))).toBe(next.read(cursor(20), FAR).bytes);
  });

  test('goes on for a viewer that had not seen more than the disk had', () => {
    const { next, cursor } = createBranch();
    fill(next, 3, 11);
    expect(next.read(cursor(7), FAR)).toMatchObject({ continues: true, lost: 0 });
    expect(seqs(next.read(cursor(7), FAR).updates)).toEqual([8, 9, 10, 11, 12, 13]);
  });

  test('knows the viewer also after it was renewed itself', () => {
    const { next, cursor } = createBranch();
    next.renew(10);
    fill(next, 1, 11);
    expect(seqs(next.read(cursor(20), FAR).updates)).toEqual([11]);
  });

  test('knows the viewer where the log was renewed again before anything was kept', () => {
    const { log, next, cursor } = createBranch();
    log.renew(null);
    fill(log, 2, 21);
    fill(next, 1, 11);
    expect(seqs(next.read(cursor(22), FAR).updates)).toEqual([11]);
  });

  test('gives everything to a viewer of whose history it has less than was kept then', () => {
    const { disk, cursor } = createBranch();
    const older = createLog('event', { restore: { ...disk, seq: 5, updates: disk.updates.slice(0, 5) } });
    expect(older.read(cursor(20), FAR)).toMatchObject({ continues: false });
    expect(seqs(older.read(cursor(20), FAR).updates)).toEqual([1, 2, 3, 4, 5]);
  });

  test('gives the newest of a state to a viewer of what was not kept', () => {
    const log = makeLog('state');
    fill(log, 3);
    const next = createLog('state', { restore: keptOf(log) });
    log.renew(3);
    fill(log, 4, 4);
    expect(next.read({ epoch: log.epoch, seq: 7 }, FAR)).toMatchObject({ updates: [{ seq: 3 }], continues: false });
  });

  test('gives epochs that a port takes, also where the one before has the longest', () => {
    for (const epoch of [undefined, crypto.randomUUID(), 'x'.repeat(64)]) {
      const log = createLog('event', { restore: epoch === undefined ? undefined : { epoch, seq: 5, updates: [] } });
      for (let time = 0; time < 3; time += 1) {
        log.renew(Number.MAX_SAFE_INTEGER);
        expect(log.epoch.length).toBeLessThanOrEqual(64);
      }
    }
  });

  test('is remembered 1000 times, and a cursor of before that is one of another history', () => {
    const log = makeLog('event');
    fill(log, 3);
    for (let time = 0; time < 1_000; time += 1) log.renew(null);
    expect(log.read({ epoch: 'epoch-1', seq: 2 }, FAR)).toMatchObject({ continues: true, updates: [{ seq: 3 }] });
    const again = createLog('event', { restore: keptOf(log) });
    expect(again.read({ epoch: 'epoch-1', seq: 2 }, FAR).continues).toBe(true);
    log.renew(null);
    expect(log.read({ epoch: 'epoch-1', seq: 2 }, FAR)).toMatchObject({ continues: false, lost: 0 });
    expect(log.read({ epoch: 'epoch-2', seq: 2 }, FAR).continues).toBe(true);
  });
});

describe('memory', () => {
  const parse = (text: string): Json => JSON.parse(text) as Json;

  test('is bounded for values that take 20 times as much as their JSON', () => {
    const told: number[] = [];
    const log = createLog('event', { onHeap: (bytes) => told.push(bytes) });
    const value = `[${'[],'.repeat(20_000)}[]]`;
    for (let n = 0; n < 100; n += 1) log.append(parse(value), n, true);
    expect(log.heapBytes).toBeLessThanOrEqual(LOG_LIMITS.heapBytes);
    expect(log.heapBytes).toBeGreaterThan(LOG_LIMITS.heapBytes / 2);
    expect(told.reduce((sum, bytes) => sum + bytes, 0)).toBe(log.heapBytes);
    const reading = log.read({ epoch: log.epoch, seq: 0 }, FAR);
    expect(reading.lost).toBe(100 - reading.updates.length);
    log.kept(0, { withFormer: false });
    expect(told.reduce((sum, bytes) => sum + bytes, 0)).toBe(log.heapBytes);
    log.restart();
    expect([log.heapBytes, told.reduce((sum, bytes) => sum + bytes, 0)]).toEqual([0, 0]);
  });

  test('holds 16 s of 2000 updates a second of 80 bytes', () => {
    const log = createLog('event');
    for (let n = 0; n < 32_000; n += 1) log.append({ line: `${n} ${'x'.repeat(50)}`, level: 'info' }, n, true);
    expect(log.read({ epoch: log.epoch, seq: 0 }, FAR).lost).toBe(0);
  });

  test('is given back from the oldest on, which then read as lost, but never the newest', () => {
    const log = makeLog('event');
    fill(log, 10);
    const { heapBytes } = log;
    log.shed(heapBytes * 0.45);
    expect(log.heapBytes).toBeLessThanOrEqual(heapBytes * 0.55);
    expect(log.read({ epoch: 'epoch-1', seq: 0 }, FAR)).toMatchObject({ lost: 5, continues: true });
    log.shed(heapBytes);
    expect(seqs(log.read({ epoch: 'epoch-1', seq: 0 }, FAR).updates)).toEqual([10]);
  });
});

describe('append', () => {
  test.each<[string, unknown, 'bad-data' | 'too-large']>([
    ['a value of more than 64 KiB', 'x'.repeat(MAX_VALUE_BYTES), 'too-large'],
    ['one that is long in bytes only', 'ä'.repeat(MAX_VALUE_BYTES / 2), 'too-large'],
    ['a number that JSON cannot hold', Number.POSITIVE_INFINITY, 'bad-data'],
    ['undefined', undefined, 'bad-data'],
    ['a value deeper than 32', JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`), 'bad-data'],
  ])('refuses %s', (_, value, code) => {
    const log = makeLog('event');
    expect(log.append(value as Json, 1, true)).toMatchObject({ ok: false, code });
    expect(log.seq).toBe(0);
  });

  test('takes 64 KiB', () => {
    expect(makeLog('event').append('x'.repeat(MAX_VALUE_BYTES - 2), 1, true)).toEqual({ ok: true });
  });

  test('takes the time as the clock has it, also when that was set back', () => {
    const log = makeLog('event');
    for (const at of [1_000.7, 500, 1_001, -5]) log.append(at, at, true);
    expect(log.read(null, FAR).updates.map((update) => update.at)).toEqual([1_000, 500, 1_001, 0]);
  });

  test('begins a new history before seq cannot be counted any more', () => {
    const log = createLog('event', {
      restore: { epoch: 'old', seq: Number.MAX_SAFE_INTEGER, former: [], updates: [] },
    });
    log.append(1, 1, true);
    expect(log.newest?.seq).toBe(1);
    expect(log.epoch).not.toBe('old');
    log.skip(Number.MAX_SAFE_INTEGER);
    expect(log.seq).toBe(0);
    expect(() => log.skip(-1)).toThrow(new RangeError('Cannot skip "-1" updates: it is not a whole number from 0'));
  });
});

describe('kept', () => {
  test('makes the same log again', () => {
    const log = makeLog('event');
    fill(log, 3);
    log.renew(null);
    log.append('later', 4, true);
    const again = createLog('event', { restore: keptOf(log) });
    expect(again).toMatchObject({ epoch: 'epoch-2', seq: 4 });
    expect(seqs(again.read({ epoch: 'epoch-1', seq: 2 }, FAR).updates)).toEqual([3, 4]);
    expect(keptOf(log, 3).updates).toEqual([[4, 4, 'later']]);
  });

  test('names the former epochs only where it is asked to', () => {
    const log = makeLog('event');
    fill(log, 3);
    log.renew(null);
    expect(JSON.parse(log.kept(0, { withFormer: false }))).not.toHaveProperty('former');
    expect(keptOf(log).former).toEqual([{ epoch: 'epoch-1', seq: 3 }]);
  });
});

test.each<FeedKind>(['event', 'state'])(
  'kept says the same of any value of a %s log as often as it is asked',
  (kind) => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue({ maxDepth: 3 }), { minLength: 1, maxLength: 8 }), (given) => {
        const log = makeLog(kind);
        const wanted = given.map((value, i) => [i + 1, i, JSON.parse(JSON.stringify(value))]);
        given.forEach((value, i) => log.append(value as Json, i, true));
        for (let time = 0; time < 2; time += 1) {
          expect(keptOf(log).updates).toEqual(kind === 'event' ? wanted : wanted.slice(-1));
        }
      }),
    );
  },
);

/** The log as one would write it with no thought of speed. */
function createModel(kind: FeedKind, limits: Pick<QueueLimits, 'updates' | 'bytes'>) {
  let all: Update[] = [];
  /** Epochs of this history, the oldest first, and where each ended. */
  let epochs = [{ epoch: 'epoch-1', end: Infinity }];
  let count = 1;
  let seq = 0;
  const kept = (): Update[] => {
    let list = all.slice(kind === 'state' ? -1 : -limits.updates);
    while (list.length > 1 && bytesOf(list) - 2 + 1 > limits.bytes) list = list.slice(1);
    return list;
  };
  const nextEpoch = () => ({ epoch: `epoch-${(count += 1)}`, end: Infinity });
  const isKnown = (cursor: Cursor): boolean =>
    epochs.some(({ epoch, end }) => epoch === cursor.epoch && cursor.seq <= Math.min(end, seq));
  return {
    kept,
    isKnown,
    append(value: Json, at: number) {
      seq += 1;
      all.push({ seq, at, value });
      all = kept();
    },
    skip(places: number) {
      seq += places;
    },
    renew() {
      const last = epochs.at(-1);
      if (last) last.end = seq;
      epochs = [...epochs, nextEpoch()];
    },
    restart() {
      all = [];
      epochs = [nextEpoch()];
      seq = 0;
    },
    after: (cursor: Cursor) => (isKnown(cursor) ? kept().filter((u) => u.seq > cursor.seq) : kept()),
  };
}

type Step =
  | { append: Json; at: number }
  | { skip: number }
  | 'restart'
  | 'renew'
  | { read: number; epoch: number; maxBytes: number };

const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ append: fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>, at: fc.nat(1_000) }),
    },
    fc.record({ skip: fc.nat(5) }),
    fc.constant('restart' as const),
    fc.constant('renew' as const),
    { weight: 4, arbitrary: fc.record({ read: fc.nat(60), epoch: fc.nat(4), maxBytes: fc.nat(400) }) },
  ),
  { maxLength: 80, size: 'max' },
);

test.each<FeedKind>(['event', 'state'])('a %s log agrees with a naive model', (kind) => {
  const limits = { updates: 12, bytes: 600 };
  const check = (script: Step[]): void => {
    const log = makeLog(kind, limits);
    const model = createModel(kind, limits);
    let epochs = 1;
    for (const step of script) {
      if (step === 'restart') {
        log.restart();
        model.restart();
        epochs += 1;
      } else if (step === 'renew') {
        log.renew(null);
        model.renew();
        epochs += 1;
      } else if ('skip' in step) {
        log.skip(step.skip);
        model.skip(step.skip);
      } else if ('append' in step) {
        log.append(step.append, step.at, true);
        model.append(step.append, step.at);
      } else {
        const cursor = { epoch: `epoch-${Math.max(1, epochs - step.epoch)}`, seq: step.read };
        readAll(cursor, step.maxBytes, log, model);
      }
    }
  };

  /** Reads from a cursor to the end, in pieces. */
  const readAll = (from: Cursor, maxBytes: number, log: Log, model: ReturnType<typeof createModel>): void => {
    const isKnown = model.isKnown(from);
    let cursor = from;
    const updates: Update[] = [];
    let missing = 0;
    let before: number | null = isKnown ? from.seq : null;
    for (let more = true; more;) {
      const reading = log.read(cursor, maxBytes);
      // Whoever begins with another history goes on in it.
      expect(reading.continues).toBe(isKnown || updates.length > 0);
      expect(reading.epoch).toBe(log.epoch);
      expect(reading.bytes).toBeLessThanOrEqual(Math.max(maxBytes, reading.updates.length === 1 ? reading.bytes : 0));
      expect(reading.bytes).toBeGreaterThanOrEqual(reading.updates.length === 0 ? 0 : bytesOf(reading.updates));
      before ??= (reading.updates[0]?.seq ?? 1) - 1;
      missing += reading.lost + reading.merged;
      updates.push(...reading.updates);
      cursor = { epoch: reading.epoch, seq: reading.seq };
      more = reading.more;
    }
    expect(updates).toEqual(model.after(from));
    const last = updates.at(-1)?.seq ?? before ?? 0;
    expect(missing).toBe(last - (before ?? 0) - updates.length);
  };

  fc.assert(fc.property(steps, check), { numRuns: 300 });
});
