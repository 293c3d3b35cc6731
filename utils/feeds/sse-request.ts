import { ask, beginRequest, endingOf } from './http';
import type { Request } from './http';
import { createReachability } from './reachability';
import type { ReadMark } from './read-mark';
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
}

/** A request and what came of it; `null`: no answer. */
interface Attempt {
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
 */
export function createSseRequest(
  address: string,
  options: OpenOptions & { readMark: ReadMark },
): (lastEventId: string | null) => Promise<SseAnswer | Ending> {
  const { deps, signal, readMark } = options;
  const reachability = createReachability(address, readMark, options);
  /** Seen in this opening, with an answer to the request without the id beside it. */
  let isRefusalKnown = false;

  const send = async (headers: Record<string, string>): Promise<Attempt> => {
    const request = beginRequest(options);
    const response = await ask(address, { Accept: 'text/event-stream', ...headers }, request, options);
    return { request, response };
  };

  const finish = async ({ request, response }: Attempt, isResumeRefused: boolean): Promise<SseAnswer | Ending> => {
    if (response === null) {
      const why = await reachability.whyFailed(request);
      request.end();
      return why;
    }
    reachability.onRead();
    const refused = refusalOf(response, address, deps.now());
    if (refused !== null || response.body === null) {
      request.end();
      return refused ?? ended('blocked', because('bad-data', 'an answer without a body'));
    }
    request.unlimit();
    return { request, reader: response.body.getReader(), isResumeRefused };
  };

  const resume = async (id: string): Promise<SseAnswer | Ending> => {
    const headers = { 'Last-Event-ID': headerOf(id) };
    const first = await send(headers);
    const isUnclear = first.response === null && !first.request.isLate() && !signal.aborted;
    if (!isUnclear || (await reachability.hasAccess())) {
      if (first.response !== null) isRefusalKnown = false;
      return finish(first, false);
    }
    first.request.end();
    const plain = await send({});
    if (plain.response?.ok !== true || isRefusalKnown) return finish(plain, true);
    plain.request.unlimit();
    const second = await send(headers);
    isRefusalKnown = second.response === null && !second.request.isLate();
    const [used, dropped] = isRefusalKnown ? [plain, second] : [second, plain];
    dropped.request.end();
    return finish(used, isRefusalKnown);
  };

  return (lastEventId) =>
    lastEventId === null || lastEventId === '' ? send({}).then((one) => finish(one, false)) : resume(lastEventId);
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
