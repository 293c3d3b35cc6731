import type { Placements } from '../settings/placements';
import type { StoredSettings } from '../settings/settings-store';
import type { Authorisation, Authorise, NoteKeeper } from '../stream/accepted-port';
import type { FeedReader } from '../stream/feed-reader';
import { decideAccess, type Extension } from './access';

export interface AuthoriseOptions {
  extension: Extension;
  /** What is in force. */
  settings(): Promise<StoredSettings>;
  /** Whether the person lets the extension run on pages of this origin. */
  hasAccess(origin: string): Promise<boolean>;
  /** A viewer's end of a feed, `null` when there is none of that id. For a private window nothing of it may be stored. */
  openFeed(id: string, options: { isPrivate: boolean }): Promise<FeedReader | null>;
  /** Where the panel is on the pages of an origin: the note of their streams. */
  placements: Placements;
}

const REFUSED: Authorisation = { allowed: false, reason: 'not-allowed' };

/**
 * Makes what decides who may see which feeds. Rejects for a sender that is nobody by settings that only stand in: by the
 * person's own it may be a site, and a refusal ends its script for good. When permissions cannot be asked for, nobody but our
 * own pages may.
 */
export function createAuthorise({ extension, settings, hasAccess, openFeed, placements }: AuthoriseOptions): Authorise {
  return async (sender) => {
    const {
      settings: { feeds, sites },
      isStandIn,
    } = await settings();
    const access = decideAccess(sender, extension, sites);
    if (access.who === 'nobody') {
      if (isStandIn) throw new Error('Cannot decide whether a page is a site: the settings cannot be read');
      return REFUSED;
    }
    const all = feeds.map(({ id }) => id);
    let ids = all;
    let note: NoteKeeper | undefined;
    if (access.who === 'site') {
      const { site, origin } = access;
      if (!(await hasAccess(origin).catch(() => false))) return { allowed: false, reason: 'permission-removed' };
      ids = site.feeds ?? all;
      note = {
        load: () => placements.load(origin).then((placement) => placement && { ...placement }),
        save: (placement) => placements.save(origin, placement),
      };
    }
    return {
      allowed: true,
      isPrivate: sender?.tab?.incognito === true,
      ...(note && { note }),
      async open({ isPrivate }) {
        const readers = await Promise.all(ids.map((id) => openFeed(id, { isPrivate })));
        return readers.filter((reader) => reader !== null);
      },
    };
  };
}
