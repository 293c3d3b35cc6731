import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseFeed } from '../../../utils/feeds/feed';

const poll = { type: 'poll', address: 'https://example.com/x' };
const valid = { id: 'queue', name: 'Queue depth', source: poll };
const sse = { type: 'sse', address: 'https://example.com/events' };
const socket = { type: 'websocket', address: 'wss://example.com/live' };

describe('parseFeed', () => {
  test('fills in what is left out', () => {
    expect(parseFeed(valid)).toEqual({
      ok: true,
      feed: { ...valid, kind: 'state', path: '$', unit: '', paceMs: 5_000, source: poll },
    });
    expect(parseFeed({ ...valid, source: sse })).toHaveProperty('feed.source', {
      ...sse,
      event: null,
      consecutiveIds: false,
      silentAfterMs: 45_000,
    });
    expect(parseFeed({ ...valid, source: socket })).toHaveProperty('feed.source', {
      ...socket,
      onConnect: [],
      format: 'json',
      silentAfterMs: null,
    });
  });

  test('keeps what is given, normalises the address and drops what it does not know', () => {
    const feed = {
      id: 'a',
      name: 'b',
      kind: 'event',
      source: { ...socket, onConnect: ['{"subscribe":"a"}', 'b'], format: 'text', silentAfterMs: 1_000 },
      path: '$.a[0]',
      unit: '%',
      paceMs: 1_000,
    };
    expect(parseFeed({ ...feed, other: 1 })).toEqual({ ok: true, feed });
    expect(parseFeed({ ...valid, source: { ...poll, address: 'HTTPS://EXAMPLE.com#x' } })).toHaveProperty(
      'feed.source.address',
      'https://example.com/',
    );
    expect(parseFeed({ ...valid, source: { type: 'pulse', address: 'x' } })).toHaveProperty('feed.source', {
      type: 'pulse',
    });
  });

  test.each<[unknown, string]>([
    [null, 'a feed is an object'],
    ['x', 'a feed is an object'],
    [{ ...valid, id: undefined }, 'id: a text is expected'],
    [{ name: 'a', source: poll }, 'id: is missing'],
    [{ ...valid, id: '' }, 'id: may not be empty'],
    [{ ...valid, id: 'a'.repeat(65) }, 'id: may have at most 64 characters'],
    [{ ...valid, name: 'a'.repeat(201) }, 'name: may have at most 200 characters'],
    [{ ...valid, unit: 'a'.repeat(65) }, 'unit: may have at most 64 characters'],
    [{ ...valid, kind: 'x' }, 'kind: must be "state" or "event"'],
    [{ ...valid, paceMs: 999 }, 'paceMs: must be at least 1000 ms'],
    [{ ...valid, paceMs: 86_400_001 }, 'paceMs: may be at most 86400000 ms'],
    [{ ...valid, paceMs: 1_000.5 }, 'paceMs: a whole number is expected'],
    [{ ...valid, paceMs: '5000' }, 'paceMs: a number is expected'],
    [{ ...valid, path: '$.a[' }, "path: expected .name, [number] or ['name'] at character 4"],
    [{ ...valid, path: 1 }, 'path: a path is expected'],
    [{ id: 'a', name: 'b' }, 'source: is missing'],
    [{ ...valid, source: { type: 'ftp' } }, 'source.type: must be a pulse, poll, sse or websocket source'],
    [{ ...valid, source: { type: 'poll' } }, 'source.address: is missing'],
    [{ ...valid, source: { ...poll, address: 5 } }, 'source.address: an address is expected'],
    [{ ...valid, source: { ...poll, address: 'nonsense' } }, 'source.address: this is not an address'],
    [{ ...valid, source: { ...poll, address: 'wss://example.com' } }, 'source.address: "wss:" does not fit here'],
    [{ ...valid, source: { ...poll, address: 'http://example.com' } }, 'source.address: example.com is a public host'],
    [{ ...valid, source: { ...sse, address: 'https://a:b@example.com' } }, 'source.address: a name or password'],
    [{ ...valid, source: { ...sse, silentAfterMs: 999 } }, 'source.silentAfterMs: must be at least 1000 ms'],
    [{ ...valid, source: { ...sse, silentAfterMs: 3_600_001 } }, 'source.silentAfterMs: may be at most 3600000 ms'],
    [{ ...valid, source: { ...sse, consecutiveIds: 1 } }, 'source.consecutiveIds: true or false is expected'],
    [{ ...valid, source: { ...sse, event: '' } }, 'source.event: may not be empty'],
    [{ ...valid, source: { ...socket, onConnect: [1] } }, 'source.onConnect.0: a text is expected'],
    [{ ...valid, source: { ...socket, onConnect: Array(17).fill('a') } }, 'source.onConnect: may have at most 16'],
    [{ ...valid, source: { ...socket, format: 'xml' } }, 'source.format: must be "json" or "text"'],
  ])('says what is wrong with %j', (x, reason) => {
    expect(parseFeed(x)).toEqual({ ok: false, reason: expect.stringContaining(reason) as string });
  });

  test('never throws and takes its own result again', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.anything(), fc.record({ id: fc.string(), name: fc.string(), source: fc.anything() })),
        (x) => {
          const parsed = parseFeed(x);
          expect(parsed.ok ? parseFeed(parsed.feed) : parsed).toEqual(parsed);
        },
      ),
    );
  });
});
