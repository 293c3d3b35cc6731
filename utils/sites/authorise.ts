import type { Settings } from '../settings/settings';
import type { Authorisation, Authorise } from '../stream/accepted-port';
import type { FeedReader } from '../stream/feed-reader';
import { decideAccess, type Extension } from './access';

export interface AuthoriseOptions {
  extension: Extension;
  /** The settings in force. */
  settings(): Promise<Settings>;
  /** Whether the person lets the extension run on pages of this origin. */
  hasAccess(origin: string): Promise<boolean>;
  /** A viewer's end of a feed, `null` when there is none of that id. For a private window nothing of it may be stored. */
  openFeed(id: string, options: { isPrivate: boolean }): Promise<FeedReader | null>;
}

const REFUSED: Authorisation = { allowed: false, reason: 'not-allowed' };

/** Makes what decides who may see which feeds. When permissions cannot be asked for, nobody but our own pages may. */
export function createAuthorise({ extension, settings, hasAccess, openFeed }: AuthoriseOptions): Authorise {
  return async (sender) => {
    const { feeds, sites } = await settings();
    const access = decideAccess(sender, extension, sites);
    if (access.who === 'nobody') return REFUSED;
    const all = feeds.map(({ id }) => id);
    let ids = all;
    if (access.who === 'site') {
      if (!(await hasAccess(new URL(sender?.url ?? '').origin).catch(() => false))) {
        return { allowed: false, reason: 'permission-removed' };
      }
      ids = access.site.feeds ?? all;
    }
    return {
      allowed: true,
      isPrivate: sender?.tab?.incognito === true,
      async open({ isPrivate }) {
        const readers = await Promise.all(ids.map((id) => openFeed(id, { isPrivate })));
        return readers.filter((reader) => reader !== null);
      },
    };
  };
}
