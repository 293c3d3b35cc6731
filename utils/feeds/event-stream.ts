import { createParser } from 'eventsource-parser';
import type { EventSourceMessage } from 'eventsource-parser';
import { MAX_MESSAGE_LENGTH } from './source';
import { createUsedLines } from './used-lines';

/** What is read from a stream. Each is called while {@link EventStream.feed} runs. */
export interface EventStreamSink {
  onEvent(event: EventSourceMessage): void;
  /** Before the event that carries it, and also for an event without data. An empty id means "none". */
  onId(id: string): void;
  /** The server asks to wait this long before reconnecting, in ms. */
  onRetry(delayMs: number): void;
  /** Something well-formed came, a comment for instance. */
  onLife(): void;
  /** An event of more than 1 Mi characters was dropped. */
  onTooLarge(): void;
}

export interface EventStream {
  /** Takes the next bytes, cut anywhere. */
  feed(bytes: Uint8Array): void;
}

/** An empty line and the line end before it. */
const BOUNDARY = '\n\n';

/**
 * Makes a reader of an event stream that is bounded: it never holds more than 1 Mi characters.
 *
 * The parser stops for good at its limit and does not say where it was. So it is given one event at a time: when it stops,
 * the one at fault is known, and reading goes on behind the next empty line. To reconnect would not help: the server would
 * begin with the same event.
 */
export function createEventStream(sink: EventStreamSink): EventStream {
  // [node] Asked to drop the mark, a decoder whose first piece ends within it drops a second one as well.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const usedLines = createUsedLines();
  let isBegun = false;
  let overflowed = false;
  let skipping = false;
  /** Whether a line ended just before the next text, while skipping. */
  let isLineStart = false;

  const parser = createParser({
    maxBufferSize: MAX_MESSAGE_LENGTH,
    onEvent(event) {
      // One that came whole in one piece was never in the buffer.
      if (event.data.length > MAX_MESSAGE_LENGTH) sink.onTooLarge();
      else sink.onEvent(event);
    },
    onId(id) {
      sink.onLife();
      sink.onId(id);
    },
    onRetry(delayMs) {
      sink.onLife();
      sink.onRetry(delayMs);
    },
    onComment: () => sink.onLife(),
    onError(error) {
      if (error.type === 'max-buffer-size-exceeded') overflowed = true;
    },
  });

  const decode = (bytes: Uint8Array): string => {
    const text = decoder.decode(bytes, { stream: true });
    if (isBegun || text === '') return text;
    isBegun = true;
    return text.startsWith('\uFEFF') ? text.slice(1) : text;
  };

  /** Feeds one event or less; `whole` when its empty line is in it. */
  const feedPiece = (piece: string, whole: boolean): void => {
    if (piece === '') return;
    parser.feed(piece);
    if (!overflowed) return;
    overflowed = false;
    parser.reset();
    sink.onTooLarge();
    skipping = !whole;
    isLineStart = piece.endsWith('\n');
  };

  /** What lies behind the next empty line, or nothing yet. */
  const afterSkipped = (text: string): string => {
    const joined = isLineStart ? `\n${text}` : text;
    const end = joined.indexOf(BOUNDARY);
    if (end === -1) {
      isLineStart = joined.endsWith('\n');
      return '';
    }
    skipping = false;
    return joined.slice(end + BOUNDARY.length);
  };

  return {
    feed(bytes) {
      const used = usedLines(decode(bytes));
      const text = skipping ? afterSkipped(used) : used;
      let from = 0;
      for (let at = text.indexOf(BOUNDARY); at !== -1; at = text.indexOf(BOUNDARY, from)) {
        feedPiece(text.slice(from, at + BOUNDARY.length), true);
        from = at + BOUNDARY.length;
      }
      feedPiece(text.slice(from), false);
    },
  };
}
