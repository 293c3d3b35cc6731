/** Tidings in a real browser with the demo sources: what every browser test starts from. */
import { DEVELOPMENT_DEFAULTS } from '../../utils/settings/defaults.ts';
import type { Settings } from '../../utils/settings/settings.ts';
import type { Demo } from '../servers/demo.ts';
import { launchBrowser } from './driver/launch-browser.ts';
import type { BrowserName, LaunchOptions } from './driver/test-browser.ts';
import { type Build, buildDir, type Tidings, useTidings } from './use-tidings.ts';

export * from './applied.ts';
export * from './panel.ts';
export * from './use-tidings.ts';

/** The feeds of a new development install, at the address of this demo. */
export const demoSettings = ({ port }: Demo): Settings =>
  JSON.parse(JSON.stringify(DEVELOPMENT_DEFAULTS).replaceAll('localhost:4100', `localhost:${port}`)) as Settings;

export async function startTidings(
  name: BrowserName,
  { build = 'test', ...launch }: { build?: Build } & Partial<LaunchOptions> = {},
): Promise<Tidings> {
  const browser = await launchBrowser(name, { extensionDir: buildDir(name, build), ...launch });
  try {
    return await useTidings(browser, demoSettings);
  } catch (error) {
    await browser.close();
    throw error;
  }
}
