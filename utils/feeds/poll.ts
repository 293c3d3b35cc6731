import type { Json } from '../stream/protocol';
import { PACE_MS } from './feed';
import type { SourceDefinition } from './feed';
import { ask, beginRequest, endingOf, readText } from './http';
import type { Request } from './http';
import { createReachability } from './reachability';
import type { ReadMark } from './read-mark';
import { keepTrying } from './retry';
import type { Ending } from './retry';
import { MAX_MESSAGE_LENGTH, wait } from './source';
import type { OpenOptions, Sink } from './source';
import { createTurns } from './turns';

type PollDefinition = Extract<SourceDefinition, { type: 'poll' }>;

/** A longer one is not sent back. */
const MAX_VALIDATOR_LENGTH = 1_000;

/** What a later request can ask "newer than this?" with. */
function validatorsOf(headers: Headers): Record<string, string> {
  const pairs = [
    ['If-None-Match', headers.get('ETag')],
    ['If-Modified-Since', headers.get('Last-Modified')],
  ] as const;
  const usable = pairs.filter((pair): pair is (typeof pairs)[number] & [string, string] => {
    const [, value] = pair;
    return value !== null && value.length <= MAX_VALIDATOR_LENGTH;
  });
  return Object.fromEntries(usable);
}

/** How often in a row a server may refuse validators before no more are sent while it is open. Once may be a network that failed. */
const MAX_REFUSALS = 2;

/**
 * Asks a JSON address every `paceMs`, counted from the start of each request, and never within a second of the last.
 * Conditional where the server gives an `ETag` or `Last-Modified`; an answer of 304 counts as fresh. Its pace is its budget:
 * 1 MiB a second at most.
 */
export function openPoll(
  { address }: PollDefinition,
  sink: Sink,
  options: OpenOptions & { paceMs: number; readMark: ReadMark },
): void {
  const { deps, signal, paceMs, readMark } = options;
  const reachability = createReachability(address, readMark, options);
  const turns = createTurns(deps);
  let validators: Record<string, string> = {};
  let refusals = 0;

  const take = (text: string | null): boolean => {
    if (text === null) {
      sink.onBad('too-large', 'more than 1 MiB');
      return false;
    }
    let data: Json;
    try {
      data = JSON.parse(text) as Json;
    } catch {
      sink.onBad('bad-data', 'not JSON');
      return false;
    }
    sink.onData(data);
    return true;
  };

  const send = (headers: Record<string, string>, request: Request): Promise<Response | null> =>
    ask(address, { Accept: 'application/json', ...headers }, request, options);

  const readAnswer = async (response: Response, isConditional: boolean, request: Request): Promise<Ending | null> => {
    reachability.onRead();
    const ending = endingOf(response, address, 'poll', deps.now());
    const isFresh = response.status === 304 && isConditional && ending?.reason.code === 'http';
    if (ending !== null && !isFresh) return ending;
    const text = isFresh ? '' : await readText(response, MAX_MESSAGE_LENGTH, turns.next).catch(() => undefined);
    if (signal.aborted) return unseen;
    if (text === undefined) return reachability.whyFailed(request);
    if (isFresh) sink.onFresh();
    else validators = take(text) ? validatorsOf(response.headers) : {};
    // After the data: the feed is not live again with its old value.
    sink.onStatus({ state: 'live', reason: null, retryAt: null });
    return null;
  };

  const askPlainly = async (): Promise<Ending | null> => {
    const request = beginRequest(options);
    try {
      const response = await send({}, request);
      return response === null ? await reachability.whyFailed(request) : await readAnswer(response, false, request);
    } finally {
      request.end();
    }
  };

  const askConditionally = async (): Promise<Ending | null> => {
    const request = beginRequest(options);
    try {
      const response = await send(validators, request);
      if (response !== null) {
        refusals = 0;
        return await readAnswer(response, true, request);
      }
      if (request.isLate() || signal.aborted || (await reachability.hasAccess())) {
        return await reachability.whyFailed(request);
      }
    } finally {
      request.end();
    }
    // Without access a validator needs the server's leave (a CORS preflight), and a refusal looks like any other failure.
    const ending = await askPlainly();
    if (ending === null) refusals += 1;
    return ending;
  };

  const untilFailure = async (): Promise<Ending> => {
    const startedAt = deps.now();
    for (;;) {
      const askedAt = deps.now();
      const isConditional = Object.keys(validators).length > 0 && refusals < MAX_REFUSALS;
      const ending = await (isConditional ? askConditionally() : askPlainly());
      if (ending !== null) {
        return {
          ...ending,
          goodMs: Math.max(0, askedAt - startedAt),
          notBeforeMs: Math.max(PACE_MS.min, ending.notBeforeMs),
        };
      }
      // The clock may have jumped: the wait is never longer than the pace.
      const tookMs = Math.max(0, deps.now() - askedAt);
      await wait(Math.max(PACE_MS.min, paceMs - tookMs), options);
      if (signal.aborted) return unseen;
    }
  };

  void keepTrying(untilFailure, sink, options);
}

/** What an attempt gives that its owner ended: nobody looks at it. */
const unseen: Ending = { kind: 'stopped', reason: { code: 'closed', detail: '' }, goodMs: 0, notBeforeMs: 0 };
