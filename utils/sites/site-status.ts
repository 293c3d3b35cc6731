import { browser } from 'wxt/browser';
import type { ParsedSettings } from '../settings/settings';
import { findSite } from './site';

/** Whether the panel shows on the page in front of the person. */
export interface SiteStatus {
  /** `null`: a page of the browser, a file, or one that the browser does not name to us. */
  host: string | null;
  shown: boolean;
}

/**
 * Asks about the active tab of this window. Its address is known while the popup is open (`activeTab`), or with host access.
 * @param read the settings in force; while they cannot be read, nothing is shown anywhere
 */
export async function siteStatus(read: () => Promise<ParsedSettings>): Promise<SiteStatus> {
  const [tab] = await browser.tabs.query({ active: true, currentWindow: true });
  const url = tab?.url;
  if (url === undefined || !/^https?:/.test(url)) return { host: null, shown: false };
  const { host, origin } = new URL(url);
  const parsed = await read().catch(() => null);
  const shown = parsed?.ok === true && findSite(parsed.settings.sites, url) !== null && (await hasAccess(origin));
  return { host, shown };
}

/** Whether the person lets the extension run on pages of this origin. */
export const hasAccess = (origin: string): Promise<boolean> =>
  browser.permissions.contains({ origins: [`${new URL(origin).protocol}//${new URL(origin).hostname}/*`] });
