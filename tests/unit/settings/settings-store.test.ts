import { fakeBrowser } from '@webext-core/fake-browser';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { DEVELOPMENT_DEFAULTS, STORE_DEFAULTS } from '../../../utils/settings/defaults';
import { createSettingsStore } from '../../../utils/settings/settings-store';

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
