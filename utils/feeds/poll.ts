import type { Json } from '../stream/protocol';
import { PACE_MS } from './feed';
import type { SourceDefinition } from './feed';
import { ask, beginRequest, endingOf, readText } from './http';
import type { Request } from './http';
import { keepTrying } from './retry';
import type { Ending } from './retry';
import { MAX_MESSAGE_LENGTH, wait } from './source';
import type { OpenOptions, Sink } from './source';

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

/**
 * Asks a JSON address every `paceMs`, counted from the start of each request, and never within a second of the last.
 * Conditional where the server gives an `ETag` or `Last-Modified`; an answer of 304 counts as fresh.
 */
export function openPoll({ address }: PollDefinition, sink: Sink, options: OpenOptions & { paceMs: number }): void {
  const { deps, signal, paceMs } = options;
  let validators: Record<string, string> = {};
  // A request with a validator needs the server's leave where the extension has no access of its own (a CORS preflight),
  // and the failure looks like any other. So after one the next request goes without.
  let conditional = true;

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

  const askOnce = async (request: Request): Promise<Ending | null> => {
    const sent = conditional ? validators : {};
    // This and the body's reader reject with TypeError or AbortError: not reached, cut or timed out.
    const response = await ask(address, { Accept: 'application/json', ...sent }, request, options).catch(() => null);
    if (response === null) {
      const ending = await request.whyFailed(address);
      conditional = ending.reason.code === 'timeout' || Object.keys(sent).length === 0;
      return ending;
    }
    const ending = endingOf(response, address, 'poll', deps.now());
    const isFresh = response.status === 304 && Object.keys(sent).length > 0 && ending?.reason.code === 'http';
    if (ending !== null && !isFresh) return ending;
    const text = isFresh ? '' : await readText(response, MAX_MESSAGE_LENGTH).catch(() => undefined);
    if (signal.aborted) return unseen;
    if (text === undefined) return request.whyFailed(address);
    if (isFresh) sink.onFresh();
    else validators = take(text) ? validatorsOf(response.headers) : {};
    // After the data: the feed is not live again with its old value.
    sink.onStatus({ state: 'live', reason: null, retryAt: null });
    return null;
  };

  const untilFailure = async (): Promise<Ending> => {
    const startedAt = deps.now();
    for (;;) {
      const askedAt = deps.now();
      const request = beginRequest(options);
      const ending = await askOnce(request).finally(request.end);
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
