import { fakeBrowser } from '@webext-core/fake-browser';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { SettingsStore } from '../../../utils/settings/settings-store';
import { siteStatus } from '../../../utils/sites/site-status';

const store: SettingsStore = {
  read: () =>
    Promise.resolve({
      settings: { version: 1, feeds: [], sites: [{ id: 'a', patterns: ['http://localhost/*'], feeds: null }] },
      isStandIn: false,
    }),
  onChange: () => () => undefined,
};
const contains = vi.fn<(permissions: { origins: string[] }) => Promise<boolean>>(() => Promise.resolve(true));

const at = (url: string | undefined) => {
  Object.assign(fakeBrowser, { permissions: { contains } });
  Object.assign(fakeBrowser.tabs, { query: () => Promise.resolve(url === undefined ? [{}] : [{ url }]) });
  return siteStatus(store);
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
});
