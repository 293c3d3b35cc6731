import { browser } from 'wxt/browser';
import type { PanelOptions } from './panel';

/**
 * Keeps where the panel is on pages of `origin`, in `storage.local`. In a private window nothing is kept.
 * A refused write is let go: the panel then starts in its corner next time.
 */
export function createPlacementStore(origin: string): PanelOptions['store'] {
  const key = `panel ${origin}`;
  return {
    load: async () => (await browser.storage.local.get(key))[key],
    save(placement) {
      if (browser.extension.inIncognitoContext) return;
      browser.storage.local.set({ [key]: placement }).catch(() => undefined);
    },
  };
}
