import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MatchPattern } from 'wxt/utils/match-patterns';
import { compileGlob, compilePagePattern, parsePagePattern } from '../../../utils/sites/page-pattern';

const matches = (pattern: string, url: string): boolean => {
  const parsed = parsePagePattern(pattern);
  if (!parsed.ok) throw new Error(parsed.reason);
  return compilePagePattern(parsed.pattern)(new URL(url));
};

describe('page pattern', () => {
  test.each([
    ['https://a.example/*', 'https://a.example/', true],
    ['https://a.example/*', 'http://a.example/', false],
    ['*://a.example/*', 'http://a.example:8080/x', true],
    ['*://*/*', 'https://anything.example/', true],
    ['*://*/*', 'ftp://anything.example/', false],
    ['*://*.example/*', 'https://a.b.example/', true],
    ['*://*.example/*', 'https://example/', true],
    ['*://*.example/*', 'https://badexample/', false],
    ['https://a.example/builds', 'https://a.example/builds', true],
    ['https://a.example/builds', 'https://a.example/builds/7', false],
    ['https://a.example/builds', 'https://a.example/builds?x', false],
    ['https://a.example/builds?branch=*', 'https://a.example/builds?branch=main', true],
    ['https://a.example/*/edit', 'https://a.example/1/2/edit', true],
    ['https://a.example/*/edit', 'https://a.example/edit', false],
    ['https://a.example/a*a', 'https://a.example/a', false],
    ['https://a.example/*b*b*', 'https://a.example/ab', false],
    ['https://a.example/**', 'https://a.example/x', true],
    ['https://bücher.example/*', 'https://BÜCHER.example./', true],
    ['https://a.example/a.c', 'https://a.example/abc', false],
    ['https://a.example/Builds/*', 'https://a.example/builds/', false],
  ])('%s on %s: %s', (pattern, url, expected) => {
    expect(matches(pattern, url)).toBe(expected);
  });

  const label = fc.constantFrom('a', 'b');
  const host = fc.array(label, { minLength: 1, maxLength: 2 }).map((labels) => labels.join('.'));
  const path = fc.stringMatching(/^[ab/]{0,6}$/);
  const glob = fc
    .array(fc.stringMatching(/^[ab/]{0,2}$/), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join('*'));
  const pattern = fc
    .tuple(
      fc.constantFrom('*', 'http', 'https'),
      fc.oneof(
        fc.constant('*'),
        host,
        host.map((name) => `*.${name}`),
      ),
      glob,
    )
    .map(([scheme, name, rest]) => `${scheme}://${name}/${rest}`);
  const url = fc
    .tuple(fc.constantFrom('http', 'https', 'ftp'), host, path)
    .map(([scheme, name, rest]) => `${scheme}://${name}/${rest}`);

  test('agrees with the patterns of WXT', () => {
    let fitting = 0;
    fc.assert(
      fc.property(pattern, url, (one, address) => {
        const expected = new MatchPattern(one).includes(address);
        if (expected) fitting += 1;
        expect(matches(one, address)).toBe(expected);
      }),
      { numRuns: 20_000 },
    );
    expect(fitting).toBeGreaterThan(200);
  });
});

describe('glob', () => {
  /** The characters that a match looks at, and whether it fits. */
  function countLooks(glob: string, text: string): { looks: number; fits: boolean } {
    let looks = 0;
    const fits = compileGlob(glob)({
      length: text.length,
      charCodeAt(index) {
        looks += 1;
        return text.charCodeAt(index);
      },
    });
    return { looks, fits };
  }

  test.each([
    ['/*/*/*/x', '/'.repeat(4_000)],
    ['/*/*/*/x', `${'/'.repeat(4_000)}x`],
    [`/*${'a'.repeat(60)}b*${'a'.repeat(60)}b*`, `/${'a'.repeat(8_000)}`],
    [`/*${'ab'.repeat(30)}c*`, `/${'ab'.repeat(4_000)}`],
  ])('%# looks at each character twice at most', (glob, text) => {
    expect(countLooks(glob, text).looks).toBeLessThanOrEqual(2 * text.length);
  });

  test('agrees with a regular expression', () => {
    const part = fc.stringMatching(/^[ab]{0,4}$/);
    const globs = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('*'));
    fc.assert(
      fc.property(globs, fc.stringMatching(/^[ab]{0,16}$/), (one, text) => {
        expect(countLooks(one, text).fits).toBe(new RegExp(`^${one.replaceAll('*', '.*')}$`).test(text));
      }),
      { numRuns: 20_000 },
    );
  });
});
