import { browser } from 'wxt/browser';
import type { SettingsStore } from '../settings/settings-store';
import { findSite } from './site';

/** Whether the panel shows on the page in front of the person. */
export interface SiteStatus {
  /** `null`: a page of the browser, a file, or one that the browser does not name to us. */
  host: string | null;
  shown: boolean;
}

/** Asks about the active tab of this window. Its address is known while the popup is open (`activeTab`), or with host access. */
export async function siteStatus(store: SettingsStore): Promise<SiteStatus> {
  const [tab] = await browser.tabs.query({ active: true, currentWindow: true });
  const url = tab?.url;
  if (url === undefined || !/^https?:/.test(url)) return { host: null, shown: false };
  const { host, origin } = new URL(url);
  const {
    settings: { sites },
  } = await store.read();
  const shown = findSite(sites, url) !== null && (await hasAccess(origin));
  return { host, shown };
}

/** Whether the person lets the extension run on pages of this origin. */
export const hasAccess = (origin: string): Promise<boolean> =>
  browser.permissions.contains({ origins: [`${new URL(origin).protocol}//${new URL(origin).hostname}/*`] });
