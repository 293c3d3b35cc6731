import { browser } from 'wxt/browser';
import type { Site } from './site';

const SCRIPT_ID = 'updates';
const SCRIPT_FILE = '/content-scripts/updates.js';
const STYLE_FILE = 'content-scripts/updates.css';

const patternsOf = (sites: readonly Site[]): string[] => [...new Set(sites.flatMap(({ patterns }) => patterns))];

/**
 * Makes the browser run the content script on exactly these sites, in top frames, in pages opened from now on.
 * A site without host permission costs nothing and shows nothing until the person grants it.
 */
export async function registerSiteScripts(sites: readonly Site[]): Promise<void> {
  const matches = patternsOf(sites);
  const registered = await browser.scripting.getRegisteredContentScripts({ ids: [SCRIPT_ID] });
  if (matches.length === 0) {
    if (registered.length > 0) await browser.scripting.unregisterContentScripts({ ids: [SCRIPT_ID] });
    return;
  }
  const script = {
    id: SCRIPT_ID,
    js: [SCRIPT_FILE],
    css: [STYLE_FILE],
    matches,
    allFrames: false,
    runAt: 'document_idle' as const,
  };
  if (registered.length > 0) await browser.scripting.updateContentScripts([script]);
  else await browser.scripting.registerContentScripts([script]);
}

/**
 * Runs the content script in the sites' pages that are open already: after an install or update Chrome leaves them with
 * no script, or with one whose extension is gone. A page whose script lives keeps it, for it knows how far the page got: it
 * may have no port just now, frozen or between two.
 * @param served tabs that need none, because theirs has a port
 */
export async function injectIntoOpenPages(sites: readonly Site[], served: ReadonlySet<number>): Promise<void> {
  const matches = patternsOf(sites);
  if (matches.length === 0) return;
  const tabs = await browser.tabs.query({ url: matches });
  await Promise.allSettled(
    // A discarded tab would be loaded by it, and gets the script anyway when it is shown.
    tabs.flatMap(({ id: tabId, discarded }) =>
      tabId === undefined || discarded || served.has(tabId) ? [] : [inject({ tabId })],
    ),
  );
}

async function inject(target: { tabId: number }): Promise<void> {
  const [page] = await browser.scripting.executeScript({ target, func: hasLivingScript });
  if (page?.result === true) return;
  await Promise.all([
    browser.scripting.insertCSS({ target, files: [STYLE_FILE] }),
    browser.scripting.executeScript({ target, files: [SCRIPT_FILE] }),
  ]);
}

/** Runs in the page, in the world of this extension's scripts; those of an extension that is gone had another. */
function hasLivingScript(): boolean {
  return (globalThis as { tidings?: AbortSignal }).tidings?.aborted === false;
}
