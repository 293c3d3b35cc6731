import type { Json } from '../stream/protocol';
import { PACE_MS } from './feed';
import type { SourceDefinition } from './feed';
import { beginRequest, endingOf, leastWaitMs, readText } from './http';
import type { Request } from './http';
import { createReachability } from './reachability';
import type { ReadMark } from './read-mark';
import { createRedirects } from './redirects';
import type { AskAttempt } from './redirects';
import { ended, keepTrying } from './retry';
import type { Ending } from './retry';
import { because, MAX_MESSAGE_LENGTH, wait } from './source';
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
  const beginAttempt = createRedirects(address, options);
  const turns = createTurns(deps);
  let validators: Record<string, string> = {};
  let refusals = 0;
  /** The validators may be what the last attempt failed of, and that attempt could not find out. */
  let areDoubted = false;
  /** How long the next request waits at least, in ms. */
  let leastMs = 0;

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

  const send = (headers: Record<string, string>, request: Request, attempt: AskAttempt): Promise<Response | null> =>
    attempt.ask({ Accept: 'application/json', ...headers }, request);

  const readAnswer = async (response: Response, isConditional: boolean, request: Request): Promise<Ending | null> => {
    reachability.onRead();
    const ending = endingOf(response, address, 'poll', deps.now());
    const isFresh = response.status === 304 && isConditional && ending?.reason.code === 'http';
    if (ending !== null && !isFresh) return ending;
    const awayMs = leastWaitMs(response, address);
    const text = isFresh ? '' : await readText(response, MAX_MESSAGE_LENGTH, turns.next).catch(() => undefined);
    if (signal.aborted) return unseen;
    if (text === undefined) {
      return ended('retry', because(request.isLate() ? 'timeout' : 'network'), { notBeforeMs: awayMs });
    }
    if (isFresh) {
      sink.onFresh();
    } else {
      const isTaken = take(text);
      validators = isTaken ? validatorsOf(response.headers) : {};
      if (!isTaken) leastMs = awayMs;
    }
    // After the data: the feed is not live again with its old value.
    sink.onStatus({ state: 'live', reason: null, retryAt: null });
    return null;
  };

  const askPlainly = async (attempt: AskAttempt): Promise<Ending | null> => {
    const request = beginRequest(options);
    try {
      const response = await send({}, request, attempt);
      if (response === null) return await reachability.whyFailed(request, attempt);
      return await readAnswer(response, false, request);
    } finally {
      request.end();
    }
  };

  const askConditionally = async (attempt: AskAttempt): Promise<Ending | null> => {
    const request = beginRequest(options);
    try {
      const response = await send(validators, request, attempt);
      if (response !== null) {
        refusals = 0;
        return await readAnswer(response, true, request);
      }
      const isEnough = request.isLate() || attempt.hasFollowed;
      const isUnclear = !signal.aborted && !(await reachability.hasAccess());
      areDoubted = isUnclear && isEnough;
      if (!isUnclear || isEnough) return await reachability.whyFailed(request, attempt);
    } finally {
      request.end();
    }
    // Without access a validator needs the server's leave (a CORS preflight), and a refusal looks like any other failure.
    return askDoubting(attempt);
  };

  /** Without the validators that may be what a request failed of. */
  const askDoubting = async (attempt: AskAttempt): Promise<Ending | null> => {
    areDoubted = false;
    const ending = await askPlainly(attempt);
    if (ending === null) refusals += 1;
    return ending;
  };

  const askOnce = (): Promise<Ending | null> => {
    const attempt = beginAttempt();
    leastMs = 0;
    if (Object.keys(validators).length === 0 || refusals >= MAX_REFUSALS) return askPlainly(attempt);
    return areDoubted ? askDoubting(attempt) : askConditionally(attempt);
  };

  const untilFailure = async (): Promise<Ending> => {
    const startedAt = deps.now();
    for (;;) {
      const askedAt = deps.now();
      const ending = await askOnce();
      if (ending !== null) {
        return {
          ...ending,
          goodMs: Math.max(0, askedAt - startedAt),
          notBeforeMs: Math.max(PACE_MS.min, ending.notBeforeMs),
        };
      }
      // The clock may have jumped: the wait is never longer than the pace.
      const tookMs = Math.max(0, deps.now() - askedAt);
      await wait(Math.max(PACE_MS.min, leastMs, paceMs - tookMs), options);
      if (signal.aborted) return unseen;
    }
  };

  void keepTrying(untilFailure, sink, options);
}

/** What an attempt gives that its owner ended: nobody looks at it. */
const unseen: Ending = { kind: 'stopped', reason: { code: 'closed', detail: '' }, goodMs: 0, notBeforeMs: 0 };
