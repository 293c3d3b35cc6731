import { BARE, beginRequest } from './http';
import type { Request } from './http';
import type { ReadMark } from './read-mark';
import { BLOCKED_RETRY_MS, ended } from './retry';
import type { Ending } from './retry';
import { because } from './source';
import type { OpenOptions } from './source';

/** How long the second look at a source that failed may take, in ms. */
export const LOOK_LIMIT_MS = 3_000;

/** Why an address gives no answer, for as long as a source is open. */
export interface Reachability {
  /** Whether the browser lets the extension read the address whatever its server says; `false` where it does not tell. */
  hasAccess(): Promise<boolean>;
  /** An answer could be read. */
  onRead(): void;
  /** Says why a request got no answer. `hasFollowed`: it followed a redirect. */
  whyFailed(request: Request, attempt: { hasFollowed: boolean }): Promise<Ending>;
}

/**
 * A browser tells a script nothing of the cause of a failure: no route, a refused redirect and a missing CORS header are the
 * same `TypeError`. [spec] https://fetch.spec.whatwg.org/#concept-network-error A redirect that was followed is known, and
 * waits a minute (see `redirects.ts`). Without access, where no answer could be read yet, the source is asked again, in two ways:
 *
 * 1. With `redirect: 'manual'`, which goes nowhere but to the source. An answer tells that the network failed for a moment.
 * 2. With `mode: 'no-cors'`, which resolves when any server answers. Only then access would help. The server sees one more
 *    `GET`, without cookies and referrer and from the same address, as any page could send it; nothing of the answer can be
 *    read, and it is dropped unread. Browsers follow redirects in this mode and allow no other way, so it is sent once a minute
 *    at most.
 *
 * An answer that was read without access settles it for good: the server allows everybody, and access is not what is missing.
 */
export function createReachability(address: string, readMark: ReadMark, options: OpenOptions): Reachability {
  const { deps, signal } = options;
  let isRead = false;
  let there: { lookedAt: number; isThere: boolean } | null = null;

  const hasAccess = async (): Promise<boolean> => {
    try {
      return await deps.hasAccess(address);
    } catch {
      return false;
    }
  };

  const isAnswered = async (way: RequestInit): Promise<boolean> => {
    const request = beginRequest(options, LOOK_LIMIT_MS);
    const response = await deps.fetch(address, { ...BARE, ...way, signal: request.signal }).catch(() => null);
    request.end();
    return response !== null;
  };

  const isThere = async (): Promise<boolean> => {
    const now = deps.now();
    if (there === null || Math.abs(now - there.lookedAt) >= BLOCKED_RETRY_MS) {
      there = { lookedAt: now, isThere: await isAnswered({ mode: 'no-cors' }) };
    }
    return there.isThere;
  };

  const wasRead = async (): Promise<void> => {
    if (!(await hasAccess())) readMark.set();
  };

  return {
    hasAccess,
    onRead() {
      if (isRead) return;
      isRead = true;
      void wasRead();
    },
    async whyFailed({ isLate }, { hasFollowed }) {
      const network = ended('retry', because('network'));
      if (signal.aborted) return network;
      if (hasFollowed) return ended('blocked', because('redirected'));
      if (isLate()) return ended('retry', because('timeout'));
      if ((await hasAccess()) || (await readMark.has()) || (await isAnswered({ redirect: 'manual' }))) return network;
      return (await isThere()) ? ended('blocked', because('needs-access', new URL(address).host)) : network;
    },
  };
}
