import { expect, test } from 'vitest';
import { parseFeed } from '../../../utils/feeds/feed';
import { feedDefinition } from '../../../utils/feeds/feed-definition';

const FIELDS = { id: 'a', name: 'A', source: { type: 'poll', address: 'https://example.com/x' }, path: '$.a' };

function definitionOf(fields: Record<string, unknown> = {}): string {
  const parsed = parseFeed({ ...FIELDS, ...fields });
  if (!parsed.ok) throw new Error(parsed.reason);
  return feedDefinition(parsed.feed);
}

test('the definition of a feed is short, and the same in every background', () => {
  expect(definitionOf()).toBe('986a');
});

test.each([
  { id: 'b' },
  { kind: 'event' },
  { path: '$.b' },
  { source: { type: 'poll', address: 'https://example.com/y' } },
  { source: { type: 'sse', address: 'https://example.com/x' } },
])('with %j it is another', (edit) => {
  expect(definitionOf(edit)).not.toBe(definitionOf());
});

test.each([{ name: 'B' }, { unit: 'ms' }, { paceMs: 60_000 }])('with %j it is the same', (edit) => {
  expect(definitionOf(edit)).toBe(definitionOf());
});
