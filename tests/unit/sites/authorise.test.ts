import { describe, expect, test, vi } from 'vitest';
import type { Settings } from '../../../utils/settings/settings';
import { createAuthorise } from '../../../utils/sites/authorise';
import type { PanelPlacement } from '../../../utils/ui/panel-position';
import type { Sender } from '../../../utils/stream/port';
import { createFakeFeed } from '../../fakes/feed';

const feed = (id: string): Settings['feeds'][number] => ({
  id,
  name: id,
  kind: 'state',
  source: { type: 'pulse' },
  path: '$',
  unit: '',
  paceMs: 1_000,
});
const SETTINGS: Settings = {
  version: 1,
  feeds: [feed('a'), feed('b'), feed('c')],
  sites: [
    { id: 'all', patterns: ['http://localhost/*'], feeds: null },
    { id: 'some', patterns: ['https://example.com/*'], feeds: ['c', 'gone', 'a'] },
  ],
};
const at = (url: string, incognito = false): Sender => ({
  id: 'tidings',
  url,
  origin: new URL(url).origin,
  frameId: 0,
  tab: { incognito },
});

function setUp(hasAccess: () => Promise<boolean> = () => Promise.resolve(true), isStandIn = false) {
  const openFeed = vi.fn((id: string) => Promise.resolve(id === 'gone' ? null : createFakeFeed({ id }).reader()));
  const placements = { load: vi.fn(() => Promise.resolve<PanelPlacement | null>(null)), save: vi.fn() };
  const authorise = createAuthorise({
    extension: { id: 'tidings', baseUrl: 'moz-extension://1/' },
    settings: () => Promise.resolve({ settings: SETTINGS, isStandIn }),
    hasAccess,
    openFeed,
    placements,
  });
  const seenBy = async (sender: Sender): Promise<string[] | string> => {
    const authorisation = await authorise(sender);
    if (!authorisation.allowed) return authorisation.reason;
    return (await authorisation.open({ isPrivate: false })).map(({ info }) => info.id);
  };
  return { openFeed, placements, authorise, seenBy };
}

describe('authorise', () => {
  test('own pages see all feeds', async () => {
    expect(
      await setUp().seenBy({ id: 'tidings', url: 'moz-extension://1/popup.html', origin: 'moz-extension://1' }),
    ).toEqual(['a', 'b', 'c']);
  });

  test('a site sees its feeds in its order, without those that are gone', async () => {
    expect(await setUp().seenBy(at('https://example.com/'))).toEqual(['c', 'a']);
  });

  test('another page sees none', async () => {
    expect(await setUp().seenBy(at('https://example.org/'))).toBe('not-allowed');
  });

  test('nothing is decided about another page as long as others stand in for the settings', async () => {
    const { authorise, seenBy } = setUp(undefined, true);
    await expect(authorise(at('https://example.org/'))).rejects.toThrow('settings cannot be read');
    expect(await seenBy(at('https://example.com/'))).toEqual(['c', 'a']);
  });

  test('a site whose permission was taken away sees none', async () => {
    expect(await setUp(() => Promise.resolve(false)).seenBy(at('http://localhost/'))).toBe('permission-removed');
  });

  test('a site sees none when permissions cannot be asked for', async () => {
    const refused = setUp(() => Promise.reject(new Error('gone')));
    expect(await refused.seenBy(at('http://localhost/'))).toBe('permission-removed');
  });

  test.each([true, false])('says of a page in a private window that it is: %s', async (incognito) => {
    expect(await setUp().authorise(at('http://localhost/', incognito))).toMatchObject({ isPrivate: incognito });
  });

  test.each([true, false])('opens feeds for a private window or not: %s', async (isPrivate) => {
    const { openFeed, authorise } = setUp();
    const authorisation = await authorise(at('http://localhost/'));
    if (authorisation.allowed) await authorisation.open({ isPrivate });
    expect(openFeed).toHaveBeenCalledWith('a', { isPrivate });
  });

  test('keeps the note of a site as the placement of the panel, by the origin of the sender', async () => {
    const { authorise, placements } = setUp();
    const kept = { right: true, bottom: false, x: 16, y: 24, collapsed: true };
    placements.load.mockResolvedValueOnce(kept);
    const authorisation = await authorise(at('http://localhost:4100/x'));
    const note = authorisation.allowed ? authorisation.note : undefined;
    expect([await note?.load(), await note?.load()]).toEqual([kept, null]);
    expect(placements.load).toHaveBeenCalledWith('http://localhost:4100');
    note?.save('anything');
    expect(placements.save).toHaveBeenCalledExactlyOnceWith('http://localhost:4100', 'anything');
  });

  test('keeps no note of own pages', async () => {
    const own = { id: 'tidings', url: 'moz-extension://1/popup.html', origin: 'moz-extension://1' };
    expect(await setUp().authorise(own)).not.toHaveProperty('note');
  });
});
