import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLog, MAX_VALUE_BYTES } from '../../../utils/feeds/log';
import type { KeptLog, Log, LogLimits } from '../../../utils/feeds/log';
import type { Cursor, FeedKind, Json, Update } from '../../../utils/stream/protocol';

const FAR = 1_000_000_000;
const bytesOf = (x: unknown): number => new TextEncoder().encode(JSON.stringify(x)).length;

function makeLog(kind: FeedKind, limits?: LogLimits): Log {
  let epochs = 0;
  return createLog(kind, { ...(limits && { limits }), newEpoch: () => `epoch-${(epochs += 1)}` });
}

function fill(log: Log, count: number, from = 1): void {
  for (let i = from; i < from + count; i += 1) log.append(i, i, true);
}

const keptOf = (log: Log, afterSeq = 0): KeptLog => JSON.parse(log.kept(afterSeq)) as KeptLog;
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

  test('goes on under a new epoch, and the cursors of the old one with it', () => {
    const log = makeLog('event');
    fill(log, 3);
    log.reissue();
    fill(log, 2, 4);
    expect(log.read({ epoch: 'epoch-1', seq: 2 }, FAR)).toMatchObject({ epoch: 'epoch-2', lost: 0 });
    expect(seqs(log.read({ epoch: 'epoch-1', seq: 2 }, FAR).updates)).toEqual([3, 4, 5]);
    // Beyond the change the old epoch says nothing of this history.
    expect(seqs(log.read({ epoch: 'epoch-1', seq: 4 }, FAR).updates)).toEqual([1, 2, 3, 4, 5]);
  });

  test('forgets the former epochs when it restarts', () => {
    const log = makeLog('event');
    fill(log, 3);
    log.reissue();
    log.restart();
    fill(log, 1);
    expect(log).toMatchObject({ epoch: 'epoch-3', seq: 1 });
    expect(log.read({ epoch: 'epoch-1', seq: 2 }, FAR).updates).toHaveLength(1);
    expect(keptOf(log).former).toEqual([]);
  });

  test('knows how much waits after a cursor: what reading it without a limit gives', () => {
    const log = createLog('event', { limits: { updates: 50, bytes: 1_000_000 } });
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

  test('goes on under a new epoch', () => {
    expect(restored()).toMatchObject({ epoch: 'new', seq: 5, newest: { seq: 5, value: 'x' } });
    expect(keptOf(restored())).toMatchObject({
      former: [
        { epoch: 'old', seq: 5 },
        { epoch: 'older', seq: 3 },
      ],
    });
  });

  test.each([
    ['the one before has it', { epoch: 'old', seq: 5 }, []],
    // Seen again since, which was not kept.
    ['beyond its end has it too', { epoch: 'old', seq: 9 }, []],
    ['beyond the end of an earlier one has not seen what came after that', { epoch: 'older', seq: 4 }, [5]],
    ['another has nothing', { epoch: 'other', seq: 9 }, [5]],
  ])('knows that a viewer with a cursor of %s', (_, cursor, expected) => {
    expect(seqs(restored().read(cursor, FAR).updates)).toEqual(expected);
  });

  test('gives that viewer what comes next', () => {
    const log = restored();
    log.append('y', 60, true);
    expect(log.read({ epoch: 'old', seq: 9 }, FAR)).toMatchObject({ updates: [{ seq: 6, value: 'y' }], merged: 0 });
  });
});

