import type { Sender } from '../stream/port';
import { findSite, type Site } from './site';

/** Who is at the other end of a port, as far as rights go. */
export type Access =
  /** A page of the extension itself: sees all feeds. */
  | { who: 'extension' }
  /** The top frame of a page that is a site: sees the site's feeds. */
  | { who: 'site'; site: Site }
  | { who: 'nobody' };

/** The extension as the browser names it. */
export interface Extension {
  /** `runtime.id` */
  id: string;
  /** `runtime.getURL('')`: the start of the addresses of its own pages. */
  baseUrl: string;
}

/**
 * Whether a sender is an own page, a site's top frame, or nobody. The sender is what the browser vouches for; a port's
 * name and messages are what anybody can choose.
 */
export function decideAccess(sender: Sender | undefined, extension: Extension, sites: readonly Site[]): Access {
  if (sender?.id !== extension.id || sender.url === undefined) return { who: 'nobody' };
  if (sender.url.startsWith(extension.baseUrl)) return { who: 'extension' };
  // A subframe can be anybody's; a page that is still prerendered has another frameId and waits until it is shown.
  if (sender.frameId !== 0) return { who: 'nobody' };
  const site = findSite(sites, sender.url);
  return site ? { who: 'site', site } : { who: 'nobody' };
}
