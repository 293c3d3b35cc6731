import type { Settings } from '../../utils/settings/settings.ts';
import type { TestBrowser, TestPage } from '../browser/driver/test-browser.ts';
import { QUIET_PAGE, saveSettingsIn } from '../browser/save-settings.ts';

/** A page in a window of its own, so that many are shown at once. */
export interface PageInWindow {
  readonly page: TestPage;
  /** Puts another tab in front of it. */
  hide(): Promise<void>;
  /** Takes that tab away again. */
  show(): Promise<void>;
  /** Closes the window, also of a page that crashed. */
  close(): Promise<void>;
}

export interface Windows {
  /** Opens an address that no other page has now. */
  open(url: string): Promise<PageInWindow>;
  /** Saves settings, as an editor would, with nothing opened for it. */
  saveSettings(settings: Settings): Promise<void>;
}

interface ExtensionApi {
  windows: {
    create(options: { url: string; width: number; height: number }): Promise<{ id: number }>;
    remove(id: number): Promise<void>;
  };
  tabs: {
    create(options: { windowId: number; url: string }): Promise<{ id: number }>;
    remove(id: number): Promise<void>;
  };
}

/** Opens windows as the extension can: the driver opens tabs, and of those of a window one is shown. */
export async function createWindows(browser: TestBrowser): Promise<Windows> {
  const control = await browser.extension.openPage(QUIET_PAGE);
  const call = <Args extends unknown[], Result>(
    run: (api: ExtensionApi, ...args: Args) => Promise<Result>,
    ...args: Args
  ): Promise<Result> =>
    control.evaluate(
      `(...args) => (${run})(globalThis.browser?.windows ? globalThis.browser : globalThis.chrome, ...args)`,
      ...args,
    ) as Promise<Result>;

  return {
    saveSettings: (settings) => saveSettingsIn(control, settings),
    async open(url) {
      const windowId = await call(
        async (api, address) => (await api.windows.create({ url: address, width: 800, height: 600 })).id,
        url,
      );
      const page = await browser.find(url);
      let curtain: number | null = null;
      return {
        page,
        async hide() {
          curtain = await call(
            async (api, id) => (await api.tabs.create({ windowId: id, url: 'about:blank' })).id,
            windowId,
          );
          await page.waitFor('a hidden page', 'document.visibilityState === "hidden"');
        },
        async show() {
          if (curtain === null) return;
          await call((api, id) => api.tabs.remove(id), curtain);
          curtain = null;
          await page.waitFor('a shown page', 'document.visibilityState === "visible"');
        },
        async close() {
          await page.close().catch(() => undefined);
          await call((api, id) => api.windows.remove(id).catch(() => undefined), windowId);
        },
      };
    },
  };
}