describe('refresh', () => {
  test('gives the newest again with another time, and says that nothing changed', () => {
    const log = makeLog('state');
    log.refresh(1);
    expect(log).toMatchObject({ seq: 0, newest: null, lastChange: 0 });
    log.append('x', 10, true);
    log.refresh(20);
    log.refresh(15);
    expect(log).toMatchObject({ seq: 3, newest: { seq: 3, at: 15, value: 'x' }, lastChange: 1 });
    expect(log.read(null, FAR).bytes).toBeGreaterThanOrEqual(bytesOf(log.read(null, FAR).updates));
    log.append('y', 30, true);
    expect(log).toMatchObject({ seq: 4, lastChange: 4 });
  });

  test('of what may not be kept may not be kept', () => {
    const log = makeLog('state');
    log.append('private', 10, false);
    log.refresh(20);
    expect(keptOf(log)).toMatchObject({ seq: 2, updates: [] });
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
  test('makes the same log again, without what may not be kept', () => {
    const log = makeLog('event');
    fill(log, 3);
    log.append('private', 4, false);
    log.reissue();
    log.append('later', 5, true);
    const again = createLog('event', { restore: keptOf(log) });
    expect(again).toMatchObject({ epoch: 'epoch-2', seq: 5 });
    const reading = again.read({ epoch: 'epoch-1', seq: 2 }, FAR);
    expect(seqs(reading.updates)).toEqual([3, 5]);
    expect(reading.lost).toBe(1);
    expect(keptOf(log, 3).updates).toEqual([[5, 5, 'later']]);
  });

  test('keeps the place although nothing at it may be kept', () => {
    const log = makeLog('event');
    log.append('private', 1, false);
    expect(createLog('event', { restore: keptOf(log) })).toMatchObject({ epoch: 'epoch-1', seq: 1, newest: null });
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
function createModel(kind: FeedKind, limits: LogLimits) {
  let all: Update[] = [];
  let epoch = 1;
  let seq = 0;
  const kept = (): Update[] => {
    let list = all.slice(kind === 'state' ? -1 : -limits.updates);
    while (list.length > 1 && bytesOf(list) - 2 + 1 > limits.bytes) list = list.slice(1);
    return list;
  };
  return {
    kept,
    append(value: Json, at: number) {
      seq += 1;
      all.push({ seq, at, value });
      all = kept();
    },
    skip(count: number) {
      seq += count;
    },
    restart() {
      all = [];
      epoch += 1;
      seq = 0;
    },
    after: (cursor: Cursor) =>
      cursor.epoch === `epoch-${epoch}` && cursor.seq <= seq ? kept().filter((u) => u.seq > cursor.seq) : kept(),
  };
}

type Step = { append: Json; at: number } | { skip: number } | 'restart' | { read: number; maxBytes: number };

const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ append: fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>, at: fc.nat(1_000) }),
    },
    fc.record({ skip: fc.nat(5) }),
    fc.constant('restart' as const),
    { weight: 4, arbitrary: fc.record({ read: fc.nat(60), maxBytes: fc.nat(400) }) },
  ),
  { maxLength: 80, size: 'max' },
);

test.each<FeedKind>(['event', 'state'])('a %s log agrees with a naive model', (kind) => {
  const limits = { updates: 12, bytes: 600 };
  const check = (script: Step[]): void => {
    const log = makeLog(kind, limits);
    const model = createModel(kind, limits);
    for (const step of script) {
      if (step === 'restart') {
        log.restart();
        model.restart();
      } else if ('skip' in step) {
        log.skip(step.skip);
        model.skip(step.skip);
      } else if ('append' in step) {
        log.append(step.append, step.at, true);
        model.append(step.append, step.at);
      } else {
        readAll(step.read, step.maxBytes, log, model);
      }
    }
  };

  /** Reads from a cursor to the end, in pieces. */
  const readAll = (from: number, maxBytes: number, log: Log, model: ReturnType<typeof createModel>): void => {
    const cursor = { epoch: log.epoch, seq: from };
    const isOfAnother = from > log.seq;
    const updates: Update[] = [];
    let missing = 0;
    for (let more = true; more;) {
      const reading = log.read({ epoch: log.epoch, seq: updates.at(-1)?.seq ?? from }, maxBytes);
      expect(reading.bytes).toBeLessThanOrEqual(Math.max(maxBytes, reading.updates.length === 1 ? reading.bytes : 0));
      expect(reading.bytes).toBeGreaterThanOrEqual(reading.updates.length === 0 ? 0 : bytesOf(reading.updates));
      missing += reading.lost + reading.merged;
      updates.push(...reading.updates);
      more = reading.more;
    }
    const expected = model.after(cursor);
    expect(updates).toEqual(expected);
    const before = isOfAnother ? (updates[0]?.seq ?? 1) - 1 : from;
    const last = updates.at(-1)?.seq ?? before;
    expect(missing).toBe(last - before - updates.length);
  };

  fc.assert(fc.property(steps, check), { numRuns: 300 });
});
