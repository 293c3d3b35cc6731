import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isJson, parseToBackground, parseToPage } from '../../../utils/stream/protocol';

const START = { type: 'START_UPDATES', protocol: 2, streamId: 's', everyMs: 100, resume: {} };
const FEED = { id: 'f', name: 'F', kind: 'state', unit: '', epoch: 'e', definition: 'd', staleAfterMs: null };
const BATCH = {
  feed: 'f',
  epoch: 'e',
  updates: [{ seq: 1, at: 0, value: 1 }],
  merged: 0,
  lost: 0,
  continues: true,
  confirmedAt: null,
};
const STATUS = { type: 'STATUS', feed: 'f', state: 'live', since: 0, reason: null, retryAt: null };
/** Firefox carries it as it is, and `every` passes over it. */
const WITH_HOLES = Object.assign([], { length: 1 });

describe('parseToBackground', () => {
  test.each([
    START,
    { ...START, resume: { f: { epoch: 'e', seq: 0 } } },
    { ...START, fromTheFuture: true },
    { ...START, private: true, takesOver: true },
    { type: 'NOTE', note: null },
    { type: 'NOTE', note: { left: 1 } },
    { type: 'ACK', batch: 1 },
    { type: 'PAUSE', reason: 'hidden' },
    { type: 'RESUME', reason: 'person' },
    { type: 'STOP_UPDATES' },
    { type: 'PING', id: 0 },
    { type: 'PONG', id: 7 },
  ])('takes %j', (message) => {
    expect(parseToBackground(message)).toEqual({ ok: true, message });
  });

  test.each([
    undefined,
    null,
    'START_UPDATES',
    [],
    {},
    { type: 'toString' },
    { type: '__proto__' },
    { type: 'STARTED' },
    { ...START, protocol: '1' },
    { ...START, streamId: '' },
    { ...START, streamId: 'x'.repeat(65) },
    { ...START, everyMs: 15 },
    { ...START, everyMs: 60_001 },
    { ...START, private: false },
    { ...START, takesOver: false },
    { ...START, resume: [] },
    { type: 'NOTE' },
    { type: 'NOTE', note: NaN },
    { ...START, resume: { f: { epoch: 'e', seq: -1 } } },
    { ...START, resume: { f: { epoch: 'e', seq: 0.5 } } },
    { ...START, resume: Object.fromEntries(Array.from({ length: 257 }, (_, n) => [n, { epoch: 'e', seq: 0 }])) },
    { type: 'ACK', batch: 0 },
    { type: 'PAUSE', reason: 'because' },
    { type: 'PING' },
  ])('refuses %j', (message) => {
    expect(parseToBackground(message)).toEqual({ ok: false, reason: expect.any(String) });
  });
});

