import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FeedBatch, FeedInfo, FeedState, FeedStatus, Json } from '../../../utils/stream/protocol';
import type { StreamState } from '../../../utils/stream/subscriber';
import {
  createFeedModel,
  type FeedEntry,
  type FeedModel,
  MAX_FEEDS,
  MAX_LINES,
  MAX_POINTS,
  shownState,
} from '../../../utils/ui/feed-model';
import { MAX_TEXT_LENGTH, shorten } from '../../../utils/ui/shorten';

const info = (over: Partial<FeedInfo> = {}): FeedInfo => ({
  id: 'a',
  name: 'A',
  kind: 'state',
  unit: '',
  epoch: 'e1',
  definition: 'd',
  staleAfterMs: 10_000,
  ...over,
});

const batch = (values: readonly Json[], over: Partial<FeedBatch> = {}): FeedBatch => ({
  feed: 'a',
  epoch: 'e1',
  updates: values.map((value, index) => ({ seq: index + 1, at: 1_000 * (index + 1), value })),
  merged: 0,
  lost: 0,
  continues: true,
  confirmedAt: null,
  ...over,
});

const status = (state: FeedState): FeedStatus => ({ feed: 'a', state, since: 0, reason: null, retryAt: null });

const stream = (name: StreamState['name']): StreamState => ({ name, reason: null, detail: '', retryAt: null });

function entryOf(model: FeedModel): FeedEntry {
  const entry = model.snapshot(0).feeds?.[0]?.entry;
  if (!entry) throw new Error('no feed');
  return entry;
}

function withFeed(over: Partial<FeedInfo> = {}): FeedModel {
  const model = createFeedModel();
  model.onFeeds([info(over)]);
  return model;
}

describe('shown state', () => {
  const at = 100_000;
  const newest = { seq: 1, at, value: 1 };
  const table: {
    when: string;
    stream?: StreamState['name'];
    status?: FeedState | null;
    kind?: 'event';
    none?: true;
    staleAfterMs?: null;
    ageMs?: number;
    confirmedAgeMs?: number;
    shows: FeedState;
  }[] = [
    { when: 'all is well', shows: 'live' },
    { when: 'no status came yet', status: null, shows: 'live' },
    { when: 'nothing came yet', status: null, none: true, shows: 'waiting' },
    { when: 'the source is live without a value', none: true, shows: 'waiting' },
    { when: 'an event source is live without an event', none: true, kind: 'event', shows: 'live' },
    { when: 'the value is as old as it may be', ageMs: 10_000, shows: 'live' },
    { when: 'the value is older', ageMs: 10_001, shows: 'stale' },
    { when: 'the value is from the near future', ageMs: -10_000, shows: 'live' },
    { when: 'the clock was set back by more', ageMs: -10_001, shows: 'stale' },
    { when: 'the value is older but was confirmed', ageMs: 1e9, confirmedAgeMs: 10_000, shows: 'live' },
    { when: 'the last confirmation is too old', ageMs: 1e9, confirmedAgeMs: 10_001, shows: 'stale' },
    { when: 'a value was confirmed by an older look', ageMs: 10_000, confirmedAgeMs: 1e9, shows: 'live' },
    { when: 'it was confirmed after the clock was set back', ageMs: -1e9, confirmedAgeMs: 0, shows: 'live' },
    { when: 'silence is normal', ageMs: 1e9, staleAfterMs: null, shows: 'live' },
    { when: 'the source says waiting, with a value from before', status: 'waiting', shows: 'stale' },
    { when: 'the source says waiting, with events from before', status: 'waiting', kind: 'event', shows: 'waiting' },
    { when: 'the source says waiting, with nothing', status: 'waiting', none: true, shows: 'waiting' },
    { when: 'the source says stale', status: 'stale', shows: 'stale' },
    { when: 'the source says retrying', status: 'retrying', ageMs: 1e9, shows: 'retrying' },
    { when: 'the source says blocked', status: 'blocked', shows: 'blocked' },
    { when: 'the stream is idle', stream: 'idle', none: true, shows: 'waiting' },
    { when: 'the stream is connecting', stream: 'connecting', shows: 'stale' },
    { when: 'the stream is paused', stream: 'paused', shows: 'stale' },
    { when: 'the stream is waiting', stream: 'waiting', shows: 'stale' },
    { when: 'the stream is closed', stream: 'closed', shows: 'stale' },
    { when: 'the stream is down and the source was blocked', stream: 'waiting', status: 'blocked', shows: 'stale' },
  ];
  it.each(table)('is $shows when $when', (row) => {
    const staleAfterMs = row.staleAfterMs === null ? null : 10_000;
    const entry = {
      info: info({ kind: row.kind ?? 'state', staleAfterMs }),
      newest: row.none ? null : newest,
      confirmedAt: row.confirmedAgeMs === undefined ? null : at + (row.ageMs ?? 0) - row.confirmedAgeMs,
      status: row.status === null ? null : status(row.status ?? 'live'),
    };
    expect(shownState(entry, row.stream ?? 'live', at + (row.ageMs ?? 0))).toBe(row.shows);
  });
});

