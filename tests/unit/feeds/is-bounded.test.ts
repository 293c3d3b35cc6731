import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isBounded } from '../../../utils/feeds/is-bounded';
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
