import { fakeBrowser } from '@webext-core/fake-browser';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Site } from '../../../utils/sites/site';
import { injectIntoOpenPages, registerSiteScripts } from '../../../utils/sites/site-scripts';

const SITES: Site[] = [
  { id: 'a', patterns: ['http://localhost/*', 'https://a.example/*'], feeds: null },
  { id: 'b', patterns: ['https://a.example/*'], feeds: [] },
];

let registered: { id: string }[];
const scripting = {
  getRegisteredContentScripts: vi.fn(() => Promise.resolve(registered)),
  registerContentScripts: vi.fn((_scripts: object[]) => Promise.resolve()),
  updateContentScripts: vi.fn((_scripts: object[]) => Promise.resolve()),
  unregisterContentScripts: vi.fn(() => Promise.resolve()),
  executeScript: vi.fn(({ target, func }: { target: { tabId: number }; func?: () => boolean }) =>
    target.tabId === 1 ? Promise.reject(new Error('no access')) : Promise.resolve(func ? [{ result: func() }] : []),
  ),
  insertCSS: vi.fn(() => Promise.resolve()),
};

/** The tabs into which the content script was put. */
const injectedInto = (): number[] =>
  scripting.executeScript.mock.calls.flatMap(([{ target, func }]) => (func ? [] : [target.tabId]));

beforeEach(() => {
  vi.clearAllMocks();
  registered = [];
  Object.assign(fakeBrowser, { scripting });
});

describe('registerSiteScripts', () => {
  test('registers one script for the patterns of all sites, each once, in top frames', async () => {
    await registerSiteScripts(SITES);
    expect(scripting.registerContentScripts).toHaveBeenCalledWith([
      expect.objectContaining({ matches: ['http://localhost/*', 'https://a.example/*'], allFrames: false }),
    ]);
  });

  test('updates the script that is registered', async () => {
    registered = [{ id: 'updates' }];
    await registerSiteScripts(SITES);
    expect(scripting.updateContentScripts).toHaveBeenCalledOnce();
    expect(scripting.registerContentScripts).not.toHaveBeenCalled();
  });

  test.each([
    [[{ id: 'updates' }], 1],
    [[], 0],
  ])('without sites nothing stays registered: %j', async (before, calls) => {
    registered = before;
    await registerSiteScripts([]);
    expect(scripting.unregisterContentScripts).toHaveBeenCalledTimes(calls);
    expect(scripting.registerContentScripts).not.toHaveBeenCalled();
  });
});

describe('injectIntoOpenPages', () => {
  test('runs in the open pages of sites, but not in discarded or served ones, and bears a refusal', async () => {
    const query = vi.fn(() =>
      Promise.resolve([{ id: 1 }, { id: 2 }, { id: 3, discarded: true }, { id: 4 }, { id: undefined }]),
    );
    Object.assign(fakeBrowser.tabs, { query });
    await injectIntoOpenPages(SITES, new Set([4]));
    expect(query).toHaveBeenCalledWith({ url: ['http://localhost/*', 'https://a.example/*'] });
    expect(injectedInto()).toEqual([2]);
    expect(scripting.insertCSS).toHaveBeenCalledTimes(1);
  });

  test.each([
    ['lives', (): AbortSignal => new AbortController().signal, []],
    ['has ended', (): AbortSignal => AbortSignal.abort(), [2]],
  ])('a page whose script %s', async (_, signal, injected) => {
    vi.stubGlobal('tidings', signal());
    Object.assign(fakeBrowser.tabs, { query: () => Promise.resolve([{ id: 2 }]) });
    await injectIntoOpenPages(SITES, new Set());
    expect(injectedInto()).toEqual(injected);
    expect(scripting.insertCSS).toHaveBeenCalledTimes(injected.length);
    vi.unstubAllGlobals();
  });

  test('asks for no tabs when there are no sites', async () => {
    const query = vi.fn();
    Object.assign(fakeBrowser.tabs, { query });
    await injectIntoOpenPages([], new Set());
    expect(query).not.toHaveBeenCalled();
  });
});
