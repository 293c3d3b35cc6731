import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserName } from '../browser/driver/test-browser.ts';
import { buildDir } from '../browser/use-tidings.ts';

/** What stands before or in place of the product's own, for faults that no browser brings about from outside. */
export interface Instruments {
  /** Script text that runs in the background before the product's. */
  background?: string;
  /** Script text in place of the product's background, in both browsers a classic script. */
  onlyBackground?: string;
  /** Script text that runs in the content script's world before the product's. */
  content?: string;
  /** Matches for which the content script is in the manifest: where the background does not register it. */
  contentMatches?: string[];
  /** The extension's pages may stand in frames of each other, which the product forbids: each frame is one more document. */
  frames?: true;
}

const CONTENT = 'content-scripts/updates.js';
const BACKGROUND = 'background.js';

/** Copies the `test` build into a new folder, so that another build meanwhile changes nothing; returns the folder. */
export async function copyBuild(
  browser: BrowserName,
  { background, onlyBackground, content, contentMatches, frames }: Instruments = {},
): Promise<string> {
  const from = buildDir(browser, 'test');
  const folder = await mkdtemp(join(tmpdir(), `tidings-build-${browser}-`));
  await cp(from, folder, { recursive: true });
  const edit = async (file: string, change: (text: string) => string): Promise<void> =>
    writeFile(join(folder, file), change(await readFile(join(folder, file), 'utf8')));
  if (background !== undefined) await edit(BACKGROUND, (text) => `${background}\n${text}`);
  if (onlyBackground !== undefined) await edit(BACKGROUND, () => onlyBackground);
  if (content !== undefined) await edit(CONTENT, (text) => `${content}\n${text}`);
  if (contentMatches !== undefined) {
    await edit('manifest.json', (text) =>
      JSON.stringify({
        ...(JSON.parse(text) as object),
        content_scripts: [{ matches: contentMatches, js: [CONTENT], css: ['content-scripts/updates.css'] }],
      }),
    );
  }
  if (frames) await edit('manifest.json', (text) => text.replace("frame-ancestors 'none'", "frame-src 'self'"));
  return folder;
}
