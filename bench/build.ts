import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { ROOT, runCommand, tool } from '../scripts/run-command.ts';

const ENTRIES = {
  background: new URL('extension/background.ts', import.meta.url),
  content: new URL('extension/content.ts', import.meta.url),
};

/** Builds the measuring extension from the product's own modules, minified as the product is. Returns its folder. */
export async function buildMeasuring(): Promise<string> {
  const folder = join(ROOT, '.output', 'bench-measuring');
  await rm(folder, { recursive: true, force: true });
  for (const [name, entry] of Object.entries(ENTRIES)) {
    await build({
      configFile: false,
      logLevel: 'error',
      build: {
        outDir: folder,
        emptyOutDir: false,
        target: 'chrome122',
        lib: { entry: fileURLToPath(entry), formats: ['iife'], name, fileName: () => `${name}.js` },
      },
    });
  }
  await copyFile(new URL('extension/manifest.json', import.meta.url), join(folder, 'manifest.json'));
  return folder;
}

/**
 * Builds the product as `npm start` does, in a folder of its own. Returns that.
 * @throws {Error} with what the build said, when it fails
 */
export async function buildProduct(): Promise<string> {
  const { signal } = new AbortController();
  const { code, output } = await runCommand(tool('wxt/bin/wxt.mjs', 'build', '-b', 'chrome', '-m', 'bench'), {
    signal,
  });
  if (code !== 0) throw new Error(`Cannot build the product: ${output}`);
  return join(ROOT, '.output', 'chrome-mv3-bench');
}
