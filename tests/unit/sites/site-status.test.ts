import { fakeBrowser } from '@webext-core/fake-browser';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { ParsedSettings } from '../../../utils/settings/settings';
import { siteStatus } from '../../../utils/sites/site-status';

const SETTINGS: ParsedSettings = {
  ok: true,
  settings: { version: 1, feeds: [], sites: [{ id: 'a', patterns: ['http://localhost/*'], feeds: null }] },
};
const contains = vi.fn<(permissions: { origins: string[] }) => Promise<boolean>>(() => Promise.resolve(true));

const at = (url: string | undefined, read = () => Promise.resolve<ParsedSettings>(SETTINGS)) => {
  Object.assign(fakeBrowser, { permissions: { contains } });
  Object.assign(fakeBrowser.tabs, { query: () => Promise.resolve(url === undefined ? [{}] : [{ url }]) });
  return siteStatus(read);
};

beforeEach(() => {
  contains.mockClear();
});

describe('siteStatus', () => {
  test.each([
    ['http://localhost:4100/x', { host: 'localhost:4100', shown: true }],
    ['https://example.com/', { host: 'example.com', shown: false }],
    ['chrome://extensions/', { host: null, shown: false }],
    ['file:///tmp/x.html', { host: null, shown: false }],
    [undefined, { host: null, shown: false }],
  ])('of a tab at %s is %j', async (url, status) => {
    expect(await at(url)).toEqual(status);
  });

  test('says not shown where the person took the access away, and asks for the host without its port', async () => {
    contains.mockResolvedValueOnce(false);
    expect(await at('http://localhost:4100/')).toEqual({ host: 'localhost:4100', shown: false });
    expect(contains).toHaveBeenCalledWith({ origins: ['http://localhost/*'] });
  });

  test.each<[string, () => Promise<ParsedSettings>]>([
    ['does not answer', () => Promise.reject(new Error('Receiving end does not exist'))],
    ['answers nonsense', () => Promise.resolve({ ok: false, reason: 'version' })],
  ])('says not shown while the background %s', async (_, read) => {
    expect(await at('http://localhost:4100/', read)).toEqual({ host: 'localhost:4100', shown: false });
  });
});
