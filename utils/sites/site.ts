import * as v from 'valibot';
import { InvalidMatchPattern, MatchPattern } from 'wxt/utils/match-patterns';

/** Where the panel shows, and what it shows there. */
export interface Site {
  /** 1 to 64 characters, unique among the sites. */
  id: string;
  /** Match patterns of http and https pages; ports cannot be named. */
  patterns: string[];
  /** Ids of the feeds to show, in order; `null`: all feeds. */
  feeds: string[] | null;
}

/** Sites in settings, at most. */
export const MAX_SITES = 100;
const MAX_PATTERNS = 20;

/** One that a browser refuses would keep the script from all sites; WXT takes hosts that no browser takes. */
const PAGE_PATTERN = /^(\*|https?):\/\/(?:\*|(?:\*\.)?(?<host>[^\s*/\\:@?#[\]]+))\//;

function isPagePattern(pattern: string): boolean {
  const parts = PAGE_PATTERN.exec(pattern);
  if (parts === null) return false;
  const host = parts.groups?.['host'];
  // [chrome] refuses the hosts that no address can have, and no others.
  if (host !== undefined && !URL.canParse(`https://${host}/`)) return false;
  try {
    return new MatchPattern(pattern) instanceof MatchPattern;
  } catch (error) {
    if (error instanceof InvalidMatchPattern) return false;
    throw error;
  }
}

const Id = v.pipe(v.string(), v.nonEmpty(), v.maxLength(64));

export const SiteSchema = v.object({
  id: Id,
  patterns: v.pipe(
    v.array(
      v.pipe(
        v.string(),
        v.check(isPagePattern, ({ input }) => `"${input}" is not a match pattern of http or https pages`),
      ),
    ),
    v.minLength(1),
    v.maxLength(MAX_PATTERNS),
  ),
  feeds: v.nullable(v.array(Id)),
}) satisfies v.GenericSchema<Site>;

/** The first site that shows on `url`; `null` when none does or `url` is not an address. */
export function findSite(sites: readonly Site[], url: string): Site | null {
  if (!URL.canParse(url)) return null;
  return sites.find(({ patterns }) => patterns.some((pattern) => new MatchPattern(pattern).includes(url))) ?? null;
}
