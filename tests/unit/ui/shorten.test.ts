import { describe, expect, it } from 'vitest';
import type { Json } from '../../../utils/stream/protocol';
import { MAX_TEXT_LENGTH, shorten } from '../../../utils/ui/shorten';

describe('shorten', () => {
  it.each<Json>([null, true, false, 0, -1.5, 1e300, '', 'text', 'x'.repeat(MAX_TEXT_LENGTH)])(
    'keeps %j as it is',
    (value) => {
      expect(shorten(value)).toBe(value);
    },
  );

  it('cuts a text that is longer by one', () => {
    expect(shorten('x'.repeat(MAX_TEXT_LENGTH + 1))).toBe(`${'x'.repeat(MAX_TEXT_LENGTH)}…`);
  });

  it.each<[Json, string]>([
    [[1, 'a', null], '[1,"a",null]'],
    [{ a: { b: 1 } }, '{"a":{"b":1}}'],
    [[], '[]'],
  ])('gives %j as its JSON', (value, text) => {
    expect(shorten(value)).toBe(text);
  });

  it('cuts the JSON of a large value as any text', () => {
    const text = shorten(Array.from({ length: 1_000 }, (_, n) => n));
    expect(text).toMatch(/^\[0,1,2,.*…$/);
    expect(text).toHaveLength(MAX_TEXT_LENGTH + 1);
  });

  it('leaves no half of a character that it cuts in two', () => {
    const text = shorten(`${'x'.repeat(MAX_TEXT_LENGTH - 1)}😀 and more`);
    expect(text).toBe(`${'x'.repeat(MAX_TEXT_LENGTH - 1)}\uFFFD…`);
  });
});