describe('parseToPage', () => {
  test.each([
    { type: 'STARTED', protocol: 2, feeds: [FEED], window: 8, maxMessageBytes: 262_144, note: null },
    { type: 'STARTED', protocol: 2, feeds: [], window: 1, maxMessageBytes: 262_144, note: { left: 1 } },
    { type: 'UPDATES', batch: 1, feeds: [BATCH] },
    STATUS,
    { ...STATUS, state: 'retrying', reason: { code: 'http', detail: '503' }, retryAt: 5 },
    { type: 'CLOSE', reason: 'not-allowed', detail: '', retry: false, afterMs: 0 },
    { type: 'CLOSE', reason: 'a-reason-of-a-later-version', detail: '', retry: true, afterMs: 100 },
  ])('takes %j', (message) => {
    expect(parseToPage(message)).toEqual({ ok: true, message });
  });

  test.each([
    { type: 'START_UPDATES' },
    {
      type: 'STARTED',
      protocol: 2,
      feeds: [{ ...FEED, kind: 'poll' }],
      window: 8,
      maxMessageBytes: 262_144,
      note: null,
    },
    {
      type: 'STARTED',
      protocol: 2,
      feeds: [{ ...FEED, definition: '' }],
      window: 8,
      maxMessageBytes: 262_144,
      note: null,
    },
    {
      type: 'STARTED',
      protocol: 2,
      feeds: [{ ...FEED, staleAfterMs: 0 }],
      window: 8,
      maxMessageBytes: 262_144,
      note: null,
    },
    { type: 'STARTED', protocol: 2, feeds: [FEED], window: 0, maxMessageBytes: 262_144, note: null },
    { type: 'STARTED', protocol: 3, feeds: [FEED], window: 8, maxMessageBytes: 262_144, note: null },
    { type: 'STARTED', protocol: 2, feeds: [FEED], window: 8, maxMessageBytes: 262_143, note: null },
    { type: 'STARTED', protocol: 2, feeds: WITH_HOLES, window: 8, maxMessageBytes: 262_144, note: null },
    { type: 'UPDATES', batch: 1, feeds: WITH_HOLES },
    { type: 'UPDATES', batch: 1, feeds: [{ ...BATCH, updates: WITH_HOLES }] },
    { type: 'UPDATES', batch: 0, feeds: [BATCH] },
    { type: 'UPDATES', batch: 1, feeds: [{ ...BATCH, updates: [{ seq: 1, at: 0 }] }] },
    { type: 'UPDATES', batch: 1, feeds: [{ ...BATCH, updates: [{ seq: 1, at: 0, value: NaN }] }] },
    { type: 'UPDATES', batch: 1, feeds: [{ ...BATCH, updates: [...BATCH.updates, ...BATCH.updates] }] },
    { type: 'UPDATES', batch: 1, feeds: [{ ...BATCH, lost: -1 }] },
    { type: 'UPDATES', batch: 1, feeds: [{ ...BATCH, continues: 1 }] },
    { type: 'UPDATES', batch: 1, feeds: [{ ...BATCH, confirmedAt: undefined }] },
    { ...STATUS, state: 'fine' },
    { ...STATUS, reason: 'words' },
    { ...STATUS, reason: { code: 'http', detail: 'x'.repeat(501) } },
    { type: 'CLOSE', reason: 'not-allowed', detail: '', retry: 'no', afterMs: 0 },
  ])('refuses %j', (message) => {
    expect(parseToPage(message)).toEqual({ ok: false, reason: expect.any(String) });
  });
});

test('parsers never throw, whatever arrives', () => {
  const type = fc.constantFrom('START_UPDATES', 'ACK', 'PAUSE', 'STARTED', 'UPDATES', 'STATUS', 'CLOSE', 'PING');
  const near = fc.record(
    {
      type,
      protocol: fc.anything(),
      feeds: fc.array(fc.oneof(fc.anything(), fc.constant(FEED), fc.constant(BATCH))),
      batch: fc.anything(),
      resume: fc.object(),
      reason: fc.anything(),
    },
    { requiredKeys: ['type'] },
  );
  fc.assert(
    fc.property(fc.oneof(fc.anything({ withDate: true, withMap: true, withBigInt: true }), near), (x) => {
      expect(typeof parseToBackground(x).ok).toBe('boolean');
      expect(typeof parseToPage(x).ok).toBe('boolean');
    }),
  );
});

describe('isJson', () => {
  test('takes whatever JSON.parse returns, down to its depth', () => {
    fc.assert(fc.property(fc.jsonValue({ maxDepth: 20 }), (value) => isJson(value)));
  });

  test.each([
    undefined,
    NaN,
    Infinity,
    1n,
    Symbol('s'),
    () => 0,
    new Date(),
    new Map(),
    { a: undefined },
    [NaN],
    WITH_HOLES,
  ])('refuses %s, which a port would drop or change', (value) => {
    expect(isJson(value)).toBe(false);
  });

  test('refuses what is nested deeper than 32', () => {
    const nested = (depth: number): unknown => (depth === 0 ? 0 : [nested(depth - 1)]);
    expect(isJson(nested(32))).toBe(true);
    expect(isJson(nested(33))).toBe(false);
  });
});
