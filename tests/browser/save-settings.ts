import type { Settings } from '../../utils/settings/settings.ts';
import type { TestBrowser, TestPage } from './driver/test-browser.ts';

interface Messages {
  runtime: { sendMessage(message: object): Promise<{ ok: boolean; reason?: string } | undefined> };
}
declare const chrome: Messages;
declare const browser: Messages | undefined;

/** A page of the extension in which nothing runs. */
export const QUIET_PAGE = 'icon/16.png';

/** Saves settings by a page of the extension, as an editor would; resolves when they are in force. @throws {Error} with the reason when they are refused */
export async function saveSettingsIn(page: TestPage, settings: Settings): Promise<void> {
  const answer = await page.evaluate(async (json: string) => {
    // [chrome] The polyfill's `browser` is a module's own.
    const { runtime } = typeof browser === 'object' ? browser : chrome;
    return runtime.sendMessage({ type: 'SAVE_SETTINGS', settings: JSON.parse(json) as unknown });
  }, JSON.stringify(settings));
  if (!answer?.ok) throw new Error(`Cannot save the settings: ${answer?.reason ?? 'the background does not answer'}`);
}

/** As {@link saveSettingsIn}, by a page that is opened for it. */
export async function storeSettings(browserUsed: TestBrowser, settings: Settings): Promise<void> {
  const page = await browserUsed.extension.openPage(QUIET_PAGE);
  await saveSettingsIn(page, settings);
  await page.close();
}
