import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Action } from './action.ts';
import { answerText, CORS_HEADERS } from './answer.ts';
import { type Mode, nextMode } from './mode.ts';
import { NONSENSE_KINDS, type NonsenseKind, nonsenseLine, SPLIT_LINE, splitInCharacter } from './nonsense.ts';
import { createPace } from './pace.ts';
import type { Level, Pipeline } from './pipeline.ts';
import { createRecord, type SourceRecord } from './record.ts';
import type { Source, SourceState } from './source.ts';

/** The payload of one event; its id is `n`. */
export interface PipelineEvent {
  n: number;
  queue: number;
  running: number;
  errorRate: number;
  line: string;
  level: Level;
}

export interface EventsSourceState extends SourceState {
  /** Number of the oldest event kept. */
  oldest: number;
  /** `Last-Event-ID` of the last request, or null. */
  lastEventId: string | null;
}

export interface EventsSource extends Source {
  readonly state: EventsSourceState;
  /** All that was told and is kept: the truth to compare a reader with. */
  readonly record: SourceRecord<PipelineEvent>;
  /** Bytes written for readers that have not taken them, all connections together. */
  readonly unsentBytes: number;
  answer(request: IncomingMessage, response: ServerResponse): void;
}

interface Connection {
  response: ServerResponse;
  /** Number of the last event written. What comes after it stays in the record: a slow reader costs no queue. */
  sent: number;
  /** The socket takes no more for now. */
  isFull: boolean;
  /** Half a character is out: only its other half may be written. */
  isCut: boolean;
}

const EVENTS_PER_WRITE = 200;
const HALF_CHARACTER_MS = 20;

const frame = (event: PipelineEvent): string => `id: ${event.n}\ndata: ${JSON.stringify(event)}\n\n`;

/**
 * `GET /events`: server-sent events with ids from 1 and a bounded history.
 *
 * The story goes on while the source is stopped or silent: what was told meanwhile is sent on return, or to whoever asks
 * with `Last-Event-ID`. An id that this history never gave out gets all that is kept. Nonsense goes to the open
 * connections, once, without an id and outside the record, but for `split-utf8`: that is an event like any other, cut.
 */
export function createEventsSource(
  pipeline: Pipeline,
  { historyLimit, heartbeatMs }: { historyLimit: number; heartbeatMs: number },
): EventsSource {
  let mode: Mode = { name: 'normal' };
  const open = new Set<Connection>();
  const counts = { total: 0, requests: 0 };
  let lastEventId: string | null = null;
  let told = 0;
  const record = createRecord<PipelineEvent>(historyLimit);

  const tell = (line?: string): void => {
    const moment = pipeline.tell(told);
    told = moment.step;
    record.append((n) => ({
      n,
      queue: moment.queue,
      running: moment.running,
      errorRate: moment.errorRate,
      line: line ?? moment.line,
      level: moment.level,
    }));
  };
  const write = (connection: Connection, text: string | Buffer): void => {
    if (connection.response.write(text)) return;
    if (connection.isFull) return;
    connection.isFull = true;
    connection.response.once('drain', () => {
      connection.isFull = false;
      pump(connection);
    });
  };
  const pump = (connection: Connection): void => {
    while (mode.name === 'normal' && !connection.isFull && !connection.isCut && connection.sent < record.newest) {
      const events = record.after(connection.sent, EVENTS_PER_WRITE);
      connection.sent = events.at(-1)?.n ?? record.newest;
      write(connection, events.map(frame).join(''));
    }
  };
  const pumpAll = (): void => open.forEach(pump);
  const pace = createPace(1, (count) => {
    for (let i = 0; i < count; i += 1) tell();
    pumpAll();
  });
  const heartbeat = setInterval(() => {
    if (mode.name !== 'normal') return;
    for (const connection of open) if (!connection.isFull && !connection.isCut) write(connection, ': still here\n\n');
  }, heartbeatMs);
  tell();

  const sendSplit = (): void => {
    tell(SPLIT_LINE);
    for (const connection of open) {
      // One that is behind gets the event whole, in its turn.
      if (connection.isCut || connection.sent !== record.newest - 1) continue;
      const [head, tail] = splitInCharacter(record.after(connection.sent).map(frame).join(''));
      connection.sent = record.newest;
      connection.isCut = true;
      connection.response.write(head);
      setTimeout(() => {
        connection.isCut = false;
        write(connection, tail);
        pump(connection);
      }, HALF_CHARACTER_MS);
    }
  };
  const sendNonsense = (kind: NonsenseKind, lineBytes: number | undefined): void => {
    if (kind === 'split-utf8') return sendSplit();
    const line = nonsenseLine(kind, lineBytes);
    // Inside a stream a byte order mark is part of the field's name. [spec] https://html.spec.whatwg.org/#parsing-an-event-stream
    const text = kind === 'bom' ? `\uFEFFdata: ${line}\n\n` : `data: ${line}\n\n`;
    for (const connection of open) if (!connection.isCut) write(connection, text);
  };
  const dropOpen = (): void => {
    for (const { response } of open) response.destroy();
    open.clear();
  };
  const act = (action: Action): void => {
    switch (action.action) {
      case 'burst':
        for (let i = 0; i < (action.count ?? 500); i += 1) tell();
        break;
      case 'nonsense':
        mode = { name: 'normal' };
        pumpAll();
        for (const kind of action.kind === undefined ? NONSENSE_KINDS : [action.kind]) {
          sendNonsense(kind, action.lineBytes);
        }
        break;
      case 'rate':
        pace.set(action.perSecond);
        break;
      case 'restart':
        dropOpen();
        record.restart();
        tell();
        break;
      default:
    }
  };
  const startAfter = (id: string | undefined): number => {
    if (id === undefined || id === '') return record.newest - 1;
    const n = /^\d{1,15}$/.test(id) ? Number(id) : Infinity;
    return n <= record.newest ? n : 0;
  };

  return {
    record,
    get state() {
      return {
        mode: mode.name,
        status: mode.name === 'refusing' ? mode.status : null,
        perSecond: pace.perSecond,
        newest: record.newest,
        connections: { now: open.size, total: counts.total },
        requests: counts.requests,
        oldest: record.oldest,
        lastEventId,
      };
    },
    get unsentBytes() {
      return [...open].reduce((sum, { response }) => sum + response.writableLength, 0);
    },
    answer(request, response) {
      counts.requests += 1;
      const id = request.headers['last-event-id'];
      lastEventId = typeof id === 'string' ? id : null;
      if (mode.name === 'refusing') {
        answerText(response, mode.status, 'The SSE source was told to refuse.', { ...CORS_HEADERS, ...mode.headers });
        return;
      }
      counts.total += 1;
      const connection: Connection = {
        response,
        sent: startAfter(lastEventId ?? undefined),
        isFull: false,
        isCut: false,
      };
      open.add(connection);
      response.once('close', () => open.delete(connection));
      response.writeHead(200, { ...CORS_HEADERS, 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
      response.flushHeaders();
      pump(connection);
    },
    control(action) {
      mode = nextMode(mode, action);
      if (mode.name === 'refusing') dropOpen();
      act(action);
      pumpAll();
    },
    close() {
      pace.end();
      clearInterval(heartbeat);
      dropOpen();
    },
  };
}
