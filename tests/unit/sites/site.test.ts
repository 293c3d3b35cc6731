import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { findSite, type Site, SiteSchema } from '../../../utils/sites/site';

const SITE: Site = { id: 'a', patterns: ['https://a.example/*'], feeds: null };
const times = <Item>(count: number, item: Item): Item[] => Array.from({ length: count }, () => item);

describe('SiteSchema', () => {
  test.each<Partial<Site>>([
    {},
    { patterns: ['http://localhost/*', '*://*.example.com/*', 'https://a.example/builds/*', '*://*/*'] },
    { patterns: ['https://a_b/*', 'https://1.2.3.4/*'] },
    { feeds: [] },
    { feeds: ['queue', 'log'] },
    { id: 'x'.repeat(64) },
    { patterns: times(20, 'https://a.example/*') },
  ])('takes a site with %j', (part) => {
    expect(v.safeParse(SiteSchema, { ...SITE, ...part })).toMatchObject({
      success: true,
      output: { ...SITE, ...part },
    });
  });

  test.each<Record<string, unknown>>([
    { id: '' },
    { id: 'x'.repeat(65) },
    { id: 1 },
    { patterns: [] },
    { patterns: times(21, 'https://a.example/*') },
    { patterns: 'https://a.example/*' },
    { feeds: undefined },
    { feeds: [''] },
    { feeds: ['x'.repeat(65)] },
  ])('refuses a site with %j', (part) => {
    expect(v.safeParse(SiteSchema, { ...SITE, ...part }).success).toBe(false);
  });

  test.each([
    '',
    'a.example',
    'https://a.example',
    '<all_urls>',
    'file:///*',
    'ftp://a.example/*',
    'chrome://newtab/*',
    'https://a*.example/*',
    ' https://a.example/*',
    'https:///*',
    'https://*.*.example/*',
    'https://*./*',
    'https://a b/*',
    'https://a.example:8080/*',
    'https://user@a.example/*',
    'https://a%zz/*',
    'https://999.1.1.1/*',
    'https://*.<x>/*',
    'https://a|b/*',
    'https://a^b/*',
    'https://a\\b/*',
    'https://\u00ad/*',
  ])('refuses the pattern "%s" and names it', (pattern) => {
    const parsed = v.safeParse(SiteSchema, { ...SITE, patterns: ['https://a.example/*', pattern] });
    expect(parsed.issues?.[0].message).toBe(`"${pattern}" is not a match pattern of http or https pages`);
  });

  test.each([
    ['https://bücher.example/*', 'https://xn--bcher-kva.example/*'],
    ['https://*.BÜCHER.example/*', 'https://*.xn--bcher-kva.example/*'],
    ['HTTPS://A.Example/Builds/*', 'https://a.example/Builds/*'],
    ['https://a.example./*', 'https://a.example/*'],
    ['https://*.example./*', 'https://*.example/*'],
  ])('spells %s as the browser spells addresses', (pattern, spelt) => {
    expect(v.parse(SiteSchema, { ...SITE, patterns: [pattern] }).patterns).toEqual([spelt]);
  });

  test.each([
    [`https://a.example/${'x'.repeat(199)}`, null],
    [`https://a.example/${'x'.repeat(200)}`, 'the path is longer than 200 characters'],
    ['https://a.example/*/*/*', null],
    ['https://a.example/*/*/*/*', 'the path of "https://a.example/*/*/*/*" has more than 3 stars'],
  ])('bounds the path of %s: %s', (pattern, reason) => {
    const parsed = v.safeParse(SiteSchema, { ...SITE, patterns: [pattern] });
    expect(parsed.issues?.[0].message ?? null).toBe(reason);
  });
});

describe('findSite', () => {
  const sites: Site[] = [
    { id: 'builds', patterns: ['https://ci.example/builds/*'], feeds: ['log'] },
    { id: 'two', patterns: ['http://localhost/*', 'https://ci.example/*'], feeds: null },
  ];

  test.each([
    ['https://ci.example/builds/7?x#y', 'builds'],
    ['https://ci.example/', 'two'],
    ['http://localhost:4100/', 'two'],
    ['http://ci.example/', undefined],
    ['https://ci.example.evil/', undefined],
    ['https://ci.example./', 'two'],
    ['https://CI.example/builds/7', 'builds'],
    ['https://ci.example/builds?x', 'two'],
    ['https://other.example/https://ci.example/', undefined],
    ['about:blank', undefined],
    ['', undefined],
    ['not an address', undefined],
  ])('finds for "%s" the site %j', (url, id) => {
    expect(findSite(sites, url)?.id).toBe(id);
  });

  test('finds the first of two that show on a page', () => {
    expect(findSite(sites.toReversed(), 'https://ci.example/builds/7')?.id).toBe('two');
  });

  test('finds none among none', () => {
    expect(findSite([], 'http://localhost/')).toBeNull();
  });
});
