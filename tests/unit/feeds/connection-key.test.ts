import { describe, expect, test } from 'vitest';
import { connectionKey, lineKey } from '../../../utils/feeds/connection-key';
import { parseFeed, type SourceDefinition } from '../../../utils/feeds/feed';

function sourceOf(source: Record<string, unknown>): SourceDefinition {
  const parsed = parseFeed({ id: 'a', name: 'A', source });
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.feed.source;
}

const sse = { type: 'sse', address: 'https://a.example/' };
const socket = { type: 'websocket', address: 'wss://a.example/' };

describe('connectionKey', () => {
  test.each([
    ['the order of its fields', sse, Object.fromEntries(Object.entries(sse).toReversed())],
    ['how long an event stream may be silent', sse, { ...sse, silentAfterMs: 9_000 }],
    ['how long a WebSocket may be silent', socket, { ...socket, silentAfterMs: 9_000 }],
    ['what is sent to a WebSocket', socket, { ...socket, onConnect: ['x'] }],
  ])('does not depend on %s', (_, one, two) => {
    expect(connectionKey(sourceOf(two))).toBe(connectionKey(sourceOf(one)));
  });

  test.each([
    ['its address', sse, { ...sse, address: 'https://b.example/' }],
    ['its type', sse, { type: 'poll', address: 'https://a.example/' }],
    ['the type of its events', sse, { ...sse, event: 'x' }],
    ['whether its ids are consecutive', sse, { ...sse, consecutiveIds: true }],
    ['its format', socket, { ...socket, format: 'text' }],
  ])('depends on %s', (_, one, two) => {
    expect(connectionKey(sourceOf(two))).not.toBe(connectionKey(sourceOf(one)));
  });
});

test('lineKey depends on what is sent to a WebSocket, and on nothing else', () => {
  const key = (more: Record<string, unknown>): string => lineKey(sourceOf({ ...socket, ...more }));
  expect(key({ silentAfterMs: 9_000 })).toBe(key({}));
  expect(key({ onConnect: ['x'] })).not.toBe(key({}));
  expect(key({ onConnect: ['x', 'y'] })).not.toBe(key({ onConnect: ['y', 'x'] }));
  expect(lineKey(sourceOf({ ...sse, silentAfterMs: 9_000 }))).toBe(lineKey(sourceOf(sse)));
});
