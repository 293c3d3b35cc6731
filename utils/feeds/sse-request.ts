import { beginRequest, endingOf, leastWaitMs } from './http';
import type { Request } from './http';
import { createReachability } from './reachability';
import type { ReadMark } from './read-mark';
import { createRedirects } from './redirects';
import type { AskAttempt } from './redirects';
import { ended } from './retry';
import type { Ending } from './retry';
import { because } from './source';
import type { OpenOptions } from './source';

/** An event stream that was opened; who gets it ends its request. */
export interface SseAnswer {
  request: Request;
  reader: ReadableStreamDefaultReader<Uint8Array>;
  /** The server does not let us name the last event, so the stream begins where the server likes. */
  isResumeRefused: boolean;
  /** The next request waits for this long at least once the stream ended, in ms. */
  leastMs: number;
}

/** A request and what came of it; `null`: no answer. */
interface Asked {
  attempt: AskAttempt;
  request: Request;
  response: Response | null;
}

/** UTF-8 as header bytes, each one character. [spec] HTML, "Last-Event-ID" */
const headerOf = (id: string): string => String.fromCodePoint(...new TextEncoder().encode(id));

/**
 * Makes what asks for an event stream, with the id of its last event where there is one.
 *
 * `Last-Event-ID` needs the server's leave where the extension has no access (a CORS preflight), and a server that has not
 * heard of it fails like one that is down; nginx with nchan is of this kind. So such a failure is followed at once by the same
 * request without the id. If that is answered, the first is sent once more, for the network may have failed for a moment,
 * and to go on without the id would lose what the server still has.
 *
 * A preflight may also be dropped on the way, and such a failure is late. Then the next attempt begins without the id.
 */
export function createSseRequest(
  address: string,
  options: OpenOptions & { readMark: ReadMark },
): (lastEventId: string | null) => Promise<SseAnswer | Ending> {
  const { deps, signal, readMark } = options;
  const reachability = createReachability(address, readMark, options);
  const beginAttempt = createRedirects(address, options);
  /** Seen in this opening, with an answer to the request without the id beside it. */
  let isRefusalKnown = false;
  /** The id may be what the last attempt failed of, and that attempt could not find out. */
  let isIdDoubted = false;

  const send = async (headers: Record<string, string>, attempt: AskAttempt): Promise<Asked> => {
    const request = beginRequest(options);
    const response = await attempt.ask({ Accept: 'text/event-stream', ...headers }, request);
    return { attempt, request, response };
  };

  const finish = async (
    { attempt, request, response }: Asked,
    isResumeRefused: boolean,
  ): Promise<SseAnswer | Ending> => {
    if (response === null) {
      const why = await reachability.whyFailed(request, attempt);
      request.end();
      return why;
    }
    reachability.onRead();
    const leastMs = leastWaitMs(response, address);
    const refused = refusalOf(response, address, deps.now());
    if (refused !== null || response.body === null) {
      request.end();
      return refused ?? ended('blocked', because('bad-data', 'an answer without a body'));
    }
    request.unlimit();
    return { request, reader: response.body.getReader(), isResumeRefused, leastMs };
  };

  const resume = async (id: string, attempt: AskAttempt): Promise<SseAnswer | Ending> => {
    const headers = { 'Last-Event-ID': headerOf(id) };
    if (!isIdDoubted) {
      const first = await send(headers, attempt);
      if (first.response !== null) isRefusalKnown = false;
      const isEnough = first.request.isLate() || attempt.hasFollowed;
      const isUnclear = first.response === null && !signal.aborted && !(await reachability.hasAccess());
      isIdDoubted = isUnclear && isEnough;
      if (!isUnclear || isEnough) return finish(first, false);
      first.request.end();
    }
    const wasDoubted = isIdDoubted;
    isIdDoubted = false;
    const plain = await send({}, attempt);
    if (plain.response?.ok !== true || isRefusalKnown || attempt.hasFollowed) return finish(plain, true);
    plain.request.unlimit();
    const second = await send(headers, attempt);
    const isUnknown = second.request.isLate() && !wasDoubted;
    isRefusalKnown = second.response === null && !isUnknown;
    isIdDoubted = second.response === null && isUnknown;
    const [used, dropped] = isRefusalKnown ? [plain, second] : [second, plain];
    dropped.request.end();
    return finish(used, isRefusalKnown);
  };

  return (lastEventId) => {
    const attempt = beginAttempt();
    if (lastEventId !== null && lastEventId !== '') return resume(lastEventId, attempt);
    return send({}, attempt).then((asked) => finish(asked, false));
  };
}

/** The ending that an answer means which is no event stream, or `null`. */
function refusalOf(response: Response, address: string, now: number): Ending | null {
  const refused = endingOf(response, address, 'sse', now);
  if (refused !== null) return refused;
  if (response.status === 204) return ended('stopped', because('http', 204));
  const type = response.headers.get('Content-Type') ?? '';
  if (/^text\/event-stream\b/i.test(type)) return null;
  return ended('blocked', because('bad-data', `"${type}" is not an event stream`));
}
