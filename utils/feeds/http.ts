/** What polling and event streams share: one bounded request, and what its answer means. */
import { checkAddress, isPrivateHost } from './address';
import { BLOCKED_RETRY_MS, ended } from './retry';
import type { Ending } from './retry';
import { ANSWER_LIMIT_MS, because } from './source';
import type { OpenOptions } from './source';

/** Most that a server's `Retry-After` is heeded, in ms. */
export const MAX_RETRY_AFTER_MS = 3_600_000;

/** Answers outside 5xx that say "later" and not "no". */
const PASSING_STATUS = [408, 425, 429];

/** What every request leaves out: credentials, cache and referrer. */
export const BARE = { cache: 'no-store', credentials: 'omit', referrerPolicy: 'no-referrer' } as const;

/** One request, from its start to the end of its body. */
export interface Request {
  signal: AbortSignal;
  /** Whether its time was over. */
  isLate(): boolean;
  /** Ends the time limit: what follows may take as long as it likes. */
  unlimit(): void;
  /** Ends the request and frees what it holds. */
  end(): void;
}

/** Begins a request that is aborted with `options.signal`, and after `limitMs`. */
export function beginRequest({ deps, signal }: OpenOptions, limitMs: number = ANSWER_LIMIT_MS): Request {
  const controller = new AbortController();
  let isLate = false;
  const unlimit = deps.after(limitMs, () => {
    isLate = true;
    controller.abort();
  });
  const end = (): void => {
    unlimit();
    signal.removeEventListener('abort', end);
    controller.abort();
  };
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  return { signal: controller.signal, isLate: () => isLate, unlimit, end };
}

/** Asks for an address; see {@link BARE}. `null` where `fetch` rejects: not reached, refused by the browser, cut, late or ended. */
export function ask(
  address: string,
  how: { headers: Record<string, string>; redirect: 'manual' | 'follow' },
  request: Request,
  { deps }: OpenOptions,
): Promise<Response | null> {
  return deps.fetch(address, { ...BARE, ...how, signal: request.signal }).catch(() => null);
}

/** How long a `Retry-After` in seconds or as a date asks to wait, in ms, at most an hour; 0 when it says nothing. */
export function retryAfterMs(header: string | null, now: number): number {
  const text = header?.trim() ?? '';
  const delayMs = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isNaN(delayMs) ? 0 : Math.min(MAX_RETRY_AFTER_MS, Math.max(0, delayMs));
}

/**
 * Whether an answer that came from `to` in the end may be one of `from`: `to` must fit the policy for sources, and a public
 * host must not lead into the network of the person, where the extension may read what it may not.
 */
function mayLead(from: string, to: string, type: 'poll' | 'sse'): boolean {
  const isPrivate = (address: string): boolean => isPrivateHost(new URL(address).hostname);
  return checkAddress(to, type).ok && (isPrivate(from) || !isPrivate(to));
}

/** Where an answer of `address` came from in the end. */
const placeOf = (response: Response, address: string): URL =>
  // Empty in an answer that no network gave.
  new URL(response.url === '' ? address : response.url);

/**
 * How long a source waits at least, in ms, after its answer was useless or ended. One that came from another origin is asked
 * for no more than once a minute, whatever it says: each time it may be another host, and what it says, or how soon, would
 * tell the one who redirects who is there.
 */
export const leastWaitMs = (response: Response, address: string): number =>
  placeOf(response, address).origin === new URL(address).origin ? 0 : BLOCKED_RETRY_MS;

/** The ending that an answer of `address` means before its body is read, or `null` when it is good (2xx). */
export function endingOf(response: Response, address: string, type: 'poll' | 'sse', now: number): Ending | null {
  const to = placeOf(response, address);
  if (!mayLead(address, to.href, type)) return ended('blocked', because('redirected', to.origin));
  if (response.ok) return null;
  const { status } = response;
  const kind = status >= 500 || PASSING_STATUS.includes(status) ? 'retry' : 'blocked';
  return ended(kind, because('http', status), {
    notBeforeMs: Math.max(leastWaitMs(response, address), retryAfterMs(response.headers.get('Retry-After'), now)),
  });
}

/**
 * Reads a body as UTF-8 without its BOM; `null` when it is longer than `maxBytes`. Rejects when the connection breaks.
 * @param turn waited for between two pieces; see `turns.ts`
 */
export async function readText(
  response: Response,
  maxBytes: number,
  turn: () => Promise<void> | null = () => null,
): Promise<string | null> {
  if (Number(response.headers.get('Content-Length')) > maxBytes) return null;
  if (response.body === null) return '';
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > maxBytes) return null;
    text += decoder.decode(value, { stream: true });
    const others = turn();
    if (others !== null) await others;
  }
}
