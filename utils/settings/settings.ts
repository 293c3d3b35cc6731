import * as v from 'valibot';
import { type Feed, parseFeed } from '../feeds/feed';
import { MAX_SITES, type Site, SiteSchema } from '../sites/site';

/** Raised when older settings have to be rewritten; {@link parseSettings} is where that is done. */
export const SETTINGS_VERSION = 1;

/** Feeds in settings, at most: the handshake names them all in one message. */
export const MAX_FEEDS = 100;

/** What a person has set up. */
export interface Settings {
  /** Of the format: {@link SETTINGS_VERSION}. */
  version: typeof SETTINGS_VERSION;
  feeds: Feed[];
  sites: Site[];
}

export type ParsedSettings = { ok: true; settings: Settings } | { ok: false; reason: string };

const Shape = v.object({
  version: v.literal(SETTINGS_VERSION),
  feeds: v.pipe(v.array(v.unknown()), v.maxLength(MAX_FEEDS)),
  sites: v.pipe(v.array(SiteSchema), v.maxLength(MAX_SITES)),
});

/** Parses settings from storage or a file. The reason names the feed or field that is wrong. Never throws. */
export function parseSettings(x: unknown): ParsedSettings {
  const shape = v.safeParse(Shape, x);
  if (!shape.success) {
    const [issue] = shape.issues;
    return { ok: false, reason: `${v.getDotPath(issue) ?? 'settings'}: ${issue.message}` };
  }
  const feeds: Feed[] = [];
  for (const [index, raw] of shape.output.feeds.entries()) {
    const parsed = parseFeed(raw);
    if (!parsed.ok) return { ok: false, reason: `feeds.${index}: ${parsed.reason}` };
    feeds.push(parsed.feed);
  }
  const twice = firstTwice(feeds) ?? firstTwice(shape.output.sites);
  if (twice !== null) return { ok: false, reason: `"${twice}" is the id of more than one` };
  return { ok: true, settings: { ...shape.output, feeds } };
}

function firstTwice(items: readonly { id: string }[]): string | null {
  const ids = items.map(({ id }) => id);
  return ids.find((id, index) => ids.indexOf(id) !== index) ?? null;
}
