import { ask } from './http';
import type { Request } from './http';
import type { OpenOptions } from './source';

/** One attempt to get an answer of a source, of one request or more. It follows a redirect once at most. */
export interface AskAttempt {
  /** Whether a redirect was followed, or may have been. */
  readonly hasFollowed: boolean;
  /** `null`: no answer, or a second redirect stands before it. */
  ask(headers: Record<string, string>, request: Request): Promise<Response | null>;
}

/**
 * Makes what begins an attempt to reach a source, and remembers whether the source redirects for as long as it is open.
 *
 * A browser that follows a redirect by itself says afterwards where it led, and says nothing when the answer may not be read.
 * Each time it may lead to another address of the person's network, and how soon the failure came would tell the one who
 * redirects who is there. Therefore a request first goes nowhere but to the source, and only a redirect is followed, by a
 * second request. [spec] https://fetch.spec.whatwg.org/#concept-filtered-response-opaque-redirect After it the source waits a
 * minute, unless an answer came from its own origin; `leastWaitMs` and `Reachability.whyFailed` see to that.
 *
 * A source that redirects costs two requests the first time only: later ones follow at once, until it answers by itself.
 */
export function createRedirects(address: string, options: OpenOptions): () => AskAttempt {
  let isRedirecting = false;

  return () => {
    let hasFollowed = false;
    return {
      get hasFollowed() {
        return hasFollowed;
      },
      async ask(headers, request) {
        if (!isRedirecting) {
          const own = await ask(address, { headers, redirect: 'manual' }, request, options);
          if (own?.type !== 'opaqueredirect') return own;
          isRedirecting = true;
        }
        if (hasFollowed) return null;
        hasFollowed = true;
        const response = await ask(address, { headers, redirect: 'follow' }, request, options);
        if (response?.redirected === false) isRedirecting = false;
        return response;
      },
    };
  };
}
