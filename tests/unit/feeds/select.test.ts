import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePath, select } from '../../../utils/feeds/select';
import type { PathStep } from '../../../utils/feeds/select';
import type { Json } from '../../../utils/stream/protocol';

function read(path: string, value: Json): Json | undefined {
  const parsed = parsePath(path);
  if (!parsed.ok) throw new Error(parsed.reason);
  const selected = select(parsed.path, value);
  return selected.ok ? selected.value : undefined;
}

describe('parsePath', () => {
  test.each<[string, PathStep[]]>([
    ['$', []],
    ['$.a', ['a']],
    ["$.a.b[0]['c'][-1]", ['a', 'b', 0, 'c', -1]],
    ['$["a b"]', ['a b']],
    ["$['it\\'s \\\\ it']", ["it's \\ it"]],
    ["$['']", ['']],
    ['$.größe.数', ['größe', '数']],
    ['$.content-type.a$b', ['content-type', 'a$b']],
    ["$['[0]']", ['[0]']],
  ])('%s', (text, path) => {
    expect(parsePath(text)).toEqual({ ok: true, path });
  });

  test.each([
    ['', 'a path starts with $ (character 1)'],
    ['a.b', 'a path starts with $ (character 1)'],
    ['$a', 'at character 2'],
    ['$.', 'at character 2'],
    ['$..a', 'at character 2'],
    ['$.a.', 'at character 4'],
    ['$.a[', 'at character 4'],
    ['$.a[]', 'at character 4'],
    ['$.a[1.5]', 'at character 4'],
    ['$.a[x]', 'at character 4'],
    ["$.a['b]", 'at character 4'],
    ["$['a\\b']", 'at character 2'],
    ['$.a b', 'at character 4'],
    ['$[*]', 'at character 2'],
    ['$[12345678901]', 'at character 2'],
    [`$.${'a'.repeat(1_000)}`, 'the path is longer than 1000 characters'],
  ])('%s is refused', (text, reason) => {
    const parsed = parsePath(text);
    expect(parsed).toEqual({ ok: false, reason: expect.stringContaining(reason) as string });
  });

  test('never throws', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('$', '.', '[', ']', "'", '"', '\\', '-', '0', 'a', ' ') }),
        (text) => {
          expect(typeof parsePath(`$${text}`).ok).toBe('boolean');
        },
      ),
    );
  });

  // A pattern that backtracks would not come back from these.
  test.each([`$['${'\\\\'.repeat(490)}`, `$${'[0'.repeat(490)}`])('refuses a hostile text, %#', (text) => {
    expect(parsePath(text).ok).toBe(false);
  });
});

describe('select', () => {
  const value: Json = { a: { b: [{ c: [1, 2, 3] }], null: null }, 'x y': false };

  test.each<[string, Json | undefined]>([
    ['$', value],
    ["$.a.b[0]['c'][-1]", 3],
    ['$.a.b[0].c[-3]', 1],
    ['$.a.b[0].c[-4]', undefined],
    ['$.a.b[0].c[3]', undefined],
    ['$.a.null', null],
    ["$['x y']", false],
    ['$.a.b.length', undefined],
    ["$['x y'].length", undefined],
    ['$.a[0]', undefined],
    ['$.a.b.0', undefined],
    ['$.constructor', undefined],
    ['$.__proto__', undefined],
    ['$.a.b.map', undefined],
    ['$.toString', undefined],
    ['$.a.null.x', undefined],
  ])('%s', (path, expected) => {
    expect(read(path, value)).toEqual(expected);
  });

  test('reads an own member named __proto__', () => {
    expect(read('$.__proto__.a', JSON.parse('{"__proto__":{"a":1}}') as Json)).toBe(1);
  });

  test('says at which step it finds nothing', () => {
    expect(select(['a', 'b', 7, 'c'], value)).toEqual({ ok: false, reason: 'nothing at $["a"]["b"][7]' });
  });

  test('finds every leaf of any value by the path to it', () => {
    const leaves = (json: Json, path: string): [string, Json][] => {
      if (Array.isArray(json)) return json.flatMap((item, i) => leaves(item, `${path}[${i}]`));
      if (typeof json !== 'object' || json === null) return [[path, json]];
      return Object.entries(json).flatMap(([key, item]) =>
        leaves(item, `${path}['${key.replaceAll(/['\\]/g, (c) => `\\${c}`)}']`),
      );
    };
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (x) => {
        const json = x as Json;
        for (const [path, leaf] of leaves(json, '$')) expect(read(path, json)).toEqual(leaf);
      }),
    );
  });
});
