import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserName } from '../browser/driver/test-browser.ts';

const SOURCE = new URL('extension/', import.meta.url);

/**
 * Copies the conformance extension into a new folder, with the manifest as this browser wants it; returns the folder.
 * `throws`: its background throws at every start, or at every start but the first; either way before it listens.
 */
export async function writeExtension(
  browser: BrowserName,
  { throws }: { throws?: 'always' | 'later' } = {},
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `tidings-conformance-${browser}-`));
  await cp(SOURCE, folder, { recursive: true });
  const manifest = JSON.parse(await readFile(new URL('manifest.json', SOURCE), 'utf8')) as Record<string, unknown>;
  // Each browser warns of the other's key, and Chromium lists the warning as an error of the extension.
  manifest['background'] =
    browser === 'chromium' ? { service_worker: 'background.js' } : { scripts: ['place.js', 'background.js'] };
  if (browser === 'chromium') delete manifest['browser_specific_settings'];
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest, null, 2));
  if (throws) {
    const parts = await Promise.all(
      [`throws-${throws}.js`, 'background.js'].map((file) => readFile(new URL(file, SOURCE), 'utf8')),
    );
    await writeFile(join(folder, 'background.js'), parts.join('\n'));
  }
  return folder;
}
