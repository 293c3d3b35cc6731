import * as v from 'valibot';
import { compilePagePattern, type PageMatcher, parsePagePattern } from './page-pattern';

/** Where the panel shows, and what it shows there. */
export interface Site {
  /** 1 to 64 characters, unique among the sites. */
  id: string;
  /** Match patterns of http and https pages, as {@link parsePagePattern} spells them; ports cannot be named. */
  patterns: string[];
  /** Ids of the feeds to show, in order; `null`: all feeds. */
  feeds: string[] | null;
}

/** Sites in settings, at most. */
export const MAX_SITES = 100;
const MAX_PATTERNS = 20;

const Id = v.pipe(v.string(), v.nonEmpty(), v.maxLength(64));

const Pattern = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const parsed = parsePagePattern(dataset.value);
    if (parsed.ok) return parsed.pattern;
    addIssue({ message: parsed.reason });
    return NEVER;
  }),
);

export const SiteSchema = v.object({
  id: Id,
  patterns: v.pipe(v.array(Pattern), v.minLength(1), v.maxLength(MAX_PATTERNS)),
  feeds: v.nullable(v.array(Id)),
}) satisfies v.GenericSchema<Site>;

/** By site, which is never changed in place: settings that change are parsed anew. */
const matchers = new WeakMap<Site, PageMatcher[]>();

function matchersOf(site: Site): PageMatcher[] {
  const known = matchers.get(site) ?? site.patterns.map(compilePagePattern);
  matchers.set(site, known);
  return known;
}

/** The first site that shows on `url`; `null` when none does or `url` is not an address. */
export function findSite(sites: readonly Site[], url: string): Site | null {
  if (!URL.canParse(url)) return null;
  const page = new URL(url);
  return sites.find((site) => matchersOf(site).some((matches) => matches(page))) ?? null;
}
