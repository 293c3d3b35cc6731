import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { createCursors, type Cursors } from '../../../utils/stream/cursors';
import type { FeedBatch, FeedInfo } from '../../../utils/stream/protocol';

const info = (id: string, kind: FeedInfo['kind']): FeedInfo => ({
  id,
  name: id,
  kind,
  unit: '',
  epoch: 'a',
  staleAfterMs: null,
});
const batch = (feed: string, seqs: number[], rest: Partial<FeedBatch> = {}): FeedBatch => ({
  feed,
  epoch: 'a',
  updates: seqs.map((seq) => ({ seq, at: 0, value: seq })),
  merged: 0,
  lost: 0,
  ...rest,
});

let cursors: Cursors;
const applied = (part: FeedBatch): number[] | 'gap' | 'nothing' => {
  const acceptance = cursors.accept(part);
  return acceptance.type === 'apply' ? acceptance.batch.updates.map(({ seq }) => seq) : acceptance.type;
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
    expect(cursors.accept(batch('events', [5, 8], { lost: 5 }))).toMatchObject({ type: 'apply', batch: { lost: 5 } });
  });

  test('lost is what the page saw missing, not what it was told', () => {
    applied(batch('events', [1]));
    expect(cursors.accept(batch('events', [3], { lost: 9 }))).toMatchObject({ type: 'apply', batch: { lost: 1 } });
  });

  test('state may skip', () => {
    applied(batch('state', [1]));
    expect(applied(batch('state', [9], { merged: 7 }))).toEqual([9]);
  });

  test('state never goes backwards', () => {
    applied(batch('state', [9]));
    expect(applied(batch('state', [8]))).toBe('nothing');
  });

  test('another epoch is another history', () => {
    applied(batch('events', [7]));
    expect(applied(batch('events', [1], { epoch: 'b' }))).toEqual([1]);
    expect(cursors.resume()).toEqual({ events: { epoch: 'b', seq: 1 } });
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
            const acceptance = own.accept(batch('events', seqs));
            if (acceptance.type === 'apply') seen.push(...acceptance.batch.updates.map(({ seq }) => seq));
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