describe('feed model', () => {
  it('knows no feeds until the stream says which there are', () => {
    const model = createFeedModel();
    expect(model.snapshot(0)).toEqual({ stream: stream('idle'), feeds: null });
    model.onFeeds([]);
    expect(model.snapshot(0).feeds).toEqual([]);
  });

  it('ignores what is said of feeds it was not told of', () => {
    const model = withFeed();
    model.onBatch([batch([1], { feed: 'other' })]);
    model.onStatus({ ...status('blocked'), feed: 'other' });
    expect(model.snapshot(0).feeds).toHaveLength(1);
    expect(entryOf(model)).toMatchObject({ newest: null, status: null });
  });

  it('keeps the newest value, what it changed by, and the counts', () => {
    const model = withFeed();
    model.onBatch([batch([10, 12], { merged: 3 })]);
    model.onBatch([batch([9], { merged: 1, lost: 2 })]);
    expect(entryOf(model)).toMatchObject({ newest: { value: 9 }, change: -3, received: 3, merged: 4, lost: 2 });
  });

  it.each([
    { values: [], change: null },
    { values: [5], change: null },
    { values: [5, 5], change: null },
    { values: [5, 7], change: 2 },
    { values: [5, 7, 7], change: 2 },
    { values: [5, 7, 6], change: -1 },
    { values: [5, 'off', 6], change: 1 },
    { values: [5, 7, 'off'], change: null },
  ])('calls the change of $values $change', ({ values, change }) => {
    const model = withFeed();
    model.onBatch([batch(values)]);
    expect(entryOf(model).change).toBe(change);
  });

  it('of a state goes on in another history with its sparkline and change, and counts nothing', () => {
    const model = withFeed();
    model.onBatch([batch([1, 2, 5])]);
    model.onFeeds([info({ epoch: 'e2' })]);
    expect(entryOf(model)).toMatchObject({ newest: { value: 5 }, change: 3, restarted: 0 });
    const updates = [{ seq: 1, at: 4_000, value: 7 }];
    model.onBatch([batch([], { epoch: 'e2', continues: false, updates })]);
    expect(entryOf(model)).toMatchObject({ newest: { value: 7 }, change: 2, received: 4, restarted: 0 });
    expect(entryOf(model).points.map(({ value }) => value)).toEqual([1, 2, 5, 7]);
  });

  it('of events starts anew with the first batch of another history, and counts it', () => {
    const model = withFeed({ kind: 'event' });
    model.onBatch([batch([1, 2, 3])]);
    model.onFeeds([info({ kind: 'event', epoch: 'e2' })]);
    expect(entryOf(model)).toMatchObject({ newest: { value: 3 }, restarted: 0 });
    model.onBatch([batch([7], { epoch: 'e2', continues: false })]);
    expect(entryOf(model)).toMatchObject({ lines: [{ value: 7 }], points: [{ value: 7 }], received: 4, restarted: 1 });
    model.onBatch([batch([8], { epoch: 'e2' })]);
    expect(entryOf(model)).toMatchObject({ lines: [{ value: 7 }, { value: 8 }], restarted: 1 });
  });

  it('of events counts no other history before the first event', () => {
    const model = withFeed({ kind: 'event' });
    model.onBatch([batch([1], { continues: false })]);
    expect(entryOf(model)).toMatchObject({ lines: [{ value: 1 }], restarted: 0 });
  });

  it('of events goes on under a renewed epoch when the background says so', () => {
    const model = withFeed({ kind: 'event' });
    model.onBatch([batch([1, 2, 3])]);
    model.onFeeds([info({ kind: 'event', epoch: 'e2' })]);
    model.onBatch([batch([], { epoch: 'e2', lost: 4, updates: [{ seq: 8, at: 8, value: 8 }] })]);
    expect(entryOf(model)).toMatchObject({ received: 4, lost: 4, restarted: 0 });
    expect(entryOf(model).lines.map(({ seq }) => seq)).toEqual([1, 2, 3, 8]);
  });

  const edits: Partial<FeedInfo>[] = [
    { definition: 'd2' },
    { definition: 'd2', epoch: 'e2' },
    { definition: 'd2', kind: 'event' },
    { unit: 'ms', epoch: 'e2' },
  ];
  it.each(edits)('knows nothing yet of a feed edited to have %j', (edit) => {
    const model = withFeed();
    model.onBatch([batch([1], { confirmedAt: 5_000 })]);
    model.onFeeds([info(edit)]);
    expect(entryOf(model)).toMatchObject({ newest: null, confirmedAt: null, points: [], received: 0, info: edit });
  });

  it('shows no events of a feed that gets them from elsewhere now', () => {
    const model = withFeed({ kind: 'event' });
    model.onBatch([batch(['from x'])]);
    model.onFeeds([info({ kind: 'event', definition: 'd2', epoch: 'e2' })]);
    expect(entryOf(model)).toMatchObject({ newest: null, lines: [] });
    model.onBatch([batch(['from y'], { epoch: 'e2', continues: false })]);
    expect(entryOf(model)).toMatchObject({ newest: { value: 'from y' }, restarted: 0 });
  });

  it('keeps when a value was last confirmed, and no update comes of it', () => {
    const model = withFeed();
    model.onBatch([batch([5], { confirmedAt: 1_000 })]);
    model.onBatch([batch([], { confirmedAt: 600_000 })]);
    expect(entryOf(model)).toMatchObject({
      newest: { at: 1_000, value: 5 },
      confirmedAt: 600_000,
      received: 1,
      merged: 0,
    });
  });

  it('forgets the confirmation of a value with the value', () => {
    const model = withFeed();
    model.onBatch([batch([5], { confirmedAt: 600_000 })]);
    model.onBatch([batch([], { updates: [{ seq: 2, at: 700_000, value: 6 }] })]);
    expect(entryOf(model).confirmedAt).toBeNull();
  });

  it('draws a value that stays flat to its last confirmation, in two points', () => {
    const model = withFeed();
    model.onBatch([batch([3, 5])]);
    for (let at = 3_000; at <= 600_000; at += 1_000) model.onBatch([batch([], { confirmedAt: at })]);
    const flat = [
      { at: 1_000, value: 3 },
      { at: 2_000, value: 5 },
      { at: 600_000, value: 5 },
    ];
    expect(entryOf(model).points).toEqual(flat);
    const next = { at: 601_000, value: 4 };
    model.onBatch([batch([], { updates: [{ seq: 3, ...next }] })]);
    expect(entryOf(model)).toMatchObject({ points: [...flat, next], change: -1 });
  });

  it('draws no confirmation of what is no number', () => {
    const model = withFeed();
    model.onBatch([batch([3, 'off'], { confirmedAt: 9_000 })]);
    model.onBatch([batch([], { confirmedAt: 10_000 })]);
    expect(entryOf(model).points).toEqual([{ at: 1_000, value: 3 }]);
  });

  it('keeps values over a reconnect, and takes the new name', () => {
    const model = withFeed();
    model.onBatch([batch([1])]);
    model.onFeeds([info({ name: 'B' })]);
    expect(entryOf(model)).toMatchObject({ info: { name: 'B' }, newest: { value: 1 }, restarted: 0 });
  });

  it('forgets feeds that are gone', () => {
    const model = withFeed();
    model.onBatch([batch([1])]);
    model.onFeeds([info({ id: 'b' })]);
    model.onFeeds([info()]);
    expect(entryOf(model).newest).toBeNull();
  });

  it('gives the same entry until it changes', () => {
    const model = withFeed();
    const before = entryOf(model);
    model.onStream(stream('live'));
    expect(entryOf(model)).toBe(before);
    model.onStatus(status('live'));
    expect(entryOf(model)).not.toBe(before);
  });

  it('calls its listeners after each callback until their signal aborts', () => {
    const model = createFeedModel();
    const ending = new AbortController();
    let calls = 0;
    model.onChange(() => calls++, ending);
    model.onFeeds([info()]);
    model.onBatch([batch([1])]);
    model.onStatus(status('live'));
    model.onStream(stream('live'));
    expect(calls).toBe(4);
    ending.abort();
    model.onFeeds([]);
    expect(calls).toBe(4);
  });

  it('keeps the last numbers for the sparkline', () => {
    const model = withFeed();
    model.onBatch([batch(Array.from({ length: MAX_POINTS }, (_, index) => index))]);
    model.onBatch([batch([100, 'no number', 101])]);
    const values = entryOf(model).points.map((point) => point.value);
    expect(values).toEqual([...Array.from({ length: MAX_POINTS - 2 }, (_, index) => index + 2), 100, 101]);
  });

  it('stays bounded whatever arrives', () => {
    const value = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.string({ maxLength: 500 }));
    fc.assert(
      fc.property(fc.array(fc.array(value, { maxLength: 100 }), { maxLength: 5 }), (batches) => {
        const model = withFeed({ kind: 'event' });
        for (const values of batches) model.onBatch([batch(values)]);
        const { points, lines, received, newest } = entryOf(model);
        expect(points.length).toBeLessThanOrEqual(MAX_POINTS);
        expect(lines.length).toBe(Math.min(MAX_LINES, batches.flat().length));
        expect(
          lines.every((line) => String(line.value).length <= MAX_TEXT_LENGTH + 1 || typeof line.value === 'number'),
        ).toBe(true);
        expect(received).toBe(batches.flat().length);
        expect(newest).toEqual(lines.at(-1) ?? null);
      }),
    );
    const model = createFeedModel();
    model.onFeeds(Array.from({ length: MAX_FEEDS + 1 }, (_, index) => info({ id: String(index) })));
    expect(model.snapshot(0).feeds).toHaveLength(MAX_FEEDS);
  });
});

describe('shorten', () => {
  it.each([
    [null, null],
    [true, true],
    [1.5, 1.5],
    ['text', 'text'],
    ['x'.repeat(200), 'x'.repeat(200)],
    ['x'.repeat(201), `${'x'.repeat(200)}…`],
    [`${'x'.repeat(199)}😀`, `${'x'.repeat(199)}\uFFFD…`],
    [{ a: [1, null] }, '{"a":[1,null]}'],
    [['x'.repeat(300)], `["${'x'.repeat(198)}…`],
  ])('makes of %j %j', (value, shown) => {
    expect(shorten(value)).toBe(shown);
  });
});
