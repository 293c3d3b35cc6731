import type { EventSourceMessage } from 'eventsource-parser';
import type { Json } from '../stream/protocol';
import { createBudget } from './budget';
import { compareIds } from './event-ids';
import { createEventStream } from './event-stream';
import type { SourceDefinition } from './feed';
import { watchLiveness } from './liveness';
import type { ReadMark } from './read-mark';
import { ended, keepTrying } from './retry';
import type { Ending } from './retry';
import { because } from './source';
import type { OpenOptions, Sink } from './source';
import { createSseRequest } from './sse-request';
import { createTurns, OVERRUN, TURN_MS } from './turns';

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

/** Bytes between two looks at the budget and the clock: 150 of the shortest events, 1 ms with one feed. */
const SLICE_BYTES = 1_024;

const BROKEN = { done: null, value: undefined } as const;

/**
 * Streams the events of an address. Data that parses as JSON is JSON, other data is text.
 * @param options.lastEventId goes to the server as `Last-Event-ID`; `null` or empty: the stream begins where the server likes
 */
export function openSse(
  { address, event: wanted, consecutiveIds, silentAfterMs }: SseDefinition,
  sink: Sink,
  options: OpenOptions & { lastEventId: string | null; readMark: ReadMark },
): void {
  const { deps, signal } = options;
  const connect = createSseRequest(address, options);
  const budget = createBudget(deps.uptime);
  const turns = createTurns(deps);
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

  const attempt = async (last: Ending | null): Promise<Ending> => {
    const opened = await connect(lastEventId);
    if ('kind' in opened) return opened;
    const { request, reader, isResumeRefused, leastMs } = opened;
    const notBeforeMs = (): number => Math.max(serverRetryMs, leastMs);
    const liveness = watchLiveness(sink, options, { silentAfterMs, last, onSilent: request.end });
    let events = 0;
    const stream = createEventStream({
      onId: takeId,
      onLife() {
        liveness.alive();
        sink.onLife();
        events += 1;
      },
      onEvent(event) {
        liveness.alive();
        takeEvent(event);
        sink.onLife();
        // Its id counted.
        if (event.id === undefined) events += 1;
      },
      onRetry(delayMs) {
        serverRetryMs = Math.min(MAX_SERVER_RETRY_MS, delayMs);
      },
      onTooLarge() {
        liveness.alive();
        sink.onBad('too-large', 'an event of more than 1 MiB');
        sink.onLife();
        events += 1;
      },
    });
    /** Says what of the budget is used up. */
    const takeSlice = (slice: Uint8Array): string | null => {
      const startedAt = deps.uptime();
      events = 0;
      stream.feed(slice);
      turns.worked(deps.uptime() - startedAt);
      return budget.spend({ bytes: slice.length, events }) ?? (turns.isOverrun ? OVERRUN : null);
    };
    try {
      liveness.opened(isResumeRefused ? because('resume-refused', new URL(address).host) : null);
      for (;;) {
        const askedAt = deps.uptime();
        const { done, value } = await reader.read().catch(() => BROKEN);
        if (deps.uptime() - askedAt >= TURN_MS) turns.caughtUp();
        if (signal.aborted || done === null) return liveness.end('retry', because('network'), notBeforeMs());
        if (done) return liveness.end('retry', because('closed'), notBeforeMs());
        for (let from = 0; from < value.length; from += SLICE_BYTES) {
          const usedUp = takeSlice(value.subarray(from, from + SLICE_BYTES));
          // What is under way by now the browser hands over all the same: the next opening comes after a minute.
          if (usedUp !== null) return ended('blocked', because('too-much', usedUp), { notBeforeMs: notBeforeMs() });
          const others = turns.next();
          if (others !== null) await others;
          if (request.signal.aborted) break;
        }
      }
    } finally {
      liveness.end('retry', because('closed'));
      request.end();
    }
  };

  void keepTrying(attempt, sink, options);
}
