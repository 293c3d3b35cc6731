/** A normalised address, or in words why it may not be used. */
export type CheckedAddress = { ok: true; address: string } | { ok: false; reason: string };

/** Schemes that a kind of source can be reached by, as `URL.protocol` spells them. */
export const SCHEMES = {
  poll: ['http:', 'https:'],
  sse: ['http:', 'https:'],
  websocket: ['ws:', 'wss:'],
} as const;

/** Characters of an address, at most. */
const MAX_ADDRESS_LENGTH = 2_048;

const PRIVATE_SUFFIXES = ['.local', '.localhost', '.home.arpa'];

/** Loopback, RFC 1918 and link-local. */
function isPrivateIpv4(a: number, b: number): boolean {
  return (
    a === 127 || a === 10 || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168) || (a === 169 && b === 254)
  );
}

/** `host` as `URL` writes it: compressed, lower case, without brackets. */
function isPrivateIpv6(host: string): boolean {
  if (host === '::1') return true;
  const mapped = /^::ffff:([0-9a-f]{1,4}):[0-9a-f]{1,4}$/.exec(host)?.[1];
  if (mapped !== undefined) {
    const high = Number.parseInt(mapped, 16);
    return isPrivateIpv4(high >> 8, high & 0xff);
  }
  const first = host.startsWith('::') ? 0 : Number.parseInt(host, 16);
  // fc00::/7 is unique local, fe80::/10 link-local.
  return (first & 0xfe00) === 0xfc00 || (first & 0xffc0) === 0xfe80;
}

/**
 * Whether a name or address, as `URL.hostname` writes it, is this machine or its own network by its spelling alone.
 * Nothing is looked up: a public name that resolves to a private address counts as public. A name without a dot counts as
 * private, because people have `http://nas/` at home; some top-level domains answer by their bare name too (`http://ai/`).
 * So this allows plain http and nothing else: no secret may ever be sent to a host for being private by its name.
 */
export function isPrivateHost(hostname: string): boolean {
  if (hostname.startsWith('[')) return isPrivateIpv6(hostname.slice(1, -1));
  const host = hostname.endsWith('.') ? hostname.slice(0, -1) : hostname;
  const ipv4 = /^(\d+)\.(\d+)\.\d+\.\d+$/.exec(host);
  if (ipv4 !== null) return isPrivateIpv4(Number(ipv4[1]), Number(ipv4[2]));
  if (!host.includes('.')) return host !== '';
  return PRIVATE_SUFFIXES.some((suffix) => host.endsWith(suffix));
}

/**
 * Checks an address against the policy for sources: a scheme that fits, no name or password in it, and encryption
 * unless the host is this machine or its own network. The fragment is dropped: no server sees it.
 */
export function checkAddress(text: string, type: keyof typeof SCHEMES): CheckedAddress {
  if (text.length > MAX_ADDRESS_LENGTH) {
    return { ok: false, reason: `the address is longer than ${MAX_ADDRESS_LENGTH} characters` };
  }
  if (!URL.canParse(text)) {
    return { ok: false, reason: 'this is not an address; one looks like https://example.com/status.json' };
  }
  const url = new URL(text);
  const schemes: readonly string[] = SCHEMES[type];
  if (!schemes.includes(url.protocol)) {
    return { ok: false, reason: `"${url.protocol}" does not fit here: use ${schemes.join(' or ')}` };
  }
  if (url.username !== '' || url.password !== '') {
    return { ok: false, reason: 'a name or password may not stand in the address' };
  }
  if ((url.protocol === 'http:' || url.protocol === 'ws:') && !isPrivateHost(url.hostname)) {
    const secure = url.protocol === 'http:' ? 'https:' : 'wss:';
    return { ok: false, reason: `${url.hostname} is a public host: use ${secure}, or anyone on the way can read it` };
  }
  url.hash = '';
  return { ok: true, address: url.href };
}
