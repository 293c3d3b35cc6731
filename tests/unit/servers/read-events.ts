import { createParser, type EventSourceMessage } from 'eventsource-parser';

export interface EventsReader {
  readonly response: Response;
  /** All events so far. */
  readonly events: readonly EventSourceMessage[];
  readonly comments: readonly string[];
  /** The whole of the text so far. */
  readonly text: string;
  /** Resolves as soon as `holds` does, with the ids so far; rejects when the stream ends first. */
  until(holds: (reader: EventsReader) => boolean): Promise<(string | undefined)[]>;
  /** Resolves when the stream has ended, however it did. */
  readonly ended: Promise<void>;
}

/** Opens an SSE source and reads it to its end, or until `signal`. */
export async function readEvents(
  url: string,
  { lastEventId, signal }: { lastEventId?: string; signal: AbortSignal },
): Promise<EventsReader> {
  const headers = lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId };
  const response = await fetch(`${url}/events`, { headers, signal });
  const events: EventSourceMessage[] = [];
  const comments: string[] = [];
  const waiting = new Set<() => void>();
  const parser = createParser({
    onEvent: (event) => {
      events.push(event);
    },
    onComment: (comment) => {
      comments.push(comment);
    },
  });
  let text = '';
  let isEnded = false;

  const readAll = async (): Promise<void> => {
    const decoder = new TextDecoder();
    try {
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
        const piece = decoder.decode(chunk, { stream: true });
        text += piece;
        parser.feed(piece);
        for (const check of waiting) check();
      }
    } catch {
      // The server cut the connection, or the test is over.
    }
    isEnded = true;
    for (const check of waiting) check();
  };
  const ended = readAll();
  const reader: EventsReader = {
    response,
    events,
    comments,
    get text() {
      return text;
    },
    ended,
    until: (holds) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (holds(reader)) resolve(events.map(({ id }) => id));
          else if (isEnded) reject(new Error(`The stream ended after ${events.length} events`));
          else return;
          waiting.delete(check);
        };
        waiting.add(check);
        check();
      }),
  };
  return reader;
}
