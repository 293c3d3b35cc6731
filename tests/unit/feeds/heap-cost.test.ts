import fc from 'fast-check';
import { expect, test } from 'vitest';
import { heapCost, isBounded } from '../../../utils/feeds/heap-cost';
import { isJson } from '../../../utils/stream/protocol';
import type { Json } from '../../../utils/stream/protocol';

const nested = (open: string, middle: string, close: string, depth: number): string =>
  open.repeat(depth) + middle + close.repeat(depth);

test.each([
  ['null', true],
  ['"x"', true],
  ['1e308', true],
  ['1e999', false],
  ['{"a":[1,{"b":-1e999}]}', false],
  ['{"__proto__":{"a":1e999}}', false],
  [nested('[', '1', ']', 32), true],
  [nested('[', '1', ']', 33), false],
  [nested('{"a":', 'null', '}', 32), true],
  [nested('{"a":', 'null', '}', 33), false],
  [nested('[', '', ']', 500_000), false],
])('what is parsed from %.40s is bounded: %s', (text, bounded) => {
  const value = JSON.parse(text) as Json;
  expect(isBounded(value)).toBe(bounded);
  expect(isJson(value)).toBe(bounded);
});

test('it says what isJson says of all that JSON.parse gives', () => {
  const texts = fc
    .tuple(fc.json({ maxDepth: 5 }), fc.nat(40), fc.boolean())
    .map(([text, depth, isObject]) => (isObject ? nested('{"a":', text, '}', depth) : nested('[', text, ']', depth)));
  fc.assert(
    fc.property(texts, (text) => {
      const value = JSON.parse(text) as Json;
      return isBounded(value) === isJson(value);
    }),
  );
});

test.each([
  ['null', 0, 100],
  ['"xxxxxxxxxx"', 20, 100],
  [`[${'[],'.repeat(999)}[]]`, 40_000, 100_000],
  [`[${'{},'.repeat(999)}{}]`, 40_000, 100_000],
  [`[${'0.5,'.repeat(999)}0]`, 8_000, 40_000],
  [`{${Array.from({ length: 1_000 }, (_, n) => `"k${n}":1`).join(',')}}`, 30_000, 100_000],
  [`{"${'k'.repeat(100_000)}":1}`, 100_000, 101_000],
])('the cost of what is parsed from %.40s is between %s and %s', (text, least, most) => {
  const cost = heapCost(JSON.parse(text) as Json);
  expect(cost).toBeGreaterThanOrEqual(least);
  expect(cost).toBeLessThanOrEqual(most);
});

test('a text that is not Latin-1 costs twice as much', () => {
  expect(heapCost('€'.repeat(1_000)) - heapCost('é'.repeat(1_000))).toBe(1_000);
});
