import { describe, expect, test } from 'vitest';
import { decideAccess, MAX_URL_LENGTH } from '../../../utils/sites/access';
import type { Site } from '../../../utils/sites/site';
import type { Sender } from '../../../utils/stream/port';

const EXTENSION = { id: 'tidings', baseUrl: 'chrome-extension://tidings/' };
const SITES: Site[] = [
  { id: 'demo', patterns: ['http://localhost/*', '*://*.example.com/*'], feeds: null },
  { id: 'second', patterns: ['https://ci.example.org/builds/*'], feeds: ['queue'] },
];
/** As both browsers make it: tests/conformance/rules/senders.ts. */
const originOf = (url: string): string =>
  URL.canParse(url) ? `${new URL(url).protocol}//${new URL(url).host}` : 'null';
const page = (url: string, rest: Partial<Sender> = {}): Sender => ({
  id: 'tidings',
  url,
  origin: originOf(url),
  frameId: 0,
  ...rest,
});
const OWN = { id: 'tidings', url: 'chrome-extension://tidings/popup.html', origin: 'chrome-extension://tidings' };
/** An address of a site with so many characters. */
const long = (length: number): string => 'http://localhost/'.padEnd(length, 'x');

describe('decideAccess', () => {
  test.each<[string, Sender | undefined, string]>([
    ['own popup', OWN, 'extension'],
    ['own page in a tab', page('chrome-extension://tidings/sidepanel.html'), 'extension'],
    ['own page in a frame of a page', page('chrome-extension://tidings/popup.html', { frameId: 7 }), 'extension'],
    ['own page in a sandbox', { ...OWN, origin: 'null' }, 'nobody'],
    ['own page without an origin', { ...OWN, origin: undefined }, 'nobody'],
    ['own address from another origin', { ...OWN, origin: 'http://localhost' }, 'nobody'],
    ['another extension', { id: 'other', url: 'chrome-extension://other/popup.html' }, 'nobody'],
    ['another extension that names ours', { ...OWN, id: 'other' }, 'nobody'],
    ['an extension whose id begins with ours', page('chrome-extension://tidings.evil/x'), 'nobody'],
    ['a site', page('http://localhost/'), 'demo'],
    ['a site on a port', page('http://localhost:4100/x?y#z'), 'demo'],
    ['a site by wildcard', page('https://a.b.example.com/'), 'demo'],
    ['a site without its subdomain', page('https://example.com/'), 'demo'],
    ['a path of a site', page('https://ci.example.org/builds/7'), 'second'],
    ['another path of that host', page('https://ci.example.org/'), 'nobody'],
    ['a host that ends like a site', page('https://badexample.com/'), 'nobody'],
    ['a host that begins like a site', page('http://localhost.evil.com/'), 'nobody'],
    ['a site in a frame', page('http://localhost/', { frameId: 3 }), 'nobody'],
    ['a site without a frame id', page('http://localhost/', { frameId: undefined }), 'nobody'],
    ['a site in a sandbox', page('http://localhost/', { origin: 'null' }), 'nobody'],
    ['a site without an origin', page('http://localhost/', { origin: undefined }), 'nobody'],
    ['a site on a port of another origin', page('http://localhost:4100/', { origin: 'http://localhost' }), 'nobody'],
    ['a site by its name in full', page('http://localhost./'), 'demo'],
    ['a site with the longest address', page(long(MAX_URL_LENGTH)), 'demo'],
    ['a site with a longer address', page(long(MAX_URL_LENGTH + 1)), 'nobody'],
    ['no address', { id: 'tidings', frameId: 0 }, 'nobody'],
    ['an address that is none', page('not an address'), 'nobody'],
    ['a file', page('file:///etc/passwd'), 'nobody'],
    ['nobody at all', undefined, 'nobody'],
  ])('%s', (_, sender, expected) => {
    const access = decideAccess(sender, EXTENSION, SITES);
    expect(access.who === 'site' ? access.site.id : access.who).toBe(expected);
  });

  test('names the origin of a site', () => {
    expect(decideAccess(page('http://localhost:4100/x'), EXTENSION, SITES)).toMatchObject({
      origin: 'http://localhost:4100',
    });
  });
});
