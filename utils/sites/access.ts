import type { Sender } from '../stream/port';
import { findSite, type Site } from './site';

/** Who is at the other end of a port, as far as rights go. */
export type Access =
  /** A page of the extension itself: sees all feeds. */
  | { who: 'extension' }
  /** The top frame of a page that is a site: sees the site's feeds. */
  | { who: 'site'; site: Site; origin: string }
  | { who: 'nobody' };

/** The extension as the browser names it. */
export interface Extension {
  /** `runtime.id` */
  id: string;
  /** `runtime.getURL('/')`: the start of the addresses of its own pages. */
  baseUrl: string;
}

/** Characters of a sender's address, at most: far above any address that a server answers. */
export const MAX_URL_LENGTH = 8_192;

const NOBODY: Access = { who: 'nobody' };

/**
 * Whether a sender is an own page, a site's top frame, or nobody. The sender is what the browser vouches for; a port's
 * name and messages are what anybody can choose.
 */
export function decideAccess(sender: Sender | undefined, extension: Extension, sites: readonly Site[]): Access {
  const { id, url = '', origin, frameId } = sender ?? {};
  if (id !== extension.id || url.length > MAX_URL_LENGTH || !URL.canParse(url)) return NOBODY;
  // A sandboxed document has the address of its site and the origin "null". Both browsers name the origin of each sender.
  if (url.startsWith(extension.baseUrl)) return `${origin}/` === extension.baseUrl ? { who: 'extension' } : NOBODY;
  if (origin === undefined || origin !== new URL(url).origin) return NOBODY;
  // A subframe can be anybody's; a page that is still prerendered has another frameId and waits until it is shown.
  if (frameId !== 0) return NOBODY;
  const site = findSite(sites, url);
  return site ? { who: 'site', site, origin } : NOBODY;
}
