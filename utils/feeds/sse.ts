import type { EventSourceMessage } from 'eventsource-parser';
import type { Json } from '../stream/protocol';
import { compareIds } from './event-ids';
import { createEventStream } from './event-stream';
import type { SourceDefinition } from './feed';
import { ask, beginRequest, endingOf } from './http';
import { watchLiveness } from './liveness';
import { ended, keepTrying } from './retry';
import type { Ending } from './retry';
import { because } from './source';
import type { OpenOptions, Sink } from './source';

type SseDefinition = Extract<SourceDefinition, { type: 'sse' }>;

/** Most that a server's `retry:` is heeded, in ms. */
export const MAX_SERVER_RETRY_MS = 300_000;

/** A longer id is not sent back. */
const MAX_ID_LENGTH = 1_000;

/** What text can be the start of JSON. An exception for each line of a text log would be the most of its cost. */
const JSON_START = /^\s*["[{\-\dtfn]/;

function parseData(text: string): Json {
  if (!JSON_START.test(text)) return text;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

/** UTF-8 as header bytes, each one character. [spec] HTML, "Last-Event-ID" */
const headerOf = (id: string): string => String.fromCodePoint(...new TextEncoder().encode(id));

/**
 * Streams the events of an address. Data that parses as JSON is JSON, other data is text.
 * @param options.lastEventId goes to the server as `Last-Event-ID`; `null` or empty: the stream begins where the server likes
 */
export function openSse(
  { address, event: wanted, consecutiveIds, silentAfterMs }: SseDefinition,
  sink: Sink,
  options: OpenOptions & { lastEventId: string | null },
): void {
  const { deps, signal } = options;
  let lastEventId = options.lastEventId;
  let serverRetryMs = 0;
  /** The event that is about to come is the last one again. */
  let isRepeated = false;

  const takeId = (id: string): void => {
    isRepeated = false;
    if (id.length > MAX_ID_LENGTH) return;
    if (consecutiveIds) {
      const step = compareIds(lastEventId, id);
      if (step.kind === 'unnumbered') sink.onBad('bad-data', 'an event id that is not a number');
      if (step.kind === 'gap') sink.onMissed(step.missed);
      if (step.kind === 'restarted') sink.onNewHistory();
      isRepeated = step.kind === 'same';
    }
    lastEventId = id;
    sink.onId(id);
  };

  const takeEvent = ({ event = 'message', id, data }: EventSourceMessage): void => {
    if (wanted !== null && wanted !== event) return;
    if (id !== undefined && isRepeated) return;
    sink.onData(parseData(data));
  };

  const headers = (): Record<string, string> => ({
    Accept: 'text/event-stream',
    ...(lastEventId !== null && lastEventId !== '' && { 'Last-Event-ID': headerOf(lastEventId) }),
  });

  const attempt = async (last: Ending | null): Promise<Ending> => {
    const request = beginRequest(options);
    const liveness = watchLiveness(sink, options, { silentAfterMs, last, onSilent: request.end });
    const stream = createEventStream({
      onId: takeId,
      onLife() {
        liveness.alive();
        sink.onLife();
      },
      onEvent(event) {
        liveness.alive();
        takeEvent(event);
        sink.onLife();
      },
      onRetry(delayMs) {
        serverRetryMs = Math.min(MAX_SERVER_RETRY_MS, delayMs);
      },
      onTooLarge() {
        liveness.alive();
        sink.onBad('too-large', 'an event of more than 1 MiB');
        sink.onLife();
      },
    });
    try {
      // Both reject with TypeError or AbortError: not reached, cut, timed out or silent.
      const response = await ask(address, headers(), request, options).catch(() => null);
      if (response === null) return await request.whyFailed(address);
      const refused = endingOf(response, address, 'sse', deps.now());
      if (refused !== null) return refused;
      if (response.status === 204) return ended('stopped', because('http', 204));
      const type = response.headers.get('Content-Type') ?? '';
      if (!/^text\/event-stream\b/i.test(type) || response.body === null) {
        return ended('blocked', because('bad-data', `"${type}" is not an event stream`));
      }
      request.unlimit();
      liveness.opened();
      const reader = response.body.getReader();
      for (;;) {
        const chunk = await reader.read().catch(() => null);
        if (signal.aborted || chunk === null) return liveness.end('retry', because('network'), serverRetryMs);
        if (chunk.done) return liveness.end('retry', because('closed'), serverRetryMs);
        stream.feed(chunk.value);
      }
    } finally {
      liveness.end('retry', because('closed'));
      request.end();
    }
  };

  void keepTrying(attempt, sink, options);
}
