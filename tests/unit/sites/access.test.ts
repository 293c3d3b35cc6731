import { describe, expect, test } from 'vitest';
import { decideAccess } from '../../../utils/sites/access';
import type { Site } from '../../../utils/sites/site';
import type { Sender } from '../../../utils/stream/port';

const EXTENSION = { id: 'tidings', baseUrl: 'chrome-extension://tidings/' };
const SITES: Site[] = [
  { id: 'demo', patterns: ['http://localhost/*', '*://*.example.com/*'], feeds: null },
  { id: 'second', patterns: ['https://ci.example.org/builds/*'], feeds: ['queue'] },
];
const page = (url: string, rest: Partial<Sender> = {}): Sender => ({ id: 'tidings', url, frameId: 0, ...rest });

describe('decideAccess', () => {
  test.each<[string, Sender | undefined, string]>([
    ['own popup', { id: 'tidings', url: 'chrome-extension://tidings/popup.html' }, 'extension'],
    ['own page in a tab', page('chrome-extension://tidings/sidepanel.html'), 'extension'],
    ['own page in a frame of a page', page('chrome-extension://tidings/popup.html', { frameId: 7 }), 'extension'],
    ['another extension', { id: 'other', url: 'chrome-extension://other/popup.html' }, 'nobody'],
    ['another extension that names ours', { id: 'other', url: 'chrome-extension://tidings/popup.html' }, 'nobody'],
    ['an extension whose id begins with ours', { id: 'tidings', url: 'chrome-extension://tidings.evil/x' }, 'nobody'],
    ['a site', page('http://localhost/'), 'demo'],
    ['a site on a port', page('http://localhost:4100/x?y#z'), 'demo'],
    ['a site by wildcard', page('https://a.b.example.com/'), 'demo'],
    ['a site without its subdomain', page('https://example.com/'), 'demo'],
    ['a path of a site', page('https://ci.example.org/builds/7'), 'second'],
    ['another path of that host', page('https://ci.example.org/'), 'nobody'],
    ['a host that ends like a site', page('https://badexample.com/'), 'nobody'],
    ['a host that begins like a site', page('http://localhost.evil.com/'), 'nobody'],
    ['a site in a frame', page('http://localhost/', { frameId: 3 }), 'nobody'],
    ['a site without a frame id', { id: 'tidings', url: 'http://localhost/' }, 'nobody'],
    ['no address', { id: 'tidings', frameId: 0 }, 'nobody'],
    ['an address that is none', page('not an address'), 'nobody'],
    ['a file', page('file:///etc/passwd'), 'nobody'],
    ['nobody at all', undefined, 'nobody'],
  ])('%s', (_, sender, expected) => {
    const access = decideAccess(sender, EXTENSION, SITES);
    expect(access.who === 'site' ? access.site.id : access.who).toBe(expected);
  });
});
