import fc from 'fast-check';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { fakeBrowser } from '@webext-core/fake-browser';
import { DEVELOPMENT_DEFAULTS, STORE_DEFAULTS } from '../../../utils/settings/defaults';
import { MAX_FEEDS, parseSettings } from '../../../utils/settings/settings';
import { createSettingsStore } from '../../../utils/settings/settings-store';

const [FEED] = DEVELOPMENT_DEFAULTS.feeds;
const [SITE] = DEVELOPMENT_DEFAULTS.sites;

describe('parseSettings', () => {
  test.each([
    ['of the store', STORE_DEFAULTS],
    ['of development', DEVELOPMENT_DEFAULTS],
  ])('takes the defaults %s unchanged', (_, defaults) => {
    expect(parseSettings(JSON.parse(JSON.stringify(defaults)))).toEqual({ ok: true, settings: defaults });
  });

  test.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /settings/],
    ['another version', { ...STORE_DEFAULTS, version: 2 }, /^version: /],
    ['no feeds', { version: 1, sites: [] }, /feeds/],
    ['a bad feed', { version: 1, feeds: [FEED, { ...FEED, id: 'x', path: 'queue' }], sites: [] }, /^feeds\.1: /],
    ['two feeds of one id', { version: 1, feeds: [FEED, FEED], sites: [] }, /"queue-depth" is the id of more than one/],
    ['two sites of one id', { version: 1, feeds: [], sites: [SITE, SITE] }, /"demo" is the id of more than one/],
    [
      'a pattern that is none',
      { version: 1, feeds: [], sites: [{ ...SITE, patterns: ['localhost'] }] },
      /"localhost" is not/,
    ],
    [
      'a pattern for files',
      { version: 1, feeds: [], sites: [{ ...SITE, patterns: ['file:///*'] }] },
      /"file:.*" is not/,
    ],
    ['a site without a pattern', { version: 1, feeds: [], sites: [{ ...SITE, patterns: [] }] }, /sites\.0\.patterns/],
    ['too many feeds', { version: 1, feeds: Array.from({ length: MAX_FEEDS + 1 }, () => FEED), sites: [] }, /feeds/],
  ])('refuses %s and says what is wrong', (_, settings, reason) => {
    expect(parseSettings(settings)).toEqual({ ok: false, reason: expect.stringMatching(reason) as string });
  });

  test('never throws', () => {
    const near = fc.record({ feeds: fc.array(fc.anything()), sites: fc.array(fc.anything()) });
    fc.assert(fc.property(fc.oneof(fc.anything(), near), (x) => typeof parseSettings(x).ok === 'boolean'));
  });
});

describe('settings store', () => {
  beforeEach(() => {
    fakeBrowser.reset();
    vi.spyOn(console, 'warn').mockReturnValue();
  });

  test('gives the defaults until something is stored', async () => {
    expect(await createSettingsStore(STORE_DEFAULTS).read()).toEqual({ settings: STORE_DEFAULTS, isStandIn: false });
  });

  test('gives what is stored, and tells when it changes', async () => {
    const store = createSettingsStore(STORE_DEFAULTS);
    const changed = vi.fn();
    const stop = store.onChange(changed);
    await fakeBrowser.storage.local.set({ settings: DEVELOPMENT_DEFAULTS });
    await fakeBrowser.storage.local.set({ other: 1 });
    expect(changed).toHaveBeenCalledOnce();
    expect(await store.read()).toEqual({ settings: DEVELOPMENT_DEFAULTS, isStandIn: false });
    stop();
    await fakeBrowser.storage.local.set({ settings: STORE_DEFAULTS });
    expect(changed).toHaveBeenCalledOnce();
  });

  test('lets the defaults stand in for nonsense, and leaves the nonsense for whoever can mend it', async () => {
    await fakeBrowser.storage.local.set({ settings: { feeds: 'none' } });
    expect(await createSettingsStore(STORE_DEFAULTS).read()).toEqual({ settings: STORE_DEFAULTS, isStandIn: true });
    expect(await fakeBrowser.storage.local.get('settings')).toEqual({ settings: { feeds: 'none' } });
  });

  test('lets the defaults stand in when storage is refused', async () => {
    vi.spyOn(fakeBrowser.storage.local, 'get').mockRejectedValue(new Error('refused'));
    expect(await createSettingsStore(STORE_DEFAULTS).read()).toEqual({ settings: STORE_DEFAULTS, isStandIn: true });
  });
});
