import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { createCursors, type Cursors } from '../../../utils/stream/cursors';
import type { Cursor, FeedBatch, FeedInfo } from '../../../utils/stream/protocol';

const info = (id: string, kind: FeedInfo['kind']): FeedInfo => ({
  id,
  name: id,
  kind,
  unit: '',
  epoch: 'a',
  definition: 'd',
  staleAfterMs: null,
});
const batch = (feed: string, seqs: number[], rest: Partial<FeedBatch> = {}): FeedBatch => ({
  feed,
  epoch: 'a',
  updates: seqs.map((seq) => ({ seq, at: 0, value: seq })),
  merged: 0,
  lost: 0,
  continues: true,
  confirmedAt: null,
  ...rest,
});

let cursors: Cursors;
/** Hands over, as the subscriber does. */
const take = (part: FeedBatch, own = cursors): FeedBatch | 'gap' | 'nothing' => {
  const { parts, hasGap, commit } = own.accept([part]);
  commit();
  return parts[0] ?? (hasGap ? 'gap' : 'nothing');
};
const applied = (part: FeedBatch, own = cursors): number[] | 'gap' | 'nothing' => {
  const taken = take(part, own);
  return typeof taken === 'string' ? taken : taken.updates.map(({ seq }) => seq);
};

beforeEach(() => {
  cursors = createCursors();
  cursors.keep([info('events', 'event'), info('state', 'state')]);
});

