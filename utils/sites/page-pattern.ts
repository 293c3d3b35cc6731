/**
 * Match patterns of pages: parsed by the rules of both browsers, matched in time that grows with the address alone.
 * No regular expression is made of them: one with several stars tries every way to share the address out among them.
 * @see https://developer.mozilla.org/en-US/docs/Mozilla/Add-ons/WebExtensions/Match_patterns
 */

/** Characters of a pattern's path, at most. */
export const MAX_PATH_LENGTH = 200;
/** Stars in a pattern's path, at most. */
export const MAX_PATH_STARS = 3;
/** Characters of a host name, at most: what DNS can resolve. */
const MAX_HOST_LENGTH = 253;

export type ParsedPattern = { ok: true; pattern: string } | { ok: false; reason: string };

/** Whether a pattern fits a page. */
export type PageMatcher = (page: URL) => boolean;

const PARTS = /^(?<scheme>\*|https?):\/\/(?<host>\*|(?:\*\.)?[^\s*/\\:@?#[\]]+)(?<path>\/.*)$/i;

const withoutFinalDot = (host: string): string => (host.endsWith('.') ? host.slice(0, -1) : host);

/** As the browser spells it in addresses: lower case, punycode, without the final dot. `null`: no address has this host. */
function normaliseHost(host: string): string | null {
  if (host.length > MAX_HOST_LENGTH || !URL.canParse(`https://${host}/`)) return null;
  return withoutFinalDot(new URL(`https://${host}/`).hostname) || null;
}

/**
 * Parses a match pattern of http or https pages and normalises its scheme and host. A pattern that a browser refuses would
 * keep the script from all sites.
 */
export function parsePagePattern(text: string): ParsedPattern {
  const { scheme = '', host = '', path = '' } = PARTS.exec(text)?.groups ?? {};
  if (scheme === '') return { ok: false, reason: `"${text}" is not a match pattern of http or https pages` };
  if (path.length > MAX_PATH_LENGTH)
    return { ok: false, reason: `the path is longer than ${MAX_PATH_LENGTH} characters` };
  if (path.split('*').length - 1 > MAX_PATH_STARS) {
    return { ok: false, reason: `the path of "${text}" has more than ${MAX_PATH_STARS} stars` };
  }
  const wildcard = host.startsWith('*') ? host.slice(0, 2) : '';
  const name = host === '*' ? '' : normaliseHost(host.slice(wildcard.length));
  if (name === null) return { ok: false, reason: `"${text}" is not a match pattern of http or https pages` };
  return { ok: true, pattern: `${scheme.toLowerCase()}://${wildcard}${name}${path}` };
}

/** Makes the matcher of a pattern that {@link parsePagePattern} gave. Like browsers it looks at path and query, not at ports. */
export function compilePagePattern(pattern: string): PageMatcher {
  const { scheme = '', host = '', path = '' } = PARTS.exec(pattern)?.groups ?? {};
  const matchesHost = compileHost(host);
  const matchesPath = compileGlob(path);
  return ({ protocol, hostname, pathname, search }) =>
    (scheme === '*' ? protocol === 'http:' || protocol === 'https:' : protocol === `${scheme}:`) &&
    matchesHost(withoutFinalDot(hostname)) &&
    matchesPath(pathname + search);
}

function compileHost(host: string): (hostname: string) => boolean {
  if (host === '*') return () => true;
  if (!host.startsWith('*.')) return (hostname) => hostname === host;
  return (hostname) => hostname === host.slice(2) || hostname.endsWith(host.slice(1));
}

/** A text, as far as it is looked at. */
type Text = Pick<string, 'length' | 'charCodeAt'>;

/** Makes the test of a text against literal parts with stars between them, each of which stands for any characters. */
export function compileGlob(glob: string): (text: Text) => boolean {
  const [first = '', ...rest] = glob.split('*');
  const last = rest.pop();
  if (last === undefined) return (text) => text.length === first.length && isAt(text, first, 0);
  const finders = rest.map(compileFinder);
  return (text) => {
    const end = text.length - last.length;
    if (first.length > end || !isAt(text, first, 0) || !isAt(text, last, end)) return false;
    // Where a part fits first leaves the most room for those after it: no other place needs to be tried.
    let at = first.length;
    for (const find of finders) at = find(text, at, end);
    return at <= end;
  };
}

function isAt(text: Text, part: string, start: number): boolean {
  for (let i = 0; i < part.length; i += 1) if (text.charCodeAt(start + i) !== part.charCodeAt(i)) return false;
  return true;
}

/**
 * Makes what finds the end of the first occurrence of `part` in a text between `start` and `end`, else `Infinity`. Looks
 * at no character of the text more than twice as often as it has characters (Knuth, Morris, Pratt 1977).
 */
function compileFinder(part: string): (text: Text, start: number, end: number) => number {
  /** For each length of a piece of the part: the longest shorter piece from its beginning with which it ends. */
  const shorter = [0];
  const grow = (length: number, code: number): number => {
    let fits = length;
    while (fits > 0 && part.charCodeAt(fits) !== code) fits = shorter[fits - 1] ?? 0;
    return part.charCodeAt(fits) === code ? fits + 1 : 0;
  };
  for (let i = 1; i < part.length; i += 1) shorter.push(grow(shorter[i - 1] ?? 0, part.charCodeAt(i)));
  return (text, start, end) => {
    if (part === '') return start;
    let fits = 0;
    for (let i = start; i < end; i += 1) {
      fits = grow(fits, text.charCodeAt(i));
      if (fits === part.length) return i + 1;
    }
    return Infinity;
  };
}
