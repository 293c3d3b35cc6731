import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import type { BrowserName } from '../tests/browser/driver/test-browser.ts';
import { ROOT, runCommand, tool } from '../scripts/run-command.ts';

/** Builds the scripts of a folder beside this file, minified as the product is. Returns where. */
async function buildExtension(folderName: string, names: readonly string[]): Promise<string> {
  const source = new URL(`${folderName}/`, import.meta.url);
  const folder = join(ROOT, '.output', `bench-${folderName}`);
  await rm(folder, { recursive: true, force: true });
  for (const name of names) {
    await build({
      configFile: false,
      logLevel: 'error',
      build: {
        outDir: folder,
        emptyOutDir: false,
        target: 'chrome122',
        lib: {
          entry: fileURLToPath(new URL(`${name}.ts`, source)),
          formats: ['iife'],
          name,
          fileName: () => `${name}.js`,
        },
      },
    });
  }
  await copyFile(new URL('manifest.json', source), join(folder, 'manifest.json'));
  return folder;
}

/** Builds the measuring extension from the product's own modules. Returns its folder. */
export const buildMeasuring = (): Promise<string> => buildExtension('extension', ['background', 'content']);

/** Builds the extension whose content script does nothing. Returns its folder. */
export const buildEmpty = (): Promise<string> => buildExtension('empty', ['content']);

/**
 * Builds the product as `npm start` does, in a folder of its own; `isForStores`: as it goes to the stores, where it may read
 * no page before a person allows it. Returns the folder.
 * @throws {Error} with what the build said, when it fails
 */
export async function buildProduct({ isForStores = false } = {}): Promise<string> {
  const { signal } = new AbortController();
  const mode = isForStores ? [] : ['-m', 'bench'];
  const { code, output } = await runCommand(tool('wxt/bin/wxt.mjs', 'build', '-b', 'chrome', ...mode), { signal });
  if (code !== 0) throw new Error(`Cannot build the product: ${output}`);
  return join(ROOT, '.output', isForStores ? 'chrome-mv3' : 'chrome-mv3-bench');
}

/** Builds the extension that reconnects after a second, for both browsers. Returns its folder. */
export const buildReconnect = (): Promise<string> => buildExtension('reconnect', ['background', 'content']);

const TEST_FOLDERS: Record<BrowserName, string> = { chromium: 'chrome-mv3-test', firefox: 'firefox-mv3-test' };

/**
 * Builds the product so that it tells the page what it applied. Returns the folder.
 * @throws {Error} with what the build said, when it fails
 */
export async function buildTelling(browser: BrowserName): Promise<string> {
  const { signal } = new AbortController();
  const target = browser === 'chromium' ? 'chrome' : 'firefox';
  const { code, output } = await runCommand(tool('wxt/bin/wxt.mjs', 'build', '-b', target, '-m', 'test'), { signal });
  if (code !== 0) throw new Error(`Cannot build the product: ${output}`);
  return join(ROOT, '.output', TEST_FOLDERS[browser]);
}