describe('cursors', () => {
  test('a first batch may start anywhere', () => {
    expect(applied(batch('events', [41, 42]))).toEqual([41, 42]);
    expect(cursors.resume()).toEqual({ events: { epoch: 'a', seq: 42 } });
  });

  test('what was handed over before is dropped', () => {
    applied(batch('events', [1, 2, 3]));
    expect(applied(batch('events', [2, 3, 4]))).toEqual([4]);
    expect(applied(batch('events', [3, 4]))).toBe('nothing');
  });

  test('an event that is missing and not counted is a gap, and moves nothing', () => {
    applied(batch('events', [1]));
    expect(applied(batch('events', [3]))).toBe('gap');
    expect(cursors.resume()).toEqual({ events: { epoch: 'a', seq: 1 } });
  });

  test('events that the background counts as lost are no gap', () => {
    applied(batch('events', [1]));
    expect(take(batch('events', [5, 8], { lost: 5 }))).toMatchObject({ lost: 5 });
  });

  test('lost is what the page saw missing, not what it was told', () => {
    applied(batch('events', [1]));
    expect(take(batch('events', [3], { lost: 9 }))).toMatchObject({ lost: 1 });
  });

  test('state may skip', () => {
    applied(batch('state', [1]));
    expect(applied(batch('state', [9], { merged: 7 }))).toEqual([9]);
  });

  test('state never goes backwards', () => {
    applied(batch('state', [9]));
    expect(applied(batch('state', [8]))).toBe('nothing');
  });

  test.each(['a', 'b'])('what does not continue is applied whole, also under epoch %s', (epoch) => {
    applied(batch('events', [7]));
    expect(applied(batch('events', [1, 9], { epoch, continues: false }))).toEqual([1, 9]);
    expect(cursors.resume()).toEqual({ events: { epoch, seq: 9 } });
  });

  test('what continues under a renewed epoch is compared with the cursor as ever', () => {
    applied(batch('events', [7]));
    expect(applied(batch('events', [7, 8], { epoch: 'b' }))).toEqual([8]);
    expect(applied(batch('events', [10], { epoch: 'c' }))).toBe('gap');
    expect(cursors.resume()).toEqual({ events: { epoch: 'b', seq: 8 } });
  });

  test('a part that only confirms is handed over, and moves nothing', () => {
    applied(batch('state', [9]));
    expect(take(batch('state', [], { epoch: 'b', confirmedAt: 5 }))).toMatchObject({ updates: [], confirmedAt: 5 });
    expect(take(batch('state', [9], { merged: 3, confirmedAt: 6 }))).toMatchObject({ updates: [], merged: 0 });
    expect(cursors.resume()).toEqual({ state: { epoch: 'a', seq: 9 } });
  });

  test('a history with nothing in it is where a feed without a cursor begins', () => {
    expect(applied(batch('events', [], { epoch: 'b', continues: false }))).toBe('nothing');
    expect(cursors.resume()).toEqual({ events: { epoch: 'b', seq: 0 } });
    expect(applied(batch('events', [1, 2], { epoch: 'b' }))).toEqual([1, 2]);
  });

  test('a history with nothing in it takes no cursor away: a later background may know that one', () => {
    applied(batch('events', [9]));
    expect(applied(batch('events', [], { epoch: 'b', continues: false }))).toBe('nothing');
    expect(cursors.resume()).toEqual({ events: { epoch: 'a', seq: 9 } });
  });

  test('nothing moves before it was handed over', () => {
    const { parts, commit } = cursors.accept([batch('events', [1]), batch('state', [3]), batch('events', [1, 2])]);
    expect(parts.map(({ updates }) => updates.map(({ seq }) => seq))).toEqual([[1], [3], [2]]);
    expect(cursors.resume()).toEqual({});
    commit();
    expect(cursors.resume()).toEqual({ events: { epoch: 'a', seq: 2 }, state: { epoch: 'a', seq: 3 } });
  });

  test('a feed that is not offered is ignored, and forgotten when it no longer is', () => {
    expect(applied(batch('other', [1]))).toBe('nothing');
    applied(batch('events', [1]));
    cursors.keep([info('state', 'state')]);
    expect(cursors.resume()).toEqual({});
  });

  test('a feed called __proto__ is a feed like others', () => {
    cursors.keep([info('__proto__', 'event')]);
    applied(batch('__proto__', [1]));
    expect(Object.entries(cursors.resume())).toEqual([['__proto__', { epoch: 'a', seq: 1 }]]);
  });

  test('does with any part what the table of docs/PROTOCOL.md says', () => {
    /** The rows of section 4, one after the other. `null`: ignored. */
    const asDocumented = (part: FeedBatch, kind: FeedInfo['kind'] | undefined, at: Cursor | undefined) => {
      const seq = at?.seq ?? 0;
      const left = part.continues ? part.updates.filter((update) => update.seq > seq) : part.updates;
      const last = left.at(-1)?.seq ?? 0;
      if (kind === undefined) return null;
      if (!part.continues && part.updates.length === 0) return null;
      if (!part.continues) return { updates: part.updates, lost: part.lost };
      if (left.length === 0) return part.confirmedAt === null ? null : { updates: [] };
      if (at === undefined) return { updates: part.updates, lost: part.lost };
      if (kind === 'state') return { updates: left };
      const difference = last - seq - left.length;
      return difference <= part.lost ? { updates: left, lost: difference } : 'gap';
    };
    const small = fc.nat({ max: 9 });
    const partOf = fc
      .record({
        feed: fc.constantFrom('events', 'state', 'other'),
        epoch: fc.constantFrom('a', 'b'),
        continues: fc.boolean(),
        seqs: fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 5 }),
        merged: small,
        lost: small,
        confirmedAt: fc.option(small),
      })
      .map(({ feed, seqs, ...rest }) =>
        batch(
          feed,
          seqs.toSorted((a, b) => a - b),
          rest,
        ),
      );
    fc.assert(
      fc.property(fc.array(partOf, { maxLength: 20 }), (parts) => {
        const own = createCursors();
        const infos = [info('events', 'event'), info('state', 'state')];
        own.keep(infos);
        for (const part of parts) {
          const before = own.resume()[part.feed];
          const wanted = asDocumented(part, infos.find(({ id }) => id === part.feed)?.kind, before);
          const { parts: taken, hasGap, commit } = own.accept([part]);
          commit();
          expect(hasGap).toBe(wanted === 'gap');
          expect(taken).toHaveLength(wanted === null || wanted === 'gap' ? 0 : 1);
          if (wanted !== null && wanted !== 'gap') expect(taken[0]).toMatchObject(wanted);
          const last = taken[0]?.updates.at(-1);
          const isFirst = part.feed !== 'other' && !part.continues && before === undefined;
          const after = last || isFirst ? { epoch: part.epoch, seq: last?.seq ?? 0 } : before;
          expect(own.resume()[part.feed]).toEqual(after);
        }
      }),
    );
  });

  test('event batches replayed from any cursor, cut anywhere, apply each event once and in order', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.array(fc.tuple(fc.nat({ max: 45 }), fc.nat({ max: 10 })), { maxLength: 60 }),
        (total, reads) => {
          const own = createCursors();
          own.keep([info('events', 'event')]);
          const seen: number[] = [];
          const offer = (from: number, length: number): void => {
            const seqs = Array.from({ length }, (_, index) => from + index).filter((seq) => seq >= 1 && seq <= total);
            const taken = applied(batch('events', seqs), own);
            if (typeof taken !== 'string') seen.push(...taken);
          };
          offer(1, 1);
          for (const [from, length] of reads) offer(from, length);
          offer((own.resume()['events']?.seq ?? 0) + 1, total);
          expect(seen).toEqual(Array.from({ length: total }, (_, index) => index + 1));
        },
      ),
    );
  });
});
